"""When each act of the demonstration is done: working hours of working days, never to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from cases.calendar import add_working_days, is_working_day, next_working_day
from cases.clock import PARIS
from workflows.demonstration.operations import USUAL_DAYS, Act, Operation

#: Between these times an act begins a day; those that follow on the same day come later.
OPENING, LAST_START = time(8, 30), time(15, 30)
CLOSING = time(17, 45)


class ClockTooEarly(ValueError):
    """An act of the demonstration would not lie in the past (French sentence)."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """One act of one operation, and its moment."""

    moment: datetime
    number: int
    rank: int
    act: Act


def appointments(operations: tuple[Operation, ...], *, today: date) -> list[Appointment]:
    """All acts of all operations in the order of time; ``number`` is the operation's place in ``operations``.

    Raises ``ClockTooEarly`` when one would not lie before ``today``.
    """
    found = [
        Appointment(moment, number, rank, act)
        for number, operation in enumerate(operations)
        for rank, (moment, act) in enumerate(_acts_of(operation, today))
    ]
    late = [one for one in found if one.moment.date() >= today]
    if late:
        title = operations[late[0].number].title
        raise ClockTooEarly(
            f"« {title} » : l’acte « {late[0].act.verb} » tomberait le {late[0].moment:%d/%m/%Y}."
        )
    return sorted(found, key=lambda one: (one.moment, one.number, one.rank))


def first_day(operation: Operation, today: date) -> date:
    """The day on which the draft is made."""
    if isinstance(operation.begins, date):
        return next_working_day(operation.begins)
    day = today
    for _ in range(operation.begins):
        day = _working_day_before(day)
    return day


def _working_day_before(day: date) -> date:
    day -= timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def _acts_of(operation: Operation, today: date) -> Iterator[tuple[datetime, Act]]:
    random = Random(f"{operation.body}|{operation.title}")  # noqa: S311 (the same every time, on purpose)
    moment = _some_time(first_day(operation, today), random)
    yield moment, Act("create")
    kinds = operation.pieces
    if kinds is None:
        kinds = ("presentation_note",) if float(operation.amount) > 20_000 else ()
        kinds += ("economic_file",) if operation.impact else ()
    for kind in kinds:
        moment = _same_day(moment, random)
        yield moment, Act("piece", piece=kind)
    for act in operation.way:
        low, high = USUAL_DAYS[act.verb] if act.days is None else (act.days, act.days)
        days = random.randint(low, high)
        moment = (
            _some_time(add_working_days(moment.date(), days), random) if days else _same_day(moment, random)
        )
        yield moment, act


def _some_time(day: date, random: Random) -> datetime:
    opening = datetime.combine(day, OPENING, tzinfo=PARIS)
    minutes = (LAST_START.hour - OPENING.hour) * 60
    return opening + timedelta(minutes=random.randrange(minutes), seconds=random.randrange(60))


def _same_day(moment: datetime, random: Random) -> datetime:
    later = moment + timedelta(minutes=random.randrange(6, 26), seconds=random.randrange(60))
    if later.time() < CLOSING:
        return later
    return _some_time(add_working_days(moment.date(), 1), random)
