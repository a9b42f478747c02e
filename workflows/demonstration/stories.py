"""How a dossier of the demonstration is told: its data, the day it begins, and the acts that follow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Data = Mapping[str, object]

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
    "check": (1, 5),
    "reject": (2, 5),
    "effect": (2, 8),
    "acknowledge": (2, 9),
    "favour": (4, 12),
    "object": (5, 12),
    "vote": (6, 15),
    "renounce": (8, 20),
    "receive": (3, 7),
    "inform_board": (10, 25),
    "release": (1, 4),
    "regularise": (3, 10),
    "agenda": (1, 4),
    "opinion": (2, 8),
    "minutes": (1, 2),
    "enter": (4, 9),
    "execute": (20, 60),
    "message": (0, 1),
    "note": (0, 1),
}

#: Month and day.
MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what, who, how many working days after the former one, and why.

    ``verb`` names it, and its usual delay when there are no ``days``. Acts of the path have ``step`` and ``outcome``;
    « create », « piece », « edit » and « claim » have none, nor those of meetings (``sessions``), « message » and
    « note », whose words are the ``motive``. « balance » acts on the document that the dossier owes for the year.
    ``who``: an account, or « filer » (who files the dossier),
    « directeur » (of its body), « desk » (who reviews it), « system » (the sweep of the delays). ``data``: what the act
    records, or what is edited; as a function, of the day of the act. ``calendar_days`` instead of ``days``: a legal
    delay, moved to the next working day. ``not_before``: the act waits for this day, of the
    year of the draft when it names none.
    """

    verb: str
    days: int | None = None
    motive: str = ""
    piece: str = ""
    data: Data | Callable[[date], Data] | None = None
    step: str = ""
    outcome: str = ""
    who: str = "filer"
    calendar_days: int | None = None
    not_before: MonthDay | date | None = None

    def data_on(self, day: date) -> Data | None:
        """What the act records when it is done that day."""
        return self.data(day) if callable(self.data) else self.data


@dataclass(frozen=True, kw_only=True)
class Story:
    """One dossier. ``title`` names the story; a path may make another title of the data.

    ``begins``: a day of the past, so many working days before today, or a function of today. ``exercise``: a year, or
    the verb of the act in whose year the story counts (the last act when it has none of that verb), or « next »: the
    year after the draft.
    ``within``: what the days of the first and the last act have to satisfy; a story that counts back from today begins
    earlier until they do. ``pieces``: those filed with the draft. ``small``: in the short demonstration too.
    """

    body: str
    title: str
    begins: date | int | Callable[[date], date]
    way: tuple[Act, ...]
    desk: str = "budget.canssm"
    pieces: tuple[str, ...] | None = None
    small: bool = False
    exercise: int | str = "create"
    within: Callable[[date, date], bool] | None = None

    @property
    def path(self) -> str:
        """Key of the path."""
        raise NotImplementedError

    @property
    def filer(self) -> str:
        """The account that files the dossier."""
        return f"agent.{self.body.removeprefix('carmi-')}"

    @property
    def filed_with(self) -> tuple[str, ...]:
        """Kinds of the pieces filed with the draft."""
        return self.pieces or ()

    @property
    def opens_exercise(self) -> bool:
        """Whether the story needs the budget of its exercise."""
        return True

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft."""
        raise NotImplementedError

    def account(self, who: str) -> str:
        """The account that does an act (``Act.who``)."""
        region = self.body.removeprefix("carmi-")
        return {"filer": self.filer, "directeur": f"directeur.{region}", "desk": self.desk}.get(who, who)

    def counts_in(self, days: Sequence[tuple[str, date]]) -> int:
        """The exercise, from the verbs and days of all acts."""
        if isinstance(self.exercise, int):
            return self.exercise
        if self.exercise == "next":
            return days[0][1].year + 1
        named = [day for verb, day in days if verb == self.exercise]
        return (named[0] if named else days[-1][1]).year


def message(text: str, who: str = "filer", days: int | None = None) -> Act:
    """Somebody writes on the dossier, for all who read it."""
    return Act("message", days, text, who=who)


def note(text: str, who: str = "desk", days: int | None = None) -> Act:
    """The fund writes to itself."""
    return Act("note", days, text, who=who)


def submit(days: int | None = None, *, not_before: MonthDay | None = None) -> Act:
    """Whoever files submits."""
    return Act("submit", days, step="prepare", outcome="submit", not_before=not_before)


def edit(days: int | None = None, **data: object) -> Act:
    """Whoever files changes the data while they have the dossier in hand."""
    return Act("edit", days, data=data)


def piece(kind: str, days: int | None = None) -> Act:
    """Whoever files adds a piece (again)."""
    return Act("piece", days, piece=kind)


def give_back(motive: str, days: int | None = None) -> Act:
    """The regional director returns the draft to the agent."""
    return Act("return", days, motive, step="sign_off", outcome="return", who="directeur")


def transmit(days: int | None = None) -> Act:
    """The regional director signs and transmits."""
    return Act("transmit", days, step="sign_off", outcome="transmit", who="directeur")


def claim(days: int | None = None) -> Act:
    """The desk takes the task."""
    return Act("claim", days, who="desk")


def close(days: int | None = None) -> Act:
    """The desk files the dossier."""
    return Act("close", days, step="close", outcome="close", who="desk")


def withdraw(motive: str, days: int | None = None) -> Act:
    """Whoever filed the dossier withdraws it."""
    return Act("withdraw", days, motive, step="withdraw", outcome="withdraw")
