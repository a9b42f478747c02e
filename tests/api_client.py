"""A person at the API: every call goes through HTTP, with the bearer token of somebody."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cases.models import User
from cases.services import issue_token
from tests.journeys import PDF

ROOT = "/api/v1/"


class Answer:
    """What came back: status, headers, body."""

    def __init__(self, response: Any) -> None:
        self.streamed: bool = response.streaming
        self.content: bytes = b"".join(response.streaming_content) if self.streamed else response.content
        self.status = response.status_code
        self.headers = response.headers

    @property
    def body(self) -> Any:
        """The JSON that came back."""
        assert self.headers["Content-Type"].startswith("application/json"), self.headers["Content-Type"]
        return json.loads(self.content)

    @property
    def text(self) -> str:
        """The bytes that came back, as text."""
        return self.content.decode()

    def ok(self, status: int = 200) -> Any:
        """The JSON of an answer that must have this status."""
        assert self.status == status, (self.status, self.text)
        return self.body

    def refused(self, status: int, code: str) -> dict[str, Any]:
        """The error of an answer that must be refused so; its form and its French are checked in passing."""
        assert self.status == status, (self.status, self.text)
        body: dict[str, Any] = self.body
        assert set(body) == {"code", "message", "details"}
        assert body["code"] == code, body
        assert body["message"].endswith((".", "?", "»")), body
        assert body["message"][0].isupper() or body["message"][0] == "«", body
        return body


class Api:
    """Calls of one person; ``Api(None)`` has no token."""

    def __init__(self, user: User | None = None, *, token: str = "") -> None:
        secret = issue_token(user=user) if user else token
        self.client = Client(headers={"Authorization": f"Bearer {secret}"} if secret else {})

    def get(self, address: str, **parameters: Any) -> Answer:
        """GET, parameters in the query."""
        return Answer(self.client.get(ROOT + address, parameters or None))

    def send(self, method: str, address: str, body: Any = None, raw: bytes | None = None) -> Answer:
        """Any method with a JSON body, or the raw bytes given."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return Answer(self.client.generic(method, ROOT + address, content, content_type="application/json"))

    def post(self, address: str, body: Any = None) -> Answer:
        """POST JSON."""
        return self.send("POST", address, body)

    def patch(self, address: str, body: Any = None) -> Answer:
        """PATCH JSON."""
        return self.send("PATCH", address, body)

    def delete(self, address: str) -> Answer:
        """DELETE."""
        return self.send("DELETE", address)

    def upload(
        self,
        reference: str,
        kind: str = "presentation_note",
        content: bytes = PDF,
        name: str = "note.pdf",
        **more: Any,
    ) -> Answer:
        """Add a piece."""
        fields = {"kind": kind, "file": SimpleUploadedFile(name, content), **more}
        return Answer(self.client.post(f"{ROOT}dossiers/{reference}/documents", fields))

    def act(self, reference: str, what: str, version: int | None = None, **body: Any) -> Answer:
        """Do ``step.outcome`` with the version that the dossier has now, unless another is given."""
        step, outcome = what.split(".")
        if version is None:
            version = self.get(f"dossiers/{reference}").body.get("version", 1)
        return self.post(
            f"dossiers/{reference}/actions", {"step": step, "outcome": outcome, "version": version, **body}
        )
