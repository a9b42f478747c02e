"""What a convention obliges somebody to do by a date: the calendar's own objects, immutable and quotable.

An obligation is a rule as well: :attr:`Obligation.rule` has its words and can be pinned and resolved like any other.
When it falls due is computed by :mod:`workflows.calendar`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from cases.calendar import MONTHS, french_date
from cases.enums import OrganisationKind
from workflows.rulebook.model import RuleVersion

NO_DAY: Final = "sans jour dans le texte"
"""What is said of an obligation for which the text gives no day."""


class Party(StrEnum):
    """Who owes something, or to whom it is owed, in the words of the conventions."""

    CANSSM = "canssm"
    DIRECTOR_GENERAL = "director_general"
    ACCOUNTING_OFFICER = "accounting_officer"
    AUTHORISING_SERVICES = "authorising_services"
    PERMANENT_MISSION = "permanent_mission"
    BOARD = "board"
    CARMI = "carmi"
    LOCAL_BODIES = "local_bodies"
    ESTABLISHMENTS = "establishments"
    SSIAD = "ssiad"
    STATE = "state"
    MINISTRIES = "ministries"
    COMPTROLLER = "comptroller"
    CNAMTS = "cnamts"
    CDC = "cdc"
    ANGDM = "angdm"
    AHNAC = "ahnac"
    UNSPECIFIED = "unspecified"

    @property
    def label(self) -> str:
        """The party in French."""
        return _PARTY_LABELS[self]

    @property
    def organisation_kind(self) -> OrganisationKind | None:
        """The kind of bodies of the application on which the party acts; ``None``: outside the application."""
        return _PARTY_KINDS.get(self)


_PARTY_LABELS: Final[Mapping[Party, str]] = MappingProxyType(
    {
        Party.CANSSM: "CANSSM",
        Party.DIRECTOR_GENERAL: "Directeur général de la CANSSM",
        Party.ACCOUNTING_OFFICER: "Agent comptable de la CANSSM",
        Party.AUTHORISING_SERVICES: "Services ordonnateurs",
        Party.PERMANENT_MISSION: "Mission comptable permanente",
        Party.BOARD: "Conseil d’administration",
        Party.CARMI: "CARMI",
        Party.LOCAL_BODIES: "Organismes locaux (SSM et UR)",
        Party.ESTABLISHMENTS: "Établissements",
        Party.SSIAD: "Services de soins infirmiers à domicile",
        Party.STATE: "État",
        Party.MINISTRIES: "Ministères de tutelle",
        Party.COMPTROLLER: "Contrôleur général économique et financier",
        Party.CNAMTS: "CNAMTS",
        Party.CDC: "Caisse des dépôts et consignations",
        Party.ANGDM: "ANGDM",
        Party.AHNAC: "AHNAC",
        Party.UNSPECIFIED: "Non précisé par le texte",
    }
)

_PARTY_KINDS: Final[Mapping[Party, OrganisationKind]] = MappingProxyType(
    {
        Party.CANSSM: OrganisationKind.FUND,
        Party.DIRECTOR_GENERAL: OrganisationKind.FUND,
        Party.ACCOUNTING_OFFICER: OrganisationKind.FUND,
        Party.BOARD: OrganisationKind.BOARD,
        Party.CARMI: OrganisationKind.CARMI,
        Party.ESTABLISHMENTS: OrganisationKind.ESTABLISHMENT,
        Party.STATE: OrganisationKind.MINISTRY,
        Party.MINISTRIES: OrganisationKind.MINISTRY,
        Party.COMPTROLLER: OrganisationKind.COMPTROLLER,
    }
)


class ObligationKind(StrEnum):
    """What has to be done."""

    TRANSMISSION = "transmission"
    VOTE = "vote"
    MEETING = "meeting"
    ACTION = "action"
    TARGET = "target"
    EFFECT = "effect"

    @property
    def label(self) -> str:
        """The kind in French."""
        return _KIND_LABELS[self]


_KIND_LABELS: Final[Mapping[ObligationKind, str]] = MappingProxyType(
    {
        ObligationKind.TRANSMISSION: "Document à remettre",
        ObligationKind.VOTE: "Vote ou examen par le conseil",
        ObligationKind.MEETING: "Bilan, rencontre ou consultation",
        ObligationKind.ACTION: "Action à mener",
        ObligationKind.TARGET: "Résultat à atteindre",
        ObligationKind.EFFECT: "Effet de plein droit",
    }
)


class Frequency(StrEnum):
    """How often it comes back."""

    ONCE = "once"
    YEARLY = "yearly"
    HALF_YEARLY = "half_yearly"
    MONTHLY = "monthly"
    EVENT = "event"
    UNSPECIFIED = "unspecified"

    @property
    def label(self) -> str:
        """The frequency in French."""
        return _FREQUENCY_LABELS[self]

    @property
    def per_exercise(self) -> int:
        """How many times it falls due in one exercise, as far as the calendar shows it."""
        return 2 if self is Frequency.HALF_YEARLY else 1


_FREQUENCY_LABELS: Final[Mapping[Frequency, str]] = MappingProxyType(
    {
        Frequency.ONCE: "une fois",
        Frequency.YEARLY: "chaque année",
        Frequency.HALF_YEARLY: "chaque semestre",
        Frequency.MONTHLY: "chaque mois",
        Frequency.EVENT: "à chaque événement",
        Frequency.UNSPECIFIED: "sans périodicité",
    }
)


class DelayUnit(StrEnum):
    """In what the delay after an event is counted."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"


