"""``GET facilities``, ``GET facilities/{code}``: the register of the œuvres, as the person may read it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.errors import Forbidden
from cases.models import Facility, FacilityChange, FacilityProfessional
from cases.permissions import holdings_of
from cases.register_terms import APPROVAL_MOVES, ApprovalState
from cases.selectors.facilities import facility_file, reads_facilities
from cases.selectors.facility_list import facility_page, read_filters

router = Router(tags=["Œuvres"])

#: How many œuvres a page holds.
PAGE_SIZE = 100


class FacilitiesIn(BaseModel):
    """Ce qui est cherché dans le registre ; rien : toutes les œuvres que la personne peut lire."""

    q: str = Field(
        default="",
        max_length=100,
        description="Mots du nom, de la commune ou du code, ou un numéro FINESS (blancs admis).",
        json_schema_extra={"example": "pharmacie bruay"},
    )
    organisation: str = Field(
        default="",
        max_length=40,
        description="Code de l’organisme gestionnaire.",
        json_schema_extra={"example": "carmi-npdc"},
    )
    kind: str = Field(
        default="",
        max_length=20,
        description="Nature : health_centre, consultation, pharmacy, laboratory, optics, dental, ambulance, home_care, "
        "establishment ou other.",
        json_schema_extra={"example": "health_centre"},
    )
    approval: str = Field(
        default="",
        max_length=20,
        description="Agrément : unlisted, existing, to_request, provisional, granted, to_modify ou removed.",
        json_schema_extra={"example": "granted"},
    )
    adhered: str = Field(
        default="",
        max_length=3,
        description="Adhésion à l’accord national des centres de santé : yes ou no.",
        json_schema_extra={"example": "yes"},
    )
    active: str = Field(
        default="", max_length=3, description="En activité : yes ou no.", json_schema_extra={"example": "yes"}
    )
    finess: str = Field(
        default="",
        max_length=20,
        description="Début d’un numéro FINESS, blancs admis ; entier, sa clé est vérifiée.",
        json_schema_extra={"example": "62 001"},
    )
    cursor: str = Field(default="", max_length=40, description="« next_cursor » de la page précédente.")


#: An œuvre, for the document of the API.
EXAMPLE: dict[str, Any] = {
    "code": "npdc-sante-lens",
    "name": "Centre de santé",
    "town": "Lens",
    "organisation": {"code": "carmi-npdc", "name": "CARMI Nord-Pas-de-Calais"},
    "kind": "health_centre",
    "kind_label": "Centre de santé",
    "finess": "620012344",
    "active": True,
    "closed_on": None,
    "approval": "granted",
    "approval_label": "Accordé",
    "provisional_until": None,
    "adhered_on": "2015-03-03",
    "version": 4,
}


class BodyOut(BaseModel):
    """Un organisme."""

    code: str
    name: str


class FacilityOut(BaseModel):
    """Une œuvre. « finess » : null tant qu’aucun numéro n’est attribué ; « adhered_on » : adhésion à l’accord
    national des centres de santé, null sinon.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    code: str
    name: str
    town: str
    organisation: BodyOut
    kind: str
    kind_label: str
    finess: str | None
    active: bool
    closed_on: date | None
    approval: str
    approval_label: str
    provisional_until: date | None
    adhered_on: date | None
    version: int


class FacilitiesOut(BaseModel):
    """Une page du registre, par organisme et par nom ; « next_cursor » est vide sur la dernière. « count » : œuvres
    de toute la sélection ; « by_approval » : combien dans chaque état de l’agrément, le filtre « approval » mis à part.
    """

    items: list[FacilityOut]
    next_cursor: str
    count: int
    by_approval: dict[str, int]


class ProfessionalOut(BaseModel):
    """Un professionnel de santé, connu par son seul numéro ADELI ; « until » : null s’il est présent."""

    adeli: str
    profession: str
    since: date
    until: date | None

    @classmethod
    def of(cls, row: FacilityProfessional) -> ProfessionalOut:
        """From a row."""
        return cls(adeli=row.adeli, profession=row.profession, since=row.since, until=row.until)


class FacilityChangeOut(BaseModel):
    """Un changement : « at » quand il a été enregistré, « on » quand il prend effet ; « before », « after » : états de
    l’agrément ; « changes » : chaque donnée avant et après ; « reference » : le dossier qui l’a causé, vide s’il n’y
    en a pas ou si la personne ne peut pas le lire.
    """

    at: datetime
    on: date
    action: str
    before: str
    after: str
    changes: dict[str, Any]
    act: str
    motive: str
    reference: str
    actor: str
    capacity: str

    @classmethod
    def of(cls, row: FacilityChange, readable: frozenset[int]) -> FacilityChangeOut:
        """From a row of the history; its dossier only for those who read it."""
        return cls(
            at=row.at,
            on=row.on,
            action=row.action,
            before=row.before,
            after=row.after,
            changes=row.changes,
            act=row.act,
            motive=row.motive,
            reference=row.dossier.reference if row.dossier and row.dossier.pk in readable else "",
            actor=str(row.actor) if row.actor else "",
            capacity=row.capacity,
        )


