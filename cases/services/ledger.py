"""Moving credits. Every function is keyword-only, needs the caller's transaction and writes one movement.

An act of a dossier passes ``dossier``; the movement then names the journal entry that the act is about to
write. Refusals are French sentences that name the balance met. PostgreSQL refuses the same things again, by
constraints and triggers, whoever writes (``cases.models.ledger``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, connection

from cases import clock
from cases.budget_terms import Account, Mark, MovementKind, Nature
from cases.calendar import french_date
from cases.errors import Blocked, Invalid, Reason
from cases.models import BudgetLine, CreditBalance, CreditMovement, CreditPosting, Dossier, Exercise
from cases.money import AmountError, format_eur, parse_amount
from cases.selectors.ledger import ZERO, locked_balances

BEFORE_ITS_YEAR = (MovementKind.INITIAL, MovementKind.AMENDMENT)
"""A budget is voted before the year that it opens; nothing else counts at a date to come."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting to make: a signed amount (EUR) on an account of a leaf, or of the fund itself (``line``
    None).
    """

    fund: str
    exercise: Exercise
    line: BudgetLine | None
    account: Account
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Transfer:
    """Credits to take from a line and give to another, EUR, positive."""

    origin: BudgetLine
    target: BudgetLine
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Credit:
    """Credits to give to a line, EUR; negative to take them back."""

    line: BudgetLine
    amount: Decimal


def post(
    *,
    kind: MovementKind,
    entries: Iterable[Entry],
    label: str,
    dossier: Dossier | None = None,
    origin: str = "",
    effective_on: date | None = None,
) -> CreditMovement:
    """Write one balanced movement, today unless ``effective_on`` says otherwise.

    Entries on the same account are added up. Raises ``Blocked`` when credits do not suffice (with the
    balance met), the exercise is closed or a line is set apart; ``Invalid`` for a sum instead of a line, or
    a date to come; ``ValueError`` when the entries do not balance, which is a mistake of the program.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("post() needs the caller's transaction")
    merged = _merged(entries)
    on = effective_on or clock.today()
    _check_balanced(kind, merged)
    _check_entries(kind, merged, on)
    held = lock_lines((entry.line, entry.exercise) for entry in merged if entry.line is not None)
    _check_suffices(merged, held)
    with _refusals_in_french():
        movement = CreditMovement.objects.create(
            kind=kind,
            effective_on=on,
            recorded_at=clock.now(),
            label=label[:200],
            origin=origin[:200],
            size=len(merged),
            dossier=dossier,
            journal_sequence=dossier.journal_length + 1 if dossier else None,
        )
        CreditPosting.objects.bulk_create(
            CreditPosting(
                movement=movement,
                fund_id=entry.fund,
                exercise=entry.exercise,
                line=entry.line,
                account=entry.account,
                amount=entry.amount,
            )
            for entry in merged
        )
    return movement


def lock_lines(
    pairs: Iterable[tuple[BudgetLine, Exercise]],
) -> dict[tuple[int, int], CreditBalance]:
    """Lock the balances of these leaves until the transaction ends, in one order for everybody: no deadlock.

    By (line id, exercise id). One statement, three when a line was never touched in that exercise.
    """
    wanted = {(line.pk, exercise.pk): line for line, exercise in pairs}
    if not wanted:
        return {}
    held = locked_balances(set(wanted))
    if missing := sorted(set(wanted) - set(held)):
        CreditBalance.objects.bulk_create(
            [
                CreditBalance(
                    line_id=line_id,
                    exercise_id=exercise_id,
                    limitative=wanted[line_id, exercise_id].nature == Nature.LIMITATIVE,
                )
                for line_id, exercise_id in missing
            ],
            ignore_conflicts=True,
        )
        held = locked_balances(set(wanted))
    return held


def lock_exercise(*, exercise: Exercise) -> None:
    """Let acts that share a limit of the whole exercise follow each other until the transaction ends.

    Ordinary movements of that exercise are not held up. One statement.
    """
    Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)


