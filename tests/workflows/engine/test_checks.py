"""``manage.py check`` on deliberately broken paths, each fault alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.core import checks as django_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from viewflow.workflow import flow

from cases.enums import AtExpiry, DossierStatus, Duty, OrganisationKind, Role
from tests.journeys import Cast, Journey
from workflows.engine import Begin, Finish, Path, Piece, Route, Step, Within, checks, outcome, this
from workflows.engine.checks import check_paths, check_roles, check_stored_references, problems_of
from workflows.engine.registry import all_paths
from workflows.engine.seats import Place, Seat
from workflows.rulebook import rulebooks

S = DossierStatus
THRESHOLD = "fnmo.investment.threshold"
DELAY = "fnmo.investment.check_delay"


def step(*outcomes: Any, **changes: Any) -> Step:
    """A sound step, but for what is given."""
    given: dict[str, Any] = {
        "title": "Préparer",
        "role": Role.PREPARER,
        "duty": Duty.PREPARE,
        "outcomes": outcomes or [outcome("submit", "Soumettre", to=this.review, status=S.SUBMITTED)],
    }
    return Step(**(given | changes))


def review(**changes: Any) -> Step:
    """A sound second step, but for what is given."""
    sound: dict[str, Any] = {"title": "Relire", "role": Role.REVIEWER}
    return step(outcome("withdraw", "Retirer", to=this.end, status=S.WITHDRAWN), **(sound | changes))


def build(base: type[Path] = Path, **attributes: Any) -> type[Path]:
    """A small sound path of two steps, but for what is given."""
    given: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": "« Paragraphe »",
        "key": "essai",
        "prefix": "ESSAI",
        "title": "Essai",
        "summary": "Un essai.",
        "convention": "cog-2014-2017",
        "organisation_kinds": frozenset({OrganisationKind.CARMI}),
        "form": forms.Form,
        "rules": (),
        "start": Begin().Next(this.prepare),
        "prepare": step(),
        "review": review(),
        "end": Finish("Fin du dossier"),
    }
    return type("Essai", (base,), given | attributes)


def faults(**attributes: Any) -> list[str]:
    """Ids and messages of the checks that fail."""
    return [f"{one.id} {one.msg}" for one in problems_of(build(**attributes))]


def test_the_registered_paths_and_a_sound_small_one_pass() -> None:
    assert check_paths() == []
    assert faults() == []


def two_routes(*conditions: Callable[[Any], bool] | None) -> Step:
    routes = [Route(this.review, S.SUBMITTED, when=when) for when in conditions]
    return step(outcome("submit", "Soumettre", routes=routes))


BROKEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no start": ({"start": None}, ["berline.E002 essai: has 0 starts, exactly one is needed"]),
    "two starts": (
        {"other": Begin().Next(this.review)},
        ["berline.E002 essai: has 2 starts, exactly one is needed"],
    ),
    "node never reached": (
        {"lonely": review(), "start": Begin().Next(this.prepare)},
        ["berline.E003 essai: node 'lonely' is never reached"],
    ),
    "node that reaches no end": (
        {
            "review": step(
                outcome("take", "Prendre", to=this.review, status=S.SUBMITTED),
                title="Relire",
                role=Role.REVIEWER,
            )
        },
        [
            "berline.E003 essai: node 'end' is never reached",
            *(f"berline.E004 essai: node '{name}' reaches no end" for name in ("prepare", "review", "start")),
        ],
    ),
    "step without title": (
        {"prepare": step(title="")},
        ["berline.E005 essai: node 'prepare' has no title"],
    ),
    "outcome without label": (
        {"prepare": step(outcome("submit", "", to=this.review, status=S.SUBMITTED))},
        ["berline.E005 essai: outcome prepare.submit has no label"],
    ),
    "later step filed by several roles": (
        {"review": review(filed_by=(Role.DIRECTOR_GENERAL,))},
        ["berline.E018 essai: step 'review': only the first step is filed by several roles"],
    ),
    "filing role that no body can hold": (
        {"prepare": step(filed_by=(Role.EXPERT,))},
        ["berline.E006 essai: step 'prepare': no body can hold the role 'expert' there"],
    ),
    "further seat that its place cannot hold": (
        {"review": review(also=(Seat(Role.EXPERT, Place.COMPTROLLER),))},
        ["berline.E006 essai: step 'review': no body can hold the role 'expert' there"],
    ),
    "delay that ends with an unknown outcome": (
        {"rules": (DELAY,), "review": review(within=Within(DELAY, at_expiry=AtExpiry.LAPSE, then="lapse"))},
        ["berline.E019 essai: step 'review' ends by itself with 'lapse', no outcome of it"],
    ),
    "delay whose end brings about an outcome that is not named": (
        {"rules": (DELAY,), "review": review(within=Within(DELAY, at_expiry=AtExpiry.LAPSE))},
        ["berline.E021 essai: step 'review': the end of its delay is 'lapse' and records ''"],
    ),
    "outcome at the end of a delay that only alerts": (
        {"rules": (DELAY,), "review": review(within=Within(DELAY, then="withdraw"))},
        ["berline.E021 essai: step 'review': the end of its delay is 'alert' and records 'withdraw'"],
    ),
    "two delays of one kind": (
        {"rules": (DELAY,), "review": review(within=(Within(DELAY), Within(DELAY)))},
        ["berline.E022 essai: step 'review' has two delays of one kind"],
    ),
    "outcome that waits for nobody else": (
        {
            "prepare": step(
                outcome("submit", "Soumettre", to=this.review, status=S.SUBMITTED, waits_for_all=True)
            )
        },
        ["berline.E020 essai: outcome prepare.submit waits for others, but one body holds the step"],
    ),
    "role that the body cannot hold": (
        {"prepare": step(role=Role.EXPERT, place=Place.OWN)},
        ["berline.E006 essai: step 'prepare': no body can hold the role 'expert' there"],
    ),
    "role without a place": (
        {"review": review(role=Role.MANAGER)},
        ["berline.E006 essai: step 'review': no body can hold the role 'manager' there"],
    ),
    "role that some of the bodies cannot hold": (
        {
            "organisation_kinds": frozenset({OrganisationKind.CARMI, OrganisationKind.ESTABLISHMENT}),
            "prepare": step(role=Role.REGIONAL_DIRECTOR),
        },
        ["berline.E006 essai: step 'prepare': no body can hold the role 'regional_director' there"],
    ),
    "step without outcome": (
        {"prepare": step(outcomes=[])},
        [
            "berline.E003 essai: node 'end' is never reached",
            "berline.E003 essai: node 'review' is never reached",
            "berline.E004 essai: node 'prepare' reaches no end",
            "berline.E004 essai: node 'start' reaches no end",
            "berline.E007 essai: step 'prepare' has no outcome",
        ],
    ),
    "last route with a condition": (
        {"prepare": two_routes(lambda context: True)},
        ["berline.E008 essai: outcome prepare.submit: only its last route may be unconditional, and must"],
    ),
    "first route without a condition": (
        {"prepare": two_routes(None, None)},
        ["berline.E008 essai: outcome prepare.submit: only its last route may be unconditional, and must"],
    ),
    "refusal without motive": (
        {
            "review": step(
                outcome("refuse", "Refuser", to=this.end, status=S.REFUSED),
                title="Relire",
                role=Role.REVIEWER,
            )
        },
        ["berline.E010 essai: outcome review.refuse refuses without a motive"],
    ),
    "status along no arrow": (
        {"prepare": step(outcome("submit", "Soumettre", to=this.review, status=S.APPROVED))},
        [
            "berline.E011 essai: outcome prepare.submit: the life cycle has no arrow draft → approved",
            "berline.E011 essai: outcome review.withdraw: the life cycle has no arrow approved → withdrawn",
        ],
    ),
    "unknown convention": (
        {"convention": "cog-1999"},
        ["berline.E012 essai: the convention 'cog-1999' has no rulebook"],
    ),
    "unknown rule": (
        {"rules": ("fnmo.investment.thresold",)},
        ["berline.E013 essai: the rule 'fnmo.investment.thresold' is not in cog-2014-2017"],
    ),
    "rule of a step that is not pinned": (
        {"prepare": step(rules=[THRESHOLD])},
        [
            f"berline.E014 essai: the rule '{THRESHOLD}' is used but not listed in `rules`: it would not be pinned"
        ],
    ),
    "rule of a delay that is not pinned": (
        {"prepare": step(within=Within(THRESHOLD))},
        [
            f"berline.E014 essai: the rule '{THRESHOLD}' is used but not listed in `rules`: it would not be pinned"
        ],
    ),
    "rule of a piece that is not pinned": (
        {"pieces": (Piece("note", "Note", THRESHOLD, lambda context: True),)},
        [
            f"berline.E014 essai: the rule '{THRESHOLD}' is used but not listed in `rules`: it would not be pinned"
        ],
    ),
    "rule of a withdrawal that is not pinned": (
        {"withdrawal_rule": "withdrawal"},
        [
            "berline.E014 essai: the rule 'withdrawal' is used but not listed in `rules`: it would not be pinned"
        ],
    ),
    "rule of a route that is not pinned": (
        {
            "prepare": step(
                outcome("submit", "Soumettre", routes=[Route(this.review, S.SUBMITTED, rules=(THRESHOLD,))])
            )
        },
        [
            f"berline.E014 essai: the rule '{THRESHOLD}' is used but not listed in `rules`: it would not be pinned"
        ],
    ),
    "rule of an outcome that is not pinned": (
        {
            "prepare": step(
                outcome("submit", "Soumettre", to=this.review, status=S.SUBMITTED, rules=(THRESHOLD,))
            )
        },
        [
            f"berline.E014 essai: the rule '{THRESHOLD}' is used but not listed in `rules`: it would not be pinned"
        ],
    ),
    "node of viewflow's own": (
        {
            "prepare": step(outcome("submit", "Soumettre", to=this.open, status=S.SUBMITTED)),
            "open": flow.View(None).Annotation(title="Ouverte à tous").Next(this.review),
        },
        ["berline.E017 essai: node 'open' is a View: only steps are held by a role"],
    ),
    "background node of viewflow's own": (
        {
            "prepare": step(outcome("submit", "Soumettre", to=this.work, status=S.SUBMITTED)),
            "work": flow.Function(lambda activation: None).Annotation(title="Calculer").Next(this.review),
        },
        ["berline.E017 essai: node 'work' is a Function: only steps are held by a role"],
    ),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_path_is_refused(name: str) -> None:
    attributes, expected = BROKEN[name]
    assert sorted(faults(**attributes)) == sorted(expected)


def test_outcome_that_leads_to_a_node_of_another_path_is_refused() -> None:
    other = build(key="autre")
    found = faults(
        prepare=step(
            outcome("submit", "Soumettre", to=this.review, status=S.SUBMITTED),
            outcome("elsewhere", "Ailleurs", to=other.nodes()[0], status=S.SUBMITTED),
        )
    )
    assert "berline.E009 essai: outcome prepare.elsewhere leads nowhere" in found


def test_abstract_base_without_nodes_is_fine() -> None:
    base = type("Base", (Path,), {"__module__": __name__})
    assert [one.msg for one in problems_of(build(base=base))] == []


def test_outcome_needs_somewhere_to_go() -> None:
    with pytest.raises(ValueError, match="needs `to` and `status`, or `routes`"):
        outcome("submit", "Soumettre")
    with pytest.raises(ValueError, match="outcome 'submit' twice"):
        step(
            outcome("submit", "Soumettre", to=this.review, status=S.SUBMITTED),
            outcome("submit", "Encore", to=this.review, status=S.SUBMITTED),
        )


# -- roles and stored references -------------------------------------------------------------------


def test_rulebooks_and_code_agree_on_who_holds_which_role(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_roles() == []
    books = rulebooks()
    told = next(book for book in books.values() if "roles.expert" in book.rules)
    monkeypatch.setitem(checks.ROLES_BY_KIND, OrganisationKind.ESTABLISHMENT, frozenset({Role.EXPERT}))
    found = [one.msg for one in check_roles()]
    assert any(message.startswith(f"{told.key}: roles.expert says") for message in found)


def test_stored_references_of_live_dossiers_resolve(cast: Cast) -> None:
    Journey.at(cast, "closed")
    assert check_stored_references(databases=["default"]) == []
    assert check_stored_references(databases=None) == []


@pytest.mark.parametrize(
    ("table", "column", "reference"),
    [
        ("viewflow_task", "flow_task", "workflows/paths.fnmo_investment.FnmoInvestment.sign"),
        ("viewflow_task", "flow_task", "workflows/paths.fnmo_investment.Fnmo.sign_off"),
        ("viewflow_task", "flow_task", "workflows/paths.fnmo.FnmoInvestment.sign_off"),
        ("viewflow_task", "flow_task", "gone/paths.fnmo_investment.FnmoInvestment.sign_off"),
        ("viewflow_process", "flow_class", "workflows/paths.fnmo_investment.Fnmo"),
        ("viewflow_process", "flow_class", "workflows/paths.fnmo.FnmoInvestment"),
        ("viewflow_process", "flow_class", "gone/paths.fnmo_investment.FnmoInvestment"),
    ],
)
def test_stored_reference_that_a_rename_orphaned_is_named(
    cast: Cast, table: str, column: str, reference: str
) -> None:
    Journey.start(cast, pieces=())
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s", [reference])
    found = check_stored_references(databases=["default"])
    assert [one.id for one in found] == ["berline.E016"]
    assert reference in found[0].msg
    assert "data migration" in str(found[0].hint)


def test_checks_are_registered_and_stop_the_command(cast: Cast) -> None:
    call_command("check", verbosity=0)
    registered = django_checks.registry.registry.get_checks()
    assert check_paths in registered
    assert check_roles in registered
    Journey.start(cast, pieces=())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE viewflow_task SET flow_task = 'workflows/paths.gone.Gone.step'")
    with pytest.raises(SystemCheckError, match=r"workflows/paths\.gone\.Gone\.step"):
        call_command("check", databases=["default"], verbosity=0)


def test_every_registered_path_was_looked_at() -> None:
    assert [path.key for path in all_paths()]
