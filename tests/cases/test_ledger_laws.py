"""Random legal and illegal sequences of movements, against a model that is nothing but a list of amounts.

Whatever the sequence: the same things are refused that the model refuses, sums are conserved, no limitative
balance is negative on any day, and the balances kept are the ones replayed, now and at every date.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cases.budget_terms import Account, MovementKind
from cases.errors import Blocked, Invalid
from cases.models import BudgetLine, CreditPosting, Exercise
from cases.selectors import Balance, balance_faults, balances, budget_tree
from cases.selectors.ledger import replayed
from cases.services import ledger
from cases.services.ledger import Credit, Transfer
from tests.credits import Credits
from tests.journeys import Cast

FIRST = date(2031, 1, 1)
NOW = datetime(2031, 6, 1, 9, tzinfo=UTC)
CODES = (
    "A-I-1",
    "A-I-2.autres",
    "A-I-3.info",
    "B-I",
    "RN",
    "A-I",
    "FNASS:I.F.CAN.col",
    "FNASS:I.F.CAN.cv.men",
)
FUNDS = ("FNGA", "FNASS")

codes = st.sampled_from(CODES)
cents = st.integers(1, 400).map(lambda value: Decimal(value).scaleb(-2))
days = st.integers(0, 160).map(lambda number: FIRST + timedelta(days=number))
AVAILABLE, EARMARKED, COMMITTED = Account.AVAILABLE, Account.EARMARKED, Account.COMMITTED
Side = tuple[BudgetLine, Exercise, Account, Decimal]


class Ledger(RuleBasedStateMachine):
    """Two exercises without any opening credits, seven leaves and a sum."""

    book: Credits

    def __init__(self) -> None:
        super().__init__()
        self.scope = transaction.atomic()
        self.scope.__enter__()
        self.year = Exercise.objects.create(year=2031)
        self.following = Exercise.objects.create(year=2032)
        self.lines = {
            code: self.book.line(code.split(":")[-1], code.split(":")[0] if ":" in code else "FNGA")
            for code in CODES
        }
        self.length = self.book.dossier.journal_length
        self.head = self.book.dossier.journal_head
        self.posted: list[tuple[date, Side]] = []
        self.refusals = self.done = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.__exit__(None, None, None)
        self.book.dossier.journal_length, self.book.dossier.journal_head = self.length, self.head

    # -- the model ---------------------------------------------------------------------------------

    def sums(self, on: date | None = None) -> dict[tuple[int, int, Account], Decimal]:
        """Sums by line, exercise and account, at the end of the day ``on``."""
        found: dict[tuple[int, int, Account], Decimal] = {}
        for day, (line, exercise, account, amount) in self.posted:
            if on is None or day <= on:
                key = (line.pk, exercise.pk, account)
                found[key] = found.get(key, Decimal(0)) + amount
        return found

    def would_hold(self, on: date, sides: list[Side]) -> bool:
        """Whether no protected account is below zero at the end, nor on any day from ``on`` on if it gives."""
        before = self.posted
        netted: dict[tuple[int, int, Account], list[Any]] = {}
        for line, exercise, account, amount in sides:
            entry = netted.setdefault((line.pk, exercise.pk, account), [line, exercise, account, Decimal(0)])
            entry[3] += amount
        self.posted = before + [(on, tuple(entry)) for entry in netted.values()]
        try:
            moments = [on, *(day for day, _ in self.posted if day >= on)]
            return all(
                self.sums(moment).get(key, Decimal(0)) >= 0
                for key, (line, _, account, amount) in netted.items()
                if amount < 0 and (line.nature == "limitative" or account is not AVAILABLE)
                for moment in moments
            )
        finally:
            self.posted = before

    def attempt(
        self, legal: bool, on: date, sides: list[Side], do: Callable[[], object], budgeted: bool = False
    ) -> None:
        """Do it: it is refused exactly when the model says so, and then leaves everything as it was."""
        legal = legal and (on <= NOW.date() or budgeted) and self.would_hold(on, sides)
        count = CreditPosting.objects.count()
        try:
            with transaction.atomic():
                self.book.act(do, at=NOW)
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        except (Blocked, Invalid):
            assert not legal, "a legal movement was refused"
            assert CreditPosting.objects.count() == count
            self.refusals += 1
        else:
            assert legal, "an illegal movement was accepted"
            self.posted += [(on, side) for side in sides]
            self.done += 1

    # -- what people do ----------------------------------------------------------------------------

    @rule(
        code=codes,
        amount=cents,
        on=days,
        earmarked=st.booleans(),
        kind=st.sampled_from([MovementKind.AMENDMENT, MovementKind.RECEIPT, MovementKind.DISPOSAL]),
    )
    def bring_in(self, code: str, amount: Decimal, on: date, earmarked: bool, kind: MovementKind) -> None:
        """Credits from outside; an amendment is free, the others may be earmarked."""
        line, amount = self.lines[code], amount * 3
        earmarked = earmarked and kind is not MovementKind.AMENDMENT
        account = EARMARKED if earmarked else AVAILABLE
        self.attempt(
            line.is_leaf,
            on,
            [(line, self.year, account, amount)],
            lambda: ledger.credit(
                kind=kind,
                exercise=self.year,
                credits=[Credit(line, amount)],
                label="Essai",
                dossier=self.book.dossier,
                earmarked=earmarked,
                effective_on=on,
            ),
            budgeted=kind is MovementKind.AMENDMENT,
        )

    @rule(moves=st.lists(st.tuples(codes, codes, cents), min_size=1, max_size=3), on=days)
    def move(self, moves: list[tuple[str, str, Decimal]], on: date) -> None:
        """A virement of one to three lines."""
        transfers = [Transfer(self.lines[a], self.lines[b], amount) for a, b, amount in moves]
        sides: list[Side] = []
        for one in transfers:
            sides += [
                (one.origin, self.year, AVAILABLE, -one.amount),
                (one.target, self.year, AVAILABLE, one.amount),
            ]
        changes: dict[int, Decimal] = {}
        for line, _, _, amount in sides:
            changes[line.pk] = changes.get(line.pk, Decimal(0)) + amount
        moved = {key for key, amount in changes.items() if amount}
        legal = bool(moved) and all(
            one.origin.pk != one.target.pk and one.origin.fund_id == one.target.fund_id for one in transfers
        )
        for one in transfers:
            for line in (one.origin, one.target):
                legal = legal and (line.pk not in moved or (line.is_leaf and line.mark != "menton"))
        self.attempt(
            legal,
            on,
            sides,
            lambda: ledger.transfer(
                exercise=self.year,
                transfers=transfers,
                label="Essai",
                dossier=self.book.dossier,
                effective_on=on,
            ),
        )

    @rule(code=codes, amount=cents, release=st.booleans(), earmarked=st.booleans(), on=days)
    def commit(self, code: str, amount: Decimal, release: bool, earmarked: bool, on: date) -> None:
        """A commitment or its release."""
        line, value = self.lines[code], -amount if release else amount
        account = EARMARKED if earmarked else AVAILABLE
        sides = [(line, self.year, account, -value), (line, self.year, COMMITTED, value)]
        self.attempt(
            line.is_leaf,
            on,
            sides,
            lambda: ledger.commit(
                exercise=self.year,
                line=line,
                amount=value,
                label="Essai",
                dossier=self.book.dossier,
                earmarked=earmarked,
                effective_on=on,
            ),
        )

    @rule(code=codes, amount=cents, on=days)
    def cancel(self, code: str, amount: Decimal, on: date) -> None:
        """Credits that lapse."""
        line = self.lines[code]
        self.attempt(
            line.is_leaf,
            on,
            [(line, self.year, AVAILABLE, -amount)],
            lambda: ledger.cancel(
                exercise=self.year,
                credits=[Credit(line, amount)],
                label="Essai",
                dossier=self.book.dossier,
                effective_on=on,
            ),
        )

    @rule(code=codes, amount=cents, on=days, backwards=st.booleans())
    def carry(self, code: str, amount: Decimal, on: date, backwards: bool) -> None:
        """A carry-over to the same line of the next exercise."""
        line = self.lines[code]
        origin, target = (self.following, self.year) if backwards else (self.year, self.following)
        legal = line.is_leaf and line.nature == "limitative" and not line.mark and not backwards
        sides = [(line, origin, AVAILABLE, -amount), (line, target, AVAILABLE, amount)]
        self.attempt(
            legal,
            on,
            sides,
            lambda: ledger.carry_over(
                origin=origin,
                target=target,
                transfers=[Transfer(line, line, amount)],
                label="Essai",
                dossier=self.book.dossier,
                effective_on=on,
            ),
        )

    # -- what always holds -------------------------------------------------------------------------

    @invariant()
    def balances_are_those_replayed(self) -> None:
        assert balance_faults() == []
        sums = self.sums()
        for exercise in (self.year, self.following):
            proof = replayed(exercise=exercise)
            for fund in FUNDS:
                for line_id, balance in balances(fund=fund, exercise=exercise).items():
                    model = Balance(
                        *(
                            sums.get((line_id, exercise.pk, a), Decimal(0))
                            for a in (AVAILABLE, EARMARKED, COMMITTED)
                        )
                    )
                    assert balance == model == proof.get(line_id, Balance())

    @invariant()
    def no_limit_is_exceeded_on_any_day(self) -> None:
        for moment in {day for day, _ in self.posted}:
            model = self.sums(moment)
            for fund in FUNDS:
                held = balances(fund=fund, exercise=self.year, on=moment)
                for line in self.lines.values():
                    if line.fund_id == fund and line.is_leaf:
                        balance = held[line.pk]
                        assert balance.available == model.get((line.pk, self.year.pk, AVAILABLE), Decimal(0))
                        assert line.nature != "limitative" or balance.available >= 0
                        assert balance.earmarked >= 0
                        assert balance.committed >= 0

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        amounts = CreditPosting.objects.filter(exercise__year__gte=2031).order_by("pk")
        for fund in FUNDS:
            assert sum(amounts.filter(fund=fund).values_list("amount", flat=True)) == 0

    @invariant()
    def a_tree_adds_up(self) -> None:
        tree = budget_tree(fund=self.lines["A-I"].fund, exercise=self.year)
        for node in tree:
            if node.children:
                for column in ("initial", "moved", "committed", "earmarked", "available"):
                    assert getattr(node, column) == sum(getattr(child, column) for child in node.children)


@pytest.fixture
def book(cast: Cast) -> Credits:
    """The registers and a dossier."""
    return Credits(cast)


@pytest.mark.walk
def test_any_sequence_of_movements_keeps_the_books(book: Credits) -> None:
    run: dict[str, int] = {"done": 0, "refused": 0}

    class Bound(Ledger):
        def teardown(self) -> None:
            run["done"] += self.done
            run["refused"] += self.refusals
            super().teardown()

    Bound.book = book
    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=8,
            stateful_step_count=18,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking on a database takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert run["done"] > 5
    assert run["refused"] > 5
