"""The two dashboards of property that are owed to the board and the State (A30), and where the targets stand.

Surfaces in m², amounts in EUR. The gestion administrative (« GA ») is read as the buildings of administrative use of
the FNGA, which is derived: the convention does not define it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum

from cases import clock
from cases.budget_terms import FundCode
from cases.models import Property, PropertyChange, PropertySale
from cases.permissions import Holding, holdings_of
from cases.property_targets import TARGET_YEARS, YEARS, Indicator, TargetRow, targets
from cases.register_terms import IN_DISPOSAL, PropertyState, PropertyUse
from cases.selectors.property import READS_ALL_PROPERTIES, READS_NO_PROPERTIES, properties_visible_to

ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class OnSale:
    """A building that is proposed, on sale or under offer; ``since``: when, and in which dossier, it was proposed."""

    building: Property
    since: datetime | None
    reference: str


@dataclass(frozen=True, slots=True)
class YearOfSales:
    """Sales whose deed was signed in a year, beside the convention's figures; None where it prints none.

    ``printed_as_target``: whether those are targets, or what was done before the convention.
    """

    year: int
    count: int
    surface: Decimal
    price: Decimal
    gain: Decimal
    count_printed: Decimal | None
    surface_printed: Decimal | None
    printed_as_target: bool

    @property
    def count_share(self) -> int | None:
        """Sales made for a hundred aimed at."""
        return _share(Decimal(self.count), self.count_printed if self.printed_as_target else None)

    @property
    def surface_share(self) -> int | None:
        """Square metres sold for a hundred aimed at."""
        return _share(self.surface, self.surface_printed if self.printed_as_target else None)


@dataclass(frozen=True, slots=True)
class SaleTotals:
    """Sales added up."""

    count: int = 0
    surface: Decimal = ZERO
    price: Decimal = ZERO
    gain: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Measure:
    """What the register measures today, beside the target of the year; ``value`` is None when nothing is there."""

    row: TargetRow
    value: Decimal | None
    year: int
    target: Decimal

    @property
    def reached(self) -> bool | None:
        """Whether the surface is no larger than aimed at."""
        return None if self.value is None else self.value <= self.target


@dataclass(frozen=True, slots=True)
class Boards:
    """Both dashboards and the measures, as ``reads_all`` or one part of the régime sees them on ``on``."""

    on: date
    reads_all: bool
    on_sale: tuple[OnSale, ...]
    sales: tuple[PropertySale, ...]
    years: tuple[YearOfSales, ...]
    aimed: SaleTotals
    sold: SaleTotals
    measures: tuple[Measure, ...]


def property_boards(user: Any, holdings: tuple[Holding, ...] | None = None) -> Boards:
    """The dashboards over the buildings that ``user`` may read. Three statements, whatever the number of buildings."""
    held = holdings_of(user) if holdings is None else holdings
    visible = properties_visible_to(user, held)
    today = clock.today()
    sales = tuple(
        PropertySale.objects.filter(property__in=visible)
        .select_related("property__organisation", "dossier")
        .annotate(allocated=Sum("allocations__amount", default=ZERO))
        .order_by("-deed_on", "-pk")
    )
    years = _years(sales, today)
    return Boards(
        on=today,
        reads_all=reads_whole_register(held),
        on_sale=_on_sale(visible),
        sales=sales,
        years=years,
        aimed=SaleTotals(
            count=int(sum(targets()[Indicator.SALES].figures[year] for year in TARGET_YEARS)),
            surface=sum((targets()[Indicator.SURFACE_SOLD].figures[year] for year in TARGET_YEARS), ZERO),
        ),
        sold=_total(tuple(one for one in years if one.year in TARGET_YEARS)),
        measures=_measures(visible, today.year),
    )


def reads_whole_register(holdings: tuple[Holding, ...]) -> bool:
    """Whether what is read is the whole régime, so that national targets can be compared with it. No statement."""
    return any(
        one.role in READS_ALL_PROPERTIES
        or (one.role not in READS_NO_PROPERTIES and one.lineage == f"/{one.organisation_code}/")
        for one in holdings
    )


def _on_sale(visible: QuerySet[Property]) -> tuple[OnSale, ...]:
    proposed = PropertyChange.objects.filter(
        property=OuterRef("pk"), after=PropertyState.PROPOSED, before__in=_NOT_PROPOSED
    ).order_by("-pk")
    found = (
        visible.filter(state__in=sorted(IN_DISPOSAL))
        .select_related("organisation")
        .annotate(
            since=Subquery(proposed.values("at")[:1]),
            reference=Subquery(proposed.values("dossier__reference")[:1]),
        )
        .order_by("organisation__lineage", "code")
    )
    return tuple(OnSale(one, one.since, one.reference or "") for one in found)


_NOT_PROPOSED = sorted(set(PropertyState.values) - {PropertyState.PROPOSED.value})


def _years(sales: tuple[PropertySale, ...], today: date) -> tuple[YearOfSales, ...]:
    by_year: dict[int, list[PropertySale]] = defaultdict(list)
    for sale in sales:
        by_year[sale.deed_on.year].append(sale)
    counts, surfaces = targets()[Indicator.SALES].figures, targets()[Indicator.SURFACE_SOLD].figures
    return tuple(
        YearOfSales(
            year=year,
            count=len(by_year[year]),
            surface=sum((one.surface for one in by_year[year]), ZERO),
            price=sum((one.price for one in by_year[year]), ZERO),
            gain=sum((one.gain for one in by_year[year]), ZERO),
            count_printed=counts.get(year),
            surface_printed=surfaces.get(year),
            printed_as_target=year in TARGET_YEARS,
        )
        for year in sorted({*YEARS, *by_year}, reverse=True)
    )


def _total(years: tuple[YearOfSales, ...]) -> SaleTotals:
    return SaleTotals(
        count=sum(one.count for one in years),
        surface=sum((one.surface for one in years), ZERO),
        price=sum((one.price for one in years), ZERO),
        gain=sum((one.gain for one in years), ZERO),
    )


def _measures(visible: QuerySet[Property], year: int) -> tuple[Measure, ...]:
    administrative = visible.filter(use=PropertyUse.ADMINISTRATIVE, fund=FundCode.FNGA).exclude(
        state=PropertyState.SOLD
    )
    peopled = Q(occupants__gt=0)
    found = administrative.aggregate(
        vacant=Sum("vacant_surface"),
        used=Sum(F("surface") - F("vacant_surface"), filter=peopled),
        people=Sum("occupants", filter=peopled),
    )
    each = (found["used"] / found["people"]).quantize(CENT) if found["people"] else None
    return tuple(
        Measure(targets()[indicator], value, *targets()[indicator].target_on(year))
        for indicator, value in (
            (Indicator.VACANT_SURFACE, found["vacant"]),
            (Indicator.SURFACE_PER_OCCUPANT, each),
        )
    )


def _share(done: Decimal, aimed: Decimal | None) -> int | None:
    return round(100 * done / aimed) if aimed else None