def transfer(
    *,
    exercise: Exercise,
    transfers: Sequence[Transfer],
    label: str,
    dossier: Dossier,
    effective_on: date | None = None,
) -> CreditMovement:
    """Move credits between lines of one fund and one exercise: a virement.

    Whether the convention allows it is the path's affair (``workflows.credits.virements``); what no path
    allows is refused here: another fund, the same line, Menton.
    """
    if not transfers:
        raise Invalid(
            "Le virement n’a aucune ligne : ajoutez-en une.",
            details={"lines": ["Ajoutez au moins une ligne."]},
        )
    entries: list[Entry] = []
    for one in transfers:
        amount = _positive(one.amount)
        if one.origin.pk == one.target.pk:
            raise Invalid(
                f"« {one.origin} » est à la fois l’origine et la destination : "
                "choisissez deux lignes différentes.",
                details={"lines": ["Choisissez deux lignes différentes."]},
            )
        if one.origin.fund_id != one.target.fund_id:
            raise Blocked(
                f"« {one.origin} » est du {one.origin.fund_id} et « {one.target} » du {one.target.fund_id} : "
                "aucun crédit ne passe d’un fonds à l’autre. Modifiez le budget de chaque fonds.",
                reasons=[Reason("other_fund", "Aucun crédit ne passe d’un fonds à l’autre.")],
            )
        entries += [
            Entry(one.origin.fund_id, exercise, one.origin, Account.AVAILABLE, -amount),
            Entry(one.target.fund_id, exercise, one.target, Account.AVAILABLE, amount),
        ]
    return post(
        kind=MovementKind.VIREMENT, entries=entries, label=label, dossier=dossier, effective_on=effective_on
    )


def credit(
    *,
    kind: MovementKind,
    exercise: Exercise,
    credits: Sequence[Credit],
    label: str,
    dossier: Dossier | None = None,
    origin: str = "",
    earmarked: bool = False,
    effective_on: date | None = None,
) -> CreditMovement:
    """Bring credits in from outside: the opening of a budget, its amendment, a receipt, the proceeds of a
    disposal.

    An amendment may take credits back (negative amounts). ``earmarked``: they serve one use and cannot be
    moved.
    """
    if kind not in (
        MovementKind.INITIAL,
        MovementKind.AMENDMENT,
        MovementKind.RECEIPT,
        MovementKind.DISPOSAL,
    ):
        raise ValueError(f"a {kind} brings no credits in")
    account = Account.EARMARKED if earmarked else Account.AVAILABLE
    entries: list[Entry] = []
    for one in credits:
        amount = _amount(one.amount) if kind is MovementKind.AMENDMENT else _positive(one.amount)
        entries += _from_source(one.line, exercise, account, amount)
    return post(
        kind=kind, entries=entries, label=label, dossier=dossier, origin=origin, effective_on=effective_on
    )


def cancel(
    *,
    exercise: Exercise,
    credits: Sequence[Credit],
    label: str,
    dossier: Dossier | None = None,
    origin: str = "",
    earmarked: bool = False,
    effective_on: date | None = None,
) -> CreditMovement:
    """Take credits (positive amounts) out of their lines for good, in a closed exercise too."""
    account = Account.EARMARKED if earmarked else Account.AVAILABLE
    entries: list[Entry] = []
    for one in credits:
        entries += _from_source(one.line, exercise, account, -_positive(one.amount))
    return post(
        kind=MovementKind.CANCELLATION,
        entries=entries,
        label=label,
        dossier=dossier,
        origin=origin,
        effective_on=effective_on,
    )


def commit(
    *,
    exercise: Exercise,
    line: BudgetLine,
    amount: Decimal,
    label: str,
    dossier: Dossier,
    earmarked: bool = False,
    effective_on: date | None = None,
) -> CreditMovement:
    """Commit credits of a line; a negative amount releases a commitment. ``earmarked``: out of the
    earmarked ones.
    """
    value = _amount(amount)
    account = Account.EARMARKED if earmarked else Account.AVAILABLE
    return post(
        kind=MovementKind.COMMITMENT,
        entries=[
            Entry(line.fund_id, exercise, line, account, -value),
            Entry(line.fund_id, exercise, line, Account.COMMITTED, value),
        ],
        label=label,
        dossier=dossier,
        effective_on=effective_on,
    )


