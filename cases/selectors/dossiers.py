"""Dossiers that a person may read, and the questions asked of them."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cases import clock, rows
from cases.calendar import add_months
from cases.enums import DeadlineState, DossierStatus
from cases.errors import NotFound
from cases.models import Deadline, Document, Dossier
from cases.permissions import READS_ALL, READS_NONE, Delegated, Holding, holdings_of, own_of
from cases.text import storable

#: Papers of decisions: earlier ones are not superseded by later ones, each stays in the record.
DECISION_KIND = "decision"


def dossiers_visible_to(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[Dossier]:
    """The only read gate (design §8): own body and those below it, plus dossiers that await or awaited one's role.

    Auditors read all; administering people gives access to none. A delegated holding, where the caller passes those
    (``acting_holdings_of``), opens what its role reads inside its scope: paths, and amounts up to the ceiling.
    """
    held = holdings_of(user) if holdings is None else holdings
    if any(one.role in READS_ALL for one in held):
        return Dossier.objects.all()
    reading = [one for one in held if one.role not in READS_NONE]
    if not reading:
        return Dossier.objects.none()
    gate = Q(pk__in=())
    own = own_of(reading)
    if own:
        gate = Q(involved__overlap=sorted({one.tag for one in own}))
        for lineage in sorted({one.lineage for one in own}):
            gate |= Q(organisation__lineage__startswith=lineage)
    for one in reading:
        if one.delegation is not None:
            gate |= _scope(one.delegation) & (
                Q(involved__contains=[one.tag]) | Q(organisation__lineage__startswith=one.lineage)
            )
    return Dossier.objects.filter(gate)


def _scope(given: Delegated) -> Q:
    """``cases.permissions.covers`` in SQL: an amount is positive or missing (``dossier_amount_positive``)."""
    scope = Q(path__in=given.paths) if given.paths else Q()
    return scope if given.ceiling is None else scope & Q(amount_ht__lte=given.ceiling)


def dossier_for(user: Any, reference: str, holdings: tuple[Holding, ...] | None = None) -> Dossier:
    """The dossier with that reference, if ``user`` may read it. Raises ``NotFound`` without a hint otherwise."""
    found = (
        dossiers_visible_to(user, holdings)
        .select_related("organisation", "process")
        .filter(reference=_searchable(reference))
        .first()
    )
    if found is None:
        raise NotFound(
            "Aucun dossier de cette référence ne vous est accessible. "
            "Vérifiez la référence ou demandez l’accès à votre administrateur."
        )
    return found


def _searchable(text: str) -> str:
    """The text to look up; one that PostgreSQL cannot hold is looked up as nothing."""
    return text if storable(text) else ""


def document_for(
    user: Any, reference: str, public_id: UUID, holdings: tuple[Holding, ...] | None = None
) -> Document:
    """A piece of a dossier that ``user`` may read; superseded versions are for auditors. Raises ``NotFound``."""
    held = holdings_of(user) if holdings is None else holdings
    found = (
        Document.objects.select_related("dossier")
        .filter(public_id=public_id, dossier__in=dossiers_visible_to(user, held))
        .filter(dossier__reference=_searchable(reference))
        .first()
    )
    keeps = any(one.role in READS_ALL for one in held)
    if found is None or not (found.current or keeps or found.kind == DECISION_KIND):
        raise NotFound(
            "Cette pièce ne vous est pas accessible : elle n’existe pas, ou une version plus récente la remplace."
        )
    return found


def running_deadlines(
    user: Any, holdings: tuple[Holding, ...] | None = None, *, before: date | None = None, kind: str = ""
) -> QuerySet[Deadline]:
    """Clocks that run on the dossiers that ``user`` may read, soonest first."""
    found = Deadline.objects.filter(
        state=DeadlineState.RUNNING, dossier__in=dossiers_visible_to(user, holdings)
    ).select_related("dossier__organisation")
    if before is not None:
        found = found.filter(due_on__lte=before)
    if kind:
        found = found.filter(kind=kind)
    return found.order_by("due_on", "pk")


def normalise(text: str) -> str:
    """Small letters without accents and ligatures: how texts are searched. ``cases_plain`` does the same in SQL."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return " ".join(plain.replace("œ", "oe").replace("æ", "ae").split())


def current_documents(dossier: Dossier) -> QuerySet[Document]:
    """The pieces in force."""
    return Document.objects.filter(dossier=dossier, current=True).order_by("kind", "pk")


def current_kinds(dossier: Dossier) -> frozenset[str]:
    """The kinds of the pieces in force."""
    return frozenset(Document.objects.filter(dossier=dossier, current=True).values_list("kind", flat=True))


_OPEN_DEADLINES = f"""
SELECT {rows.columns(Deadline, "deadline")} FROM cases_deadline deadline
 WHERE deadline.dossier_id = %s AND deadline.state IN (%s, %s) ORDER BY deadline.id
"""  # noqa: S608


def open_deadlines_of(dossier: Dossier) -> list[Deadline]:
    """Clocks that still run or are suspended. One statement."""
    with rows.cursor() as cursor:
        cursor.execute(
            _OPEN_DEADLINES, [dossier.pk, DeadlineState.RUNNING.value, DeadlineState.SUSPENDED.value]
        )
        return [rows.build(Deadline, row)[0] for row in cursor.fetchall()]


def similar_operations(
    dossier: Dossier, *, facilities: Iterable[str], day: date, months: int
) -> list[Dossier]:
    """Other operations of the same body and path that share a facility, submitted and not given up.

    Of all periods of ``months`` months that contain ``day`` (the dossier's own), those of the period whose amounts sum
    highest, oldest first: they show that one project may have been split to stay below a threshold (A01: « quel que
    soit le nombre d'œuvres »). One statement.
    """
    shared = Q()
    for facility in facilities:
        shared |= Q(data__facilities__contains=[facility])
    if not shared:
        return []
    found = (
        Dossier.objects.filter(
            shared,
            organisation_id=dossier.organisation_id,
            path=dossier.path,
            submitted_at__gte=clock.start_of(add_months(day, -months)),
            submitted_at__lt=clock.start_of(add_months(day, months) + timedelta(days=1)),
        )
        .exclude(pk=dossier.pk)
        .exclude(
            status__in=(
                DossierStatus.DRAFT,
                DossierStatus.WITHDRAWN,
                DossierStatus.REFUSED,
                DossierStatus.LAPSED,
            )
        )
        .only("reference", "title", "amount_ht", "submitted_at")
        .order_by("submitted_at", "pk")
    )
    dated = [(clock.paris_date(one.submitted_at), one) for one in found if one.submitted_at is not None]
    days = [on for on, _ in dated]
    sums = list(accumulate((one.amount_ht or Decimal(0) for _, one in dated), initial=Decimal(0)))
    starts = {first for first in days if first <= day <= add_months(first, months)} | {day}
    periods = [
        (bisect_left(days, first), bisect_right(days, add_months(first, months))) for first in sorted(starts)
    ]
    first, last = max(periods, key=lambda period: sums[period[1]] - sums[period[0]])
    return [one for _, one in dated[first:last]]
