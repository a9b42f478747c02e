"""Answers that several parts of the API share. Amounts are decimal strings in EUR, moments in UTC."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from cases.enums import DossierStatus
from cases.errors import Quote, Reason
from cases.models import Document, Dossier, Organisation, User


def money(amount: Decimal | None) -> str | None:
    """An amount as the API writes it: ``"25000.50"``."""
    return None if amount is None else f"{amount:.2f}"


class QuoteOut(BaseModel):
    """Les mots d’une règle, et d’où ils viennent ; « derived » : fixée dans le silence du texte."""

    rule: str
    text: str
    source: str
    status: str

    @classmethod
    def of(cls, quote: Quote) -> "QuoteOut":
        """From a quote."""
        return cls(rule=quote.rule, text=quote.text, source=quote.source, status=quote.status)


class ReasonOut(BaseModel):
    """Une raison : pourquoi un acte n’est pas permis, ou ce qu’il faut vérifier, et qui peut y remédier."""

    code: str
    message: str
    lifted_by: str
    quote: QuoteOut | None
    related: list[str]

    @classmethod
    def of(cls, reason: Reason) -> "ReasonOut":
        """From a reason."""
        return cls(
            code=reason.code,
            message=reason.message,
            lifted_by=reason.lifted_by,
            quote=QuoteOut.of(reason.quote) if reason.quote else None,
            related=list(reason.related),
        )


class OrganisationOut(BaseModel):
    """Une organisation."""

    code: str
    name: str

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationOut":
        """From a body."""
        return cls(code=organisation.code, name=organisation.name)


class PersonOut(BaseModel):
    """Une personne."""

    username: str
    name: str

    @classmethod
    def of(cls, user: User) -> "PersonOut":
        """From a person."""
        return cls(username=user.username, name=str(user))


class DocumentOut(BaseModel):
    """Une version d’une pièce ; « url » est son adresse dans cette interface."""

    id: UUID
    kind: str
    version: int
    current: bool
    name: str
    content_type: str
    size: int
    sha256: str
    uploaded_by: str
    uploaded_at: datetime
    url: str

    @classmethod
    def of(cls, document: Document, reference: str) -> "DocumentOut":
        """From a piece whose ``uploaded_by`` was read with it."""
        return cls(
            id=document.public_id,
            kind=document.kind,
            version=document.version,
            current=document.current,
            name=document.name,
            content_type=document.content_type,
            size=document.size,
            sha256=document.sha256,
            uploaded_by=str(document.uploaded_by) if document.uploaded_by else "Système",
            uploaded_at=document.uploaded_at,
            url=f"/api/v1/dossiers/{reference}/documents/{document.public_id}",
        )


class DossierSummary(BaseModel):
    """Un dossier en bref."""

    reference: str
    id: UUID
    path: str
    convention: str
    organisation: OrganisationOut
    title: str
    amount_ht: str | None
    approved_amount_ht: str | None
    exercise: int | None
    status: str
    status_label: str
    version: int
    next_due_on: date | None
    created_at: datetime
    submitted_at: datetime | None
    updated_at: datetime


def summary_of(dossier: Dossier) -> dict[str, Any]:
    """The values of ``DossierSummary``, from a dossier whose body was read with it."""
    return {
        "reference": dossier.reference,
        "id": dossier.public_id,
        "path": dossier.path,
        "convention": dossier.convention,
        "organisation": OrganisationOut.of(dossier.organisation),
        "title": dossier.title,
        "amount_ht": money(dossier.amount_ht),
        "approved_amount_ht": money(dossier.approved_amount_ht),
        "exercise": dossier.exercise,
        "status": dossier.status,
        "status_label": DossierStatus(dossier.status).label,
        "version": dossier.version,
        "next_due_on": dossier.next_due_on,
        "created_at": dossier.created_at,
        "submitted_at": dossier.submitted_at,
        "updated_at": dossier.updated_at,
    }
