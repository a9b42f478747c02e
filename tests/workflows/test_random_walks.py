"""Random people do random things, sensible and not, to one dossier of each registered path: the law is never left."""

import os

import pytest

from cases.enums import Role
from tests.journeys import Cast
from tests.workflows.walk_data import ground_of
from tests.workflows.walks import PathWalk, walk
from workflows.engine import Path, all_paths

NPDC, FUND = "carmi-npdc", "canssm"
#: Walks of each path in one run; each run draws others. ``BERLINE_WALKS=50`` looks for what is rare.
WALKS = int(os.environ.get("BERLINE_WALKS", "3"))


def several_hats(cast: Cast) -> None:
    """People who hold what should not be held together."""
    decides, prepares = (Role.DIRECTOR_GENERAL, FUND), (Role.PREPARER, NPDC)
    cast.person("preparer and dg", prepares, decides)
    cast.person("director and dg", (Role.REGIONAL_DIRECTOR, NPDC), decides)
    cast.person("reviewer and dg", (Role.REVIEWER, FUND), decides)
    cast.person(
        "everything",
        prepares,
        decides,
        (Role.REGIONAL_DIRECTOR, NPDC),
        (Role.REVIEWER, FUND),
        (Role.ACCOUNTING_OFFICER, FUND),
        (Role.MANAGER, FUND),
        (Role.AUTHORITY, "dss"),
        (Role.AUTHORITY, "db"),
        (Role.BOARD_SECRETARY, "ca"),
    )


@pytest.mark.walk
@pytest.mark.parametrize("path", all_paths(), ids=lambda path: path.key)
def test_random_walks_never_leave_the_law(cast: Cast, path: type[Path]) -> None:
    ground = ground_of(path.key)
    several_hats(cast)
    ground.prepare(cast)
    machine = type(f"Walk{path.__name__}", (PathWalk,), {"cast": cast, "ground": ground, "path": path})
    walk(machine, walks=WALKS, steps=14)