class NamingDossierOut(BaseModel):
    """Un dossier qui nomme l’œuvre ou qui l’a changée."""

    reference: str
    title: str
    path: str
    status: str


class FacilityFileOut(FacilityOut):
    """Une œuvre avec ses professionnels, son histoire (le plus récent d’abord), les dossiers qui la concernent et que
    la personne peut lire (50 au plus) ; « next_approvals » : où l’agrément peut aller.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE
            | {
                "next_approvals": ["to_modify", "removed"],
                "professionals": [
                    {"adeli": "621012345", "profession": "Infirmier", "since": "2014-09-01", "until": None}
                ],
                "history": [
                    {
                        "at": "2015-02-02T09:00:00Z",
                        "on": "2015-02-01",
                        "action": "approval",
                        "before": "provisional",
                        "after": "granted",
                        "changes": {"approval": ["provisional", "granted"]},
                        "act": "Arrêté du 1er février 2015",
                        "motive": "",
                        "reference": "",
                        "actor": "Agent, CARMI Nord-Pas-de-Calais",
                        "capacity": "Agent préparateur — CARMI Nord-Pas-de-Calais",
                    }
                ],
                "dossiers": [
                    {
                        "reference": "FNMO-2015-0042",
                        "title": "Rénovation du centre de santé de Lens",
                        "path": "fnmo_investment",
                        "status": "approved",
                    }
                ],
            }
        }
    )

    next_approvals: list[str]
    professionals: list[ProfessionalOut]
    history: list[FacilityChangeOut]
    dossiers: list[NamingDossierOut]


@router.get(
    "facilities",
    summary="Lire le registre des œuvres",
    response={200: FacilitiesOut, 401: ErrorOut, 403: ErrorOut, 422: ErrorOut},
)
def read_facilities(request: HttpRequest, filters: Query[FacilitiesIn]) -> FacilitiesOut:
    """Les œuvres que la personne peut lire, par organisme et par nom."""
    refuse_unknown_parameters(request, FacilitiesIn)
    person = person_of(request)
    held = holdings_of(person)
    if not reads_facilities(held):
        raise Forbidden(
            "Le registre des œuvres se lit avec un rôle dans le régime : demandez à l’administrateur de votre "
            "organisme de vérifier les vôtres."
        )
    asked = read_filters(filters.model_dump())
    page = facility_page(person, asked, cursor=filters.cursor, holdings=held, size=PAGE_SIZE)
    return FacilitiesOut(
        items=[FacilityOut(**_values(one)) for one in page.items],
        next_cursor=page.next_cursor,
        count=page.count,
        by_approval=dict(page.by_approval),
    )


@router.get(
    "facilities/{code}",
    summary="Lire une œuvre",
    response={200: FacilityFileOut, 401: ErrorOut, 404: ErrorOut, 422: ErrorOut},
)
def read_facility(request: HttpRequest, code: str) -> FacilityFileOut:
    """Une œuvre, l’histoire de son agrément, ses professionnels, et les dossiers qui la nomment."""
    refuse_unknown_parameters(request)
    found = facility_file(person_of(request), code)
    facility = found.facility
    moves = APPROVAL_MOVES[ApprovalState(facility.approval)] if facility.closed_on is None else frozenset()
    return FacilityFileOut(
        **_values(facility),
        next_approvals=[one.value for one in ApprovalState if one in moves],
        professionals=[ProfessionalOut.of(one) for one in found.professionals],
        history=[FacilityChangeOut.of(one, found.readable) for one in found.history],
        dossiers=[
            NamingDossierOut(reference=one.reference, title=one.title, path=one.path, status=one.status)
            for one in found.dossiers
        ],
    )


def _values(facility: Facility) -> dict[str, Any]:
    """The values of ``FacilityOut``."""
    return {
        "code": facility.code,
        "name": facility.name,
        "town": facility.town,
        "organisation": BodyOut(code=facility.organisation.code, name=facility.organisation.name),
        "kind": facility.kind,
        "kind_label": facility.get_kind_display(),
        "finess": facility.finess,
        "active": facility.active,
        "closed_on": facility.closed_on,
        "approval": facility.approval,
        "approval_label": facility.get_approval_display(),
        "provisional_until": facility.provisional_until,
        "adhered_on": facility.adhered_on,
        "version": facility.version,
    }
