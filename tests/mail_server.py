"""A real SMTP server on the loopback interface that keeps what it receives and answers as the test asks."""

from __future__ import annotations

import asyncio
import email
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ACCEPTED = "250 OK"


class MailSink:
    """What arrived, and what to answer.

    ``answers``: to the next messages; ``refused``: to an address, for ever; ``sender``: to every sender; ``mute``: take
    messages and say nothing more.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}
        self.sender = ACCEPTED
        self.mute = False
        self.on_arrival = lambda count: None
        self._lock = threading.Lock()
        self._controller: Controller | None = None
        self.port = 0

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender, or refuse it."""
        if self.sender == ACCEPTED:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.sender

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse an address, or take it."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a message, or answer what the test asks."""
        if self.mute:
            await asyncio.Event().wait()
        with self._lock:
            answer = self.answers.pop(0) if self.answers else ACCEPTED
            if answer == ACCEPTED:
                content = envelope.content
                assert isinstance(content, bytes)
                message = email.message_from_bytes(content, policy=default)
                assert isinstance(message, EmailMessage)
                message["X-Envelope-From"] = envelope.mail_from or ""
                message["X-Envelope-To"] = ",".join(envelope.rcpt_tos)
                self.messages.append(message)
                count = len(self.messages)
        if answer == ACCEPTED:
            await asyncio.get_running_loop().run_in_executor(None, self.on_arrival, count)
        return answer

    @property
    def by_id(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        with self._lock:
            return Counter(str(one["Message-ID"]) for one in self.messages)

    @property
    def addressees(self) -> list[str]:
        """To whom, in order."""
        return [str(one["X-Envelope-To"]) for one in self.messages]

    def start(self) -> None:
        """Listen, on the former port after a stop."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port or _free_port())
        self._controller.start()
        self.port = self._controller.port

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """A server for a test."""
    sink = MailSink()
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """A server that takes connections and never says a word; its port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        yield int(server.getsockname()[1])


@contextmanager
def surly_server(greeting: bytes) -> Iterator[int]:
    """A server that greets everybody with these words and hangs up; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def text_of(message: Any, kind: str = "plain") -> str:
    """The text of a message."""
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content())
