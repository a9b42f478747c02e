"""The ground on which dossiers of each path are walked: one module a path, named as the path is.

A module says which dossiers are filed, who is there, which data its acts' forms should get and which laws of its own
hold after each act; forms that several paths share are in ``forms``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms

from cases.models import AgendaItem
from tests.credit_journeys import NOW
from tests.journeys import Cast

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk, Watched

#: Valid data of an act's form, given the walk, the outcome's key and a day (ISO) that should be today.
FormData = Callable[["PathWalk", str, str], dict[str, Any]]


@dataclass(frozen=True)
class Filing:
    """A draft: its data, who files it for which body, and the pieces that are joined at once."""

    data: Mapping[str, Any]
    by: str = "agent"
    body: str = "carmi-npdc"
    pieces: tuple[str, ...] = ()


def nothing(cast: Cast) -> None:
    """The people of the tests are enough."""


def as_it_is(walk: PathWalk, what: tuple[str, str]) -> None:
    """Nothing has to be arranged for an act."""


@dataclass(frozen=True)
class Ground:
    """What walks of a path stand on.

    ``prepare`` makes what all walks find (budgets, registers, people), once. ``changes`` are given to drafts, right or
    wrong. ``arrange`` does what others have to have done before a sensible act, such as putting the dossier on an
    agenda; it may raise what services raise. ``laws`` hold after each act.
    """

    filings: tuple[Filing, ...]
    now: datetime = NOW
    prepare: Callable[[Cast], None] = nothing
    forms: Mapping[type[forms.Form], FormData] = field(default_factory=dict)
    changes: tuple[Mapping[str, Any], ...] = ({"title": "Autre objet"},)
    arrange: Callable[[PathWalk, tuple[str, str]], None] = as_it_is
    laws: tuple[Callable[[Watched], None], ...] = ()

    def data_for(self, form: type[forms.Form]) -> FormData:
        """How valid data of a form are made. Raises ``KeyError`` for a form that nobody has described."""
        from tests.workflows.walk_data.forms import FORMS

        found = self.forms.get(form) or FORMS.get(form)
        if found is None:
            raise KeyError(f"say in tests/workflows/walk_data which data {form.__name__} should get")
        return found


def ground_of(key: str) -> Ground:
    """The ground of a path. Raises ``ModuleNotFoundError``: a path that is registered has to be walked."""
    found: Ground = importlib.import_module(f"{__name__}.{key}").GROUND
    return found


def day_of_the_agenda(walk: Watched, otherwise: str) -> str:
    """The day (ISO) of the meeting that the dossier waits for, or another one."""
    waiting = AgendaItem.objects.filter(dossier=walk.dossier, settled_at=None, removed_at=None)
    found = waiting.order_by("pk").values_list("meeting__held_on", flat=True).first()
    return found.isoformat() if found else otherwise
