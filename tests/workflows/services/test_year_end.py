"""The end of a year: what lapses, when, by which rule, once; and the command that does it."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from cases import clock
from cases.budget_terms import MovementKind
from cases.errors import Blocked, NotFound
from cases.models import BudgetLine, CreditMovement, Exercise
from cases.selectors import Balance, balance_faults, balance_of
from cases.services import ledger
from tests.credits import NOW, Credits
from tests.journeys import Cast, state_of_everything
from workflows.services import YearEnd, lapse_credits

pytestmark = pytest.mark.django_db

EVE = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
BEFORE_CLOSING = datetime(2027, 4, 9, 21, 59, tzinfo=UTC)
CLOSING = datetime(2027, 4, 9, 22, 0, tzinfo=UTC)


@pytest.fixture
def credits(cast: Cast) -> Credits:
    """The budgets, with 3 000 € in the reserve of the FNGA in 2026."""
    found = Credits(cast)
    found.act(
        lambda: ledger.credit(
            kind=MovementKind.AMENDMENT,
            exercise=found.exercise,
            credits=[ledger.Credit(found.line("RN"), Decimal(3000))],
            label="Réserve nationale",
            dossier=found.dossier,
        )
    )
    return found


def lapse(year: int, at: datetime, *, dry_run: bool = False) -> YearEnd:
    """Close a year at a moment."""
    with clock.at(at):
        return lapse_credits(year=year, dry_run=dry_run)


def held(line: BudgetLine, year: int) -> Balance:
    """Its balance now."""
    return balance_of(line=line, exercise=Exercise.objects.get(year=year))


def rules_of(found: YearEnd) -> dict[str, str]:
    """Fund and line → the rule that cancels it."""
    return {f"{one.line.fund_id} {one.line.code}": one.quote.rule for one in found.lapsed}


def test_2014_loses_menton_and_what_is_evaluative(credits: Credits) -> None:
    menton = BudgetLine.objects.get(mark="menton")
    staff, before = credits.line("A-I-1"), held(credits.line("A-I-1"), 2014)
    found = lapse(2014, NOW)
    assert held(menton, 2014).available == 0
    assert held(staff, 2014) == before
    rules = rules_of(found)
    assert rules[f"FNASS {menton.code}"] == "fnass.menton"
    assert set(rules.values()) == {"fnass.menton", "carry_over.evaluative"}
    evaluative = BudgetLine.objects.filter(is_leaf=True, nature="evaluative").order_by("pk")
    assert all(held(line, 2014).available == 0 for line in evaluative)
    (movement,) = CreditMovement.objects.filter(pk__in=found.movements, origin__contains="fnass.menton")
    assert (movement.kind, movement.dossier) == ("cancellation", None)
    assert "ni reportables" in movement.origin
    assert Decimal("2640640.00") in {-one.amount for one in movement.postings.all()}


def test_2017_loses_all_but_the_fnmo(credits: Credits) -> None:
    found = lapse(2017, NOW)
    assert rules_of(found)["FNGA A-I-1"] == "carry_over.last_exercise"
    assert "RN" not in {one.line.code for one in found.lapsed}
    assert all(
        held(line, 2017) == Balance() for line in BudgetLine.objects.filter(is_leaf=True).order_by("pk")
    )
    assert "FNMO" not in {one.line.fund_id for one in found.lapsed}
    assert balance_faults() == []


def test_committed_credits_stay(credits: Credits) -> None:
    staff = credits.line("A-I-1")
    credits.act(
        lambda: ledger.commit(
            exercise=credits.exercise,
            line=staff,
            amount=Decimal("1000.00"),
            label="Engagement",
            dossier=credits.dossier,
        )
    )
    lapse(2026, CLOSING)
    assert held(staff, 2026) == Balance(committed=Decimal("1000.00"))


def test_earmarked_credits_lapse_apart(credits: Credits) -> None:
    line = credits.line("A-I-3.autres")
    credits.act(
        lambda: ledger.credit(
            kind=MovementKind.DISPOSAL,
            exercise=credits.exercise,
            credits=[ledger.Credit(line, Decimal("70.00"))],
            label="Vente",
            dossier=credits.dossier,
            origin="Vente d’un immeuble",
            earmarked=True,
        )
    )
    free = held(line, 2026).available
    found = lapse(2026, CLOSING)
    (one,) = [one for one in found.lapsed if one.line == line]
    assert (one.available, one.earmarked) == (free, Decimal("70.00"))
    assert held(line, 2026) == Balance()


def test_reserve_lapses_with_the_year_and_the_rest_when_accounts_close(credits: Credits) -> None:
    reserve, staff = credits.line("RN"), credits.line("A-I-1")
    before = held(staff, 2026)
    with pytest.raises(Blocked) as caught:
        lapse(2026, EVE)
    assert caught.value.reasons[0].quote is not None
    assert caught.value.reasons[0].quote.rule == "reserve.cancelled"
    for moment in (NEW_YEAR, BEFORE_CLOSING):
        found = lapse(2026, moment)
        assert (held(reserve, 2026).available, held(staff, 2026)) == (Decimal(0), before)
        assert {one.on for one in found.later} == {date(2027, 4, 10)}
    movement = CreditMovement.objects.get(kind="cancellation")
    assert movement.effective_on == date(2026, 12, 31)
    assert "reserve.cancelled" in movement.origin
    assert "31 décembre" in movement.origin
    found = lapse(2026, CLOSING)
    assert found.later == ()
    assert held(staff, 2026) == Balance()


def test_exercise_closed_earlier_lapses_earlier(credits: Credits) -> None:
    Exercise.objects.filter(year=2026).update(closed_on=date(2027, 3, 1))
    found = lapse(2026, datetime(2027, 3, 1, 9, tzinfo=UTC))
    assert found.later == ()
    assert {one.on for one in found.lapsed} == {date(2026, 12, 31), date(2027, 3, 1)}


def test_again_changes_nothing(credits: Credits) -> None:
    first = lapse(2014, NOW)
    assert first.total > 0
    before = state_of_everything()
    again = lapse(2014, NOW)
    assert (again.lapsed, again.later, again.movements) == ((), (), ())
    assert state_of_everything() == before


def test_dry_run_lists_the_same_and_writes_nothing(credits: Credits) -> None:
    before = state_of_everything()
    listed = lapse(2017, NOW, dry_run=True)
    assert state_of_everything() == before
    assert listed.movements == ()
    done = lapse(2017, NOW)
    assert (listed.lapsed, listed.total) == (done.lapsed, done.total)


def test_credits_that_came_after_the_year_lapse_from_their_own_day(credits: Credits) -> None:
    def late() -> None:
        ledger.credit(
            kind=MovementKind.AMENDMENT,
            exercise=credits.exercise,
            credits=[ledger.Credit(credits.line("RN"), Decimal(50))],
            label="Réserve",
            dossier=credits.dossier,
        )

    lapse(2026, NEW_YEAR)
    credits.act(late, at=datetime(2027, 1, 12, 9, tzinfo=UTC))
    found = lapse(2026, datetime(2027, 1, 20, 9, tzinfo=UTC))
    assert [(one.line.code, one.amount, one.on) for one in found.lapsed] == [
        ("RN", Decimal("50.00"), date(2027, 1, 12))
    ]
    assert held(credits.line("RN"), 2026).available == 0


@pytest.mark.parametrize("year", [2013, 2018, 0, 99999])
def test_year_without_budget_is_refused(credits: Credits, year: int) -> None:
    with pytest.raises(NotFound):
        lapse(year, NOW)


def test_command_lists_quotes_and_cancels(credits: Credits) -> None:
    said = io.StringIO()
    with clock.at(NEW_YEAR):
        call_command("close_year", "2026", "--dry-run", stdout=said)
        assert "Rien n’a été écrit" in said.getvalue()
        assert not CreditMovement.objects.filter(kind="cancellation").exists()
        said = io.StringIO()
        call_command("close_year", "2026", stdout=said)
    text = said.getvalue()
    assert "Règle reserve.cancelled : " in text
    assert "RN Réserve nationale" in text
    assert "3\u202f000,00" in text
    assert "seront annulés à partir du 10\u00a0avril\u00a02027" in text
    with clock.at(NEW_YEAR):
        said = io.StringIO()
        call_command("close_year", "2026", stdout=said)
    assert "rien à annuler" in said.getvalue()


@pytest.mark.parametrize("year", ["2013", "2026"])
def test_command_says_why_not(credits: Credits, year: str) -> None:
    with clock.at(NOW), pytest.raises(CommandError, match="n’est pas"):
        call_command("close_year", year)
