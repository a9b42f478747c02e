"""When each act of the demonstration is done: working hours of working days, never to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from cases.calendar import add_working_days, is_working_day, next_working_day
from cases.clock import PARIS
from workflows.demonstration.stories import USUAL_DAYS, Act, Story

#: Between these times an act begins a day; those that follow on the same day come later.
OPENING, LAST_START = time(8, 30), time(15, 30)
CLOSING = time(17, 45)


class ClockTooEarly(ValueError):
    """An act of the demonstration would not lie in the past (French sentence)."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """One act of one story, and its moment."""

    moment: datetime
    number: int
    rank: int
    act: Act


def appointments(stories: Sequence[Story], *, today: date) -> list[Appointment]:
    """All acts of all stories in the order of time; ``number`` is the story's place in ``stories``.

    Raises ``ClockTooEarly`` when one would not lie before ``today``.
    """
    found = [
        Appointment(moment, number, rank, act)
        for number, story in enumerate(stories)
        for rank, (moment, act) in enumerate(_acts_of(story, today))
    ]
    late = [one for one in found if one.moment.date() >= today]
    if late:
        title = stories[late[0].number].title
        raise ClockTooEarly(
            f"« {title} » : l’acte « {late[0].act.verb} » tomberait le {late[0].moment:%d/%m/%Y}."
        )
    return sorted(found, key=lambda one: (one.moment, one.number, one.rank))


def exercises(stories: Sequence[Story], *, today: date) -> list[int]:
    """The exercise of each story."""
    return [
        story.counts_in([(act.verb, moment.date()) for moment, act in _acts_of(story, today)])
        for story in stories
    ]


def first_day(story: Story, today: date) -> date:
    """The day on which the draft is made, whatever ``Story.within`` asks."""
    if isinstance(story.begins, date):
        return next_working_day(story.begins)
    if callable(story.begins):
        return next_working_day(story.begins(today))
    day = today
    for _ in range(story.begins):
        day = _working_day_before(day)
    return day


def _working_day_before(day: date) -> date:
    day -= timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def _acts_of(story: Story, today: date) -> list[tuple[datetime, Act]]:
    day = first_day(story, today)
    acts = list(_acts_from(story, day))
    while story.within is not None and not story.within(acts[0][0].date(), acts[-1][0].date()):
        day = _working_day_before(day)
        acts = list(_acts_from(story, day))
    return acts


def _acts_from(story: Story, day: date) -> Iterator[tuple[datetime, Act]]:
    random = Random(f"{story.body}|{story.title}")  # noqa: S311 (the same every time, on purpose)
    moment = _some_time(day, random)
    yield moment, Act("create")
    for kind in story.filed_with:
        moment = _same_day(moment, random)
        yield moment, Act("piece", piece=kind)
    for act in story.way:
        moment = _moment_of(act, moment, random)
        if act.not_before is not None:
            waits_for = (
                act.not_before if isinstance(act.not_before, date) else date(day.year, *act.not_before)
            )
            if moment.date() < waits_for:
                moment = _some_time(next_working_day(waits_for), random)
        yield moment, act


def _moment_of(act: Act, former: datetime, random: Random) -> datetime:
    if act.calendar_days is not None:
        due = former.date() + timedelta(days=act.calendar_days)
        return _some_time(next_working_day(due), random)
    low, high = USUAL_DAYS[act.verb] if act.days is None else (act.days, act.days)
    days = random.randint(low, high)
    return _some_time(add_working_days(former.date(), days), random) if days else _same_day(former, random)


def _some_time(day: date, random: Random) -> datetime:
    opening = datetime.combine(day, OPENING, tzinfo=PARIS)
    minutes = (LAST_START.hour - OPENING.hour) * 60
    return opening + timedelta(minutes=random.randrange(minutes), seconds=random.randrange(60))


def _same_day(moment: datetime, random: Random) -> datetime:
    later = moment + timedelta(minutes=random.randrange(6, 26), seconds=random.randrange(60))
    if later.time() < CLOSING:
        return later
    return _some_time(add_working_days(moment.date(), 1), random)
