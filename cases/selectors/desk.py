"""What a person keeps on their desk: dossiers seen, motives of their desks. Nobody else's desk can be asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from cases.models import Dossier, DossierVisit, MotiveTemplate, User
from cases.permissions import Holding, holdings_of
from cases.selectors.dossiers import dossiers_visible_to

#: How many dossiers the home page recalls.
RECENT = 8

#: What a person has not seen of a dossier: it as a whole, or what was written to its journal since they looked.
NEW, CHANGED = "new", "changed"


@dataclass(frozen=True, slots=True)
class Visit:
    """When a person looked at a dossier last, and how long its journal was then."""

    seen_at: datetime
    journal_length: int


def mark_of(journal_length: int, seen: int | None) -> str:
    """``NEW``, ``CHANGED`` or nothing: how a dossier is marked for a person who saw ``seen`` entries of its journal."""
    if seen is None:
        return NEW
    return CHANGED if seen < journal_length else ""


def marks_of(user: User, dossiers: Iterable[Dossier]) -> dict[int, str]:
    """Dossier's key → its mark for ``user``. One statement."""
    shown = list(dossiers)
    seen = dict(
        DossierVisit.objects.filter(user=user, dossier__in=[one.pk for one in shown]).values_list(
            "dossier_id", "journal_length"
        )
    )
    return {one.pk: mark_of(one.journal_length, seen.get(one.pk)) for one in shown}


def visit_of(user: User, dossier: Dossier) -> Visit | None:
    """The last visit of ``user`` to a dossier, if any. One statement."""
    found = DossierVisit.objects.filter(user=user, dossier=dossier).values_list("seen_at", "journal_length")
    return next((Visit(*one) for one in found), None)


def recently_seen(
    user: User, holdings: tuple[Holding, ...] | None = None, size: int = RECENT
) -> list[DossierVisit]:
    """The dossiers that ``user`` looked at last and may still read, the latest first. One statement."""
    return list(
        DossierVisit.objects.filter(user=user, dossier__in=dossiers_visible_to(user, holdings).order_by())
        .select_related("dossier__organisation")
        .order_by("-seen_at", "-pk")[:size]
    )


def templates_of(
    user: User, holdings: tuple[Holding, ...] | None = None, *, path: str = ""
) -> QuerySet[MotiveTemplate]:
    """The motives in use of the desks (role and body) at which ``user`` sits, by title.

    ``path``: only those that may serve on that path.
    """
    held = holdings_of(user) if holdings is None else holdings
    desks = Q(pk__in=())
    for one in held:
        desks |= Q(role=one.role, organisation_id=one.organisation_id)
    found = MotiveTemplate.objects.filter(desks, retired_at__isnull=True)
    if path:
        found = found.filter(path__in=("", path))
    return found.select_related("organisation").order_by("title", "pk")