def carry_over(
    *,
    origin: Exercise,
    target: Exercise,
    transfers: Sequence[Transfer],
    label: str,
    dossier: Dossier,
    effective_on: date | None = None,
) -> CreditMovement:
    """Carry unspent credits from an exercise to the next one. Limitative lines without a mark only (A12,
    A13, A23).
    """
    if target.year != origin.year + 1:
        raise Invalid(
            f"Les crédits de {origin.year} ne se reportent que sur {origin.year + 1}, pas sur {target.year}.",
            details={"exercise": [f"Choisissez l’exercice {origin.year + 1}."]},
        )
    entries: list[Entry] = []
    for one in transfers:
        amount = _positive(one.amount)
        for line in (one.origin, one.target):
            if line.mark or line.nature != Nature.LIMITATIVE:
                why = Mark(line.mark).label if line.mark else "crédits évaluatifs"
                message = f"« {line} » ne se reporte pas ({why.lower()}) : retirez cette ligne."
                raise Blocked(message, reasons=[Reason("not_carried_over", message)])
        entries += [
            Entry(one.origin.fund_id, origin, one.origin, Account.AVAILABLE, -amount),
            Entry(one.target.fund_id, target, one.target, Account.AVAILABLE, amount),
        ]
    return post(
        kind=MovementKind.CARRY_OVER, entries=entries, label=label, dossier=dossier, effective_on=effective_on
    )


def _from_source(
    line: BudgetLine, exercise: Exercise, account: Account, amount: Decimal
) -> tuple[Entry, Entry]:
    return (
        Entry(line.fund_id, exercise, line, account, amount),
        Entry(line.fund_id, exercise, None, Account.SOURCE, -amount),
    )


def _amount(value: Decimal) -> Decimal:
    """A signed amount, not zero, in cents. Raises ``Invalid``."""
    try:
        amount = parse_amount(value, signed=True)
    except AmountError as error:
        raise Invalid(str(error), details={"amount": [str(error)]}) from None
    if not amount:
        message = "Le montant ne peut pas être nul : indiquez un montant."
        raise Invalid(message, details={"amount": [message]})
    return amount


def _positive(value: Decimal) -> Decimal:
    """An amount above zero, in cents. Raises ``Invalid``."""
    try:
        return parse_amount(value)
    except AmountError as error:
        raise Invalid(str(error), details={"amount": [str(error)]}) from None


def _merged(entries: Iterable[Entry]) -> list[Entry]:
    """One entry for each account, without those that cancel out: what is given first, then what is taken."""
    sums: dict[tuple[str, int, int | None, Account], Entry] = {}
    for entry in entries:
        key = (entry.fund, entry.exercise.pk, entry.line.pk if entry.line else None, entry.account)
        before = sums[key].amount if key in sums else ZERO
        sums[key] = Entry(
            entry.fund, entry.exercise, entry.line, entry.account, before + _amount(entry.amount)
        )
    found = [entry for entry in sums.values() if entry.amount]
    return sorted(
        found,
        key=lambda entry: (
            entry.amount < 0,
            entry.line.pk if entry.line else 0,
            entry.exercise.pk,
            entry.account,
        ),
    )


def _check_balanced(kind: MovementKind, entries: Sequence[Entry]) -> None:
    sums: dict[tuple[str, int], Decimal] = {}
    for entry in entries:
        key = (entry.fund, 0 if kind is MovementKind.CARRY_OVER else entry.exercise.pk)
        sums[key] = sums.get(key, ZERO) + entry.amount
    if any(sums.values()):
        raise ValueError(f"the entries of this {kind} do not balance: {sums}")
    if len(entries) < 2:
        message = (
            "Ces mouvements s’annulent : il n’y a rien à enregistrer. Vérifiez les lignes et les montants."
        )
        raise Invalid(message, details={"lines": [message]})


