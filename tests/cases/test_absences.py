"""Absences and deputies: who may declare them, what is refused, what the journal keeps."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from cases import clock
from cases.enums import Role
from cases.errors import BusinessError, Conflict, Forbidden, Invalid, NotFound
from cases.models import Absence, AdministrationEntry, User
from cases.selectors.absences import (
    absences_covered_by,
    absences_managed_by,
    people_around,
    people_managed_by,
    possible_deputies,
)
from cases.services import cancel_absence, declare_absence, set_deputy, verify_all
from tests.journeys import Cast, state_of_everything

pytestmark = pytest.mark.django_db


def on(days: int) -> date:
    """So many days from today."""
    return clock.today() + timedelta(days=days)


def declare(cast: Cast, **changes: Any) -> Absence:
    """The agent declares the days 10 to 20 from today."""
    given: dict[str, Any] = {
        "user": cast.agent,
        "first_day": on(10),
        "last_day": on(20),
        "deputy": None,
        "declared_by": cast.agent,
    }
    return declare_absence(**(given | changes))


def test_declaration_is_kept_and_journalled(cast: Cast) -> None:
    absence = declare(cast, deputy=cast.agent2)
    assert (absence.user, absence.deputy, absence.created_by) == (cast.agent, cast.agent2, cast.agent)
    entry = AdministrationEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor) == ("declare_absence", cast.agent, cast.agent)
    assert entry.capacity == "Agent préparateur — CARMI Nord-Pas-de-Calais"
    assert entry.changes == {
        "absence": str(absence.public_id),
        "first_day": on(10).isoformat(),
        "last_day": on(20).isoformat(),
        "deputy": "agent2",
    }
    assert not list(verify_all())


@pytest.mark.parametrize(
    ("who", "capacity"),
    [
        ("agent", "Agent préparateur — CARMI Nord-Pas-de-Calais"),
        ("carmi_manager", "Pilotage — CARMI Nord-Pas-de-Calais"),
        ("manager", "Pilotage — CANSSM"),
        ("admin", "Administrateur — CANSSM"),
        ("director", None),
        ("agent2", None),
        ("dg", None),
        ("auditor", None),
        ("est_director", None),
        ("nobody", None),
    ],
)
def test_absence_is_declared_by_the_person_the_manager_or_an_administrator(
    cast: Cast, who: str, capacity: str | None
) -> None:
    actor = cast.people[who]
    if capacity is None:
        before = state_of_everything()
        for refused in (
            lambda: declare(cast, declared_by=actor),
            lambda: set_deputy(user=cast.agent, deputy=cast.agent2, changed_by=actor),
        ):
            with pytest.raises(Forbidden, match="le pilotage de son organisme"):
                refused()
        assert state_of_everything() == before
        return
    absence = declare(cast, declared_by=actor)
    assert AdministrationEntry.objects.get().capacity == capacity
    cancel_absence(public_id=absence.public_id, cancelled_by=actor)
    set_deputy(user=cast.agent, deputy=cast.agent2, changed_by=actor)
    assert [entry.capacity for entry in AdministrationEntry.objects.order_by("sequence")] == [capacity] * 3


def test_manager_of_a_carmi_declares_for_that_carmi_only(cast: Cast) -> None:
    for other in (cast.est_agent, cast.reviewer, cast.ministry, cast.nobody):
        with pytest.raises(Forbidden):
            declare(cast, user=other, declared_by=cast.carmi_manager)
    with pytest.raises(Forbidden):
        declare(cast, user=cast.ministry, declared_by=cast.manager)
    declare(cast, user=cast.ministry, declared_by=cast.admin)


def test_person_without_role_declares_as_holder_of_the_account(cast: Cast) -> None:
    declare(cast, user=cast.nobody, declared_by=cast.nobody)
    assert AdministrationEntry.objects.get().capacity == "Titulaire du compte"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"first_day": 20, "last_day": 19}, "last_day", "précède le premier"),
        ({"first_day": -1}, "first_day", "dans le passé"),
        ({"first_day": -9, "last_day": -3}, "first_day", "dans le passé"),
        ({"first_day": 1, "last_day": 367}, "last_day", "un an au plus"),
        ({"deputy": "agent"}, "deputy", "On ne se supplée pas soi-même"),
        ({"deputy": "inactive"}, "deputy", "est fermé. Choisissez une autre personne"),
        ({"deputy": "est_agent"}, "deputy", "ne peut pas lire les dossiers confiés à Anne Agent"),
        ({"deputy": "nobody"}, "deputy", "ne peut pas lire"),
        ({"deputy": "admin"}, "deputy", "ne peut pas lire"),
        ({"deputy": "ministry"}, "deputy", "ne peut pas lire"),
        ({"deputy": "director"}, "deputy", "a aussi une absence déclarée, le"),
    ],
)
def test_absence_that_makes_no_sense_is_refused_and_writes_nothing(
    cast: Cast, changes: dict[str, Any], field: str, words: str
) -> None:
    cast.person("inactive", (Role.PREPARER, "carmi-npdc"))
    User.objects.filter(username="inactive").update(is_active=False)
    cast.people["inactive"].refresh_from_db()
    declare(cast, user=cast.director, declared_by=cast.director, first_day=on(20), last_day=on(20))
    given = {name: on(value) for name, value in changes.items() if name.endswith("_day")}
    if "deputy" in changes:
        given["deputy"] = cast.people[changes["deputy"]]
    before = state_of_everything()
    with pytest.raises(Invalid) as refused:
        declare(cast, **given)
    assert list(refused.value.details) == [field]
    assert words in refused.value.details[field][0]
    assert state_of_everything() == before


def test_a_year_is_the_longest_absence(cast: Cast) -> None:
    declare(cast, first_day=on(1), last_day=on(366))
    with pytest.raises(Invalid):
        declare(cast, user=cast.agent2, declared_by=cast.agent2, first_day=on(1), last_day=date.max)


def test_absence_of_somebody_whose_access_is_closed_is_refused(cast: Cast) -> None:
    cast.agent.is_active = False
    cast.agent.save(update_fields=["is_active"])
    with pytest.raises(Invalid) as refused:
        declare(cast, declared_by=cast.admin)
    assert list(refused.value.details) == ["user"]


@pytest.mark.parametrize(
    ("first", "last", "free"),
    [(1, 9, True), (1, 10, False), (20, 30, False), (21, 30, True), (12, 13, False), (1, 30, False)],
)
def test_absences_of_one_person_do_not_overlap(cast: Cast, first: int, last: int, free: bool) -> None:
    declare(cast)
    if free:
        declare(cast, first_day=on(first), last_day=on(last))
        return
    with pytest.raises(Conflict, match="Une absence est déjà déclarée du"):
        declare(cast, first_day=on(first), last_day=on(last))
    declare(cast, user=cast.agent2, declared_by=cast.agent2, first_day=on(first), last_day=on(last))


def test_cancelled_absence_frees_its_days_and_keeps_who_cancelled_it(cast: Cast) -> None:
    absence = declare(cast)
    cancel_absence(public_id=absence.public_id, cancelled_by=cast.carmi_manager)
    absence.refresh_from_db()
    assert (absence.cancelled_by, absence.cancelled_at is None) == (cast.carmi_manager, False)
    entry = AdministrationEntry.objects.order_by("-sequence")[0]
    assert (entry.action, entry.capacity) == ("cancel_absence", "Pilotage — CARMI Nord-Pas-de-Calais")
    with pytest.raises(Conflict, match="déjà annulée"):
        cancel_absence(public_id=absence.public_id, cancelled_by=cast.agent)
    declare(cast)


@pytest.mark.parametrize(
    ("who", "after", "error"),
    [("agent2", 0, NotFound), ("dg", 0, NotFound), ("nobody", 0, NotFound), ("agent", 21, Invalid)],
)
def test_cancellation_that_may_not_be_is_refused(
    cast: Cast, who: str, after: int, error: type[BusinessError]
) -> None:
    absence = declare(cast)
    moment = clock.start_of(on(after))
    with clock.at(max(moment, clock.now())), pytest.raises(error):
        cancel_absence(public_id=absence.public_id, cancelled_by=cast.people[who])
    absence.refresh_from_db()
    assert absence.cancelled_at is None
    with pytest.raises(NotFound):
        cancel_absence(public_id=uuid4(), cancelled_by=cast.admin)


def test_usual_deputy_is_changed_and_journalled_once(cast: Cast) -> None:
    set_deputy(user=cast.agent, deputy=cast.agent2, changed_by=cast.agent)
    set_deputy(user=cast.agent, deputy=cast.agent2, changed_by=cast.agent)
    set_deputy(user=cast.agent, deputy=None, changed_by=cast.agent)
    assert User.objects.get(pk=cast.agent.pk).deputy is None
    assert [entry.changes for entry in AdministrationEntry.objects.order_by("sequence")] == [
        {"deputy": [None, "agent2"]},
        {"deputy": ["agent2", None]},
    ]


@pytest.mark.parametrize("who", ["agent", "est_agent", "nobody", "admin"])
def test_usual_deputy_who_could_not_stand_in_is_refused(cast: Cast, who: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_deputy(user=cast.agent, deputy=cast.people[who], changed_by=cast.agent)
    assert list(refused.value.details) == ["deputy"]
    assert User.objects.get(pk=cast.agent.pk).deputy is None


def test_possible_deputies_are_those_whom_the_service_takes(cast: Cast) -> None:
    for user in (cast.agent, cast.reviewer, cast.ministry, cast.director, cast.nobody):
        offered = set(possible_deputies(user))
        for other in cast.people.values():
            try:
                set_deputy(user=user, deputy=other, changed_by=cast.admin)
            except Invalid:
                assert other not in offered, (user, other)
            else:
                assert other in offered, (user, other)


def test_managers_care_for_the_people_of_their_bodies(cast: Cast) -> None:
    assert {one.username for one in people_managed_by(cast.carmi_manager)} == {"agent", "agent2", "director"}
    seen = {one.username for one in people_managed_by(cast.manager)}
    assert {"agent", "est_agent", "reviewer", "dg", "secretary"} <= seen
    assert seen.isdisjoint({"ministry", "comptroller", "nobody", "manager"})
    assert set(people_managed_by(cast.admin)) == set(cast.people.values()) - {cast.admin}
    assert not people_managed_by(cast.dg)


def test_lists_show_what_has_not_ended_nor_was_cancelled(cast: Cast) -> None:
    set_deputy(user=cast.agent, deputy=cast.agent2, changed_by=cast.agent)
    usual = declare(cast)
    named = declare(cast, first_day=on(1), last_day=on(2), deputy=cast.director)
    cancelled = declare(cast, first_day=on(30), last_day=on(31))
    cancel_absence(public_id=cancelled.public_id, cancelled_by=cast.agent)
    assert list(absences_managed_by(cast.carmi_manager)) == [named, usual]
    assert list(absences_managed_by(cast.agent2)) == []
    assert list(absences_covered_by(cast.agent2)) == [usual]
    assert list(absences_covered_by(cast.director)) == [named]
    with clock.at(clock.start_of(on(3))):
        assert list(absences_managed_by(cast.admin)) == [usual]


def test_people_around_a_body_come_with_roles_absences_and_deputies(cast: Cast) -> None:
    set_deputy(user=cast.director, deputy=cast.dg, changed_by=cast.admin)
    declare(cast, deputy=cast.agent2)
    found = people_around(lineages=["/canssm/carmi-npdc/"], roles={Role.PREPARER, Role.REGIONAL_DIRECTOR})
    assert {one.name for one in found.values()} == {
        "Anne Agent",
        "Alain Agent",
        "Denis Directeur",
        "Gilles Général",  # the deputy of the director
    }
    agent = found[cast.agent.pk]
    assert agent.holds(Role.PREPARER, cast.body["carmi-npdc"].pk)
    assert agent.deputy_on(on(10)) == cast.agent2.pk
    assert agent.away_on(on(21)) is None
    assert agent.deputy_on(on(21)) is None
    assert found[cast.director.pk].deputy_on(on(0)) == cast.dg.pk
