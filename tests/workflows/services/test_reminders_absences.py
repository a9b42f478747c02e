"""Absences and reminders: who stands in, and whom the manager is told of."""

from datetime import date
from typing import Any

import pytest

from cases import clock
from cases.enums import Role
from cases.models import Absence, User
from cases.services import cancel_absence, declare_absence, set_deputy
from notifications.enums import Channel
from notifications.models import OutboxRow
from tests.journeys import Cast, Journey
from tests.reminders import START, clock_of, day, reminded, sweep, told, under_review
from tests.workflows.test_statements import statements
from workflows.services import claim, send_reminders

pytestmark = pytest.mark.django_db


def away(
    user: User,
    first: date,
    last: date,
    deputy: User | None = None,
    *,
    by: User | None = None,
    at: Any = START,
) -> Absence:
    """An absence declared at a moment."""
    with clock.at(at):
        return declare_absence(
            user=user, first_day=first, last_day=last, deputy=deputy, declared_by=by or user
        )


def claimed(cast: Cast, by: User | None = None, **options: Any) -> Journey:
    """A dossier at the desk since START, in the hands of one instructor; its date is Monday 23 March."""
    journey = under_review(cast, **options)
    with clock.at(START):
        claim(task_id=journey.task.pk, actor=by or cast.reviewer)
    return journey


def told_of_absences() -> list[str]:
    """Who was told that a date falls inside an absence."""
    return [row.reader.username for row in reminded() if row.event.startswith("absence:")]


def march(number: int) -> date:
    return date(2015, 3, number)


def test_deputy_of_the_absence_is_reminded_instead(cast: Cast) -> None:
    set_deputy(user=cast.reviewer, deputy=cast.dg, changed_by=cast.reviewer)
    away(cast.reviewer, march(10), march(18), cast.reviewer2)
    claimed(cast)
    sweep(day(16))
    assert told() == [("reviewer2", "J-7")]
    (row,) = reminded()
    assert (
        "Ce rappel vous est adressé comme suppléant d’Irène Instructrice, dont l’absence dure jusqu’au "
        "mercredi 18 mars 2015." in row.body
    )
    assert not OutboxRow.objects.filter(recipient=cast.reviewer, event__startswith="reminder").exists()
    sweep(day(20))  # back, with the usual deputy beside her
    assert told()[1:] == [("reviewer", "J-3"), ("dg", "J-3")]
    assert "suppléant habituel d’Irène Instructrice, qui le reçoit aussi." in reminded()[-1].body


def test_usual_deputy_stands_in_for_an_absence_without_deputy(cast: Cast) -> None:
    set_deputy(user=cast.reviewer, deputy=cast.reviewer2, changed_by=cast.reviewer)
    away(cast.reviewer, march(10), march(20))
    claimed(cast)
    sweep(day(16))
    sweep(day(20))
    assert told() == [("reviewer2", "J-7"), ("reviewer2", "J-3")]


def test_without_deputy_the_manager_gets_the_reminders_of_the_holder(cast: Cast) -> None:
    away(cast.reviewer, march(10), march(20))
    claimed(cast)
    sweep(day(16))
    assert told() == [("manager", "J-7")]
    assert "La tâche est prise par Irène Instructrice depuis le lundi 2 mars 2015." in reminded()[0].body


@pytest.mark.parametrize("why", ["away", "inactive", "blind"])
def test_deputy_who_cannot_be_told_replaces_nobody(cast: Cast, why: str) -> None:
    away(cast.reviewer, march(10), march(20), cast.reviewer2)
    claimed(cast)
    if why == "away":
        away(cast.reviewer2, march(10), march(20))
    elif why == "inactive":
        User.objects.filter(username="reviewer2").update(is_active=False)
    else:
        cast.reviewer2.role_grants.update(valid_until=march(9))
    sweep(day(16))
    assert told() == [("manager", "J-7")]


def test_others_who_hold_the_role_are_reminded_beside_the_deputy(cast: Cast) -> None:
    away(cast.reviewer, march(10), march(20), cast.dg2)
    under_review(cast)
    sweep(day(16))
    assert sorted(told()) == [("dg2", "J-7"), ("reviewer2", "J-7")]


def test_absence_that_is_cancelled_or_over_changes_nothing(cast: Cast) -> None:
    absence = away(cast.reviewer, march(10), march(20), cast.reviewer2)
    away(cast.reviewer, march(3), march(5), cast.reviewer2)
    with clock.at(day(12)):
        cancel_absence(public_id=absence.public_id, cancelled_by=cast.reviewer)
    claimed(cast)
    sweep(day(16))
    assert told() == [("reviewer", "J-7")]


def test_absent_manager_and_director_are_replaced_too(cast: Cast) -> None:
    away(cast.manager, march(10), march(31), cast.auditor)
    away(cast.dg, march(10), march(31))
    away(cast.dg2, march(10), march(31), cast.accountant)
    claimed(cast)
    sweep(day(22))
    sweep(day(28))
    assert told() == [("auditor", "J-1"), ("accountant", "J+5")]
    assert "suppléant de Maud Pilotage" in reminded()[0].body
    assert "Ce rappel s’adresse au pilotage." in reminded()[0].body


# -- the manager is told of a date inside an absence ---------------------------------------------------


