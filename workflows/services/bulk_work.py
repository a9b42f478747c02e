"""Does what ``bulk`` has written down: dossier after dossier, each in a transaction of its own, as who asked for it.

The result of a dossier is written in the transaction of its act: a worker that dies leaves neither or both, so that
nothing is done twice. A run is one worker's for the time of a lease; past that another one goes on where it stopped.
Should both be alive, the row of a dossier is locked by one of them and passed over by the other.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import connection, transaction

from cases import clock
from cases.errors import BusinessError, Conflict, Forbidden, Invalid, Reason, Stale
from cases.models import BulkItem, BulkRun, JournalEntry, User
from cases.work_terms import BulkItemState, BulkKind, BulkState
from workflows.services.perform import perform
from workflows.services.tasks import claim, reassign, release

logger = logging.getLogger(__name__)

#: A run in the hands of a worker is nobody else's for so long (seconds) after the last dossier that it began.
LEASE_SECONDS: Final = 120
#: The lease is renewed when it is older than this.
RENEW_SECONDS: Final = 30

_LEASE = """
WITH next AS (
     SELECT waiting.id FROM cases_bulkrun waiting
      WHERE waiting.state IN ('waiting', 'running') AND waiting.starts_at <= %(now)s
        AND (waiting.leased_until IS NULL OR waiting.leased_until < %(now)s)
        AND (%(run)s::bigint IS NULL OR waiting.id = %(run)s)
      ORDER BY waiting.starts_at, waiting.id
      LIMIT 1
        FOR UPDATE SKIP LOCKED
)
UPDATE cases_bulkrun leased
   SET state = 'running', leased_until = %(until)s, started_at = coalesce(leased.started_at, %(now)s)
  FROM next WHERE leased.id = next.id
RETURNING leased.id
"""


@dataclass(slots=True)
class Worked:
    """What a worker did: dossiers done, refused, in conflict; runs that it finished."""

    done: int = 0
    refused: int = 0
    conflicts: int = 0
    finished: int = 0

    @property
    def items(self) -> int:
        """How many dossiers have got their result."""
        return self.done + self.refused + self.conflicts


def run_due(*, run_id: int | None = None, limit: int | None = None, seconds: float = 200.0) -> Worked:
    """Do what waits and whose moment has come, or of that only one run, for ``limit`` dossiers or ``seconds`` at most.

    Never inside a transaction: each dossier is committed by itself. Any number of workers side by side.
    """
    if connection.in_atomic_block:
        raise RuntimeError("each dossier of a bulk run is committed by itself")
    report = Worked()
    until = time.monotonic() + seconds
    while time.monotonic() < until and (limit is None or report.items < limit):
        leased = _lease(run_id)
        if leased is None:
            break
        _work(leased, report, limit, until)
    return report


def _lease(run_id: int | None) -> int | None:
    """Take the run that waits longest; what another worker has in hand is passed over."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, {"now": now, "run": run_id, "until": now + timedelta(seconds=LEASE_SECONDS)})
        found = cursor.fetchone()
    return found[0] if found else None


def _work(run_id: int, report: Worked, limit: int | None, until: float) -> None:
    """Do the dossiers of a run that wait, the first chosen first; then end it, or leave it to the next worker."""
    run = BulkRun.objects.select_related("to").get(pk=run_id)
    renewed = time.monotonic()
    while time.monotonic() < until and (limit is None or report.items < limit):
        if not _next(run, report):
            report.finished += _finish(run)
            return
        if time.monotonic() - renewed > RENEW_SECONDS:
            later = clock.now() + timedelta(seconds=LEASE_SECONDS)
            BulkRun.objects.filter(pk=run_id, state=BulkState.RUNNING).update(leased_until=later)
            renewed = time.monotonic()
    BulkRun.objects.filter(pk=run_id, state=BulkState.RUNNING).update(leased_until=None)


