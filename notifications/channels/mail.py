"""Hands a message to the mail server and judges its answer.

Refusals of the address or of the message (5xx) are final. Refusals for now (4xx), a server that cannot be reached or
does not answer in time, and refusals of ourselves (log-in, sender: the installation's settings) are worth another
attempt.
"""

import contextlib
import smtplib
from collections.abc import Iterator
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from notifications.channels.outcome import DELIVERED, Outcome, Verdict

_CLOSING, _PERMANENT = 421, 500


def has_valid_address(address: str) -> bool:
    """Whether mail can go to an address, as far as its form tells."""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


class MailServer:
    """One connection for several messages, opened with the first and renewed after a failure."""

    def __init__(self) -> None:
        self._connection = get_connection(fail_silently=False)

    def send(self, message: EmailMultiAlternatives) -> Outcome:
        """Send one message to its one addressee."""
        try:
            self._connection.open()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(
                Verdict.LATER, f"Serveur de courriel injoignable : {said(error)}", unreachable=True
            )
        try:
            self._connection.send_messages([message])
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return judge(error)
        return DELIVERED

    def close(self) -> None:
        """Leave the server; what it says to that no longer matters."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._connection.close()
        if hasattr(self._connection, "connection"):
            self._connection.connection = None


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """The server of the settings; left at the end."""
    server = MailServer()
    try:
        yield server
    finally:
        server.close()


def judge(error: OSError) -> Outcome:
    """What an answer of the server means. ``smtplib`` raises nothing but ``OSError`` and its children."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code, answer = next(iter(refused.values()))
            return replace(_by_code(code, f"Adresse refusée : {code} {_text(answer)}"), address=True)
        case smtplib.SMTPDataError(smtp_code=code, smtp_error=answer):
            return _by_code(code, f"Message refusé : {code} {_text(answer)}")
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=answer):
            return Outcome(Verdict.LATER, f"Serveur de courriel : {code} {_text(answer)}", unreachable=True)
    return Outcome(Verdict.LATER, f"Serveur de courriel : {said(error)}", unreachable=True)


def _by_code(code: int, text: str) -> Outcome:
    if code >= _PERMANENT:
        return Outcome(Verdict.NEVER, text)
    return Outcome(Verdict.LATER, text, unreachable=code == _CLOSING)


def said(error: Exception) -> str:
    """An exception in words."""
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "pas de réponse dans le délai"
    if isinstance(error, ConnectionRefusedError):
        return "connexion refusée"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "connexion interrompue"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__} {error}"


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())
