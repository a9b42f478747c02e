"""``dossiers/{reference}/copies`` and ``links``: filing anew from a copy, and how dossiers relate."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.models import DossierLink, User
from cases.permissions import Holding, holdings_of
from cases.selectors import dossier_for
from cases.selectors.exchanges import links_of
from workflows.api.schemas import DossierOut
from workflows.selectors import dossier_view
from workflows.selectors.exchange_view import related_to
from workflows.services import copy_dossier, link_dossiers, unlink_dossiers

router = Router(tags=["Dossiers"])


class CopyIn(BaseModel):
    """Des données qui remplacent celles de la copie ; les autres sont reprises."""

    model_config = ConfigDict(extra="forbid", strict=True)

    data: dict[str, Any] = Field(default_factory=dict)


class CopyOut(BaseModel):
    """Le brouillon fait de la copie ; « pieces » : les pièces reprises ; « left_out » : ce qui ne l’est pas, et
    pourquoi.
    """

    dossier: DossierOut
    pieces: list[str]
    left_out: list[str]


class LinkIn(BaseModel):
    """Un lien. « kind » : follows, replaces ou same_operation ; « other » : la référence de l’autre dossier."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str = Field(max_length=20)
    other: str = Field(max_length=40)


class LinkOut(BaseModel):
    """Un lien, lu depuis le dossier demandé : « words » suivi de « other ». « outgoing » : ce dossier suit, remplace
    l’autre ; sinon c’est l’autre qui suit, remplace celui-ci.
    """

    id: UUID
    kind: str
    outgoing: bool
    words: str
    other: str
    other_title: str
    other_status: str
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, link: DossierLink, reference: str) -> "LinkOut":
        """From a link read with both dossiers, as it reads from ``reference``."""
        this = link.source if link.source.reference == reference else link.target
        related = related_to(this, link)
        return cls(
            id=link.public_id,
            kind=link.kind,
            outgoing=related.outgoing,
            words=related.words,
            other=related.dossier.reference,
            other_title=related.dossier.title,
            other_status=related.dossier.status,
            created_at=link.created_at,
            created_by=str(link.created_by),
        )


class LinksOut(BaseModel):
    """Les liens en vigueur vers des dossiers que la personne peut lire, le plus ancien d’abord."""

    items: list[LinkOut]


def _listed(user: User, reference: str, held: tuple[Holding, ...]) -> LinksOut:
    dossier = dossier_for(user, reference, held)
    found = links_of(dossier, user, held).filter(removed_at__isnull=True)
    return LinksOut(items=[LinkOut.of(one, dossier.reference) for one in found])


@router.post(
    "dossiers/{reference}/copies",
    summary="Déposer à nouveau à partir d’une copie",
    response={201: CopyOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
)
def copy(request: HttpRequest, reference: str, body: CopyIn, response: HttpResponse) -> Status[CopyOut]:
    """Un brouillon qui remplace un dossier refusé, retiré, caduc, ou clos après un refus.

    Données jugées selon les règles d’aujourd’hui ; pièces en vigueur reprises telles quelles. 422 « invalid » : des
    données ne passent plus, donnez-les dans « data ». 422 « blocked » : ce dossier suit son cours, ou est déjà
    remplacé.
    """
    actor = person_of(request)
    made = copy_dossier(reference=reference, actor=actor, data=body.data)
    response["Location"] = f"/api/v1/dossiers/{made.dossier.reference}"
    return Status(
        201,
        CopyOut(
            dossier=DossierOut.of(dossier_view(actor, made.dossier.reference)),
            pieces=list(made.pieces),
            left_out=list(made.left_out),
        ),
    )


@router.get(
    "dossiers/{reference}/links",
    summary="Lire les liens",
    response={200: LinksOut, 401: ErrorOut, 404: ErrorOut},
)
def links(request: HttpRequest, reference: str) -> LinksOut:
    """Les dossiers liés à celui-ci, dans un sens ou dans l’autre."""
    user = person_of(request)
    return _listed(user, reference, holdings_of(user))


@router.post(
    "dossiers/{reference}/links",
    summary="Lier à un autre dossier",
    response={201: LinksOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
)
def link(request: HttpRequest, reference: str, body: LinkIn) -> Status[LinksOut]:
    """Lie le dossier à un autre que la personne peut lire ; rend les liens du dossier."""
    user = person_of(request)
    link_dossiers(reference=reference, other=body.other, kind=body.kind, actor=user)
    return Status(201, _listed(user, reference, holdings_of(user)))


@router.delete(
    "dossiers/{reference}/links/{uuid:link_id}",
    summary="Retirer un lien",
    response={200: LinksOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut},
)
def unlink(request: HttpRequest, reference: str, link_id: UUID) -> LinksOut:
    """Retire un lien ; le journal des deux dossiers en garde la trace. Rend les liens qui restent."""
    user = person_of(request)
    unlink_dossiers(reference=reference, link_id=link_id, actor=user)
    return _listed(user, reference, holdings_of(user))
