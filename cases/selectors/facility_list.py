"""The register of the œuvres as a list: filters, pages by cursor, how many in each state of the agrément."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from cases.errors import Invalid
from cases.finess import LENGTH, finess_fault, plain
from cases.models import Facility, Organisation
from cases.permissions import Holding
from cases.register_terms import ApprovalState, FacilityKind
from cases.selectors.facilities import facilities_visible_to
from cases.selectors.searched import with_words
from cases.text import storable

PAGE_SIZE: Final = 50
MOST_ROWS: Final = 20_000
"""How many œuvres a file may have."""

YES, NO = "yes", "no"
_KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "kind": frozenset(FacilityKind.values),
    "approval": frozenset(ApprovalState.values),
    "adhered": frozenset({YES, NO}),
    "active": frozenset({YES, NO}),
}
_LONGEST: Final = 100
_ORDER: Final = ("organisation__lineage", "name", "code")
_PART_OF_FINESS = re.compile(r"[0-9][0-9AB]?[0-9]*")


@dataclass(frozen=True, slots=True)
class FacilityFilters:
    """What is asked of the register; an empty text asks nothing.

    ``organisation`` is the code of a body, those below it left out; ``adhered`` and ``active`` are « yes » or « no »;
    ``finess`` the beginning of a number, blanks allowed; ``q`` words of code, name and town, or a FINESS number.
    """

    q: str = ""
    organisation: str = ""
    kind: str = ""
    approval: str = ""
    adhered: str = ""
    active: str = ""
    finess: str = ""

    @property
    def chosen(self) -> dict[str, str]:
        """What is set, by name: the query that asks the same."""
        return {name: value for name, value in asdict(self).items() if value}


FILTER_NAMES: Final = tuple(field.name for field in fields(FacilityFilters))


@dataclass(frozen=True, slots=True)
class FacilityPage:
    """One page. ``by_approval``: how many of the selection in each state, the filter on the state left aside."""

    items: tuple[Facility, ...]
    next_cursor: str
    count: int
    by_approval: Mapping[str, int]
    count_is_exact: bool = True


def read_filters(given: Mapping[str, str]) -> FacilityFilters:
    """The filters of a query. Raises ``Invalid`` with sentences by name of the filter."""
    found = FacilityFilters(**{name: str(given.get(name, "")).strip() for name in FILTER_NAMES})
    faults: dict[str, list[str]] = {}
    for name, value in found.chosen.items():
        if name in _KNOWN and value not in _KNOWN[name]:
            faults[name] = ["Cette valeur est inconnue : choisissez dans la liste."]
        elif len(value) > _LONGEST or not storable(value):
            faults[name] = ["Ce texte ne peut pas être cherché : raccourcissez-le ou retapez-le."]
    number = plain(found.finess)
    if "finess" not in faults and number:
        if len(number) >= LENGTH and (fault := finess_fault(number)):
            faults["finess"] = [fault]
        elif not _PART_OF_FINESS.fullmatch(number):
            faults["finess"] = [
                "Tapez les premiers caractères du numéro : des chiffres, ou « 2A », « 2B » en tête."
            ]
    if faults:
        raise Invalid("La sélection n’est pas comprise : corrigez les critères signalés.", details=faults)
    return found


def facility_page(
    user: Any,
    filters: FacilityFilters,
    *,
    cursor: str = "",
    holdings: tuple[Holding, ...] | None = None,
    size: int = PAGE_SIZE,
) -> FacilityPage:
    """One page of the œuvres that ``user`` may read, by body and name. Two statements, three behind a cursor.

    Raises ``Invalid`` for a broken cursor.
    """
    visible = facilities_visible_to(user, holdings)
    tallied = _chosen(visible, replace(filters, approval=""))
    by_approval = dict(tallied.order_by("approval").values_list("approval").annotate(Count("pk")))
    found = _chosen(visible, filters).order_by(*_ORDER)
    if cursor:
        found = found.filter(_after(visible, cursor))
    items = tuple(found.select_related("organisation")[: size + 1])
    return FacilityPage(
        items[:size],
        items[size - 1].code if len(items) > size else "",
        by_approval.get(filters.approval, 0) if filters.approval else sum(by_approval.values()),
        by_approval,
    )


def all_facilities(
    user: Any, filters: FacilityFilters, *, holdings: tuple[Holding, ...] | None = None
) -> Iterator[Facility]:
    """The whole selection in the order of the pages, for a file. One statement."""
    found = _chosen(facilities_visible_to(user, holdings), filters).order_by(*_ORDER)
    return found.select_related("organisation").iterator(chunk_size=2000)


def bodies_with_facilities(user: Any, holdings: tuple[Holding, ...] | None = None) -> list[tuple[str, str]]:
    """Code and name of the bodies that run an œuvre which ``user`` may read. One statement."""
    running = facilities_visible_to(user, holdings).order_by().values("organisation")
    bodies = Organisation.objects.filter(pk__in=running).order_by("lineage")
    return list(bodies.values_list("code", "name"))


def _chosen(found: QuerySet[Facility], filters: FacilityFilters) -> QuerySet[Facility]:
    if filters.organisation:
        found = found.filter(organisation__code=filters.organisation)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.approval:
        found = found.filter(approval=filters.approval)
    if filters.adhered:
        found = found.filter(adhered_on__isnull=filters.adhered == NO)
    if filters.active:
        found = found.filter(active=filters.active == YES)
    if filters.finess:
        found = found.filter(finess__startswith=plain(filters.finess))
    number = plain(filters.q)
    if len(number) >= 3 and _PART_OF_FINESS.fullmatch(number):
        # « 62 001 » is one number, not two words; « 62 » alone may be part of a name
        return found.filter(Q(finess__startswith=number) | Q(code__contains=filters.q.lower()))
    return with_words(found, filters.q, "code", "name", "town", "finess")


def _after(visible: QuerySet[Facility], cursor: str) -> Q:
    """Œuvres behind the one whose code is the cursor."""
    known = visible.filter(code=cursor if storable(cursor) else "").order_by("pk").values_list(*_ORDER)
    last = known.first()
    if last is None:
        broken = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(broken, details={"cursor": [broken]})
    lineage, name, code = last
    same_body = Q(organisation__lineage=lineage)
    return (
        Q(organisation__lineage__gt=lineage)
        | (same_body & Q(name__gt=name))
        | (same_body & Q(name=name, code__gt=code))
    )
