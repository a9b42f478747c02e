"""The versions of a piece, side by side: what is known of each file, never the superseded file itself.

Whoever reads a dossier reads in its journal the name, the size and the SHA-256 of every file that was ever added, with
who added it and when. This tells no more; the superseded files stay with the auditors (``document_for``).
"""

from dataclasses import dataclass
from typing import Any

from cases.errors import NotFound
from cases.models import Document, Dossier
from cases.permissions import READS_ALL, Holding
from cases.selectors import dossier_for
from workflows.engine.registry import get_path
from workflows.engine.step import Piece


@dataclass(frozen=True, slots=True)
class Versions:
    """A piece of a dossier and all its versions, the latest first; ``opens``: those whose file the person may open."""

    dossier: Dossier
    piece: Piece
    all: tuple[Document, ...]
    opens: frozenset[int]

    def pair(self, earlier: int | None, later: int | None) -> tuple[Document, Document | None]:
        """The versions of these numbers, the later one first; by default the latest and the one before it."""
        chosen = [one for one in self.all if one.version in (earlier, later)]
        if len(chosen) < 2:
            chosen = list(self.all[:2])
        return chosen[0], chosen[1] if len(chosen) > 1 else None


def versions_of(user: Any, reference: str, kind: str, holdings: tuple[Holding, ...]) -> Versions:
    """Every version of one piece. Two statements. Raises ``NotFound`` (dossier, piece, or nothing added yet)."""
    dossier = dossier_for(user, reference, holdings)
    piece = get_path(dossier.path).piece(kind)
    found = (
        tuple(
            Document.objects.filter(dossier=dossier, kind=kind)
            .select_related("uploaded_by")
            .order_by("-version")
        )
        if piece is not None
        else ()
    )
    if piece is None or not found:
        raise NotFound(
            "Ce dossier n’a pas de pièce de cette nature. Revenez à sa page pour voir celles qu’il a."
        )
    keeps = any(one.role in READS_ALL for one in holdings)
    return Versions(dossier, piece, found, frozenset(one.pk for one in found if one.current or keeps))
