"""Takes note of mails that came back: the row says so, and so the pages of its person and of the administrators."""

import logging
from enum import Enum
from pathlib import Path

from django.conf import settings
from django.db import transaction

from cases import clock
from cases.errors import NotFound
from notifications.channels.bounces import Report, Unreadable, Verdict, read_report
from notifications.channels.envelope import is_bounce_address, is_genuine, token_of
from notifications.enums import Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow

logger = logging.getLogger(__name__)

#: States in which a server may have our mail: under way again after an answer that was lost, too.
_SENT = (OutboxState.DELIVERED, OutboxState.SENDING, OutboxState.PENDING)
#: A sweep reads so many messages at most; the next takes the rest.
_MOST = 200


class Received(Enum):
    """What a message changed. ``IGNORED``: an answer of a machine or of a person, a success, what was known."""

    BOUNCED = "bounced"
    DELAYED = "delayed"
    IGNORED = "ignored"


class UnknownMail(NotFound):
    """A notification about no mail of ours: a token that we did not make, or of a mail that was sent again since."""


@transaction.atomic
def receive_bounce(*, raw: bytes, recipient: str = "") -> Received:
    """Take note of one message that came to the bounce address. The same message again changes nothing.

    ``recipient``: to whom the mail system delivered it; otherwise its headers say so. A token that is not ours is
    refused; only a message without any token is known by the Message-ID of the mail that it returns, which no outsider
    can guess. Raises ``UnknownMail``, ``Unreadable``.
    """
    report = read_report(raw)
    if report.verdict is Verdict.OTHER:
        logger.info("bounce address: a message that reports no failure was ignored")
        return Received.IGNORED
    row = _row_of(report, recipient)
    if row.state not in _SENT:
        return Received.IGNORED
    if report.verdict is Verdict.DELAYED:
        if row.state != OutboxState.DELIVERED:
            return Received.IGNORED
        row.error = _said("Retardé par le serveur du destinataire", report.why)
        row.save(update_fields=["error"])
        return Received.DELAYED
    row.state, row.due_at, row.refused_at = OutboxState.BOUNCED, None, clock.now()
    row.error = _said("Refusé par le serveur du destinataire", report.why)
    row.save(update_fields=["state", "due_at", "refused_at", "error"])
    if row.kind == NoticeKind.DIGEST:  # what it carries has not arrived either
        OutboxRow.objects.filter(digest=row.pk, state=OutboxState.DELIVERED).update(
            state=OutboxState.BUNDLED, delivered_at=None
        )
    logger.warning("mail of row %s came back", row.pk)
    return Received.BOUNCED


def _row_of(report: Report, recipient: str) -> OutboxRow:
    """The row that a report may speak of, locked. Raises ``UnknownMail``."""
    mails = OutboxRow.objects.select_for_update().filter(channel=Channel.EMAIL).exclude(sent_to="")
    addresses = (recipient,) if recipient else report.recipients
    meant = [one for one in addresses if is_bounce_address(one)]
    for address in meant:
        token = token_of(address)
        row = mails.filter(pk=token.row).first() if token and token.row < 2**63 else None
        if token and row is not None and is_genuine(token, row):
            return row
    row = mails.filter(message_id=report.returned).first() if report.returned and not meant else None
    if row is None:
        raise UnknownMail("Ce message ne renvoie à aucun courriel de Berline : il n’est pas pris en compte.")
    return row


def _said(what: str, why: str) -> str:
    return f"{what} : {why}"[:400] if why else what


def sweep_maildir() -> dict[Received | None, int]:
    """Read the new messages of ``BERLINE_BOUNCE_MAILDIR``; how many of each result, None for those refused.

    What was read is moved to ``cur/`` as seen, what was refused also as flagged. A failure of ours leaves the message
    where it is, for the next sweep, and does not stop the others.
    """
    folder = Path(settings.BERLINE_BOUNCE_MAILDIR)
    counts: dict[Received | None, int] = {}
    if not (folder / "new").is_dir():
        logger.error("BERLINE_BOUNCE_MAILDIR: %s is no Maildir folder that can be read", folder)
        return counts
    (folder / "cur").mkdir(exist_ok=True)
    for path in sorted((folder / "new").iterdir())[:_MOST]:
        result: Received | None = None
        flags = "FS"
        try:
            result, flags = receive_bounce(raw=path.read_bytes()), "S"
        except (UnknownMail, Unreadable) as error:
            logger.warning("bounce %s refused: %s", path.name, error)
        except FileNotFoundError:  # another sweep has it
            continue
        except Exception:
            logger.exception("bounce %s could not be read", path.name)
            continue
        counts[result] = counts.get(result, 0) + 1
        try:
            path.rename(folder / "cur" / f"{path.name.partition(':')[0]}:2,{flags}")
        except FileNotFoundError:
            continue
    return counts