def test_manager_is_told_at_the_declaration_of_the_dates_known_then(cast: Cast) -> None:
    journey = claimed(cast)
    away(cast.reviewer, march(20), march(27), cast.reviewer2, at=day(4))
    assert told_of_absences() == ["manager"]
    (row,) = reminded()
    assert row.title == "Échéance du lundi 23 mars 2015 pendant une absence : Instruire le dossier"
    assert row.body == (
        "Rénovation du centre de santé de Lens (CARMI Nord-Pas-de-Calais). L’étape « Instruire le dossier » dépend "
        "d’Irène Instructrice, dont l’absence est déclarée du vendredi 20 mars 2015 au vendredi 27 mars 2015 ; "
        "l’échéance interne tombe le lundi 23 mars 2015. Igor Instructeur reçoit les rappels à sa place. "
        "Ce rappel s’adresse au pilotage."
    )
    for number in (5, 16, 20):
        sweep(day(number))
    assert told_of_absences() == ["manager"]
    with clock.at(day(21)):
        journey.act("check.complete", actor="reviewer")
    assert {row.state for row in reminded()} == {"settled"}


@pytest.mark.parametrize(("first", "last"), [(10, 22), (24, 30)])
def test_date_outside_the_absence_is_no_matter(cast: Cast, first: int, last: int) -> None:
    claimed(cast)
    away(cast.reviewer, march(first), march(last))
    sweep(day(5))
    assert told_of_absences() == []


def test_date_on_the_first_and_the_last_day_counts(cast: Cast) -> None:
    claimed(cast)
    away(cast.reviewer, march(23), march(23))
    assert told_of_absences() == ["manager"]


def test_task_that_others_may_do_is_no_matter_and_that_of_the_only_holder_is(cast: Cast) -> None:
    under_review(cast)
    away(cast.reviewer, march(20), march(27), cast.dg)
    sweep(day(3))
    assert told_of_absences() == []
    cast.reviewer2.role_grants.update(valid_until=march(2))
    away(cast.director, march(1 + 8), march(12), at=day(3))
    absence = Absence.objects.get(user=cast.reviewer)
    with clock.at(day(4)):
        cancel_absence(public_id=absence.public_id, cancelled_by=cast.reviewer)
    assert told_of_absences() == []
    away(cast.reviewer, march(20), march(27), at=day(4))
    assert told_of_absences() == ["manager"]
    assert "Aucun suppléant ne peut recevoir les rappels : ils vous seront adressés." in reminded()[0].body


def test_sweep_tells_of_dates_that_come_after_the_declaration(cast: Cast) -> None:
    away(cast.director, march(5), march(12), cast.agent)
    with clock.at(START):
        Journey.at(
            cast, "submitted"
        )  # five working days: until Monday 9 March, with the one director of the CARMI
    assert told_of_absences() == []
    sweep(day(3))
    sweep(day(3, hour=8))
    sweep(day(4))
    assert told_of_absences() == ["carmi_manager"]


def test_sweep_tells_of_a_task_taken_by_somebody_who_will_be_away(cast: Cast) -> None:
    away(cast.reviewer, march(20), march(27))
    journey = under_review(cast)
    sweep(day(3))
    assert told_of_absences() == []
    with clock.at(day(3, hour=10)):
        claim(task_id=journey.task.pk, actor=cast.reviewer)
    for number in (4, 5, 6):
        sweep(day(number))
    assert told_of_absences() == ["manager"]
    with clock.at(day(6, hour=7)):
        assert len(statements(send_reminders)) == 2  # what is due, and that this clock was looked at today


def test_new_date_inside_the_absence_is_told_anew(cast: Cast) -> None:
    journey = claimed(cast)
    away(cast.reviewer, march(20), date(2015, 4, 30))
    found = clock_of(journey)
    found.due_on, found.remind_on = date(2015, 4, 2), march(5)
    found.save(update_fields=["due_on", "remind_on"])
    sweep(day(5))
    assert [row.title.split(" pendant")[0] for row in reminded()] == [
        "Échéance du lundi 23 mars 2015",
        "Échéance du jeudi 2 avril 2015",
    ]


def test_nobody_to_tell_of_an_absence_is_reported(cast: Cast) -> None:
    journey = under_review(cast)
    with clock.at(START):
        claim(task_id=journey.task.pk, actor=cast.reviewer)
    User.objects.filter(username__in=("manager", "dg", "dg2")).update(is_active=False)
    away(cast.reviewer, march(20), march(27))
    assert [str(one) for one in sweep(day(3)).unreached] == [
        f"{journey.reference}, Instruire le dossier : la date tombe pendant une absence (Irène Instructrice), et "
        "personne ne peut en être averti."
    ]


def test_declaration_costs_so_many_statements(cast: Cast) -> None:
    for _ in range(3):
        under_review(cast)
    claimed(cast)
    with clock.at(START):
        sent = statements(
            lambda: declare_absence(
                user=cast.reviewer,
                first_day=march(20),
                last_day=march(27),
                deputy=cast.reviewer2,
                declared_by=cast.reviewer,
            )
        )
    # Ten for the absence and its journal; three to find the clocks; three for the one that was found.
    assert len(sent) == 16, "\n".join(sent)
    assert told_of_absences() == ["manager"]


def test_absent_holder_finds_no_mail_of_a_reminder(cast: Cast) -> None:
    for user in cast.people.values():
        user.email = f"{user.username}@canssm.example"
        user.save(update_fields=["email"])
    away(cast.reviewer, march(10), march(20), cast.reviewer2)
    claimed(cast)
    sweep(day(16))
    assert [row.reader.username for row in reminded(Channel.EMAIL)] == ["reviewer2"]


def test_person_of_two_parts_is_told_once(cast: Cast) -> None:
    cast.give(cast.reviewer2, (Role.MANAGER, "canssm"))
    away(cast.reviewer, march(10), march(31), cast.reviewer2)
    claimed(cast)
    sweep(day(20))
    assert told() == [("reviewer2", "J-3")]
