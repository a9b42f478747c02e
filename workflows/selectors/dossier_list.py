"""Pages of dossiers, by cursor: their cost does not grow with how far one has paged."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from cases.models import Dossier
from workflows.selectors.queue import PAGE_SIZE, decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class DossierPage:
    """One page of dossiers, most recently changed first. ``next_cursor`` is empty on the last page."""

    items: tuple[Dossier, ...]
    next_cursor: str


def page_of(dossiers: QuerySet[Dossier], cursor: str = "", size: int = PAGE_SIZE) -> DossierPage:
    """The page after ``cursor`` of dossiers ordered by ``-updated_at, -pk``. One statement. Raises ``Invalid``."""
    if cursor:
        moment, identifier = decode_cursor(cursor)
        dossiers = dossiers.filter(Q(updated_at__lt=moment) | Q(updated_at=moment, pk__lt=identifier))
    found = list(dossiers.order_by("-updated_at", "-pk")[: size + 1])
    shown = found[:size]
    next_cursor = encode_cursor(shown[-1].updated_at, shown[-1].pk) if len(found) > size else ""
    return DossierPage(tuple(shown), next_cursor)
