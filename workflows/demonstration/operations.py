"""How an operation of the demonstration is told: its data, the day it begins, and the acts that follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

#: Working days that usually pass before each act, from and to.
USUAL_DAYS: Mapping[str, tuple[int, int]] = {
    "submit": (0, 3),
    "return": (1, 4),
    "transmit": (1, 4),
    "claim": (1, 3),
    "request_pieces": (2, 5),
    "edit": (2, 6),
    "piece": (3, 9),
    "resubmit": (0, 1),
    "complete": (3, 8),
    "approve": (2, 7),
    "refuse": (3, 8),
    "send_back": (2, 6),
    "commit": (6, 25),
    "revise_cost": (10, 25),
    "close": (15, 40),
    "withdraw": (3, 9),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what, how many working days after the former one, and why.

    Without ``days``, its usual delay. ``amount`` in EUR before tax: committed or revised. ``piece``: which
    one is filed. ``data``: what is edited.
    """

    verb: str
    days: int | None = None
    motive: str = ""
    amount: str = ""
    piece: str = ""
    data: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One dossier of the FNMO. ``amount`` in EUR before tax; ``works`` are codes of facilities.

    ``begins``: a day of the past, or so many working days before today. ``impact``: gestion → amounts of the
    three years that follow the exercise (a gain is negative); with it, the operation is tied to a
    restructuring. ``pieces``: those filed with the draft (by default what the path will ask for). ``small``:
    in the short demonstration too.
    """

    body: str
    title: str
    nature: str
    works: tuple[str, ...]
    amount: str
    begins: date | int
    way: tuple[Act, ...]
    desk: str = "budget.canssm"
    impact: Mapping[str, tuple[str, str, str]] | None = None
    pieces: tuple[str, ...] | None = None
    small: bool = False


def submit(days: int | None = None) -> Act:
    """The agent submits to the regional director."""
    return Act("submit", days)


def give_back(motive: str, days: int | None = None) -> Act:
    """The regional director returns the draft to the agent."""
    return Act("return", days, motive)


def edit(days: int | None = None, **data: object) -> Act:
    """The agent changes the data while they have the dossier in hand."""
    return Act("edit", days, data=data)


def transmit(days: int | None = None) -> Act:
    """The regional director signs and transmits."""
    return Act("transmit", days)


def claim(days: int | None = None) -> Act:
    """The desk takes the task."""
    return Act("claim", days)


def ask(motive: str, days: int | None = None) -> Act:
    """The desk asks for what is missing."""
    return Act("request_pieces", days, motive)


def piece(kind: str, days: int | None = None) -> Act:
    """The agent files a piece (again)."""
    return Act("piece", days, piece=kind)


def resubmit(days: int | None = None) -> Act:
    """The agent sends the completed file."""
    return Act("resubmit", days)


def complete(days: int | None = None) -> Act:
    """The desk proposes the dossier for decision."""
    return Act("complete", days)


def approve(days: int | None = None) -> Act:
    """The directeur général validates."""
    return Act("approve", days)


def refuse(motive: str, days: int | None = None) -> Act:
    """The directeur général refuses."""
    return Act("refuse", days, motive)


def send_back(motive: str, days: int | None = None) -> Act:
    """The directeur général sends the dossier back to the desk."""
    return Act("send_back", days, motive)


def commit(amount: str, days: int | None = None) -> Act:
    """The regional director commits the operation."""
    return Act("commit", days, amount=amount)


def revise(amount: str, motive: str, days: int | None = None) -> Act:
    """The regional director records a new cost."""
    return Act("revise_cost", days, motive, amount)


def close(days: int | None = None) -> Act:
    """The desk files the dossier."""
    return Act("close", days)


def withdraw(motive: str, days: int | None = None) -> Act:
    """The agent withdraws the dossier."""
    return Act("withdraw", days, motive)
