"""More time for an internal deadline: who may give it, what it changes, what is refused; never for a legal one."""

from datetime import date, timedelta

import pytest

from cases import clock
from cases.deadlines import Unit
from cases.enums import DeadlineKind, DeadlineState, Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid, NotFound
from cases.models import Deadline, JournalEntry, User
from cases.selectors import dossier_for
from cases.services import verify_all
from cases.services.deadlines import computation_of
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast
from tests.workflows.test_statements import statements
from workflows.services import extend_deadline

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(cast: Cast) -> CreditJourney:
    """A virement that waits for the check of its credits, at the fund, since 2 March 2026."""
    return CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00"))).walk(
        "prepare.submit"
    )


@pytest.fixture
def manager(cast: Cast) -> User:
    """Who watches the backlog of the whole fund."""
    return cast.person("pilote", (Role.MANAGER, "canssm"))


def clock_of(journey: CreditJourney, step: str = "check") -> Deadline:
    return Deadline.objects.get(dossier=journey.pk, step=step, kind=DeadlineKind.INTERNAL)


def extend(
    journey: CreditJourney, actor: User, *, amount: int = 3, motive: str = "Congés", **options: int
) -> None:
    with clock.at(NOW + timedelta(days=1)):
        extend_deadline(
            reference=journey.reference,
            deadline_id=options.get("deadline_id", clock_of(journey).pk),
            amount=amount,
            motive=motive,
            actor=actor,
        )


def test_date_moves_by_the_unit_of_the_deadline(journey: CreditJourney, manager: User) -> None:
    before = clock_of(journey)
    assert (before.unit, before.length, before.due_on) == (Unit.WORKING_DAYS, 5, date(2026, 3, 9))
    version = journey.dossier.version
    extend(journey, manager)
    after = clock_of(journey)
    assert after.due_on == date(2026, 3, 12)
    assert after.remind_on == date(2026, 3, 3)
    assert journey.dossier.next_due_on == date(2026, 3, 12)
    assert journey.dossier.version == version
    assert "Prolongé le mardi 3 mars 2026 : + 3 jours ouvrés (Congés)" in [
        line.label for line in computation_of(after).lines
    ]


def test_journal_keeps_the_motive_the_capacity_and_both_dates(journey: CreditJourney, manager: User) -> None:
    extend(journey, manager, motive="  Congés du comptable  ")
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert (entry.action, entry.step, entry.motive) == ("extend", "check", "Congés du comptable")
    assert entry.capacity.startswith("Pilotage — ")
    assert entry.changes["deadline"] == {
        "title": clock_of(journey).title,
        "amount": 3,
        "unit": "working_days",
        "due_on": ["2026-03-09", "2026-03-12"],
    }
    assert not list(verify_all())


@pytest.mark.parametrize("who", ["agent", "director", "accountant", "dg", "ministry"])
def test_only_the_management_extends(cast: Cast, journey: CreditJourney, who: str) -> None:
    with pytest.raises((Forbidden, NotFound)):
        extend(journey, cast.people[who])
    assert clock_of(journey).due_on == date(2026, 3, 9)


def test_manager_of_a_region_does_not_extend_what_the_fund_holds(cast: Cast, journey: CreditJourney) -> None:
    regional = cast.person("pilote-region", (Role.MANAGER, "carmi-npdc"))
    with pytest.raises(Forbidden):
        extend(journey, regional)


def test_manager_elsewhere_does_not_see_the_dossier(cast: Cast, journey: CreditJourney) -> None:
    with pytest.raises(NotFound):
        extend(journey, cast.person("pilote-est", (Role.MANAGER, "carmi-est")))


def test_legal_delay_is_refused_with_its_words(cast: Cast, journey: CreditJourney, manager: User) -> None:
    journey.walk("check.credits_available", "effect.effect")
    legal = Deadline.objects.filter(dossier=journey.pk, kind=DeadlineKind.LEGAL).first()
    assert legal is not None
    with pytest.raises(Blocked) as refused:
        extend(journey, manager, deadline_id=legal.pk)
    quote = refused.value.reasons[0].quote
    assert quote is not None
    assert quote.rule == "virement.information.delay"
    legal.refresh_from_db()
    assert legal.due_on == date(2026, 3, 17)


@pytest.mark.parametrize(
    ("amount", "motive", "field"),
    [
        (0, "Congés", "amount"),
        (-1, "Congés", "amount"),
        (91, "Congés", "amount"),
        (3, " ", "motive"),
        (3, "a" * 301, "motive"),
    ],
)
def test_wrong_amount_and_missing_motive_are_refused(
    journey: CreditJourney, manager: User, amount: int, motive: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        extend(journey, manager, amount=amount, motive=motive)
    assert list(refused.value.details) == [field]
    assert not JournalEntry.objects.filter(dossier=journey.pk, action="extend").exists()


def test_clock_that_is_over_is_not_extended(journey: CreditJourney, manager: User) -> None:
    deadline = clock_of(journey)
    journey.walk("check.credits_available")
    with pytest.raises(Conflict, match="close"):
        extend(journey, manager, deadline_id=deadline.pk)


def test_deadline_of_another_dossier_is_not_found(cast: Cast, journey: CreditJourney, manager: User) -> None:
    other = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "10.00"))).walk(
        "prepare.submit"
    )
    with pytest.raises(NotFound):
        extend(journey, manager, deadline_id=clock_of(other).pk)


def test_overdue_clock_is_on_time_again(journey: CreditJourney, manager: User) -> None:
    with clock.at(NOW + timedelta(days=20)):
        assert computation_of(clock_of(journey)).late
        extend_deadline(
            reference=journey.reference,
            deadline_id=clock_of(journey).pk,
            amount=20,
            motive="Crue",
            actor=manager,
        )
        assert not computation_of(clock_of(journey)).late
        assert clock_of(journey).state == DeadlineState.RUNNING
        due_on = dossier_for(manager, journey.reference).next_due_on
        assert due_on == date(2026, 4, 7)  # 25 working days: Easter Monday is the 6th


def test_extension_costs_a_fixed_number_of_statements(journey: CreditJourney, manager: User) -> None:
    deadline_id = clock_of(journey).pk
    sent = statements(lambda: extend(journey, manager, deadline_id=deadline_id))
    assert len(sent) <= 13, sent
