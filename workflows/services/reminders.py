"""Reminds of the dates of open steps, rung by rung of each rule's ladder: each at most once, while a clock runs."""

import logging
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import transaction

from cases import clock, rows
from cases.errors import Quote
from cases.events import DeadlineReminded, HolderAway, emit_holder_away, emit_reminder
from cases.models import Absence, Deadline, Dossier, Organisation
from workflows.rulebook import DEFAULT, Addressee, Ladder, UnknownRule, resolve
from workflows.selectors.circle import Circle, built, circle_of, held_alone, running_clocks_of, step_title

logger = logging.getLogger(__name__)

#: A task taken since so many days by somebody who will be away is looked at, whatever its ladder says.
_NEWLY_TAKEN = timedelta(days=7)

# What the partial index ``deadline_to_remind`` holds until today; and clocks whose date falls inside the declared
# absence of somebody who has just taken the task.
_DUE = """
SELECT deadline.id, deadline.remind_on FROM cases_deadline deadline
 WHERE deadline.state = 'running' AND deadline.remind_on <= %(today)s
 UNION
SELECT deadline.id, %(today)s::date
  FROM cases_absence absence
  JOIN viewflow_task task ON task.owner_id = absence.user_id AND task.status = 'ASSIGNED' AND task.assigned >= %(since)s
  JOIN cases_dossier dossier ON dossier.process_id = task.process_id
  JOIN cases_deadline deadline
    ON deadline.dossier_id = dossier.id AND deadline.state = 'running'
   AND deadline.due_on BETWEEN absence.first_day AND absence.last_day
   AND right(task.flow_task, length(deadline.step) + 1) = '.' || deadline.step
 WHERE absence.cancelled_at IS NULL AND absence.last_day >= %(today)s
 ORDER BY 2, 1
"""

# Acts lock the dossier first and its clocks after it. This locks both in one statement and waits for neither, so that
# no act and no other sweep can stand in the way of it or it of them.
_LOCK = f"""
SELECT {rows.columns(Deadline, "deadline")}, {rows.columns(Dossier, "dossier")}, {rows.columns(Organisation, "body")}
  FROM cases_deadline deadline
  JOIN cases_dossier dossier ON dossier.id = deadline.dossier_id
  JOIN cases_organisation body ON body.id = dossier.organisation_id
 WHERE deadline.id = %s AND deadline.state = 'running'
   FOR UPDATE OF deadline SKIP LOCKED
   FOR KEY SHARE OF dossier SKIP LOCKED
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Sent:
    """A reminder that was given: dossier, step, « J-7 », date of the clock, how many people."""

    reference: str
    step: str
    code: str
    due_on: date
    people: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A clock of which nobody could be reminded, and why (a French sentence)."""

    reference: str
    title: str
    message: str

    def __str__(self) -> str:
        return f"{self.reference}, {self.title} : {self.message}"


@dataclass(slots=True)
class Reminders:
    """What a sweep did. ``unreached``: nobody at all to tell, tried again tomorrow; ``failed``: tried again at once."""

    sent: list[Sent] = field(default_factory=list)
    unreached: list[Trouble] = field(default_factory=list)
    failed: list[Trouble] = field(default_factory=list)


def send_reminders() -> Reminders:
    """Give the reminders that are due today or were due before: of those missed by a clock the latest only.

    Each clock has a transaction of its own: one that fails does not stop the others and is reported. A clock that
    another sweep or an act holds is left to it, or to the next sweep. One statement to find what is due; for each
    clock four, and one more for each group of people who are told the same.
    """
    report, today = Reminders(), clock.today()
    with rows.cursor() as cursor:
        cursor.execute(_DUE, {"today": today, "since": clock.start_of(today - _NEWLY_TAKEN)})
        due = [row[0] for row in cursor.fetchall()]
    for key in dict.fromkeys(due):
        try:
            with transaction.atomic():
                sent, unreached = _remind(key, today)
        except Exception:
            logger.exception("reminder of clock %s failed", key)
            report.failed.append(_failed(key))
            continue
        if sent is not None:
            report.sent.append(sent)
        for trouble in unreached:
            logger.warning("reminder: %s", trouble)
        report.unreached += unreached
    return report


