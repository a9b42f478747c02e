"""Splitting money so that no cent vanishes. Pure.

Two rounding rules, by name:

* :func:`in_equal_parts` — *largest remainder, earliest first*: every part is the amount divided and cut to
the cent; the cents that remain go one by one to the first parts. Parts differ by one cent at most. *
:func:`percentage` and :func:`in_two_shares` — *half up, the rest to the other share*: the first share is
rounded half up to the cent, the second is what is left. Their sum is the amount, to the cent.

Amounts are EUR with at most two decimals; anything more precise raises ``ValueError``, because a split of a
fraction of a cent could not be exact.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

_CENT: Final = Decimal("0.01")
_HUNDRED: Final = Decimal(100)
_EXACT: Final = Context(prec=60)


def in_equal_parts(amount: Decimal, parts: int) -> tuple[Decimal, ...]:
    """Split ``amount`` (EUR, any sign) into ``parts`` parts that sum to it: largest remainder, earliest
    first.
    """
    if parts < 1:
        raise ValueError(f"an amount is split into at least one part, not {parts}")
    cents = _cents(amount)
    sign = -1 if cents < 0 else 1
    each, left = divmod(abs(cents), parts)
    return tuple(
        (Decimal(sign * (each + (1 if number < left else 0))) * _CENT).quantize(_CENT)
        for number in range(parts)
    )


def percentage(amount: Decimal, percent: Decimal) -> Decimal:
    """Return ``percent`` (0 to 100) of ``amount`` (EUR), rounded half up to the cent, away from zero."""
    if not Decimal(0) <= percent <= _HUNDRED:
        raise ValueError(f"a share is between 0 and 100 %, not {percent}")
    _cents(amount)
    exact = _EXACT.divide(_EXACT.multiply(amount, percent), _HUNDRED)
    return exact.quantize(_CENT, rounding=ROUND_HALF_UP, context=_EXACT)


def in_two_shares(amount: Decimal, percent: Decimal) -> tuple[Decimal, Decimal]:
    """Split ``amount`` (EUR) into ``percent`` of it, rounded half up, and the rest."""
    first = percentage(amount, percent)
    return first, _EXACT.subtract(amount, first).quantize(_CENT)


def _cents(amount: Decimal) -> int:
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    cents = _EXACT.multiply(amount, _HUNDRED)
    if cents != cents.to_integral_value():
        raise ValueError(f"{amount} is more precise than a cent")
    return int(cents)
