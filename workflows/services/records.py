"""What every act leaves behind, in this order: status, clocks, journal entry, dossier row, event."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from viewflow.workflow.models import Task

from cases import clock, rows
from cases.deadlines import Duration, Unit
from cases.enums import DossierStatus
from cases.errors import Quote
from cases.events import Awaited, DossierMoved, emit
from cases.models import Dossier, User
from cases.permissions import Holding, involved_tag
from cases.selectors import normalise
from cases.services import DossierClocks, append_entry
from workflows.engine.context import StepContext
from workflows.engine.seats import ONLY_SEAT, Chair, TaskSeat, chair_of, seat_of
from workflows.engine.step import Clock, Step, Within
from workflows.rulebook import rulebooks

#: Columns that an act may change; ``save`` writes these and no others.
CHANGED = (
    "status",
    "version",
    "title",
    "amount_ht",
    "approved_amount_ht",
    "exercise",
    "data",
    "results",
    "rule_versions",
    "participants",
    "involved",
    "next_due_on",
    "journal_length",
    "journal_head",
    "search_text",
    "submitted_at",
    "updated_at",
)


def note_participant(dossier: Dossier, duty: str, user: User | None) -> None:
    """Remember who played which part, for the separation of duties."""
    if user is not None:
        _note_part(dossier, duty, user.pk)


def _note_part(dossier: Dossier, duty: str, user_id: int) -> None:
    if user_id not in dossier.participants.get(duty, ()):
        dossier.participants = dossier.participants | {duty: [*dossier.participants.get(duty, ()), user_id]}


def note_capacity(context: StepContext, held: Holding) -> None:
    """What is done under a holding says so: capacity, body and, when it was received, the delegation and its act."""
    context.held, context.capacity, context.body = held, held.capacity, held.organisation_name
    given = held.delegation
    if given is not None:
        context.changes["delegation"] = {
            "id": given.public_id,
            "act": given.act,
            "from": given.delegator,
        }


def note_participants(context: StepContext, duty: str) -> None:
    """Who played a part, and in whose name: what is done by delegation counts as done by its giver too.

    Else somebody could have a file reviewed in their name and then decide it.
    """
    note_participant(context.dossier, duty, context.actor)
    given = context.held.delegation if context.held is not None else None
    if given is not None:
        _note_part(context.dossier, duty, given.delegator_id)


def note_involved(dossier: Dossier, tasks: Iterable[Task]) -> None:
    """Those whose role is awaited may read the dossier from now on."""
    for task in tasks:
        chair = chair_of(task)
        tag = involved_tag(chair.role, chair.organisation_id)
        if tag not in dossier.involved:
            dossier.involved = [*dossier.involved, tag]


def move_clocks(
    context: StepContext,
    *,
    left: Step | None,
    entered: Iterable[Task],
    how: Clock = Clock.MEET,
    seat: TaskSeat = ONLY_SEAT,
    ended: bool = True,
) -> None:
    """Meet or suspend the clocks of the step that is left, open or resume those of the steps entered.

    ``seat``: only the clock of that body or person, who answered a step that others still hold (``ended`` False then).
    When nothing follows (the end, a withdrawal), the clocks that still run lose their object.
    """
    clocks = DossierClocks(context.dossier)
    tasks = list(entered)
    if left is not None and how is Clock.SUSPEND:
        clocks.suspend(left.name, context.motive)
    elif left is not None:
        if ended:
            _pass_on(clocks, left, tasks)
        if how is Clock.MEET:
            clocks.meet(left.name, seat.body_id, seat.person_id)
        elif not ended:
            clocks.cancel(left.name, seat.body_id, seat.person_id)
        if ended:
            clocks.cancel(left.name)
    for task in tasks:
        step: Step = task.flow_task
        place = seat_of(step, task)
        for within in step.delays:
            if not clocks.take_up(step.name, within.kind, place.body_id, place.person_id):
                _start_clock(clocks, context, step, within, place)
    if ended and not tasks:
        clocks.cancel_all()
    context.dossier.next_due_on = clocks.save()


def _pass_on(clocks: DossierClocks, left: Step, entered: Iterable[Task]) -> None:
    """Clocks that go through the step just left go on at the one that follows, under the same rule."""
    for within in left.delays:
        for step in {task.flow_task for task in entered} - {left}:
            following = step.delay_of(within.kind)
            if within.through and following is not None and following.rule == within.rule:
                clocks.pass_on(left.name, within.kind, step.name, step.task_title)


def renew_clocks(context: StepContext, step: Step) -> None:
    """The day that a step's clocks are fixed to has changed with the data: the old ones lose their object."""
    clocks = DossierClocks(context.dossier)
    clocks.cancel(step.name)
    for within in step.delays:
        _start_clock(clocks, context, step, within, ONLY_SEAT)
    context.dossier.next_due_on = clocks.save()