def _finish(run: BulkRun) -> int:
    """End a run of which nothing waits; 0 when it was recalled, or when another worker has its last dossier in hand."""
    done = BulkRun.objects.filter(pk=run.pk, state=BulkState.RUNNING).exclude(
        items__state=BulkItemState.WAITING
    )
    return done.update(state=BulkState.DONE, finished_at=clock.now(), leased_until=None)


def _next(run: BulkRun, report: Worked) -> bool:
    """Do the next dossier that waits and write its result, in one transaction; False when there is none."""
    with transaction.atomic():
        item = (
            BulkItem.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(run=run, state=BulkItemState.WAITING)
            .select_related("dossier", "to")
            .order_by("pk")
            .first()
        )
        if item is None:
            return False
        state, reasons, entry = _done(run, item)
        BulkItem.objects.filter(pk=item.pk).update(
            state=state,
            reasons=[reason.as_dict() for reason in reasons],
            entry=entry,
            done_at=clock.now(),
        )
    if state == BulkItemState.DONE:
        report.done += 1
    elif state == BulkItemState.CONFLICT:
        report.conflicts += 1
    else:
        report.refused += 1
    return True


def _done(run: BulkRun, item: BulkItem) -> tuple[BulkItemState, Iterable[Reason], int | None]:
    """Do the act for one dossier; its result, why not, and the entry of the journal."""
    actor = User.objects.get(pk=run.created_by_id)  # as they are now, not as they were when they asked
    try:
        if not actor.is_active:
            message = "Votre accès a été fermé depuis votre demande : l’acte n’a pas été fait."
            raise Forbidden(message, reasons=[Reason("inactive", message)])
        with transaction.atomic():
            return BulkItemState.DONE, (), _act(run, item, actor)
    except (Stale, Conflict) as error:
        return BulkItemState.CONFLICT, _reasons(error), None
    except BusinessError as error:
        return BulkItemState.REFUSED, _reasons(error), None
    except Exception:
        # Also a connection that is lost: then the transaction around this one fails, and the lease runs out.
        logger.exception("bulk run %s, dossier %s failed", run.pk, item.dossier_id)
        message = "Erreur du programme : rien n’a été fait pour ce dossier. Ouvrez-le et recommencez l’acte."
        return BulkItemState.REFUSED, (Reason("error", message),), None


def _act(run: BulkRun, item: BulkItem, actor: User) -> int | None:
    """The sequence of the journal's entry; None when there was nothing to do. Raises what the services raise."""
    motive = item.motive or run.motive
    if run.kind == BulkKind.PERFORM:
        if item.dossier.path != run.path:  # another path may have a step and an outcome of the same names
            raise Invalid("Ce dossier suit un autre circuit, que cet acte ne concerne pas.")
        dossier = perform(
            reference=item.dossier.reference,
            step=run.step,
            outcome=run.outcome,
            actor=actor,
            data=run.data or None,
            motive=motive,
            version=item.version,
        )
        return int(dossier.journal_length)
    task_id, to = item.task_id or 0, item.to or run.to
    if run.kind == BulkKind.CLAIM:
        task = claim(task_id=task_id, actor=actor)
    elif run.kind == BulkKind.RELEASE or to is None:
        task = release(task_id=task_id, actor=actor, motive=motive, seen_held_by=item.held_by_id)
    else:
        task = reassign(task_id=task_id, actor=actor, to=to, motive=motive, seen_held_by=item.held_by_id)
    length: int = task.process.dossier.journal_length
    written = JournalEntry.objects.filter(
        dossier=item.dossier_id, sequence=length, actor=actor, action=run.kind
    )
    return length if length > item.dossier.journal_length and written.exists() else None


def _reasons(error: BusinessError) -> tuple[Reason, ...]:
    details = [
        Reason(error.code, str(sentence))
        for name, sentences in error.details.items()
        if name != "reasons" and isinstance(sentences, list)
        for sentence in sentences
    ]
    return error.reasons or tuple(details) or (Reason(error.code, error.message),)
