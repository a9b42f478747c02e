"""A delay of a step as it is shown: the version of its rule, its length in words, the day on which it would end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cases import clock
from cases.calendar import french_date
from cases.deadlines import Duration, Event, EventKind, compute
from workflows.rulebook import RuleVersion, Unit, rulebooks
from workflows.rulebook.units import date_rule_in_words

if TYPE_CHECKING:
    from workflows.engine.context import StepContext
    from workflows.engine.step import Within


@dataclass(frozen=True, slots=True)
class Terms:
    """``text`` says the delay in French; ``duration`` is its length, ``None`` where it ends on a fixed day."""

    within: Within
    version: RuleVersion
    text: str
    duration: Duration | None


def terms_of(within: Within, version: RuleVersion) -> Terms:
    """The terms of a delay under a version of its rule."""
    if within.due is None:
        duration = _duration(version)
        return Terms(within, version, str(duration), duration)
    if version.unit is Unit.DATE_RULE:
        words = date_rule_in_words(version.text)
    elif version.unit is Unit.DATE:
        words = f"au plus tard le {french_date(version.day)}"
    elif version.unit is Unit.CALENDAR_DAYS:  # the path subtracts it from the legal day
        words = f"{_duration(version)} avant l’échéance légale"
    else:
        words = version.text
    return Terms(within, version, words, None)


def _duration(version: RuleVersion) -> Duration:
    return rulebooks()[version.convention].duration(version.key, version.valid_from)


def due_if_opened_now(terms: Terms, context: StepContext) -> date | None:
    """The last day, if the step opened now; ``None`` when no clock would run."""
    if terms.duration is not None:
        return compute(terms.duration, [Event(EventKind.STARTED, clock.now())]).due_on
    fixed = terms.within.due(context) if terms.within.due is not None else None
    return fixed.on if fixed is not None else None