_DELAY_WORDS: Final[Mapping[DelayUnit, tuple[str, str]]] = MappingProxyType(
    {
        DelayUnit.CALENDAR_DAYS: ("jour", "jours"),
        DelayUnit.WORKING_DAYS: ("jour ouvré", "jours ouvrés"),
        DelayUnit.MONTHS: ("mois", "mois"),
        DelayUnit.YEARS: ("an", "ans"),
    }
)


class Delay(NamedTuple):
    """So long after an event."""

    value: int
    unit: DelayUnit

    def __str__(self) -> str:
        """Write it in French: « 20 jours »."""
        return f"{self.value} {_DELAY_WORDS[self.unit][self.value > 1]}"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One dated or recurring obligation of a convention.

    ``days`` are fixed dates (once), ``day_rules`` rules such as ``07-15 N-1`` (one a year, two for half-yearly ones):
    both empty when the text gives no day. ``event`` (French, with its article) is what a relative obligation counts
    from, ``delay`` how long after, ``event_on`` the day of that event where the text tells it. ``last_exercise`` None:
    as long as the convention. ``opens``: the system opens a dossier for each occurrence. ``per_path``: the key of a
    path each of whose running dossiers owes it on its own. ``rule`` has the quote.
    """

    rule: RuleVersion
    kind: ObligationKind
    owners: tuple[Party, ...]
    addressees: tuple[Party, ...]
    frequency: Frequency
    days: tuple[date, ...]
    day_rules: tuple[str, ...]
    event: str
    event_on: date | None
    delay: Delay | None
    first_exercise: int
    last_exercise: int | None
    opens: bool
    per_path: str = ""

    @property
    def key(self) -> str:
        """Its key in the rulebook: ``calendar.c01``."""
        return self.rule.key

    @property
    def number(self) -> str:
        """Its number in the inventory: ``C01``."""
        return self.key.rpartition(".")[2].upper()

    @property
    def title(self) -> str:
        """What is due, in French; « N » is the exercise."""
        return self.rule.title

    @property
    def convention(self) -> str:
        """The key of its convention."""
        return self.rule.convention

    @property
    def has_day(self) -> bool:
        """Whether the text, or the project's reading of it, gives a day."""
        return bool(self.days or self.day_rules or (self.event_on and self.delay))

    @property
    def when(self) -> str:
        """The rule of its date, in French."""
        return self.rule.text

    def covers(self, exercise: int) -> bool:
        """Whether it holds for an exercise."""
        return self.first_exercise <= exercise and (
            self.last_exercise is None or exercise <= self.last_exercise
        )


def when_in_french(
    *,
    frequency: Frequency,
    days: tuple[date, ...],
    day_rules: tuple[str, ...],
    event: str,
    delay: Delay | None,
) -> str:
    """Write the rule of a date: « le 15 juillet N-1 », « 20 jours après la réception », « chaque mois, sans jour… »."""
    if days:
        return "le " + ", puis le ".join(french_date(day) for day in days)
    if day_rules:
        return "le " + " et le ".join(_rule_in_french(rule) for rule in day_rules)
    if event:
        return f"{delay} après {event}" if delay else f"selon un événement : {event}"
    return NO_DAY if frequency is Frequency.ONCE else f"{frequency.label}, {NO_DAY}"


def _rule_in_french(rule: str) -> str:
    day, _, exercise = rule.partition(" ")
    number = "1er" if day[3:] == "01" else str(int(day[3:]))
    return f"{number} {MONTHS[int(day[:2]) - 1]} {exercise}"
