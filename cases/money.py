"""Amounts of money: read as people type them, written as the French administration writes them.

An amount is a ``Decimal`` in euros with exactly two decimals. Whether it is net of tax (HT) is said by
the field that holds it, not by the amount.

What is understood: ``25000``, ``25000.50``, ``25 000,50 €`` (ordinary, no-break and narrow spaces),
``25.000,50``, ``25,000.50``, ``1.234.567``, ``25 000 EUR``, ``25 000,50 € HT``.

``25.000`` and ``25,000`` are refused: a French reader sees twenty-five thousand, a program twenty-five,
and an error of a factor of one thousand decides here which approval path a dossier takes.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

LIMIT: Final = Decimal(10) ** 12
"""Amounts are strictly below this (EUR), whatever their sign."""

NARROW_SPACE: Final = "\u202f"
NO_BREAK_SPACE: Final = "\u00a0"
MINUS: Final = "\u2212"

_CENT: Final = Decimal("0.01")
_LONGEST_TEXT: Final = 64
_TOO_PRECISE: Final = (
    "Le montant ne peut pas avoir plus de deux décimales : arrondissez-le au centime, "
    "par exemple « 25 000,50 »."
)
_SPACES: Final = re.compile("[ \t\u00a0\u2007\u2009\u202f]+")
_CURRENCY_BEFORE: Final = re.compile(r"^€ ?")
_CURRENCY_AFTER: Final = re.compile(r" ?(?:€|EUR|EUROS?)?(?: ?HT)?$", re.IGNORECASE)
_TAX_INCLUDED: Final = re.compile(r"TTC$", re.IGNORECASE)
_AMBIGUOUS: Final = re.compile(r"(?:[1-9][0-9]{0,2})[.,][0-9]{3}")
_FRACTION: Final = r"(?P<fraction>[0-9]+)"
_FORMS: Final = (
    re.compile(rf"(?P<whole>[0-9]+)(?:[.,]{_FRACTION})?"),
    re.compile(rf"(?P<whole>[0-9]{{1,3}}(?: [0-9]{{3}})+)(?:[.,]{_FRACTION})?"),
    re.compile(rf"(?P<whole>[0-9]{{1,3}}(?:\.[0-9]{{3}})+),{_FRACTION}"),
    re.compile(rf"(?P<whole>[0-9]{{1,3}}(?:,[0-9]{{3}})+)\.{_FRACTION}"),
    re.compile(r"(?P<whole>[0-9]{1,3}(?:\.[0-9]{3}){2,})"),
    re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){2,})"),
)


class AmountError(ValueError):
    """An amount that cannot be taken; its text is a French sentence that says what to type instead."""


def parse_amount(value: str | int | Decimal, *, signed: bool = False) -> Decimal:
    """Return ``value`` as an amount in euros with two decimals.

    Zero and negative amounts are refused unless ``signed`` (impacts, differences, movements). Nonsense,
    NaN, infinities, binary floats, more than two decimals, ambiguous texts and amounts of 10**12 and
    more raise :class:`AmountError`.
    """
    if isinstance(value, str):
        amount = _read(value)
    elif isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        amount = Decimal(value)
    else:
        raise AmountError(_unreadable(value))
    if not amount.is_finite():
        raise AmountError(_unreadable(value))
    if abs(amount) >= LIMIT:
        raise AmountError(
            f"Le montant doit être inférieur à {format_eur(LIMIT)} : vérifiez le nombre de zéros."
        )
    if amount <= 0 and not signed:
        raise AmountError("Le montant doit être supérieur à zéro : indiquez un montant positif.")
    exact = amount.quantize(_CENT, rounding=ROUND_HALF_UP)
    if exact != amount:
        raise AmountError(_TOO_PRECISE)
    return abs(exact) if exact.is_zero() else exact


def format_eur(amount: Decimal | int) -> str:
    """Write ``amount`` (EUR) the French way, e.g. ``25 000,50 €``, rounded half up to the cent.

    Thousands are set apart by a narrow no-break space (U+202F), the euro sign by a no-break space
    (U+00A0), a negative amount begins with a minus sign (U+2212). :func:`parse_amount` reads it back.
    """
    cents = Decimal(amount).quantize(_CENT, rounding=ROUND_HALF_UP)
    digits = f"{abs(cents):,.2f}".replace(",", NARROW_SPACE).replace(".", ",")
    return f"{MINUS if cents < 0 else ''}{digits}{NO_BREAK_SPACE}€"


def _read(text: str) -> Decimal:
    plain = _SPACES.sub(" ", text).strip()
    if not plain:
        raise AmountError("Indiquez un montant, par exemple « 25 000,50 ».")
    if len(plain) > _LONGEST_TEXT:
        raise AmountError(_unreadable(text))
    if _TAX_INCLUDED.search(plain):
        raise AmountError("Un montant TTC n’est pas accepté : indiquez le montant hors taxes.")
    negative = plain[0] in f"-{MINUS}"
    plain = plain[1:].lstrip() if negative else plain
    plain = _CURRENCY_AFTER.sub("", _CURRENCY_BEFORE.sub("", plain))
    if _AMBIGUOUS.fullmatch(plain):
        whole, thousands = re.split("[.,]", plain)
        raise AmountError(
            f"« {plain} » peut se lire de deux façons : écrivez « {whole} {thousands} » "
            f"ou « {whole},{thousands[:2]} »."
        )
    for form in _FORMS:
        if match := form.fullmatch(plain):
            parts = match.groupdict()
            fraction = parts.get("fraction") or "0"
            if len(fraction) > 2:
                raise AmountError(_TOO_PRECISE)
            amount = Decimal(f"{re.sub('[ .,]', '', parts['whole'])}.{fraction}")
            return -amount if negative else amount
    raise AmountError(_unreadable(text))


def _unreadable(value: object) -> str:
    shown = str(value).strip() if isinstance(value, str | int | Decimal) else type(value).__name__
    shown = shown if len(shown) <= _LONGEST_TEXT else f"{shown[:_LONGEST_TEXT]}…"
    return f"« {shown} » n’est pas un montant : écrivez-le en chiffres, par exemple « 25 000,50 »."
