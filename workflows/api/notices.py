"""``notices``…: the register of what bodies outside the CANSSM were told, and their receipts (A19)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.api.schemas import DossierSummary, summary_of
from cases.errors import Conflict, Forbidden, Invalid
from cases.models import LegalNotice
from cases.permissions import holdings_of
from cases.selectors import legal_notice_for
from workflows.api.schemas import NoticeOut, notice_values
from workflows.engine.registry import get_path
from workflows.selectors.notices_filters import bodies, read_filters
from workflows.selectors.notices_rows import RegisterRow, register_page
from workflows.selectors.notices_totals import Totals, by_addressee, totals_of
from workflows.services import perform

router = Router(tags=["Informations légales"])

#: How many notices a page holds.
PAGE_SIZE = 100
ACKNOWLEDGE = "acknowledge"


class NoticesIn(BaseModel):
    """Ce qui est cherché dans le registre ; rien : toutes les informations que la personne peut lire."""

    exercise: str = Field(
        default="",
        max_length=40,
        description="Exercice du virement (année).",
        json_schema_extra={"example": "2026"},
    )
    fund: str = Field(
        default="",
        max_length=40,
        description="Code du fonds : FNGA, FNASS, FNPPS ou FNMO.",
        json_schema_extra={"example": "FNGA"},
    )
    addressee: str = Field(
        default="",
        max_length=40,
        description="Code du destinataire, par exemple « dss ».",
        json_schema_extra={"example": "dss"},
    )
    state: str = Field(
        default="",
        max_length=40,
        description="awaited, late, acknowledged ou acknowledged_late.",
        json_schema_extra={"example": "late"},
    )
    dossier: str = Field(
        default="",
        max_length=40,
        description="Référence du dossier.",
        json_schema_extra={"example": "VIR-2026-0001"},
    )
    since: str = Field(
        default="",
        max_length=40,
        description="Premier jour de l’acte (AAAA-MM-JJ).",
        json_schema_extra={"example": "2026-01-01"},
    )
    until: str = Field(
        default="",
        max_length=40,
        description="Dernier jour de l’acte (AAAA-MM-JJ), compris.",
        json_schema_extra={"example": "2026-12-31"},
    )
    cursor: str = Field(default="", max_length=40, description="« next_cursor » de la page précédente.")


#: A line of the register, for the document of the API.
EXAMPLE: dict[str, Any] = {
    "id": "5b7c2f6e-0f0c-4a53-9a36-6d1f0c3a9e11",
    "reference": "VIR-2026-0042",
    "title": "Virement FNGA 2026 : remplacement des postes de travail",
    "fund": "FNGA",
    "exercise": 2026,
    "addressee": {"code": "dss", "name": "Direction de la sécurité sociale"},
    "happened_on": "2026-03-02",
    "due_on": "2026-03-17",
    "sent_at": "2026-03-02T09:00:00Z",
    "delivered_at": "2026-03-02T09:01:07Z",
    "delivery": "delivered",
    "delivery_label": "remis au serveur",
    "mails": {"delivered": 2},
    "acknowledged_at": "2026-03-05T14:20:31Z",
    "acknowledged_by": "Dorothée Séassan",
    "capacity": "Ministère de tutelle — Direction de la sécurité sociale",
    "days": 3,
    "state": "acknowledged",
    "state_label": "reçue dans le délai",
    "late": False,
    "rule": "cog-2014-2017/virement.information.delay@2014-01-01",
    "document_url": "/api/v1/dossiers/VIR-2026-0042/documents/0c9d2f1e-58a1-4f0b-8f5e-3f6b7a1c2d3e",
}


class RegisteredNoticeOut(NoticeOut):
    """Une ligne du registre : l’information, son virement et ce que sont devenus ses courriels.

    « delivered_at » : quand un serveur de courriel a pris le premier ; « delivery » : delivered, sending (en
    cours d’envoi), bounced (refusé par le serveur du destinataire), failed (en échec), unaddressed (aucune
    adresse), settled (non envoyé : accusé déjà donné, ou envoi abandonné) ou none (aucun courriel), le meilleur
    état s’il y a plusieurs personnes ; « mails » : combien sont dans chaque état.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    title: str
    fund: str
    exercise: int | None
    delivered_at: datetime | None
    delivery: str
    delivery_label: str
    mails: dict[str, int]

    @classmethod
    def of_row(cls, row: RegisterRow) -> "RegisteredNoticeOut":
        """From a row of the register."""
        return cls(
            **notice_values(row.notice, row.reference),
            title=row.title,
            fund=row.fund,
            exercise=row.exercise,
            delivered_at=row.delivery.delivered_at,
            delivery=row.delivery.state.value,
            delivery_label=str(row.delivery.state.label),
            mails={state.value: number for state, number in row.delivery.numbers.items()},
        )


class NoticeTotalsOut(BaseModel):
    """Ce que compte une sélection. « share_in_time » : pour cent, arrondi vers le bas, de ce qui est reçu dans le
    délai sur ce qui est reçu ou dont le délai est passé ; « median_days », « max_days » : jours jusqu’aux accusés
    donnés ; « longest_wait_days » : attente la plus longue sans accusé. Null : rien à mesurer.
    """

    number: int
    awaited: int
    late: int
    acknowledged: int
    acknowledged_late: int
    share_in_time: float | None
    median_days: float | None
    max_days: int | None
    longest_wait_days: int | None


class AddresseeTotalsOut(NoticeTotalsOut):
    """Les mêmes nombres pour un destinataire."""

    addressee: str
    addressee_name: str


class SelectionTotalsOut(NoticeTotalsOut):
    """Les nombres de toute la sélection, quelle que soit la page, et de chaque destinataire."""

    by_addressee: list[AddresseeTotalsOut]


class NoticesOut(BaseModel):
    """Une page du registre, l’acte le plus récent d’abord ; « next_cursor » est vide sur la dernière."""

    items: list[RegisteredNoticeOut]
    next_cursor: str
    totals: SelectionTotalsOut


@router.get(
    "notices",
    summary="Lire le registre des informations légales",
    response={200: NoticesOut, 401: ErrorOut, 422: ErrorOut},
)
def read_notices(request: HttpRequest, filters: Query[NoticesIn]) -> NoticesOut:
    """Qui a été informé de quel acte, avant quel jour, par quel courriel, et l’accusé de réception de chacun."""
    refuse_unknown_parameters(request, NoticesIn)
    asked, refused = read_filters(filters.model_dump(), bodies(), french_days=False)
    if refused:
        message = next(iter(refused.values()))[0]
        raise Invalid(message, details=refused)
    page = register_page(person_of(request), asked, cursor=filters.cursor, size=PAGE_SIZE)
    return NoticesOut(
        items=[RegisteredNoticeOut.of_row(one) for one in page.rows],
        next_cursor=page.next_cursor,
        totals=SelectionTotalsOut(
            **_figures(totals_of(page.tallies)),
            by_addressee=[
                AddresseeTotalsOut(addressee=one.code, addressee_name=one.name, **_figures(one.totals))
                for one in by_addressee(page.tallies)
            ],
        ),
    )


def _figures(totals: Totals) -> dict[str, Any]:
    """The values of ``NoticeTotalsOut``."""
    return {
        "number": totals.number,
        **{state.value: number for state, number in totals.by_state.items()},
        "share_in_time": totals.share_in_time,
        "median_days": totals.median_days,
        "max_days": totals.max_days,
        "longest_wait_days": totals.longest_wait_days,
    }


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
