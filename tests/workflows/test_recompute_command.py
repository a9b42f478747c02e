"""``manage.py deadlines recompute``: finds every stored date that is not what its events say, and puts it right."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cases.deadlines import EventKind
from cases.enums import DeadlineState
from cases.models import Deadline, DeadlineEvent, Dossier
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(cast: Cast) -> CreditJourney:
    """A virement with a clock that was met and one that runs until 9 March 2026."""
    return CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00"))).walk(
        "prepare.submit"
    )


def recompute(*arguments: str) -> str:
    out = StringIO()
    call_command("deadlines", "recompute", *arguments, stdout=out)
    return out.getvalue()


def running(journey: CreditJourney) -> Deadline:
    return Deadline.objects.get(dossier=journey.pk, state=DeadlineState.RUNNING)


def test_dates_that_follow_from_their_events_are_left_alone(journey: CreditJourney) -> None:
    journey.walk("check.credits_available", "effect.effect", "inform.acknowledge@comptroller")
    assert "Toutes les dates suivent" in recompute("--check")
    assert "Toutes les dates suivent" in recompute()


def test_check_names_each_difference_and_changes_nothing(journey: CreditJourney) -> None:
    Deadline.objects.filter(pk=running(journey).pk).update(due_on=date(2026, 3, 10))
    out = StringIO()
    with pytest.raises(CommandError, match="2 écart"):
        call_command("deadlines", "recompute", "--check", stdout=out)
    assert (
        f"{journey.reference} : date de « Vérifier les crédits », 2026-03-10 au lieu de 2026-03-09"
        in out.getvalue()
    )
    assert "prochaine échéance, 2026-03-09 au lieu de 2026-03-10" in out.getvalue()
    assert running(journey).due_on == date(2026, 3, 10)


def test_dates_are_put_right(journey: CreditJourney) -> None:
    Deadline.objects.filter(pk=running(journey).pk).update(due_on=date(2026, 3, 10))
    Dossier.objects.filter(pk=journey.pk).update(next_due_on=None)
    assert "rétablie(s)" in recompute()
    assert running(journey).due_on == date(2026, 3, 9)
    assert journey.dossier.next_due_on == date(2026, 3, 9)
    assert "Toutes les dates suivent" in recompute("--check")


def test_state_and_end_are_put_right(journey: CreditJourney) -> None:
    deadline = running(journey)
    DeadlineEvent.objects.create(deadline=deadline, kind=EventKind.MET, at=NOW)
    with pytest.raises(CommandError):
        recompute("--check")
    recompute()
    deadline.refresh_from_db()
    assert (deadline.state, deadline.closed_at) == (DeadlineState.MET, NOW)
    assert journey.dossier.next_due_on is None
    assert "Toutes les dates suivent" in recompute("--check")


def test_history_that_makes_no_sense_is_named_and_left(journey: CreditJourney) -> None:
    deadline = running(journey)
    DeadlineEvent.objects.create(deadline=deadline, kind=EventKind.RESUMED, at=NOW)
    out = StringIO()
    with pytest.raises(CommandError, match="impossible"):
        call_command("deadlines", "recompute", stdout=out)
    assert "histoire de « Vérifier les crédits » impossible" in out.getvalue()
    assert running(journey).due_on == date(2026, 3, 9)
