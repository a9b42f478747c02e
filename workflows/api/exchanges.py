"""``dossiers/{reference}/messages``: messages, internal notes for those who read them, and their files."""

from datetime import datetime
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import Router, Status
from pydantic import BaseModel, Field

from cases.api.access import person_of
from cases.api.documents import BINARY
from cases.api.errors import ErrorOut, TooLarge
from cases.api.reading import StrictParser, check_text
from cases.errors import Invalid
from cases.models import Message, MessageFile
from cases.permissions import holdings_of
from cases.register_terms import MessageKind
from cases.selectors import dossier_for
from cases.selectors.exchanges import messages_of
from cases.services.exchanges import MAX_FILES, MAX_TEXT
from cases.uploads import refused_uploads
from cases.views.exchanges import message_file_response
from workflows.services import post_message, post_note

router = Router(tags=["Échanges"])

#: Fields of a message, in JSON or multipart.
TEXTS = ("text", "kind")
FILES = "files"


class MessageFileOut(BaseModel):
    """Un fichier joint ; « url » est son adresse."""

    id: UUID
    name: str
    content_type: str
    size: int = Field(description="Octets.")
    sha256: str
    url: str

    @classmethod
    def of(cls, one: MessageFile, message: Message, reference: str) -> "MessageFileOut":
        """From a file of a message."""
        return cls(
            id=one.public_id,
            name=one.name,
            content_type=one.content_type,
            size=one.size,
            sha256=one.sha256,
            url=f"/api/v1/dossiers/{reference}/messages/{message.public_id}/files/{one.public_id}",
        )


class MessageOut(BaseModel):
    """Un message. « kind » : message, ou note (interne à la CANSSM, absente pour les autres) ; « from_submitter » :
    écrit pour l’organisme qui dépose.
    """

    id: UUID
    kind: str
    text: str
    from_submitter: bool
    author: str
    capacity: str
    sent_at: datetime
    files: list[MessageFileOut]

    @classmethod
    def of(cls, message: Message, files: list[MessageFile], reference: str) -> "MessageOut":
        """From a message whose author was read with it."""
        return cls(
            id=message.public_id,
            kind=message.kind,
            text=message.text,
            from_submitter=message.from_submitter,
            author=str(message.author),
            capacity=message.capacity,
            sent_at=message.sent_at,
            files=[MessageFileOut.of(one, message, reference) for one in files],
        )


class MessagesOut(BaseModel):
    """Les messages d’un dossier, le plus ancien d’abord."""

    items: list[MessageOut]


_PROPERTIES = {
    "text": {"type": "string", "maxLength": MAX_TEXT, "description": "Le texte ; jamais vide."},
    "kind": {"type": "string", "enum": list(MessageKind.values), "default": MessageKind.MESSAGE.value},
}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["text"],
                "additionalProperties": False,
                "properties": _PROPERTIES,
            }
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["text"],
                "properties": _PROPERTIES
                | {
                    FILES: {
                        "type": "array",
                        "maxItems": MAX_FILES,
                        "items": {"type": "string", "format": "binary"},
                    }
                },
            }
        },
    },
}


@router.get(
    "dossiers/{reference}/messages",
    summary="Lire les messages",
    response={200: MessagesOut, 401: ErrorOut, 404: ErrorOut},
)
def messages(request: HttpRequest, reference: str) -> MessagesOut:
    """Les messages échangés sur le dossier ; les notes internes ne sont remises qu’à la CANSSM et aux auditeurs."""
    user = person_of(request)
    held = holdings_of(user)
    dossier = dossier_for(user, reference, held)
    return MessagesOut(
        items=[
            MessageOut.of(one, list(one.files.all()), dossier.reference)
            for one in messages_of(dossier, user.pk, held)
        ]
    )


@router.post(
    "dossiers/{reference}/messages",
    summary="Écrire un message",
    response={
        201: MessageOut,
        400: ErrorOut,
        401: ErrorOut,
        403: ErrorOut,
        404: ErrorOut,
        409: ErrorOut,
        413: ErrorOut,
        422: ErrorOut,
    },
    openapi_extra={"requestBody": BODY},
)
def write(request: HttpRequest, reference: str, response: HttpResponse) -> Status[MessageOut]:
    """Écrit un message (JSON, ou multipart avec des fichiers) ; « kind » : note, pour une note interne de la CANSSM.

    Tous ceux qui lisent le dossier lisent le message ; l’autre partie en est avertie. Le journal en garde les
    empreintes. Une note n’y laisse aucune trace.
    """
    actor = person_of(request)
    if request.content_type == "multipart/form-data":
        refused = refused_uploads(request)  # reads the request
        if refused:
            message = refused[0][1].message
            raise TooLarge(message, details={FILES: [message]})
        given = {name: str(request.POST[name]) for name in request.POST}
        unknown = [name for name in (*request.POST, *request.FILES) if name not in (*TEXTS, FILES)]
        for name, value in given.items():
            check_text(value, name)
    else:
        given = StrictParser().parse_body(request)
        unknown = [name for name in given if name not in TEXTS]
    details = {name: ["Champ inconnu : retirez-le."] for name in unknown}
    details |= {name: ["Envoyez un texte."] for name in TEXTS if not isinstance(given.get(name, ""), str)}
    kind = given.get("kind", MessageKind.MESSAGE.value)
    if "kind" not in details and kind not in MessageKind.values:
        details["kind"] = [f"Valeurs admises : {', '.join(MessageKind.values)}."]
    if details:
        raise Invalid("Le message n’a pas été envoyé : corrigez les points signalés.", details=details)
    post = post_note if kind == MessageKind.NOTE else post_message
    written = post(
        reference=reference,
        text=given.get("text", ""),
        files=request.FILES.getlist(FILES),
        actor=actor,
    )
    response["Location"] = f"/api/v1/dossiers/{reference}/messages"
    return Status(201, MessageOut.of(written, list(written.files.all()), reference))


@router.get(
    "dossiers/{reference}/messages/{uuid:message_id}/files/{uuid:file_id}",
    summary="Télécharger le fichier d’un message",
    response={401: ErrorOut, 404: ErrorOut},
    openapi_extra={"responses": {200: {"description": "Le fichier.", **BINARY}}},
)
def download(request: HttpRequest, reference: str, message_id: UUID, file_id: UUID) -> FileResponse:
    """Le fichier joint à un message que la personne peut lire."""
    return message_file_response(person_of(request), message_id, file_id, None, reference)