def _check_entries(kind: MovementKind, entries: Sequence[Entry], on: date) -> None:
    if on > clock.today() and kind not in BEFORE_ITS_YEAR:
        message = (
            f"La date d’effet du {french_date(on)} est à venir : "
            "un mouvement prend effet au plus tard aujourd’hui."
        )
        raise Invalid(message, details={"effective_on": [message]})
    for entry in entries:
        line = entry.line
        if line is not None and not line.is_leaf:
            message = f"« {line} » est un total : choisissez l’une des lignes qui le composent."
            raise Invalid(message, details={"lines": [message]})
        if line is not None and line.mark == Mark.MENTON and kind is MovementKind.VIREMENT:
            message = f"Les crédits de « {line} » ne sont ni fongibles ni reportables : retirez cette ligne."
            raise Blocked(message, reasons=[Reason("not_fungible", message)])
        closing = entry.exercise.closed_on
        leaving = kind in (MovementKind.CARRY_OVER, MovementKind.CANCELLATION) and (
            entry.amount < 0 or line is None
        )
        if closing is not None and closing <= max(on, clock.today()) and not leaving:
            message = (
                f"L’exercice {entry.exercise.year} est clos depuis le {french_date(closing)} : "
                "ses crédits ne bougent plus. Choisissez un exercice ouvert."
            )
            raise Blocked(message, reasons=[Reason("exercise_closed", message)])


def _check_suffices(entries: Sequence[Entry], held: dict[tuple[int, int], CreditBalance]) -> None:
    """Refuse what the balances just locked do not cover, line by line."""
    reasons: list[Reason] = []
    met: list[dict[str, str | int]] = []
    for entry in entries:
        line = entry.line
        if line is None or entry.amount >= 0:
            continue
        if entry.account is Account.AVAILABLE and line.nature != Nature.LIMITATIVE:
            continue
        have: Decimal = getattr(held[line.pk, entry.exercise.pk], entry.account.value)
        asked = -entry.amount
        if asked > have:
            words = {
                Account.AVAILABLE: "disponibles",
                Account.EARMARKED: "fléchés",
                Account.COMMITTED: "engagés",
            }[entry.account]
            message = (
                f"Crédits insuffisants sur « {line} » ({line.fund_id} {entry.exercise.year}) : "
                f"{format_eur(asked)} demandés, {format_eur(have)} {words}. "
                "Réduisez le montant ou choisissez une autre ligne."
            )
            reasons.append(Reason("insufficient_credits", message))
            met.append(
                {
                    "fund": line.fund_id,
                    "line": line.code,
                    "exercise": entry.exercise.year,
                    "account": entry.account.value,
                    "asked": str(asked),
                    "balance": str(have),
                }
            )
    if reasons:
        raise Blocked(" ".join(one.message for one in reasons), reasons=reasons, details={"credits": met})


_REFUSALS = {
    "credit_balance_not_overdrawn": (
        "insufficient_credits",
        "À la date d’effet choisie, ou depuis, les crédits de l’une des lignes ne suffisent pas : "
        "choisissez une date plus récente ou réduisez le montant.",
    ),
    "credit_posting_exercise_open": (
        "exercise_closed",
        "L’exercice vient d’être clos : ses crédits ne bougent plus. Choisissez un exercice ouvert.",
    ),
    "credit_posting_respects_marks": (
        "line_set_apart",
        "L’une des lignes est tenue à part par la convention : ses crédits ne se déplacent pas ainsi. "
        "Retirez-la.",
    ),
}


@contextmanager
def _refusals_in_french() -> Iterator[None]:
    """Say in French what PostgreSQL refused although the checks above had passed."""
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        known = _REFUSALS.get(getattr(diagnosis, "constraint_name", None) or "")
        if known is None:
            raise
        code, message = known
        raise Blocked(message, reasons=[Reason(code, message)]) from error
