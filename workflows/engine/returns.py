"""Which ways out of a step lead a dossier back: decided from the path's definition alone.

A dossier goes back when it returns to a step that it has been through on its way (a later step sends it back, a board
adjourns: the same step again), or when the step waits for the submitter. The way that a submitter's completion takes
to the step that asked for it is the second half of that pause and is not counted again.
"""

from __future__ import annotations

from enum import StrEnum

from workflows.engine.path import Path
from workflows.engine.step import Outcome, Step


class Way(StrEnum):
    """Where an outcome leads: on, back, to a wait for the submitter, or on for some dossiers and back for others."""

    FORWARD = "forward"
    RETURN = "return"
    PAUSE = "pause"
    MIXED = "mixed"

    @property
    def loops(self) -> bool:
        """Whether every dossier that leaves so comes back."""
        return self in (Way.RETURN, Way.PAUSE)


def ways_of(path: type[Path]) -> dict[tuple[str, str], Way]:
    """(step, outcome) → where it leads, for every outcome of the path."""
    back = _returns(path)
    return {
        (step.name, outcome.key): _way(step, outcome, back)
        for step in path.steps()
        for outcome in step.outcomes.values()
    }


def _way(step: Step, outcome: Outcome, back: frozenset[tuple[str, str]]) -> Way:
    if outcome.pauses:
        return Way.PAUSE
    found = {(step.name, route.to.name) in back for route in outcome.routes}
    if found == {True}:
        return Way.RETURN
    return Way.MIXED if True in found else Way.FORWARD


def _returns(path: type[Path]) -> frozenset[tuple[str, str]]:
    """The edges that lead to a step on the way there, pauses left out: those walked from the first step onwards.

    Each step's first outcome is walked first, as the drawing has its trunk. A step that only a pause leads to is not
    walked: what leaves it is the way back of that pause.
    """
    found: set[tuple[str, str]] = set()
    seen: set[str] = set()
    # Each step on the way, with the targets that are still to be tried.
    first = path.first_step()
    way = [(first, _targets(first))]
    seen.add(first.name)
    while way:
        step, ahead = way[-1]
        if not ahead:
            way.pop()
            continue
        target = ahead.pop(0)
        if any(target is one for one, _ in way):
            found.add((step.name, target.name))
        elif target.name not in seen:
            seen.add(target.name)
            way.append((target, _targets(target)))
    return frozenset(found)


def _targets(step: Step) -> list[Step]:
    """The steps that a dossier may go to from here without waiting for its submitter."""
    found = [route.to for one in step.outcomes.values() if not one.pauses for route in one.routes]
    return [target for target in dict.fromkeys(found) if isinstance(target, Step)]
