"""Tells the other side of a message on a dossier, and the fund of an internal note."""

from cases.events import MessagePosted
from cases.french import of
from cases.register_terms import MessageKind
from notifications.enums import NoticeKind
from notifications.services.announce import tell

#: How much of a message its notice shows, in characters; the rest is read on the dossier.
EXTRACT = 300


def tell_of_message(event: MessagePosted) -> int:
    """Tell who is named; how many rows were written. One statement, none for nobody. Needs the caller's transaction.

    Of a note neither the words nor the files are told: they are read on the dossier, by who may read them that day.
    """
    if not event.recipients:
        return 0
    dossier, message = event.dossier, event.message
    subject = f"{dossier.title} ({dossier.organisation.name})."
    who = f"{message.author}, {message.capacity}"
    if message.kind == MessageKind.NOTE:
        title, body = "Note interne sur un dossier", f"{subject} {who}, a écrit une note interne."
        to_do = "Ouvrez le dossier pour la lire : elle n’est montrée qu’à la CANSSM."
    else:
        title = f"Message {of(str(message.author))}"
        body = f"{subject} {who}, écrit : « {extract(message.text)} »{_attached(event.files)}"
        to_do = ""
    return tell(
        event=f"message:{message.public_id}",
        people=event.recipients,
        kind=NoticeKind.MESSAGE,
        title=title,
        body=body,
        dossier=dossier,
        to_do=to_do,
        fragment=f"message-{message.public_id}",
    )


def extract(text: str) -> str:
    """The first 300 characters on one line, with « … » where something is left out."""
    flat = " ".join(text.split())
    return flat if len(flat) <= EXTRACT else f"{flat[:EXTRACT].rstrip()}…"


def _attached(files: int) -> str:
    if not files:
        return ""
    return " Un fichier y est joint." if files == 1 else f" {files} fichiers y sont joints."