def _remind(key: int, today: date) -> tuple[Sent | None, list[Trouble]]:
    """Look at one clock: the reminder given, if one was due, and what reached nobody. Needs a transaction."""
    deadline = _lock(key)
    if deadline is None or _seen(deadline, today):
        return None, []
    due_on = deadline.due_on
    if due_on is None:  # a running clock has its date (constraint ``deadline_running_has_date``)
        raise RuntimeError(f"clock {key} runs without a date")
    ladder, quote = _rule_of(deadline)
    look = ladder.look(due_on=due_on, reminded_on=deadline.reminded_on, today=today)
    circle = circle_of(deadline)
    unreached = _tell_of_absences(deadline, due_on, circle, quote)
    reminder = look.reminder
    if reminder is None:
        _note(deadline, remind_on=look.next_on, reminded_on=today)
        return None, unreached
    recipients = circle.reached(reminder.to)
    if not recipients:  # not done: tomorrow there may be somebody
        _note(deadline, remind_on=today + timedelta(days=1), reminded_on=deadline.reminded_on)
        message = f"rappel {reminder.code}, personne ne peut être averti, pilotage et direction compris."
        return None, [*unreached, _unreached(deadline, message)]
    _note(deadline, remind_on=look.next_on, reminded_on=today)
    emit_reminder(
        DeadlineReminded(
            deadline=deadline,
            code=reminder.code,
            step_title=step_title(deadline),
            days_left=(due_on - today).days,
            due_on=due_on,
            in_hand=circle.in_hand(),
            recipients=recipients,
            quote=quote,
        )
    )
    return Sent(deadline.dossier.reference, deadline.step, reminder.code, due_on, len(recipients)), unreached


def _lock(key: int) -> Deadline | None:
    """A clock that runs and that nobody else has in hand."""
    with rows.cursor() as cursor:
        cursor.execute(_LOCK, [key])
        row = cursor.fetchone()
    return built(row) if row is not None else None


def _seen(deadline: Deadline, today: date) -> bool:
    """Whether another sweep has dealt with the clock today."""
    return deadline.reminded_on == today and deadline.remind_on is not None and deadline.remind_on > today


def tell_of_absence(absence: Absence) -> int:
    """Tell the managers of the dates known today that fall inside an absence; how many clocks that concerns.

    Of tasks that the person has taken, or whose role nobody else holds on the body. Needs the transaction of the
    declaration. Three statements, and two or three for each clock.
    """
    chairs = held_alone(absence.user)
    clocks = running_clocks_of(absence.user_id, chairs, first=absence.first_day, last=absence.last_day)
    for deadline in clocks:
        if deadline.due_on is not None:
            _, quote = _rule_of(deadline)
            _tell_of_absences(deadline, deadline.due_on, circle_of(deadline), quote)
    return len(clocks)


def _tell_of_absences(deadline: Deadline, due_on: date, circle: Circle, quote: Quote | None) -> list[Trouble]:
    """Tell the manager when the date falls inside the absence of the one person who has the step in hand."""
    unreached = []
    for person in circle.sole_holders():
        away = person.away_on(due_on)
        if away is None:
            continue
        recipients = circle.reached([Addressee.MANAGER])
        if not recipients:
            message = (
                f"la date tombe pendant une absence ({person.name}), et personne ne peut en être averti."
            )
            unreached.append(_unreached(deadline, message))
            continue
        deputy = circle.stand_in(person, due_on)
        emit_holder_away(
            HolderAway(
                deadline=deadline,
                absence_id=away.absence_id,
                first_day=away.first_day,
                last_day=away.last_day,
                step_title=step_title(deadline),
                due_on=due_on,
                name=person.name,
                deputy=deputy.name if deputy else "",
                recipients=recipients,
                quote=quote,
            )
        )
    return unreached


def _rule_of(deadline: Deadline) -> tuple[Ladder, Quote | None]:
    """The ladder and the words of the rule that gives the delay; the default ladder where that rule has gone."""
    try:
        version = resolve(deadline.rule_ref)
    except UnknownRule:
        logger.warning("clock %s: no rule %s", deadline.pk, deadline.rule_ref)
        return DEFAULT, None
    return version.ladder or DEFAULT, version.as_quote()


def _note(deadline: Deadline, *, remind_on: date, reminded_on: date | None) -> None:
    deadline.remind_on, deadline.reminded_on = remind_on, reminded_on
    deadline.save(update_fields=["remind_on", "reminded_on"])


def _unreached(deadline: Deadline, message: str) -> Trouble:
    return Trouble(deadline.dossier.reference, step_title(deadline), message)


def _failed(key: int) -> Trouble:
    found = Deadline.objects.select_related("dossier").filter(pk=key).first()
    reference, title = (found.dossier.reference, found.title) if found else (str(key), "")
    return Trouble(reference, title, "erreur du programme, voir le journal technique.")
