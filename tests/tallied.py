"""Figures of queues as the tests of pages need them: as many visits as wanted, without walking each dossier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from cases.enums import Role
from cases.models import QueueDelta, WorkQueue
from cases.work_terms import Measure
from tests.journeys import Cast

#: Who holds each step of the FNMO investment, and where: None for the dossier's own body.
HELD = {
    "prepare": (Role.PREPARER, None),
    "sign_off": (Role.REGIONAL_DIRECTOR, None),
    "check": (Role.REVIEWER, "canssm"),
    "complete_file": (Role.PREPARER, None),
    "decide": (Role.DIRECTOR_GENERAL, "canssm"),
    "commit": (Role.REGIONAL_DIRECTOR, None),
    "close": (Role.REVIEWER, "canssm"),
}


def tallied(
    cast: Cast,
    step: str,
    ended: Mapping[tuple[str, int, int], int],
    *,
    week: date,
    body: str = "carmi-npdc",
    pauses: Mapping[tuple[str, int], int] | None = None,
    gone: int = 0,
    waiting: int = 0,
) -> None:
    """Visits of a step of the FNMO investment that came and left in the week of a Monday.

    ``ended``: (outcome, gross days, net days) → how many; ``pauses``: (outcome, days) → how many, each of which came
    back completed; ``gone``: those that nobody ended; ``waiting``: those still open, which came in that week.
    """
    role, where = HELD[step]
    queue, _ = WorkQueue.objects.get_or_create(
        role=role,
        body=cast.body[where or body],
        path="fnmo_investment",
        step=step,
        organisation=cast.body[body],
    )
    left = week + timedelta(days=2)
    asked = sum((pauses or {}).values())
    came = sum(ended.values()) + gone + waiting
    found: list[tuple[Measure, date, int, str, int]] = [(Measure.IN, week, -1, "first", came)]
    found += [(Measure.IN, week, -1, "completed", asked)]
    found += [(Measure.OUT, left, -1, "-", gone), (Measure.OPEN, week, -1, "", waiting)]
    for (outcome, gross, net), number in ended.items():
        found += [
            (Measure.OUT, left, -1, outcome, number),
            (Measure.GROSS, week, gross, outcome, number),
            (Measure.NET, week, net, outcome, number),
        ]
    for (outcome, days), number in (pauses or {}).items():
        found += [(Measure.OUT, left, -1, outcome, number), (Measure.PAUSE, week, days, outcome, number)]
    QueueDelta.objects.bulk_create(
        QueueDelta(queue=queue, measure=measure, day=day, days=days, outcome=outcome, number=number)
        for measure, day, days, outcome, number in found
        if number
    )


def busy_month(cast: Cast) -> None:
    """March 2015 in the north, where the desk is slow and asks for pieces; February, and the east, where it is not."""
    march, february = date(2015, 3, 2), date(2015, 2, 2)
    tallied(cast, "prepare", {("submit", 2, 2): 12}, week=march)
    tallied(cast, "sign_off", {("transmit", 1, 1): 11, ("return", 1, 1): 1}, week=march, gone=1)
    tallied(
        cast,
        "check",
        {("complete", 8, 5): 9},
        week=march,
        pauses={("request_pieces", 2): 3},
        waiting=6,
    )
    tallied(cast, "complete_file", {("resubmit", 4, 4): 3}, week=march)
    tallied(cast, "decide", {("approve", 3, 3): 6, ("send_back", 1, 1): 2, ("refuse", 2, 2): 1}, week=march)
    tallied(cast, "check", {("complete", 3, 2): 8}, week=february, pauses={("request_pieces", 1): 1})
    tallied(cast, "decide", {("approve", 3, 3): 4}, week=february)
    tallied(cast, "check", {("complete", 4, 4): 5}, week=march, body="carmi-est")
