"""Several people move credits at the same moment, on connections of their own: no credit is spent twice."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connections, transaction

from cases import clock
from cases.errors import Blocked, BusinessError
from cases.models import BudgetLine, CreditMovement, Exercise
from cases.selectors import available, balance_faults
from cases.services import append_entry, ledger
from cases.services.ledger import Transfer
from tests.credits import NOW, Credits, euros
from tests.journeys import Cast, Journey


class Rivals:
    """Two people, each with a connection, who start together."""

    def __init__(self) -> None:
        self._start = threading.Barrier(2)
        self._pool = ThreadPoolExecutor(2)

    def race(self, *acts: Callable[[], object]) -> list[BusinessError | None]:
        """Start both; the refusal of each, None where it was done."""
        return list(self._pool.map(self._run, acts))

    def _run(self, act: Callable[[], object]) -> BusinessError | None:
        self._start.wait(timeout=20)
        try:
            act()
        except BusinessError as refusal:
            return refusal
        return None

    def _leave(self, _: int) -> None:
        self._start.wait(timeout=20)
        connections.close_all()

    def close(self) -> None:
        """Close both connections."""
        list(self._pool.map(self._leave, range(2)))
        self._pool.shutdown()


@pytest.fixture
def rivals(people: Cast) -> Iterator[Rivals]:
    """Two people at once, in a database of their own."""
    pair = Rivals()
    yield pair
    pair.close()


class Desk:
    """One person's dossier, under which they move credits in transactions of their own."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.dossier = Journey.start(cast, pieces=()).dossier

    def move(self, exercise: Exercise, *moves: tuple[BudgetLine, BudgetLine, str]) -> None:
        """One virement, told by the journal, committed."""
        with clock.at(NOW), transaction.atomic():
            dossier = type(self.dossier).objects.select_for_update().get(pk=self.dossier.pk)
            ledger.transfer(
                exercise=exercise,
                transfers=[Transfer(one, other, euros(amount)) for one, other, amount in moves],
                label="Virement",
                dossier=dossier,
            )
            append_entry(
                dossier=dossier,
                actor=self.cast.dg,
                capacity="Directeur général",
                action="effect",
                status_before="draft",
            )
            dossier.save(update_fields=["journal_length", "journal_head"])


def test_two_virements_race_for_the_same_credits(people: Cast, rivals: Rivals) -> None:
    """120 000 € on the line; each wants 70 000: one is refused and told the 50 000 that it met."""
    book = Credits(people)
    desks = Desk(people), Desk(people)
    small, staff = book.line("A-I-3.info"), book.line("A-I-1")
    for _ in range(25):
        refusals = rivals.race(
            *(lambda desk=desk: desk.move(book.exercise, (small, staff, "70000")) for desk in desks)  # type: ignore[misc]
        )
        (refusal,) = [one for one in refusals if one is not None]
        assert type(refusal) is Blocked
        assert refusal.details["credits"][0]["balance"] == "50000.00"
        assert "50\u202f000,00\u00a0€ disponibles" in refusal.message
        assert available(line=small, exercise=book.exercise) == euros(50000)
        desks[0].move(book.exercise, (staff, small, "70000"))
    assert balance_faults() == []
    assert CreditMovement.objects.filter(kind="virement").count() == 50


def test_crossing_virements_do_not_lock_each_other_out(people: Cast, rivals: Rivals) -> None:
    """A → B and B → A at once: both lock in the same order, so neither waits for the other for ever."""
    book = Credits(people)
    desks = Desk(people), Desk(people)
    one, other = book.line("A-I-1"), book.line("A-I-2.autres")
    for _ in range(40):
        assert rivals.race(
            lambda: desks[0].move(book.exercise, (one, other, "1")),
            lambda: desks[1].move(book.exercise, (other, one, "1")),
        ) == [None, None]
    assert available(line=one, exercise=book.exercise) == Decimal("49280000.00")
    assert balance_faults() == []


def test_lines_never_touched_are_opened_by_whoever_comes_first(people: Cast, rivals: Rivals) -> None:
    """Two people lock the same lines of an exercise that has no balance yet, in opposite order."""
    book = Credits(people)
    lines = [book.line("A-I-1"), book.line("A-I-2.autres")]
    for year in range(2040, 2060):
        exercise = Exercise.objects.create(year=year)

        def lock(order: list[BudgetLine], exercise: Exercise = exercise) -> None:
            with transaction.atomic():
                held = ledger.lock_lines((line, exercise) for line in order)
                assert len(held) == 2

        assert rivals.race(lambda lock=lock: lock(lines), lambda lock=lock: lock(lines[::-1])) == [None, None]  # type: ignore[misc]


def test_post_needs_the_callers_transaction(people: Cast) -> None:
    book = Credits(people)
    transfers = [Transfer(book.line("A-I-1"), book.line("A-I-2.autres"), euros(1))]
    with pytest.raises(RuntimeError, match="transaction"), clock.at(NOW):
        ledger.transfer(exercise=book.exercise, transfers=transfers, label="Virement", dossier=book.dossier)
