"""What is asked of the figures of queues: read from an address, refused in French, the same on every page of figures.

Codes that name no queue of the person's own are no mistake: an address shared by a colleague who manages other bodies
shows what there is for the reader, maybe nothing, and says nothing of what there is for others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import models

from cases import clock
from cases.calendar import add_working_days, french_date
from workflows.selectors.tallies import Queue

#: Lengths of the period, in whole weeks, and the usual one: a quarter.
WEEKS = (4, 8, 13, 26)
USUAL_WEEKS = 13
#: « Bientôt » is within so many working days from today, today included.
SOON = 5
#: The filters that name queues, as addresses give them.
NAMES = ("role", "body", "path", "step", "organisation")

_LONGEST = 60


class Pressing(models.TextChoices):
    """Which queues alone to show: those that have something of this kind."""

    OVERDUE = "overdue", "En retard"
    SOON = "soon", "À échéance sous 5 jours ouvrés"
    FREE = "free", "Non prises"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole weeks: ``first`` is a Monday, ``last`` a Sunday; ``before`` is as long and ends the day before."""

    first: date
    last: date

    @classmethod
    def latest(cls, weeks: int, today: date | None = None) -> Period:
        """The ``weeks`` whole weeks that ended last Sunday."""
        monday = monday_of(today or clock.today())
        return cls(monday - timedelta(weeks=weeks), monday - timedelta(days=1))

    @property
    def weeks(self) -> int:
        """How many."""
        return ((self.last - self.first).days + 1) // 7

    @property
    def before(self) -> Period:
        """The period to compare with."""
        return Period(self.first - timedelta(weeks=self.weeks), self.first - timedelta(days=1))

    @property
    def mondays(self) -> tuple[date, ...]:
        """The first day of each week."""
        return tuple(self.first + timedelta(weeks=number) for number in range(self.weeks))

    def __str__(self) -> str:
        return f"du {french_date(self.first)} au {french_date(self.last)}"


@dataclass(frozen=True, slots=True)
class BacklogFilters:
    """``role``, ``body`` (code), ``path``, ``step``, ``organisation`` (code of the body of the dossiers): empty, any.

    ``state``: a :class:`Pressing` or empty. ``weeks``: length of the period, one of ``WEEKS``.
    """

    role: str = ""
    body: str = ""
    path: str = ""
    step: str = ""
    organisation: str = ""
    state: str = ""
    weeks: int = USUAL_WEEKS

    def as_query(self) -> dict[str, str]:
        """The filters that are set, as an address holds them."""
        found = {name: getattr(self, name) for name in (*NAMES, "state") if getattr(self, name)}
        return found if self.weeks == USUAL_WEEKS else found | {"weeks": str(self.weeks)}

    def admits(self, queue: Queue) -> bool:
        """Whether a queue is asked for; ``state`` aside, which the figures decide."""
        given = (queue.role.value, queue.body_code, queue.path, queue.step, queue.organisation_code)
        return all(asked in ("", has) for asked, has in zip(self._named, given, strict=True))

    def one_queue(self) -> bool:
        """Whether the filters name one queue: role, body, path and step."""
        return all((self.role, self.body, self.path, self.step))

    def with_state(self, state: str) -> BacklogFilters:
        """The same with another ``state``."""
        return replace(self, state=state)

    @property
    def _named(self) -> tuple[str, ...]:
        return tuple(getattr(self, name) for name in NAMES)

    def said(self, choices: Mapping[str, Iterable[tuple[str, str]]]) -> list[tuple[str, str]]:
        """Each filter that is set, label and value in French, for the head of a file. ``choices``: ``choices_of``."""
        found = []
        for name, label in LABELS.items():
            asked = str(getattr(self, name))
            if name == "weeks":
                found.append((label, str(Period.latest(self.weeks))))
            elif name == "state" and asked:
                found.append((label, str(Pressing(asked).label)))
            elif asked:
                found.append((label, dict(choices[name]).get(asked, asked)))
        return found


#: What each filter is called.
LABELS = {
    "path": "Circuit",
    "step": "Étape",
    "role": "Rôle",
    "body": "Organisme qui agit",
    "organisation": "Organisme des dossiers",
    "state": "Files ayant des tâches",
    "weeks": "Période",
}


def read_filters(given: Mapping[str, str]) -> tuple[BacklogFilters, dict[str, list[str]]]:
    """The filters in ``given`` (others are ignored), and for each that cannot be understood what to do instead."""
    found: dict[str, str] = {name: given.get(name, "").strip()[:_LONGEST] for name in NAMES}
    refused: dict[str, list[str]] = {}
    state, text = given.get("state", "").strip(), given.get("weeks", "").strip()
    weeks = USUAL_WEEKS
    if state and state not in Pressing.values:
        known = ", ".join(f"{one.value} ({one.label})" for one in Pressing)
        refused["state"] = [f"« {_shown(state)} » est inconnu. Valeurs admises : {known}."]
        state = ""
    if text:
        if text in map(str, WEEKS):
            weeks = int(text)
        else:
            known = ", ".join(map(str, WEEKS))
            refused["weeks"] = [
                f"« {_shown(text)} » n’est pas une période : choisissez un nombre de semaines parmi {known}."
            ]
    return BacklogFilters(**found, state=state, weeks=weeks), refused


def choices_of(queues: Iterable[Queue]) -> dict[str, list[tuple[str, str]]]:
    """What each filter can be for a person: value and label, from the person's own queues alone."""
    found: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    steps: dict[str, dict[str, None]] = {}
    for queue in queues:
        found["role"][queue.role.value] = str(queue.role.label)
        found["body"][queue.body_code] = queue.body_name
        found["path"][queue.path] = queue.path_title
        found["organisation"][queue.organisation_code] = queue.organisation_name
        steps.setdefault(queue.step, {})[queue.step_title] = None
    found["step"] = {step: " / ".join(titles) for step, titles in steps.items()}
    return {name: sorted(labels.items(), key=lambda one: one[1].casefold()) for name, labels in found.items()}


def soon_until(today: date) -> date:
    """The last day that is « bientôt »."""
    return add_working_days(today, SOON)


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def _shown(text: str) -> str:
    """What was typed, as a message may repeat it: short, without what cannot be seen."""
    clean = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"
