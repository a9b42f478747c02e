"""What the text brings about by lapse of time, done by the system through ``perform``: once, at the legal date."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from cases import clock
from cases.calendar import french_date
from cases.enums import AtExpiry, DeadlineState
from cases.errors import BusinessError, Conflict, Invalid
from cases.models import Deadline
from workflows.engine.registry import get_path
from workflows.rulebook import resolve
from workflows.services.breaches import BREACH
from workflows.services.perform import perform

logger = logging.getLogger(__name__)

#: Brought about by the text when the delay ends, whoever did or did not act.
BY_THE_TEXT = (AtExpiry.TACIT_APPROVAL, AtExpiry.ENFORCEABLE)
#: So many deadlines are read at a time.
BATCH = 100


@dataclass(slots=True)
class Expired:
    """What a sweep did: references of the dossiers that moved, and those that could not, each with its sentence."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def expire_deadlines() -> Expired:
    """Do what the end of a delay brings about, for what is due today or was due before (design §9).

    What the text itself brings about (tacit approval, enforceability) is recorded on the last day of the delay. What
    follows from an act not done in time (lapse, breach) is recorded the day after: the last day still served.
    Each dossier has a transaction of its own: one that cannot move does not stop the others and is reported. Two sweeps
    at once: the second finds it done. One statement reads what is due, ``BATCH`` at a time, and nothing else; then
    come those of the acts.
    """
    report = Expired()
    for deadline in deadlines_to_expire(clock.today()):
        reference = deadline.dossier.reference
        try:
            _expire(deadline)
        except Conflict:  # another sweep, or a person, was faster
            continue
        except BusinessError as error:
            report.failed[reference] = error.message
            logger.warning("expiry of %s at %s refused: %s", reference, deadline.step, error.message)
        except Exception:
            report.failed[reference] = "Erreur du programme : voir le journal technique."
            logger.exception("expiry of %s at %s failed", reference, deadline.step)
        else:
            report.done.append(reference)
    return report


def deadlines_to_expire(today: date) -> Iterator[Deadline]:
    """Yield what is due, the oldest date first.

    The limit makes PostgreSQL walk the partial index ``deadline_to_expire`` in its order. Without one it guesses from
    all overdue clocks how many are left to expire, and may read the whole table to find none (``make bench``).
    """
    due = (
        Deadline.objects.filter(
            Q(at_expiry__in=BY_THE_TEXT) | Q(due_on__lt=today),
            state=DeadlineState.RUNNING,
            due_on__lte=today,
            expired_at__isnull=True,
        )
        .exclude(at_expiry=AtExpiry.ALERT)
        .select_related("dossier")
        .only("step", "kind", "at_expiry", "due_on", "rule_ref", "dossier__reference", "dossier__path")
        .order_by("due_on", "pk")
    )
    found = list(due[:BATCH])
    while found:
        yield from found
        if len(found) < BATCH:
            return
        last = found[-1]
        found = list(due.filter(Q(due_on__gt=last.due_on) | Q(due_on=last.due_on, pk__gt=last.pk))[:BATCH])


def _expire(deadline: Deadline) -> None:
    """One act of the system. Raises what ``perform`` raises."""
    dossier = deadline.dossier
    if deadline.at_expiry == AtExpiry.REPORT_BREACH:
        perform(
            reference=dossier.reference,
            step=deadline.step,
            outcome=BREACH,
            actor=None,
            data={"deadline": deadline.pk},
        )
        return
    step = get_path(dossier.path).step(deadline.step)
    within = step.delay_of(deadline.kind) if step is not None else None
    if within is None or not within.then:
        raise Invalid(
            f"Le circuit ne dit plus ce que la fin du délai entraîne à l’étape « {deadline.step} » : signalez-le à "
            "l’équipe de Berline."
        )
    outcome = step.outcomes[within.then] if step is not None else None
    perform(
        reference=dossier.reference,
        step=deadline.step,
        outcome=within.then,
        actor=None,
        data={"deadline": deadline.pk} if step is not None and step.by_person else None,
        motive=_motive(deadline) if outcome is not None and outcome.motive else "",
    )


def _motive(deadline: Deadline) -> str:
    """Why the system does what a person would have to give a motive for."""
    words = resolve(deadline.rule_ref).as_quote().text
    day = french_date(deadline.due_on) if deadline.due_on else ""
    return f"Constaté par Berline : le délai a pris fin le {day} sans que l’acte soit fait. « {words} »"
