"""Reminders: each rung once, to those who hold the step and those above them, as long as the clock runs."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.dispatch import receiver

from cases import clock
from cases.enums import DeadlineState
from cases.events import DeadlineReminded, deadline_reminded
from cases.models import Deadline, RoleGrant, User
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from notifications.selectors import unread_of
from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast, Journey
from tests.reminders import DUE, START, clock_of, day, reminded, sweep, told, under_review
from tests.workflows.test_statements import statements
from workflows.services import claim, send_reminders
from workflows.tasks import send_reminders as task

pytestmark = pytest.mark.django_db


def test_daily_sweep_climbs_the_ladder_once(cast: Cast) -> None:
    under_review(cast)
    for number in range(3, 32):
        sweep(day(number))
        sweep(day(number, hour=9))
    assert told() == [
        ("reviewer", "J-7"),
        ("reviewer2", "J-7"),
        ("reviewer", "J-3"),
        ("reviewer2", "J-3"),
        ("manager", "J-1"),
        ("manager", "J"),
        ("dg", "J+5"),
        ("dg2", "J+5"),
    ]
    assert [clock.paris_date(row.created_at) for row in reminded()] == [
        DUE - timedelta(days=before) for before in (7, 7, 3, 3, 1, 0, -5, -5)
    ]


def test_a_week_of_silence_brings_one_reminder(cast: Cast) -> None:
    journey = under_review(cast)
    report = sweep(day(30))
    assert [(one.reference, one.step, one.code, one.people) for one in report.sent] == [
        (journey.reference, "check", "J+5", 2)
    ]
    assert told() == [("dg", "J+5"), ("dg2", "J+5")]
    found = clock_of(journey)
    assert (found.reminded_on, found.remind_on) == (date(2015, 3, 30), date(2015, 4, 2))


def test_escalation_goes_on_until_the_step_is_done_and_settles_then(cast: Cast) -> None:
    journey = under_review(cast)
    for number in (28, 30, 31):
        sweep(day(number))
    sweep(day(2, 4))
    sweep(day(7, 4))
    assert [code for who, code in told() if who == "dg"] == ["J+5", "J+10", "J+15"]
    assert unread_of(cast.dg).count == 1  # the later one replaces the one before
    with clock.at(day(8, 4)):
        journey.act("check.complete", actor="reviewer2")
    assert {row.state for row in reminded() if row.step == "check"} == {OutboxState.SETTLED}
    assert {row.state for row in reminded(Channel.EMAIL) if row.step == "check"} <= {
        OutboxState.SETTLED,
        OutboxState.UNADDRESSED,
    }
    sweep(day(12, 4))
    assert ("dg", "J+20") not in told()


def test_suspended_clock_is_silent_and_starts_again(cast: Cast) -> None:
    journey = under_review(cast)
    with clock.at(day(9)):
        journey.act("check.request_pieces")
    sweep(day(16))
    assert [row for row in reminded() if row.step == "check"] == []
    with clock.at(day(17)):
        journey.act("complete_file.resubmit")
    found = clock_of(journey)
    assert found.due_on is not None
    before = found.due_on - timedelta(days=7)
    Deadline.objects.filter(pk=found.pk).update(remind_on=date(2015, 3, 17))
    sweep(day(18))
    assert told() == []
    sweep(day(before.day, before.month))
    assert told() == [("reviewer", "J-7"), ("reviewer2", "J-7")]


@pytest.mark.parametrize("act", ["check.complete", "withdraw.withdraw"])
def test_clock_that_was_met_or_cancelled_is_silent(cast: Cast, act: str) -> None:
    journey = under_review(cast)
    stopped = clock_of(journey).pk
    with clock.at(day(9)):
        journey.act(act)
    assert Deadline.objects.get(pk=stopped).state in (DeadlineState.MET, DeadlineState.CANCELLED)
    for number in (16, 20, 22, 23, 28):
        sweep(day(number))
    assert not any(row.event.startswith(f"reminder:{stopped}:") for row in reminded())


def test_new_date_moves_what_is_left_of_the_ladder(cast: Cast) -> None:
    journey = under_review(cast)
    sweep(day(16))
    Deadline.objects.filter(pk=clock_of(journey).pk).update(
        due_on=DUE + timedelta(days=10), remind_on=date(2015, 3, 17)
    )
    for number in range(17, 27):
        sweep(day(number))
    assert told() == [("reviewer", "J-7"), ("reviewer2", "J-7")] * 2
    assert [row.event.split(":")[3] for row in reminded()] == ["2015-03-23"] * 2 + ["2015-04-02"] * 2


def test_short_delay_begins_on_the_rungs_that_are_ahead(cast: Cast) -> None:
    with clock.at(START):
        Journey.at(cast, "submitted")  # five working days: until Monday 9 March
    for number in range(2, 10):
        sweep(day(number))
    assert told() == [("director", "J-3"), ("carmi_manager", "J-1"), ("carmi_manager", "J")]


def test_claimed_task_reminds_its_holder_alone(cast: Cast) -> None:
    journey = under_review(cast)
    with clock.at(START):
        claim(task_id=journey.task.pk, actor=cast.reviewer2)
    sweep(day(16))
    assert told() == [("reviewer2", "J-7")]


def test_manager_is_told_who_has_the_step_since_when(cast: Cast) -> None:
    journey = under_review(cast)
    sweep(day(22))
    (row,) = reminded()
    assert row.title == "Rappel : Instruire le dossier, au plus tard le lundi 23 mars 2015"
    assert row.body == (
        "Rénovation du centre de santé de Lens (CARMI Nord-Pas-de-Calais). L’étape « Instruire le dossier » est à "
        "faire au plus tard le lundi 23 mars 2015 : c’est demain (l’échéance interne). Ce rappel s’adresse au "
        "pilotage. La tâche attend le rôle « Instructeur » (CANSSM) depuis le lundi 2 mars 2015 ; le tiennent : Igor "
        "Instructeur, Irène Instructrice."
    )
    assert row.details["quote"]["text"].startswith("Le texte ne fixe aucun délai à la direction générale")
    assert "confiez la tâche" in row.details["to_do"]
    with clock.at(day(23, hour=5)):
        claim(task_id=journey.task.pk, actor=cast.reviewer)
    sweep(day(23))
    assert "c’est aujourd’hui" in reminded()[-1].body
    assert "La tâche est prise par Irène Instructrice depuis le lundi 23 mars 2015." in reminded()[-1].body
    sweep(day(29))
    assert reminded()[-1].title == "En retard de 6 jours : Instruire le dossier"
    assert "devait être faite au plus tard le lundi 23 mars 2015" in reminded()[-1].body
    assert "Ce rappel s’adresse à la direction." in reminded()[-1].body


def test_superiors_are_the_nearest_at_or_above_the_body(cast: Cast) -> None:
    with clock.at(START):
        Journey.at(cast, "to_complete")  # at the CARMI, thirty days: until Wednesday 1 April
    sweep(day(31))
    sweep(day(6, 4))
    assert told() == [("carmi_manager", "J-1"), ("director", "J+5")]
    RoleGrant.objects.filter(user__username__in=("carmi_manager", "director")).update(
        valid_until=date(2015, 4, 6)
    )
    sweep(day(11, 4))
    assert told()[2:] == [("dg", "J+10"), ("dg2", "J+10")]


def test_nobody_is_their_own_superior(cast: Cast) -> None:
    """The regional director who has not signed: the directeur général is told, not he."""
    with clock.at(START):
        Journey.at(cast, "submitted")
    sweep(day(14))
    assert told() == [("dg", "J+5"), ("dg2", "J+5")]


def test_decider_who_has_nobody_above_is_told_himself(cast: Cast) -> None:
    with clock.at(START):
        Journey.at(cast, "awaiting_decision")  # ten working days: until Monday 16 March
    sweep(day(21))
    assert told() == [("dg", "J+5"), ("dg2", "J+5")]
    assert "faites l’étape" in reminded()[0].details["to_do"]


def test_rung_that_reaches_nobody_climbs(cast: Cast) -> None:
    under_review(cast)
    User.objects.filter(username__in=("reviewer", "reviewer2")).update(is_active=False)
    sweep(day(16))
    assert told() == [("manager", "J-7")]
    (row,) = reminded()
    assert "Il vous revient parce que personne d’autre ne peut être averti." in row.body
    assert "« Instructeur » (CANSSM) depuis le lundi 2 mars 2015, que personne ne tient." in row.body
    User.objects.filter(username="manager").update(is_active=False)
    sweep(day(20))
    assert told()[1:] == [("dg", "J-3"), ("dg2", "J-3")]


def test_holder_who_lost_the_role_is_not_told_but_the_manager_is(cast: Cast) -> None:
    journey = under_review(cast)
    with clock.at(START):
        claim(task_id=journey.task.pk, actor=cast.reviewer)
    RoleGrant.objects.filter(user=cast.reviewer).update(valid_until=date(2015, 3, 10))
    sweep(day(16))
    assert told() == [("manager", "J-7")]
    assert "par une personne qui ne tient plus le rôle" in reminded()[0].body


def test_nobody_at_all_is_reported_and_tried_again_the_next_day(cast: Cast) -> None:
    journey = under_review(cast)
    User.objects.exclude(username="auditor").update(is_active=False)
    report = sweep(day(16))
    assert report.sent == []
    assert [str(one) for one in report.unreached] == [
        f"{journey.reference}, Instruire le dossier : rappel J-7, personne ne peut être averti, "
        "pilotage et direction compris."
    ]
    assert sweep(day(16, hour=12)).unreached == []
    User.objects.filter(username="reviewer").update(is_active=True)
    sweep(day(17))
    assert told() == [("reviewer", "J-7")]


def test_person_without_address_stays_visible(cast: Cast) -> None:
    cast.reviewer.email = "irene@canssm.example"
    cast.reviewer.save(update_fields=["email"])
    under_review(cast)
    sweep(day(16))
    assert {row.reader.username: row.state for row in reminded(Channel.EMAIL)} == {
        "reviewer": OutboxState.PENDING,
        "reviewer2": OutboxState.UNADDRESSED,
    }


def test_each_body_is_reminded_of_its_own_answer(cast: Cast) -> None:
    """Notices of a virement: fifteen days, from Monday 2 March 2026, for each ministry and the contrôle général."""
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-2.autres", "A-I-3.info", "1000.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect", "inform.acknowledge@ministry")
    sweep(START.replace(year=2026, day=12))
    assert sorted(told()) == [
        ("comptroller", "J-5"),
        ("manager", "J-5"),  # of the ministry's answer, and of the contrôle général's
        ("manager", "J-5"),
        ("ministry_db", "J-5"),
    ]
    journey.do("inform.acknowledge", "ministry_db", at=START.replace(year=2026, day=13))
    states = [(row.reader.username, row.state) for row in reminded()]
    assert sorted(states) == [
        ("comptroller", OutboxState.DELIVERED),
        ("manager", OutboxState.DELIVERED),
        ("manager", OutboxState.SETTLED),
        ("ministry_db", OutboxState.SETTLED),
    ]
    sweep(START.replace(year=2026, day=15))
    assert sorted(told()[4:]) == [("dg", "J-2"), ("dg2", "J-2"), ("manager", "J-2")]
    journey.do("inform.acknowledge", "comptroller", at=START.replace(year=2026, day=16))
    assert {row.state for row in reminded()} == {OutboxState.SETTLED}


@pytest.fixture
def failing(cast: Cast) -> Iterator[list[str]]:
    """References whose reminder fails."""
    refused: list[str] = []

    @receiver(deadline_reminded)
    def fail(event: DeadlineReminded, **kwargs: Any) -> None:
        if event.deadline.dossier.reference in refused:
            raise RuntimeError("no")

    yield refused
    deadline_reminded.disconnect(fail)


def test_one_that_fails_does_not_stop_the_others_and_is_reported(cast: Cast, failing: list[str]) -> None:
    first, stuck, last = (under_review(cast) for _ in range(3))
    failing.append(stuck.reference)
    report = sweep(day(16))
    assert [one.reference for one in report.sent] == [first.reference, last.reference]
    assert [str(one) for one in report.failed] == [
        f"{stuck.reference}, Instruire le dossier : erreur du programme, voir le journal technique."
    ]
    assert not OutboxRow.objects.filter(dossier=stuck.pk, event__startswith="reminder").exists()
    failing.clear()
    assert [one.reference for one in sweep(day(16, hour=7)).sent] == [stuck.reference]


def test_command_says_whom_it_told_and_fails_for_whom_it_could_not(cast: Cast) -> None:
    journey = under_review(cast)
    said = StringIO()
    with clock.at(day(16)):
        call_command("send_reminders", stdout=said)
        assert said.getvalue() == (
            f"{journey.reference}, check, échéance du lundi 23 mars 2015 : J-7, 2 personnes averties.\n"
        )
        said = StringIO()
        call_command("send_reminders", stdout=said)
    assert said.getvalue() == "Aucun rappel à donner.\n"
    User.objects.update(is_active=False)
    with clock.at(day(20)), pytest.raises(CommandError, match=f"{journey.reference}, Instruire le dossier"):
        call_command("send_reminders", stdout=StringIO())


def test_task_counts_the_dates_told_of(cast: Cast) -> None:
    under_review(cast)
    with clock.at(day(16)):
        assert (task(), task()) == (1, 0)


def test_clock_whose_rule_has_gone_keeps_the_default_ladder(cast: Cast) -> None:
    journey = under_review(cast)
    Deadline.objects.filter(pk=clock_of(journey).pk).update(rule_ref="cog-2014-2017/nothing@2014-01-01")
    sweep(day(16))
    assert told() == [("reviewer", "J-7"), ("reviewer2", "J-7")]
    assert reminded()[0].details.get("quote") is None


def test_cost_follows_what_is_due(cast: Cast) -> None:
    journey = under_review(cast)
    sweep(day(3))
    found = clock_of(journey)
    Deadline.objects.bulk_create(
        Deadline(
            dossier=found.dossier,
            step="later",
            title="Plus tard",
            kind="internal",
            rule_ref=found.rule_ref,
            length=20,
            unit=found.unit,
            due_on=DUE + timedelta(days=number),
            opened_at=found.opened_at,
            remind_on=DUE + timedelta(days=number),
            reminded_on=date(2015, 3, 3),
        )
        for number in range(300)
    )
    with clock.at(day(10)):
        assert len(statements(send_reminders)) == 1
    with clock.at(day(16)):
        sent = statements(send_reminders)
    # What is due; then the clock, its task, the people, the reminders that it replaces, what they are told, the clock.
    assert len(sent) == 1 + 6, "\n".join(sent)
    with clock.at(day(17)):
        assert len(statements(send_reminders)) == 1


def test_look_that_finds_nothing_due_costs_four_statements(cast: Cast) -> None:
    journey = under_review(cast)
    with clock.at(day(3)):
        assert len(statements(send_reminders)) == 1 + 4
        assert len(statements(send_reminders)) == 1
    assert clock_of(journey).remind_on == date(2015, 3, 16)


def test_beat_sweeps_in_the_morning_before_the_digests_and_through_the_day() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["send-reminders"]
    assert entry["task"] == task.name
    schedule = entry["schedule"]
    assert (min(schedule.hour), max(schedule.hour), schedule.minute) == (6, 20, {30})
    assert min(schedule.hour) < settings.BERLINE_DIGEST_HOUR


def test_step_that_is_done_while_the_sweep_runs_is_not_reminded_of(cast: Cast) -> None:
    first, second = under_review(cast), under_review(cast)

    @receiver(deadline_reminded)
    def do_the_other(event: DeadlineReminded, **kwargs: Any) -> None:
        if event.deadline.dossier_id == first.pk:
            second.act("check.complete", actor="reviewer")

    try:
        report = sweep(day(16))
    finally:
        deadline_reminded.disconnect(do_the_other)
    assert ([one.reference for one in report.sent], report.failed) == ([first.reference], [])
    assert {row.subject.pk for row in reminded()} == {first.pk}
