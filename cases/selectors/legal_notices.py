"""Legal notices that a person may read."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cases.errors import NotFound
from cases.models import Dossier, LegalNotice
from cases.permissions import Holding
from cases.selectors.dossiers import dossiers_visible_to


def legal_notices_of(dossier: Dossier) -> QuerySet[LegalNotice]:
    """Those of a dossier, by addressee."""
    return LegalNotice.objects.filter(dossier=dossier).select_related(
        "organisation", "document", "acknowledged_by"
    )


def legal_notices_visible_to(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[LegalNotice]:
    """Those of the dossiers that ``user`` may read, latest act first."""
    return (
        LegalNotice.objects.filter(dossier__in=dossiers_visible_to(user, holdings))
        .select_related("dossier", "organisation", "document", "acknowledged_by")
        .order_by("-happened_on", "-pk")
    )


def legal_notice_for(user: Any, public_id: UUID) -> LegalNotice:
    """One of them. Raises ``NotFound`` without a hint."""
    found = legal_notices_visible_to(user).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("Aucune information de ce numéro ne vous est accessible. Revenez à la liste.")
    return found
