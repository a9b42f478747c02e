"""A legal delay that ran out without the act: the system writes it to the journal, once, and the clock runs on."""

from collections.abc import Mapping
from typing import Any

from cases import clock
from cases.enums import AtExpiry, DeadlineState
from cases.errors import Conflict, Invalid
from cases.events import DeadlineReminded, emit_reminder
from cases.models import Deadline, Dossier
from workflows.engine.context import StepContext
from workflows.rulebook import Addressee, resolve
from workflows.selectors.circle import circle_of
from workflows.services.records import record_act

#: The outcome under which ``perform`` takes the report, from the system alone.
BREACH = AtExpiry.REPORT_BREACH.value


def report_breach(context: StepContext, data: Mapping[str, Any] | None) -> Dossier:
    """Write to the journal that the delay ``data["deadline"]`` is over and its act not done.

    The management and the direction are told. Nothing else changes: the step stays open, the act can still be done,
    late. Needs the caller's transaction and its lock on the dossier. Raises ``Conflict`` when it was reported already
    or the clock does not run any more.
    """
    if context.step is None:
        raise RuntimeError("a breach is reported of a step")
    deadline = _taken(context, (data or {}).get("deadline"))
    context.used_rules.add(deadline.rule_ref)
    context.changes["overrun"] = {
        "title": deadline.title,
        "kind": deadline.kind,
        "due_on": deadline.due_on.isoformat() if deadline.due_on else None,
        "organisation": deadline.organisation.code if deadline.organisation else "",
    }
    record_act(context, action="breach", status_before=context.dossier.status, bump=False)
    _tell_superiors(context, deadline)
    return context.dossier


def _tell_superiors(context: StepContext, deadline: Deadline) -> None:
    """The management and the direction hear of it at once, whatever the ladder of the rule says."""
    deadline.dossier = context.dossier
    circle = circle_of(deadline)
    recipients = circle.reached([Addressee.MANAGER, Addressee.DIRECTOR])
    if deadline.due_on is None or not recipients:
        return
    emit_reminder(
        DeadlineReminded(
            deadline=deadline,
            code=BREACH,
            step_title=deadline.title,
            days_left=(deadline.due_on - clock.today()).days,
            due_on=deadline.due_on,
            in_hand=circle.in_hand(),
            recipients=recipients,
            quote=resolve(deadline.rule_ref).as_quote(),
        )
    )


def _taken(context: StepContext, identifier: Any) -> Deadline:
    """Mark the deadline as reported; of two sweeps at once one does. Two statements."""
    if not isinstance(identifier, int):
        raise Invalid("Un dépassement se constate sur une échéance : il manque laquelle.")
    marked = Deadline.objects.filter(
        pk=identifier,
        dossier=context.dossier,
        state=DeadlineState.RUNNING,
        at_expiry=AtExpiry.REPORT_BREACH,
        due_on__lt=clock.today(),
        expired_at__isnull=True,
    ).update(expired_at=clock.now())
    if not marked:
        raise Conflict("Le dépassement est déjà consigné, ou le délai ne court plus.")
    return Deadline.objects.select_related("organisation").get(pk=identifier)
