"""What follows from an act not done in time: a breach is written to the journal, an unused right lapses."""

from datetime import UTC, date, datetime

import pytest

from cases.errors import Conflict, Invalid
from cases.models import Deadline, JournalEntry
from cases.services import verify_all
from cases.services.journal import SYSTEM
from notifications.enums import Channel, NoticeKind
from notifications.models import OutboxRow
from tests.budget_journeys import at, sweep
from tests.credit_journeys import CreditJourney, credits_of, transfers
from tests.journeys import Cast
from workflows.rulebook import resolve
from workflows.services import perform

pytestmark = pytest.mark.django_db

#: Effected on 2 March 2026: the three addressees are to be told by the 17th.
EFFECTED = ("prepare.submit", "check.credits_available", "effect.effect")


def told(cast: Cast) -> CreditJourney:
    """A virement between groups of which the three bodies were told on 2 March."""
    return CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00"))).walk(
        *EFFECTED
    )


def breaches(journey: CreditJourney) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(dossier=journey.pk, action="breach").order_by("sequence"))


def test_last_day_still_serves(cast: Cast) -> None:
    journey = told(cast)
    assert sweep(at(2026, 3, 17, 22)).done == []
    assert breaches(journey) == []


def test_breach_of_each_addressee_is_written_once_and_the_step_stays_open(cast: Cast) -> None:
    journey = told(cast)
    journey.do("inform.acknowledge", "comptroller", at=at(2026, 3, 10))
    version = journey.dossier.version
    assert sweep(at(2026, 3, 17, 23)).done == [journey.reference] * 2  # the 18th in Paris
    assert sweep(at(2026, 3, 18, 12)).done == []
    first, second = breaches(journey)
    assert {one.changes["overrun"]["organisation"] for one in (first, second)} == {"dss", "db"}
    assert first.changes["overrun"]["due_on"] == "2026-03-17"
    assert (first.actor, first.actor_name, first.outcome) == (None, SYSTEM, "report_breach")
    assert [resolve(ref).key for ref in first.rule_refs] == ["virement.information.delay"]
    assert journey.dossier.version == version
    assert journey.status == "executed"
    journey.do("inform.acknowledge", "ministry", at=at(2026, 3, 20))
    journey.do("inform.acknowledge", "ministry_db", at=at(2026, 3, 20))
    assert journey.status == "closed"
    assert not list(verify_all())


def test_management_and_direction_are_told_of_the_breach_once(cast: Cast) -> None:
    journey = told(cast)
    sweep(at(2026, 3, 18, 12))
    sweep(at(2026, 3, 19, 12))
    notices = OutboxRow.objects.filter(
        dossier=journey.pk, kind=NoticeKind.REMINDER, channel=Channel.EMAIL, event__contains="report_breach"
    )
    assert {(one.reader.username, one.details["quote"]["source"][:13]) for one in notices} == {
        ("manager", "COG 2014-2017"),
        ("dg", "COG 2014-2017"),
        ("dg2", "COG 2014-2017"),
    }
    assert notices.count() == 9  # three addressees were not told in time
    assert all("consigné au journal" in one.body for one in notices)
    assert "devait être faite au plus tard le mardi 17 mars 2026" in notices[0].body


def test_sweep_that_was_down_keeps_the_day_of_the_breach(cast: Cast) -> None:
    journey = told(cast)
    sweep(at(2026, 3, 30))
    assert {one.changes["overrun"]["due_on"] for one in breaches(journey)} == {"2026-03-17"}
    assert len(breaches(journey)) == 3


def test_nobody_but_the_system_reports_a_breach(cast: Cast) -> None:
    journey = told(cast)
    clock_of = Deadline.objects.filter(dossier=journey.pk, step="inform").first()
    assert clock_of is not None
    with pytest.raises(Invalid, match="n’existe pas à l’étape"):
        journey.do("inform.report_breach", "ministry", at=at(2026, 3, 30), data={"deadline": clock_of.pk})


@pytest.mark.parametrize("day", [17, 18])
def test_breach_is_refused_before_the_day_and_for_another_dossier(cast: Cast, day: int) -> None:
    journey, other = told(cast), told(cast)
    of = journey if day == 17 else other
    clock_of = Deadline.objects.filter(dossier=of.pk, step="inform").first()
    assert clock_of is not None
    with pytest.raises(Conflict):
        journey.plain(
            "inform",
            "report_breach",
            None,  # type: ignore[arg-type]
            at=at(2026, 3, day),
            data={"deadline": clock_of.pk},
        )
    assert not breaches(journey)


def test_breach_without_a_deadline_is_refused(cast: Cast) -> None:
    journey = told(cast)
    with pytest.raises(Invalid):
        perform(reference=journey.reference, step="inform", outcome="report_breach", actor=None)


def agreed(cast: Cast) -> CreditJourney:
    """A derogation that waits for its effect since 2 March 2026."""
    return CreditJourney.file(
        cast,
        "virement_derogation",
        transfers(("A-I-3.info", "A-I-3.autres", "1000.00"), exceptional_reason="Crue de la Scarpe"),
        by="reviewer",
        body="canssm",
    ).walk(
        "prepare.submit@reviewer",
        "check.credits_available",
        "prior_agreement.agree@ministry",
        "prior_agreement.agree@ministry_db",
        "board_vote.adopted",
    )


def test_right_that_nobody_used_lapses_after_the_accounts_are_closed(cast: Cast) -> None:
    journey = agreed(cast)
    assert journey.open_steps == ["effect"]
    kinds = dict(Deadline.objects.filter(dossier=journey.pk, step="effect").values_list("kind", "due_on"))
    assert kinds["legal"] == date(2027, 4, 10)
    assert kinds["internal"] < date(2026, 4, 1)
    before = credits_of("A-I-3.info")
    assert sweep(datetime(2027, 4, 10, 12, tzinfo=UTC)).done == []
    assert sweep(datetime(2027, 4, 11, 12, tzinfo=UTC)).done == [journey.reference]
    assert journey.status == "lapsed"
    assert credits_of("A-I-3.info") == before
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert (entry.actor, entry.outcome) == (None, "renounce")
    assert entry.motive.startswith("Constaté par Berline : le délai a pris fin le samedi 10 avril 2027")
    states = dict(Deadline.objects.filter(dossier=journey.pk, step="effect").values_list("kind", "state"))
    assert states == {"legal": "cancelled", "internal": "cancelled"}
