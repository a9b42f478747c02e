"""Rulebooks: what the conventions fix, as data that can be quoted.

One TOML file per convention in ``workflows/conventions``. A rule has a key, a title, a unit and one or
more dated versions; each version has its value and either the French quote with the place where it
stands (status ``text``) or the reason why the project decided so (status ``derived``). The format is
described in :mod:`workflows.rulebook.reading`, that of the calendars in :mod:`workflows.rulebook.calendars`.

    >>> from datetime import date
    >>> from workflows.rulebook import convention_in_force
    >>> threshold = convention_in_force(date(2015, 3, 3)).rule("fnmo.investment.threshold", date(2015, 3, 3))
    >>> threshold.ref
    'cog-2014-2017/fnmo.investment.threshold@2014-01-01'
"""

from workflows.rulebook.errors import NoConvention, Problem, RulebookError, UnknownRule
from workflows.rulebook.model import Rulebook, RuleVersion
from workflows.rulebook.obligations import Frequency, Obligation, ObligationKind, Party
from workflows.rulebook.registry import convention_in_force, load, resolve, rulebooks
from workflows.rulebook.reminders import DEFAULT, Addressee, Ladder, Reminder
from workflows.rulebook.units import RuleValue, Unit

__all__ = [
    "DEFAULT",
    "Addressee",
    "Frequency",
    "Ladder",
    "NoConvention",
    "Obligation",
    "ObligationKind",
    "Party",
    "Problem",
    "Reminder",
    "RuleValue",
    "RuleVersion",
    "Rulebook",
    "RulebookError",
    "Unit",
    "UnknownRule",
    "convention_in_force",
    "load",
    "resolve",
    "rulebooks",
]
