"""Credits for the tests: the loaded budgets, a dossier that causes movements, and the acts that tell of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from cases import clock
from cases.models import BudgetLine, CreditMovement, Dossier, Exercise
from cases.services import append_entry
from tests.budgets import real_budgets
from tests.journeys import Cast, Journey

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""The moment of the tests: the exercise 2026 is open, carried forward from 2017; those before are closed."""

Result = TypeVar("Result")


def euros(amount: str | int) -> Decimal:
    """An amount in cents."""
    return Decimal(amount).quantize(Decimal("0.01"))


class Credits:
    """The real budgets, and one dossier of the FNMO that stands for whatever causes movements."""

    def __init__(self, cast: Cast) -> None:
        with clock.at(NOW):
            real_budgets()
            self.dossier: Dossier = Journey.start(cast, pieces=()).dossier
        self.cast = cast
        self.exercise = Exercise.objects.get(year=2026)

    def line(self, code: str, fund: str = "FNGA") -> BudgetLine:
        """A line by its code."""
        return BudgetLine.objects.get(fund=fund, code=code)

    def year(self, year: int) -> Exercise:
        """An exercise."""
        return Exercise.objects.get(year=year)

    def act(self, do: Callable[[], Result], at: datetime = NOW) -> Result:
        """Do something to credits as an act of the dossier, which its journal tells."""
        with clock.at(at):
            result = do()
            append_entry(
                dossier=self.dossier,
                actor=self.cast.dg,
                capacity="Directeur général",
                action="effect",
                status_before=self.dossier.status,
            )
            self.dossier.save(update_fields=["journal_length", "journal_head"])
        return result


def amounts_of(movement: CreditMovement) -> dict[str, Decimal]:
    """Amounts of a movement by line code (« — » for the fund) and account."""
    return {
        f"{posting.line.code if posting.line else '—'} {posting.account}": posting.amount
        for posting in movement.postings.select_related("line")
    }
