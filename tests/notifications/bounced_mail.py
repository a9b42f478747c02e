"""What other people's mail servers send back, written by hand as they write it (RFC 3464)."""

from email.message import EmailMessage
from typing import Any

UNKNOWN_USER = "smtp; 550 5.1.1 <director@carmi.example>: Recipient address rejected: User unknown"


def notification(
    mail: EmailMessage,
    *,
    to: str | None = None,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = UNKNOWN_USER,
    returned: str = "text/rfc822-headers",
    report: str = "delivery-status",
) -> bytes:
    """The notification about a mail that a MailSink received; to its envelope sender unless ``to`` says otherwise."""
    fields = {
        "Final-Recipient": f"rfc822; {mail['X-Envelope-To']}",
        "Original-Recipient": f"rfc822;{mail['X-Envelope-To']}",
        "Action": action,
        "Status": status,
        "Remote-MTA": "dns; mx.carmi.example",
        "Diagnostic-Code": diagnostic,
    }
    own = {name: value for name, value in mail.items() if not name.startswith("X-Envelope")}
    headers = "".join(f"{name}: {str(value).strip()}\r\n" for name, value in own.items())
    text = "Ce message automatique vous informe qu’un courriel n’a pas pu être remis."
    return "\r\n".join(
        [
            "Return-Path: <>",
            "Received: from mx.carmi.example (mx.carmi.example [192.0.2.1]) by mail.canssm.example (Postfix)",
            "From: MAILER-DAEMON@carmi.example (Mail Delivery System)",
            "Subject: Undelivered Mail Returned to Sender",
            f"To: {mail['X-Envelope-From'] if to is None else to}",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/report; report-type={report}; boundary="=_b"',
            "Message-Id: <20260303110000.1A2B3@mx.carmi.example>",
            "",
            "This is a MIME-encapsulated message.",
            "",
            "--=_b",
            "Content-Description: Notification",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            "",
            text,
            "--=_b",
            f"Content-Type: message/{report}",
            "",
            "Reporting-MTA: dns; mx.carmi.example",
            "X-Postfix-Queue-ID: 1A2B3",
            "Arrival-Date: Tue,  3 Mar 2026 12:00:00 +0100 (CET)",
            "",
            *(f"{name}: {value}" for name, value in fields.items() if value),
            "",
            "--=_b",
            f"Content-Type: {returned}",
            "",
            headers,
            "--=_b--",
            "",
        ]
    ).encode()


def letter(to: str, **headers: Any) -> bytes:
    """A message written to our bounce address that is no report."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "director@carmi.example", to, "Absence du bureau"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Je suis absent jusqu’au 9 mars. 550 5.1.1 n’est pas un refus.")
    return message.as_bytes()
