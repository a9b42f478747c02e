"""Refusals that a person or a program can act upon. Every message is a French sentence that says what to do.

The pages and the API translate them the same way: ``code`` and ``http_status`` are those of design §11.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Quote:
    """A rule's own words: key, French text, where it stands, and whether the text says it or we derived it."""

    rule: str
    text: str
    source: str
    status: str  # "text" | "derived"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an action is not allowed, or what should be looked at: a code, a French sentence, who can lift it, the rule's
    quote, and the references of the dossiers that the sentence names.
    """

    code: str
    message: str
    lifted_by: str = ""
    quote: Quote | None = None
    related: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the API."""
        return asdict(self)


class BusinessError(Exception):
    """Base of all refusals. ``details`` is JSON; ``reasons`` are those of ``available_actions``."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        reasons: Iterable[Reason] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reasons = tuple(reasons)
        self.details: dict[str, Any] = dict(details or {})
        if self.reasons:
            self.details.setdefault("reasons", [reason.as_dict() for reason in self.reasons])


class Invalid(BusinessError):
    """Input that cannot be understood or kept; ``details`` maps each field to its sentences."""

    code = "invalid"
    http_status = 422


class Blocked(BusinessError):
    """A rule forbids the act in the dossier's present state; ``reasons`` quote it."""

    code = "blocked"
    http_status = 422


class Forbidden(BusinessError):
    """The person sees the dossier but has no right to this act."""

    code = "forbidden"
    http_status = 403


class NotFound(BusinessError):
    """Nothing there, or nothing that this person may know of: both look the same from outside."""

    code = "not_found"
    http_status = 404


class Conflict(BusinessError):
    """Somebody else was faster, or holds the task."""

    code = "conflict"
    http_status = 409


class Stale(BusinessError):
    """The dossier changed since the person read it."""

    code = "stale"
    http_status = 409
