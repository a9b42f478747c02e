"""``notices``…: the register of what bodies outside the CANSSM were told, and their receipts (A19)."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.api.schemas import DossierSummary, summary_of
from cases.errors import Conflict, Forbidden, Invalid
from cases.models import LegalNotice, Organisation
from cases.permissions import holdings_of
from cases.selectors import legal_notice_for
from workflows.api.schemas import NoticeOut
from workflows.engine.registry import get_path
from workflows.selectors.notices import NoticeState, register
from workflows.services import perform

router = Router(tags=["Informations légales"])

#: How many notices a page holds.
PAGE_SIZE = 100
ACKNOWLEDGE = "acknowledge"


class NoticesIn(BaseModel):
    """Ce qui est cherché dans le registre ; rien : toutes les informations que la personne peut lire."""

    dossier: str = Field(default="", max_length=40, description="Référence du dossier.")
    addressee: str = Field(
        default="", max_length=40, description="Code du destinataire, par exemple « dss »."
    )
    state: str = Field(default="", description="awaited, late, acknowledged ou acknowledged_late.")
    cursor: str = Field(default="", max_length=40, description="« next_cursor » de la page précédente.")


class NoticesOut(BaseModel):
    """Une page du registre, l’acte le plus récent d’abord ; « next_cursor » est vide sur la dernière."""

    items: list[NoticeOut]
    next_cursor: str


@router.get(
    "notices",
    summary="Lire le registre des informations légales",
    response={200: NoticesOut, 401: ErrorOut, 422: ErrorOut},
)
def read_notices(request: HttpRequest, filters: Query[NoticesIn]) -> NoticesOut:
    """Qui a été informé de quel acte, avant quel jour, et l’accusé de réception de chacun."""
    refuse_unknown_parameters(request, NoticesIn)
    if filters.state and filters.state not in NoticeState.values:
        raise _unknown("state", filters.state, f" Valeurs admises : {', '.join(NoticeState.values)}.")
    if filters.addressee and not Organisation.objects.filter(code=filters.addressee).exists():
        raise _unknown("addressee", filters.addressee, " Corrigez ce filtre ou retirez-le.")
    found = register(
        person_of(request), dossier=filters.dossier, addressee=filters.addressee, state=filters.state
    )
    rows = list(_after(found, filters.cursor)[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return NoticesOut(
        items=[NoticeOut.of(one, one.dossier.reference) for one in shown],
        next_cursor=f"{shown[-1].happened_on}.{shown[-1].pk}" if len(rows) > PAGE_SIZE else "",
    )


@router.post(
    "notices/{uuid:notice_id}/acknowledge",
    summary="Accuser réception",
    response={200: DossierSummary, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
)
def acknowledge(request: HttpRequest, notice_id: UUID) -> DossierSummary:
    """Donne l’accusé de réception d’un destinataire ; sans corps.

    403 « forbidden » : l’information s’adresse à une autre organisation. 409 « conflict » : l’accusé a déjà
    été donné. Le dossier se clôt avec le dernier accusé.
    """
    actor = person_of(request)
    notice = legal_notice_for(actor, notice_id)
    _check_addressee(notice, actor)
    if notice.acknowledged_at is not None:
        raise Conflict("L’accusé de réception a déjà été donné : il n’y a plus rien à faire.")
    with transaction.atomic():
        dossier = perform(
            reference=notice.dossier.reference, step=notice.step, outcome=ACKNOWLEDGE, actor=actor
        )
        notice.refresh_from_db(fields=["acknowledged_at"])
        if (
            notice.acknowledged_at is None
        ):  # somebody who answers for several addressees, another one came first
            raise Conflict(
                "Vous répondez pour plusieurs destinataires : accusez d’abord réception de l’information la "
                "plus ancienne, ou agissez depuis la page du dossier."
            )
    return DossierSummary(**summary_of(dossier))


def _check_addressee(notice: LegalNotice, actor: Any) -> None:
    """The person acts for the addressee. Raises ``Forbidden``."""
    step = get_path(notice.dossier.path).step(notice.step)
    roles = {seat.role for seat in step.seats} if step else set()
    if not any(
        held.organisation_id == notice.organisation_id and held.role in roles for held in holdings_of(actor)
    ):
        raise Forbidden(
            f"Cette information s’adresse à « {notice.organisation.name} » : une personne habilitée de cette "
            "organisation doit en accuser réception."
        )


def _unknown(name: str, value: str, advice: str) -> Invalid:
    message = f"« {value} » est inconnu.{advice}"
    return Invalid(message, details={name: [message]})


def _after(notices: QuerySet[LegalNotice], cursor: str) -> QuerySet[LegalNotice]:
    """The notices that follow the last one of the former page. Raises ``Invalid``."""
    if not cursor:
        return notices
    day, _, identifier = cursor.partition(".")
    try:
        last = date.fromisoformat(day)
        if not (identifier.isascii() and identifier.isdecimal() and len(identifier) < 19):
            raise ValueError(cursor)
    except ValueError:
        message = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(message, details={"cursor": [message]}) from None
    return notices.filter(Q(happened_on__lt=last) | Q(happened_on=last, pk__lt=int(identifier)))