def _start_clock(
    clocks: DossierClocks,
    context: StepContext,
    step: Step,
    within: Within,
    seat: TaskSeat,
) -> None:
    running = _clock_of(context, within)
    if running is not None:
        rule_ref, duration, since = running
        clocks.open(
            step=step.name,
            title=step.task_title,
            kind=within.kind,
            rule_ref=rule_ref,
            duration=duration,
            body_id=seat.body_id,
            person_id=seat.person_id or None,
            since=since,
            at_expiry=within.at_expiry,
        )


def _clock_of(context: StepContext, within: Within) -> tuple[str, Duration, date | None] | None:
    """The rule version, the length and the start (``None``: now) of a step's clock; ``None``: no clock runs.

    A fixed day becomes the number of calendar days from today that end on it (from its eve once it has come), so that
    the stored date is the sum of the clock's events like any other.
    """
    if within.due is None:
        version = context.rule(within.rule)
        duration = rulebooks()[version.convention].duration(within.rule, version.valid_from)
        return version.ref, duration, within.since(context) if within.since else None
    fixed = within.due(context)
    if fixed is None:
        return None
    today, eve = clock.today(), fixed.on - timedelta(days=1)
    start = min(today, eve)
    length = Duration((fixed.on - start).days, Unit.CALENDAR_DAYS)
    return context.rule(fixed.rule).ref, length, start if start < today else None


def record_act(
    context: StepContext,
    *,
    action: str,
    status_before: str,
    opened: Iterable[Task] = (),
    answered: Chair | None = None,
    changes: Mapping[str, Any] | None = None,
    bump: bool = True,
) -> None:
    """Write the journal entry, the dossier's row and the event. ``bump``: the version that readers hold grows old.

    ``answered``: the body that answered a step which others still hold.
    """
    dossier = context.dossier
    tasks = list(opened)
    note_involved(dossier, tasks)
    if bump:
        dossier.version += 1
    dossier.updated_at = clock.now()
    dossier.search_text = normalise(f"{dossier.reference} {dossier.title}")[:300]
    entry = append_entry(
        dossier=dossier,
        actor=context.actor,
        capacity=context.capacity,
        action=action,
        status_before=status_before,
        step=context.step.name if context.step else "",
        outcome=context.outcome,
        motive=context.motive,
        rule_refs=context.used_rules,
        changes=dict(changes or {}) | context.changes,
    )
    rows.update(dossier, CHANGED)
    emit(
        DossierMoved(
            dossier=dossier,
            entry=entry,
            opened=tuple(_awaited(context, task) for task in tasks),
            actor=context.actor,
            answered=_awaited_by(answered, entry.step, "") if answered else None,
        )
    )


def _awaited(context: StepContext, task: Task) -> Awaited:
    step: Step = task.flow_task
    quote = context.quote(step.within.rule) if step.within is not None else None
    return _awaited_by(chair_of(task), step.name, step.task_title, quote)


def _awaited_by(chair: Chair, step: str, title: str, quote: Quote | None = None) -> Awaited:
    return Awaited(step, title, chair.role, chair.organisation_id, quote)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Field → [before, after] for what differs."""
    return {
        name: [before.get(name), after.get(name)]
        for name in sorted(set(before) | set(after))
        if before.get(name) != after.get(name)
    }


def pin_rules(context: StepContext) -> None:
    """At submission, pin the version in force of every rule of the path (design §5).

    A dossier returned before it left its body was not submitted in law: submitting it again pins anew.
    """
    dossier = context.dossier
    book = rulebooks()[context.path.convention]
    today = clock.today()
    dossier.rule_versions = {key: book.rule(key, today).ref for key in context.path.rules}
    dossier.submitted_at = clock.now()


def is_submission(before: str, after: DossierStatus) -> bool:
    """Whether an act hands the dossier over for the first time or again."""
    return before == DossierStatus.DRAFT and after != DossierStatus.DRAFT and after != DossierStatus.WITHDRAWN
