"""Totals of the register of notices: how many in each state, in time or not, and how long receipts took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import Count, QuerySet

from cases.models import LegalNotice
from workflows.selectors.notices import NoticeState, elapsed, standing

_RECEIVED = frozenset({NoticeState.ACKNOWLEDGED, NoticeState.ACKNOWLEDGED_LATE})
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Tally:
    """``number`` notices of one addressee (its code and name), in one state, of so many days (``elapsed_days``)."""

    addressee: str
    name: str
    state: NoticeState
    days: int
    number: int = 1


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures over a selection. ``median_days`` and ``max_days`` are of the receipts given; ``longest_wait_days`` is of
    the notices still without one. None where there is nothing to measure.
    """

    number: int
    by_state: Mapping[NoticeState, int]
    median_days: Decimal | None
    max_days: int | None
    longest_wait_days: int | None

    @property
    def awaited(self) -> int:
        """Within the delay, without a receipt."""
        return self.by_state[NoticeState.AWAITED]

    @property
    def late(self) -> int:
        """Past the delay, without a receipt."""
        return self.by_state[NoticeState.LATE]

    @property
    def acknowledged(self) -> int:
        """Received in time."""
        return self.by_state[NoticeState.ACKNOWLEDGED]

    @property
    def acknowledged_late(self) -> int:
        """Received after the delay."""
        return self.by_state[NoticeState.ACKNOWLEDGED_LATE]

    @property
    def settled(self) -> int:
        """Those of which one can tell: received, or past the delay."""
        return self.number - self.awaited

    @property
    def share_in_time(self) -> Decimal | None:
        """Percentage of ``settled`` that was received in time, rounded down: 100 means all of them."""
        if not self.settled:
            return None
        return (Decimal(100 * self.acknowledged) / self.settled).quantize(_TENTH, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class AddresseeTotals:
    """Figures of one addressee."""

    code: str
    name: str
    totals: Totals


def tallies(notices: QuerySet[LegalNotice]) -> list[Tally]:
    """The notices of ``register`` counted by addressee, state and days. One statement that gives few rows."""
    rows: Iterable[Mapping[str, Any]] = (
        notices.annotate(standing=standing(), elapsed=elapsed())
        .values("organisation__code", "organisation__name", "standing", "elapsed")
        .annotate(number=Count("pk"))
        .order_by("organisation__code", "standing", "elapsed")
    )
    return [
        Tally(
            row["organisation__code"],
            row["organisation__name"],
            NoticeState(row["standing"]),
            row["elapsed"].days,
            row["number"],
        )
        for row in rows
    ]


def totals_of(found: Iterable[Tally]) -> Totals:
    """The figures of a selection."""
    states: Counter[NoticeState] = Counter()
    receipts: Counter[int] = Counter()
    waiting = -1
    for one in found:
        states[one.state] += one.number
        if one.state in _RECEIVED:
            receipts[one.days] += one.number
        else:
            waiting = max(waiting, one.days)
    return Totals(
        number=states.total(),
        by_state={state: states[state] for state in NoticeState},
        median_days=_median(receipts),
        max_days=max(receipts, default=None),
        longest_wait_days=waiting if waiting >= 0 else None,
    )


def by_addressee(found: Iterable[Tally]) -> list[AddresseeTotals]:
    """The figures of each addressee, by name."""
    groups: dict[tuple[str, str], list[Tally]] = {}
    for one in found:
        groups.setdefault((one.name, one.addressee), []).append(one)
    return [AddresseeTotals(code, name, totals_of(group)) for (name, code), group in sorted(groups.items())]


def _median(counts: Counter[int]) -> Decimal | None:
    """The middle value of a multiset; the mean of the two middle ones when their number is even."""
    number = counts.total()
    if not number:
        return None
    middle = {(number - 1) // 2, number // 2}
    found: list[int] = []
    seen = 0
    for value in sorted(counts):
        found += [value for rank in middle if seen <= rank < seen + counts[value]]
        seen += counts[value]
    return Decimal(sum(found)) / len(found)
