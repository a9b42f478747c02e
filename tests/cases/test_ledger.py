"""Moving credits: what each service writes, and the French refusal of what does not hold."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.budget_terms import Account, MovementKind
from cases.errors import Blocked, BusinessError, Invalid
from cases.models import CreditBalance, CreditMovement, CreditPosting, Exercise
from cases.selectors import Balance, available, balance_faults, balance_of, balances
from cases.services import close_exercise, ledger
from cases.services.ledger import Credit, Entry, Transfer
from tests.credits import NOW, Credits, amounts_of, euros
from tests.journeys import Cast, state_of_everything

K = MovementKind


@pytest.fixture
def book(cast: Cast) -> Credits:
    """The budgets of March 2026."""
    return Credits(cast)


def move(book: Credits, *lines: tuple[str, str, str], **options: Any) -> CreditMovement:
    """A virement of (from, to, amount) lines of the FNGA in 2026."""
    fund = options.pop("fund", "FNGA")
    exercise = options.pop("exercise", book.exercise)
    transfers = [Transfer(book.line(a, fund), book.line(b, fund), euros(amount)) for a, b, amount in lines]
    return book.act(
        lambda: ledger.transfer(
            exercise=exercise, transfers=transfers, label="Virement", dossier=book.dossier, **options
        )
    )


def refused(error: type[BusinessError], sentence: str, do: Callable[[], object]) -> BusinessError:
    """``do`` is refused with that sentence, and nothing is written."""
    before = state_of_everything()
    with pytest.raises(error) as caught, transaction.atomic():
        do()
    assert sentence in caught.value.message
    assert state_of_everything() == before
    return caught.value


def test_a_virement_moves_credits_and_names_its_act(book: Credits) -> None:
    length = book.dossier.journal_length
    movement = move(book, ("A-I-1", "A-I-2.autres", "1000.50"))
    assert amounts_of(movement) == {
        "A-I-1 available": euros("-1000.50"),
        "A-I-2.autres available": euros("1000.50"),
    }
    assert (movement.kind, movement.size, movement.effective_on) == (K.VIREMENT, 2, date(2026, 3, 2))
    assert (movement.dossier_id, movement.journal_sequence) == (book.dossier.pk, length + 1)
    assert movement.recorded_at == NOW
    assert available(line=book.line("A-I-1"), exercise=book.exercise) == euros("49278999.50")
    assert available(line=book.line("A-I-2.autres"), exercise=book.exercise) == euros("9431000.50")
    assert str(movement) == "Virement du 02/03/2026 : Virement"


def test_lines_of_one_virement_are_added_up(book: Credits) -> None:
    movement = move(
        book,
        ("A-I-1", "A-I-2.autres", "100"),
        ("A-I-1", "A-I-3.info", "50"),
        ("A-I-2.autres", "A-I-3.info", "30"),
    )
    assert amounts_of(movement) == {
        "A-I-1 available": euros(-150),
        "A-I-2.autres available": euros(70),
        "A-I-3.info available": euros(80),
    }


def test_more_than_the_balance_is_refused_with_the_balance_met(book: Credits) -> None:
    move(book, ("A-I-3.info", "A-I-1", "119999"))
    refusal = refused(
        Blocked,
        "Crédits insuffisants sur « A-I-3.info Dépenses en capital : informatique » (FNGA 2026) : "
        "2,00\u00a0€ demandés, 1,00\u00a0€ disponibles.",
        lambda: move(book, ("A-I-3.info", "A-I-1", "2")),
    )
    assert [reason.code for reason in refusal.reasons] == ["insufficient_credits"]
    assert refusal.details["credits"] == [
        {
            "fund": "FNGA",
            "line": "A-I-3.info",
            "exercise": 2026,
            "account": "available",
            "asked": "2.00",
            "balance": "1.00",
        }
    ]
    move(book, ("A-I-3.info", "A-I-1", "1"))
    assert available(line=book.line("A-I-3.info"), exercise=book.exercise) == 0


def test_every_line_that_does_not_suffice_is_named(book: Credits) -> None:
    refusal = refused(
        Blocked,
        "Crédits insuffisants",
        lambda: move(book, ("A-I-3.info", "A-I-1", "99000000"), ("A-I-3.autres", "A-I-1", "99000000")),
    )
    assert [one["line"] for one in refusal.details["credits"]] == ["A-I-3.info", "A-I-3.autres"]


def test_an_evaluative_line_may_be_exceeded(book: Credits) -> None:
    line = book.line("B-I")
    book.act(
        lambda: ledger.commit(
            exercise=book.exercise, line=line, amount=euros(1000000), label="Dépenses", dossier=book.dossier
        )
    )
    assert balance_of(line=line, exercise=book.exercise) == Balance(euros(-100000), euros(0), euros(1000000))


@pytest.mark.parametrize(
    ("lines", "options", "error", "sentence"),
    [
        ((("A-I-1", "A-I-1", "1"),), {}, Invalid, "à la fois l’origine et la destination"),
        ((("A-I", "A-I-1", "1"),), {}, Invalid, "« A-I Dépenses limitatives CANSSM » est un total"),
        ((("A-I-1", "A-I-2.autres", "0"),), {}, Invalid, "supérieur à zéro"),
        ((("A-I-1", "A-I-2.autres", "-5"),), {}, Invalid, "supérieur à zéro"),
        ((), {}, Invalid, "aucune ligne"),
        ((("A-I-1", "A-I-2.autres", "5"), ("A-I-2.autres", "A-I-1", "5")), {}, Invalid, "s’annulent"),
        (
            (("A-I-1", "A-I-2.autres", "1"),),
            {"effective_on": date(2026, 3, 3)},
            Invalid,
            "mardi 3 mars 2026 est à venir",
        ),
        (
            (("A-I-1", "A-I-2.autres", "1"),),
            {"effective_on": date(2025, 12, 31)},
            Blocked,
            "choisissez une date plus récente",
        ),
        (
            (("I.F.CAN.cv.men", "I.F.CAN.col", "1"),),
            {"fund": "FNASS"},
            Blocked,
            "ni fongibles ni reportables",
        ),
        (
            (("I.F.CAN.col", "I.F.CAN.cv.men", "1"),),
            {"fund": "FNASS"},
            Blocked,
            "ni fongibles ni reportables",
        ),
    ],
)
def test_illegal_virements_are_refused_and_write_nothing(
    book: Credits, lines: tuple[Any, ...], options: dict[str, Any], error: type[BusinessError], sentence: str
) -> None:
    refused(error, sentence, lambda: move(book, *lines, **options))


def test_a_closed_exercise_moves_no_more(book: Credits) -> None:
    refused(
        Blocked,
        "L’exercice 2017 est clos depuis le mardi 10 avril 2018",
        lambda: move(book, ("A-I-1", "A-I-2.autres", "1"), exercise=book.year(2017)),
    )


def test_backdating_into_a_closed_exercise_is_refused_too(book: Credits) -> None:
    refused(
        Blocked,
        "L’exercice 2017 est clos",
        lambda: move(
            book,
            ("A-I-1", "A-I-2.autres", "1"),
            exercise=book.year(2017),
            effective_on=date(2017, 6, 1),
        ),
    )


def test_an_exercise_closed_meanwhile_is_refused_by_postgresql(book: Credits) -> None:
    stale = book.year(2026)
    with clock.at(NOW):
        close_exercise(year=2026, on=date(2026, 3, 1))
    assert stale.closed_on is None
    refused(Blocked, "vient d’être clos", lambda: move(book, ("A-I-1", "A-I-2.autres", "1"), exercise=stale))


def test_no_credit_passes_from_fund_to_fund(book: Credits) -> None:
    one = Transfer(book.line("A-I-1"), book.line("M.reg", "FNPPS"), euros(1))
    refused(
        Blocked,
        "aucun crédit ne passe d’un fonds à l’autre",
        lambda: ledger.transfer(
            exercise=book.exercise, transfers=[one], label="Virement", dossier=book.dossier
        ),
    )


def test_entries_that_do_not_balance_are_a_mistake_of_the_program(book: Credits) -> None:
    line = book.line("A-I-1")
    entries = [
        Entry("FNGA", book.exercise, line, Account.AVAILABLE, euros(2)),
        Entry("FNGA", book.exercise, None, Account.SOURCE, euros(-1)),
    ]
    with pytest.raises(ValueError, match="do not balance"), clock.at(NOW):
        ledger.post(kind=K.RECEIPT, entries=entries, label="Recette", dossier=book.dossier)
    with pytest.raises(ValueError, match="brings no credits in"):
        ledger.credit(kind=K.VIREMENT, exercise=book.exercise, credits=[], label="", dossier=book.dossier)


def test_credits_come_in_and_are_cancelled(book: Credits) -> None:
    line, reserve = book.line("A-I-3.autres"), book.line("RN")
    book.act(
        lambda: ledger.credit(
            kind=K.AMENDMENT,
            exercise=book.exercise,
            credits=[Credit(reserve, euros(500)), Credit(line, euros(-10000))],
            label="Budget rectificatif",
            dossier=book.dossier,
        )
    )
    assert available(line=line, exercise=book.exercise) == euros(700000)
    with clock.at(NOW):
        cancelled = ledger.cancel(
            exercise=book.exercise,
            credits=[Credit(reserve, euros(200))],
            label="Réserve nationale non utilisée",
            origin="Fin d’exercice",
        )
    assert amounts_of(cancelled) == {"RN available": euros(-200), "— source": euros(200)}
    assert cancelled.dossier is None
    assert available(line=reserve, exercise=book.exercise) == euros(300)


def test_an_amendment_takes_back_no_more_than_there_is(book: Credits) -> None:
    refused(
        Blocked,
        "120\u202f001,00\u00a0€ demandés, 120\u202f000,00\u00a0€ disponibles",
        lambda: book.act(
            lambda: ledger.credit(
                kind=K.AMENDMENT,
                exercise=book.exercise,
                credits=[Credit(book.line("A-I-3.info"), euros(-120001))],
                label="Budget rectificatif",
                dossier=book.dossier,
            )
        ),
    )


def test_earmarked_credits_serve_their_use_only(book: Credits) -> None:
    line = book.line("A-I-3.info")

    def sell() -> CreditMovement:
        return ledger.credit(
            kind=K.DISPOSAL,
            exercise=book.exercise,
            credits=[Credit(line, euros(900))],
            label="Cession",
            origin="Immeuble de Lens",
            dossier=book.dossier,
            earmarked=True,
        )

    book.act(sell)
    assert balance_of(line=line, exercise=book.exercise) == Balance(euros(120000), euros(900), euros(0))
    refused(
        Blocked, "120\u202f000,00\u00a0€ disponibles", lambda: move(book, ("A-I-3.info", "A-I-1", "120001"))
    )
    commit: dict[str, Any] = {
        "exercise": book.exercise,
        "line": line,
        "label": "Marché",
        "dossier": book.dossier,
        "earmarked": True,
    }
    refused(
        Blocked,
        "901,00\u00a0€ demandés, 900,00\u00a0€ fléchés",
        lambda: book.act(lambda: ledger.commit(amount=euros(901), **commit)),
    )
    book.act(lambda: ledger.commit(amount=euros(900), **commit))
    book.act(lambda: ledger.commit(amount=euros(-300), **commit))
    assert balance_of(line=line, exercise=book.exercise) == Balance(euros(120000), euros(300), euros(600))
    assert balance_of(line=line, exercise=book.exercise).authorised == euros(120900)


def test_no_more_is_released_than_was_committed(book: Credits) -> None:
    refused(
        Blocked,
        "5,00\u00a0€ demandés, 0,00\u00a0€ engagés",
        lambda: book.act(
            lambda: ledger.commit(
                exercise=book.exercise,
                line=book.line("A-I-1"),
                amount=euros(-5),
                label="Dégagement",
                dossier=book.dossier,
            )
        ),
    )


IN_MAY_2015 = datetime(2015, 5, 4, 9, tzinfo=UTC)


def carry(book: Credits, line: str, amount: str, *, fund: str = "FNGA", to: int = 2015) -> CreditMovement:
    """Carry credits of 2014 over to the same line of the next exercise, in May 2015."""
    found = book.line(line, fund)
    return book.act(
        lambda: ledger.carry_over(
            origin=book.year(2014),
            target=book.year(to),
            transfers=[Transfer(found, found, euros(amount))],
            label="Report",
            dossier=book.dossier,
        ),
        at=IN_MAY_2015,
    )


def test_unspent_credits_are_carried_over_from_a_closed_exercise(book: Credits) -> None:
    movement = carry(book, "A-I-3.info", "1000")
    line = book.line("A-I-3.info")
    assert movement.size == 2
    assert available(line=line, exercise=book.year(2014)) == euros(639000)
    assert available(line=line, exercise=book.year(2015)) == euros(501000)
    assert balance_faults() == []


@pytest.mark.parametrize(
    ("line", "fund", "to", "error", "sentence"),
    [
        ("B-I", "FNGA", 2015, Blocked, "ne se reporte pas (crédits évaluatifs)"),
        ("RN", "FNGA", 2015, Blocked, "ne se reporte pas (réserve nationale)"),
        ("I.F.CAN.cv.men", "FNASS", 2015, Blocked, "ni fongible, ni reportable"),
        ("A-I-1", "FNGA", 2016, Invalid, "ne se reportent que sur 2015"),
    ],
)
def test_what_is_never_carried_over_is_refused(
    book: Credits, line: str, fund: str, to: int, error: type[BusinessError], sentence: str
) -> None:
    refused(error, sentence, lambda: carry(book, line, "1", fund=fund, to=to))


def test_balances_at_a_date_follow_the_postings(book: Credits) -> None:
    line = book.line("A-I-1")
    for day in (5, 9):
        book.act(
            lambda: ledger.commit(
                exercise=book.exercise, line=line, amount=euros(100), label="Paie", dossier=book.dossier
            ),
            at=NOW + timedelta(days=day),
        )
    first = date(2026, 3, 2)
    assert [
        balance_of(line=line, exercise=book.exercise, on=first + timedelta(days=days)).committed
        for days in (0, 4, 5, 8, 9, 100)
    ] == [0, 0, 100, 100, 200, 200]
    assert available(line=line, exercise=book.exercise, on=date(2025, 12, 31)) == 0
    now = balances(fund="FNGA", exercise=book.exercise)
    assert now == balances(fund="FNGA", exercise=book.exercise, on=date(2026, 12, 31))
    assert now[line.pk] == Balance(euros(49279800), euros(0), euros(200))


def test_a_backdated_debit_must_have_been_covered_ever_since(book: Credits) -> None:
    """120 000 on the line from 1 January, spent on 1 March: nothing was left for February."""
    march = datetime(2026, 3, 1, 9, tzinfo=UTC)
    line = book.line("A-I-3.info")
    commit: dict[str, Any] = {
        "exercise": book.exercise,
        "line": line,
        "label": "Marché",
        "dossier": book.dossier,
    }
    book.act(lambda: ledger.commit(amount=euros(120000), **commit), at=march)
    book.act(
        lambda: ledger.credit(
            kind=K.AMENDMENT,
            exercise=book.exercise,
            credits=[Credit(line, euros(50))],
            label="Budget rectificatif",
            dossier=book.dossier,
        )
    )
    early = date(2026, 2, 1)
    refused(
        Blocked,
        "choisissez une date plus récente",
        lambda: book.act(lambda: ledger.commit(amount=euros(50), effective_on=early, **commit)),
    )
    book.act(lambda: ledger.commit(amount=euros(50), **commit))


def test_balances_take_one_statement_and_a_virement_few(
    book: Credits, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        balances(fund="FNGA", exercise=book.exercise)
    with django_assert_num_queries(1):
        balances(fund="FNGA", exercise=book.exercise, on=date(2026, 6, 30))
    transfers = [Transfer(book.line("A-I-1"), book.line("A-I-2.autres"), euros(1))]
    with clock.at(NOW), CaptureQueriesContext(connection) as captured:
        ledger.transfer(exercise=book.exercise, transfers=transfers, label="Virement", dossier=book.dossier)
    assert len(captured) == 3  # lock, movement, postings
    book.act(lambda: None)


def test_a_line_never_touched_in_an_exercise_is_locked_all_the_same(book: Credits) -> None:
    fresh = Exercise.objects.create(year=2027)
    assert not CreditBalance.objects.filter(exercise=fresh).exists()
    limit, indication = book.line("A-I-1"), book.line("B-I")
    held = ledger.lock_lines([(limit, fresh), (indication, fresh)])
    assert held[limit.pk, fresh.pk].limitative
    assert not held[indication.pk, fresh.pk].limitative
    assert [row.available for row in held.values()] == [0, 0]
    assert ledger.lock_lines([]) == {}


def test_a_refused_movement_leaves_no_trace(book: Credits) -> None:
    assert CreditPosting.objects.filter(movement__kind=K.VIREMENT).count() == 0
    with pytest.raises(Blocked):
        move(book, ("A-I-3.info", "A-I-1", "120000.01"))
    assert CreditMovement.objects.filter(kind=K.VIREMENT).count() == 0
    assert Decimal(0) == sum(CreditPosting.objects.order_by("pk").values_list("amount", flat=True))
