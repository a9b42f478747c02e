"""Guards that many paths share. A guard yields a ``Reason`` for each thing that stands in the way."""

from collections.abc import Iterator

from cases.errors import Reason
from workflows.engine.context import StepContext


def missing_pieces(context: StepContext) -> Iterator[Reason]:
    """Each compulsory piece that is not there, with the rule that asks for it."""
    for piece in context.path.pieces:
        if piece.required(context) and piece.key not in context.document_kinds:
            yield Reason(
                code="missing_piece",
                message=f"La pièce « {piece.title} » manque : déposez-la dans le dossier.",
                lifted_by="Agent préparateur",
                quote=context.quote(piece.rule),
            )


def required_pieces(context: StepContext) -> list[str]:
    """Keys of the pieces that are compulsory for this dossier."""
    return [piece.key for piece in context.path.pieces if piece.required(context)]
