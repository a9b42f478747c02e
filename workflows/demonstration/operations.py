"""Operations of the FNMO: their data and the acts of their path."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.demonstration.stories import Act, Story

THRESHOLD = 20_000


@dataclass(frozen=True, kw_only=True)
class Operation(Story):
    """One dossier of the FNMO. ``amount`` in EUR before tax; ``works`` are codes of facilities.

    ``impact``: gestion → amounts of the three years that follow the exercise (a gain is negative); with it, the
    operation is tied to a restructuring. Without ``pieces``, what the path will ask for is filed with the draft.
    """

    nature: str
    works: tuple[str, ...]
    amount: str
    impact: Mapping[str, tuple[str, str, str]] | None = None

    @property
    def path(self) -> str:
        """Key of the path."""
        return "fnmo_investment"

    @property
    def filed_with(self) -> tuple[str, ...]:
        """By default the note above the threshold, the economic file of a restructuring."""
        if self.pieces is not None:
            return self.pieces
        note = ("presentation_note",) if float(self.amount) > THRESHOLD else ()
        return (*note, "economic_file") if self.impact else note

    @property
    def opens_exercise(self) -> bool:
        """An operation is on no line of a budget."""
        return False

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft."""
        impact = [
            {"gestion": gestion, "year": exercise + after, "amount": amount}
            for gestion, amounts in (self.impact or {}).items()
            for after, amount in enumerate(amounts, start=1)
        ]
        return {
            "title": self.title,
            "amount_ht": self.amount,
            "exercise": exercise,
            "facilities": list(self.works),
            "nature": self.nature,
            "is_restructuring": bool(impact),
            "impact": impact,
        }


def ask(motive: str, days: int | None = None) -> Act:
    """The desk asks for what is missing."""
    return Act("request_pieces", days, motive, step="check", outcome="request_pieces", who="desk")


def resubmit(days: int | None = None) -> Act:
    """The agent sends the completed file."""
    return Act("resubmit", days, step="complete_file", outcome="resubmit")


def complete(days: int | None = None) -> Act:
    """The desk proposes the dossier for decision."""
    return Act("complete", days, step="check", outcome="complete", who="desk")


def approve(days: int | None = None) -> Act:
    """The directeur général validates."""
    return Act("approve", days, step="decide", outcome="approve", who="dg.canssm")


def refuse(motive: str, days: int | None = None) -> Act:
    """The directeur général refuses."""
    return Act("refuse", days, motive, step="decide", outcome="refuse", who="dg.canssm")


def send_back(motive: str, days: int | None = None) -> Act:
    """The directeur général sends the dossier back to the desk."""
    return Act("send_back", days, motive, step="decide", outcome="send_back", who="dg.canssm")


def commit(amount: str, days: int | None = None) -> Act:
    """The regional director commits the operation."""
    return Act(
        "commit",
        days,
        data=lambda day: {"committed_on": day.isoformat(), "committed_amount_ht": amount},
        step="commit",
        outcome="commit",
        who="directeur",
    )


def revise(amount: str, motive: str, days: int | None = None) -> Act:
    """The regional director records a new cost."""
    return Act(
        "revise_cost",
        days,
        motive,
        data={"amount_ht": amount},
        step="commit",
        outcome="revise_cost",
        who="directeur",
    )
