"""The register of property as a list: filters, order, pages by cursor, what the selection adds up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Sum

from cases.budget_terms import FundCode
from cases.errors import Invalid
from cases.models import Organisation, Property
from cases.permissions import Holding
from cases.register_terms import PlannedFuture, PropertyState, PropertyUse
from cases.selectors.property import properties_visible_to
from cases.selectors.searched import with_words
from cases.text import storable

PAGE_SIZE: Final = 50
ZERO: Final = Decimal(0)

#: Order asked for → its label, the field, whether the largest comes first; the code decides between equals.
SORTS: Final[Mapping[str, tuple[str, str, bool]]] = {
    "code": ("Code", "code", False),
    "town": ("Commune", "town", False),
    "surface": ("Surface, la plus grande d’abord", "surface", True),
    "vacant": ("Surface vacante, la plus grande d’abord", "vacant_surface", True),
    "book_value": ("Valeur comptable, la plus grande d’abord", "net_book_value", True),
    "updated": ("Dernière modification d’abord", "updated_at", True),
}
_KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "use": frozenset(PropertyUse.values),
    "state": frozenset(PropertyState.values),
    "fund": frozenset(FundCode.values),
    "future": frozenset(PlannedFuture.values),
    "sort": frozenset(SORTS),
}
_LONGEST_TEXT: Final = 100


@dataclass(frozen=True, slots=True)
class PropertyFilters:
    """What is asked of the register; an empty text asks nothing. ``owner`` is the code of a body, bodies below it
    excluded; ``q`` is looked for in code, name, address and town, accents and case ignored.
    """

    use: str = ""
    state: str = ""
    fund: str = ""
    owner: str = ""
    future: str = ""
    q: str = ""
    sort: str = ""

    @property
    def chosen(self) -> dict[str, str]:
        """What is set, by name: the query string that asks the same."""
        return {name: value for name, value in asdict(self).items() if value}


FILTER_NAMES: Final = tuple(field.name for field in fields(PropertyFilters))


@dataclass(frozen=True, slots=True)
class StateTally:
    """Buildings of the selection in one state: number, m², vacant m², EUR."""

    state: str
    count: int = 0
    surface: Decimal = ZERO
    vacant_surface: Decimal = ZERO
    net_book_value: Decimal = ZERO

    def plus(self, other: StateTally) -> StateTally:
        """Both together."""
        return StateTally(
            self.state,
            self.count + other.count,
            self.surface + other.surface,
            self.vacant_surface + other.vacant_surface,
            self.net_book_value + other.net_book_value,
        )


@dataclass(frozen=True, slots=True)
class PropertyPage:
    """One page. ``tallies``: the selection by state, its filter of state left aside; ``total``: the selection."""

    items: tuple[Property, ...]
    next_cursor: str
    tallies: Mapping[str, StateTally]
    total: StateTally
    count_is_exact: bool = True

    @property
    def count(self) -> int:
        """Buildings on all pages."""
        return self.total.count


def read_filters(given: Mapping[str, str]) -> PropertyFilters:
    """The filters of a query. Raises ``Invalid``: sentences by name of the filter."""
    found = PropertyFilters(**{name: str(given.get(name, "")).strip() for name in FILTER_NAMES})
    faults: dict[str, list[str]] = {}
    for name, known in _KNOWN.items():
        value = getattr(found, name)
        if value and value not in known:
            faults[name] = [f"« {_short(value)} » est inconnu : choisissez dans la liste."]
    for name in ("owner", "q"):
        value = getattr(found, name)
        if len(value) > _LONGEST_TEXT or not storable(value):
            faults[name] = ["Ce texte ne peut pas être cherché : raccourcissez-le ou retapez-le."]
    if faults:
        raise Invalid("La sélection n’est pas comprise : corrigez les critères signalés.", details=faults)
    return found


def property_page(
    user: Any,
    filters: PropertyFilters,
    *,
    cursor: str = "",
    holdings: tuple[Holding, ...] | None = None,
    size: int = PAGE_SIZE,
) -> PropertyPage:
    """One page of the buildings that ``user`` may read. Two statements, three behind a cursor, whatever their number.

    Raises ``Invalid`` for a broken cursor.
    """
    visible = properties_visible_to(user, holdings)
    tallies = _tallies(_chosen(visible, replace(filters, state="")))
    wanted = [tallies[filters.state]] if filters.state in tallies else []
    total = StateTally("")
    for one in wanted if filters.state else tallies.values():
        total = total.plus(one)
    found = _ordered(_chosen(visible, filters), filters.sort)
    if cursor:
        found = found.filter(_after(visible, filters.sort, cursor))
    items = tuple(found.select_related("organisation")[: size + 1])
    more = len(items) > size
    return PropertyPage(items[:size], items[size - 1].code if more else "", tallies, total)


def all_properties(
    user: Any, filters: PropertyFilters, *, holdings: tuple[Holding, ...] | None = None
) -> Iterator[Property]:
    """The whole selection in its order, for a file. One statement."""
    found = _ordered(_chosen(properties_visible_to(user, holdings), filters), filters.sort)
    return found.select_related("organisation").iterator(chunk_size=2000)


def owners_visible_to(user: Any, holdings: tuple[Holding, ...] | None = None) -> list[tuple[str, str]]:
    """Code and name of the bodies that own a building which ``user`` may read. One statement."""
    owned = properties_visible_to(user, holdings).order_by().values("organisation")
    bodies = Organisation.objects.filter(pk__in=owned).order_by("lineage")
    return list(bodies.values_list("code", "name"))


def _chosen(found: QuerySet[Property], filters: PropertyFilters) -> QuerySet[Property]:
    for name in ("use", "state", "fund", "future"):
        if value := getattr(filters, name):
            found = found.filter(**{name: value})
    if filters.owner:
        found = found.filter(organisation__code=filters.owner)
    return with_words(found, filters.q, "code", "name", "address", "town")


def _ordered(found: QuerySet[Property], sort: str) -> QuerySet[Property]:
    _, field, largest_first = SORTS[sort or "code"]
    first = F(field).desc() if largest_first else F(field).asc()
    return found.order_by(first, "code") if field != "code" else found.order_by("code")


def _after(visible: QuerySet[Property], sort: str, cursor: str) -> Q:
    """Buildings behind the one whose code is the cursor."""
    _, field, largest_first = SORTS[sort or "code"]
    known = (
        visible.filter(code=cursor if storable(cursor) else "").order_by("pk").values_list(field, flat=True)
    )
    last = known.first()
    if last is None:
        broken = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(broken, details={"cursor": [broken]})
    if field == "code":
        return Q(code__gt=cursor)
    beyond = Q(**{f"{field}__lt" if largest_first else f"{field}__gt": last})
    return beyond | Q(**{field: last}, code__gt=cursor)


def _tallies(found: QuerySet[Property]) -> dict[str, StateTally]:
    rows = (
        found.order_by("state")
        .values_list("state")
        .annotate(
            Count("pk"),
            Sum("surface", default=ZERO),
            Sum("vacant_surface", default=ZERO),
            Sum("net_book_value", default=ZERO),
        )
    )
    return {row[0]: StateTally(*row) for row in rows}


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
