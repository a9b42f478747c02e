"""``dossiers``…: file, edit, read, search; pieces and journal."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut, TooLarge, UnsupportedMedia
from cases.api.reading import check_text, refuse_unknown_parameters
from cases.api.schemas import DocumentOut, DossierSummary, summary_of
from cases.errors import Invalid
from cases.permissions import acting_holdings_of
from cases.selectors import dossier_for
from cases.selectors.organisations import organisation_for
from cases.services import export_journal
from cases.uploads import refused_uploads
from workflows.api.schemas import DossierOut
from workflows.selectors import dossier_view
from workflows.selectors.search import found_by, read_search, refuse_faults
from workflows.services import add_document, create_draft, perform, update_draft

router = Router(tags=["Dossiers"])


class DraftIn(BaseModel):
    """Un nouveau dossier."""

    model_config = ConfigDict(extra="forbid", strict=True)

    path: str = Field(max_length=60)
    organisation: str = Field(
        max_length=40, description="Code de l’organisation, par exemple « carmi-npdc »."
    )
    data: dict[str, Any] = Field(description="Données du circuit ; voir « fields » de GET paths/{key}.")


class ChangeIn(BaseModel):
    """Des données à remplacer ; celles qui ne sont pas envoyées gardent leur valeur."""

    model_config = ConfigDict(extra="forbid", strict=True)

    data: dict[str, Any]
    version: int = Field(description="La version du dossier qui a été lue.")


class ActIn(BaseModel):
    """Un acte : l’étape, son issue, ses données et son motif s’il en faut."""

    model_config = ConfigDict(extra="forbid", strict=True)

    step: str = Field(max_length=60)
    outcome: str = Field(max_length=60)
    version: int = Field(description="La version du dossier qui a été lue.")
    data: dict[str, Any] | None = None
    motive: str = Field(default="")


class SearchIn(BaseModel):
    """Ce qui est cherché ; rien : tout ce que la personne peut lire."""

    status: str = ""
    path: str = ""
    q: str = Field(
        default="",
        max_length=200,
        description="Mots de la référence, de l’objet, des données, des messages ou des noms de pièces ; accents et "
        "casse ignorés, le dernier mot peut être inachevé.",
    )
    organisation: str = Field(default="", max_length=40, description="Code de l’organisation.")
    exercise: str = Field(default="", max_length=4, description="Année, par exemple « 2015 ».")
    amount_from: str = Field(default="", max_length=40, description="Montant HT en euros, compris.")
    amount_to: str = Field(default="", max_length=40, description="Montant HT en euros, compris.")
    submitted_from: str = Field(default="", max_length=10, description="Premier jour (AAAA-MM-JJ), compris.")
    submitted_to: str = Field(default="", max_length=10, description="Dernier jour (AAAA-MM-JJ), compris.")
    updated_from: str = Field(default="", max_length=10, description="Premier jour (AAAA-MM-JJ), compris.")
    updated_to: str = Field(default="", max_length=10, description="Dernier jour (AAAA-MM-JJ), compris.")
    due_from: str = Field(default="", max_length=10, description="Premier jour (AAAA-MM-JJ), compris.")
    due_to: str = Field(default="", max_length=10, description="Dernier jour (AAAA-MM-JJ), compris.")
    step: str = Field(default="", max_length=60, description="Étape ouverte, par exemple « check ».")
    role: str = Field(default="", max_length=30, description="Rôle attendu, par exemple « reviewer ».")
    holder: str = Field(
        default="",
        max_length=150,
        description="Qui a pris la tâche ouverte : « me », « free » (personne), « taken » (quelqu’un) ou un "
        "identifiant.",
    )
    rule: str = Field(default="", max_length=80, description="Clé de la règle qui a été constatée bloquante.")
    sort: str = Field(
        default="",
        max_length=20,
        description="« updated », « submitted », « due », « amount » ou « reference », précédé de « - » pour le plus "
        "grand d’abord ; « relevance » avec q. Par défaut « -updated ».",
    )
    cursor: str = Field(default="", max_length=300, description="« next_cursor » de la page précédente.")


class DossiersOut(BaseModel):
    """Une page de dossiers, dans l’ordre demandé ; « next_cursor » est vide sur la dernière."""

    items: list[DossierSummary]
    next_cursor: str


class JournalOut(BaseModel):
    """Le journal entier, tel que le vérificateur autonome le lit : « python journal_chain.py export.json ».

    Chaque écriture porte son empreinte SHA-256 et celle de la précédente ; « head » est l’empreinte de la
    dernière.
    """

    dossier: str
    reference: str
    entries: list[dict[str, Any]]
    head: str


@router.get(
    "dossiers", summary="Chercher des dossiers", response={200: DossiersOut, 401: ErrorOut, 422: ErrorOut}
)
def search(request: HttpRequest, filters: Query[SearchIn]) -> DossiersOut:
    """Les dossiers que la personne peut lire, par mots et par filtres, dans l’ordre demandé."""
    refuse_unknown_parameters(request, SearchIn)
    asked, faults = read_search({name: str(value) for name, value in filters})
    refuse_faults(faults)
    page = found_by(person_of(request), asked, cursor=filters.cursor)
    return DossiersOut(
        items=[DossierSummary(**summary_of(one)) for one in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "dossiers",
    summary="Déposer un brouillon",
    response={201: DossierOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
)
def create(request: HttpRequest, draft: DraftIn, response: HttpResponse) -> Status[DossierOut]:
    """Un nouveau dossier, en brouillon, avec sa référence."""
    actor = person_of(request)
    organisation = organisation_for(actor, draft.organisation)
    dossier = create_draft(path=draft.path, organisation=organisation, actor=actor, data=draft.data)
    response["Location"] = f"/api/v1/dossiers/{dossier.reference}"
    return Status(201, DossierOut.of(dossier_view(actor, dossier.reference)))


@router.get(
    "dossiers/{reference}",
    summary="Lire un dossier",
    response={200: DossierOut, 401: ErrorOut, 404: ErrorOut},
)
def read(request: HttpRequest, reference: str) -> DossierOut:
    """Où en est le dossier, ce que la personne peut y faire et, sinon, pourquoi."""
    return DossierOut.of(dossier_view(person_of(request), reference))


@router.patch(
    "dossiers/{reference}",
    summary="Modifier un dossier",
    response={200: DossierOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
)
def change(request: HttpRequest, reference: str, change: ChangeIn) -> DossierOut:
    """Remplace des données d’un dossier en brouillon, ou à compléter."""
    actor = person_of(request)
    update_draft(reference=reference, actor=actor, data=change.data, version=change.version)
    return DossierOut.of(dossier_view(actor, reference))


@router.post(
    "dossiers/{reference}/actions",
    summary="Agir",
    response={200: DossierSummary, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
)
def act(request: HttpRequest, reference: str, act: ActIn) -> DossierSummary:
    """Termine une étape par une de ses issues (ou « withdraw »/« withdraw » : retire le dossier). Tout ou
    rien.

    403 « forbidden » : ce n’est pas à cette personne. 409 « conflict » : déjà fait, ou tenu par une autre
    ; « stale » : le
    dossier a changé depuis sa lecture. 422 « blocked » : une règle s’y oppose, voir « reasons ».
    """
    dossier = perform(
        reference=reference,
        step=act.step,
        outcome=act.outcome,
        actor=person_of(request),
        data=act.data,
        motive=act.motive,
        version=act.version,
    )
    return DossierSummary(**summary_of(dossier))


@router.get(
    "dossiers/{reference}/journal",
    summary="Lire le journal",
    response={200: JournalOut, 401: ErrorOut, 404: ErrorOut},
)
def journal(request: HttpRequest, reference: str) -> JournalOut:
    """Toutes les écritures, avec leurs empreintes : la réponse se vérifie telle quelle."""
    user = person_of(request)
    return JournalOut(**export_journal(dossier_for(user, reference, acting_holdings_of(user))))


UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["kind", "file"],
                "properties": {
                    "kind": {
                        "type": "string",
                        "description": "Clé de la pièce ; voir « pieces » de GET paths/{key}.",
                    },
                    "file": {"type": "string", "format": "binary"},
                },
            }
        }
    },
}


@router.post(
    "dossiers/{reference}/documents",
    summary="Déposer une pièce",
    response={
        201: DocumentOut,
        401: ErrorOut,
        403: ErrorOut,
        404: ErrorOut,
        409: ErrorOut,
        413: ErrorOut,
        415: ErrorOut,
        422: ErrorOut,
    },
    openapi_extra={"requestBody": UPLOAD},
)
def upload(request: HttpRequest, reference: str, response: HttpResponse) -> Status[DocumentOut]:
    """Dépose un fichier ; il remplace le précédent de la même nature, qui est conservé.

    Le type est reconnu au contenu : PDF, ODF, OOXML sans macros, images, CSV. Un fichier vide, trop gros
    ou d’un autre type
    est refusé.
    """
    if request.content_type != "multipart/form-data":
        raise UnsupportedMedia(
            "Envoyez la pièce en multipart/form-data, avec les champs « kind » et « file »."
        )
    refused = refused_uploads(request)  # reads the request
    if refused:
        message = refused[0][1].message
        raise TooLarge(message, details={"file": [message]})
    actor = person_of(request)
    kind = request.POST.get("kind", "")
    check_text(kind, "kind")
    files = request.FILES.getlist("file")
    details = {
        name: ["Champ inconnu : retirez-le."]
        for name in (*request.POST, *request.FILES)
        if name not in ("kind", "file")
    }
    if not kind:
        details["kind"] = ["Dites de quelle pièce il s’agit."]
    if len(files) != 1:
        details["file"] = ["Joignez le fichier de la pièce." if not files else "Déposez une pièce à la fois."]
    if details:
        raise Invalid("La pièce n’a pas été déposée : corrigez les points signalés.", details=details)
    document = add_document(reference=reference, kind=kind, file=files[0], actor=actor)
    found = DocumentOut.of(document, reference)
    response["Location"] = found.url
    return Status(201, found)
