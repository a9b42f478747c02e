"""Acts on many dossiers: asked for in one go and written down, done later one by one (``bulk_work``), or recalled.

A decision waits ``BERLINE_BULK_RECALL_SECONDS`` before the first dossier is touched: what the journal holds is never
undone, so the time to think again lies before the act and not after it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from cases import broker, clock
from cases.errors import Blocked, Conflict, Invalid, NotFound, Reason
from cases.models import BulkItem, BulkRun, Organisation, User
from cases.permissions import Holding, acting_holdings_of
from cases.work_terms import BulkItemState, BulkKind, BulkState
from workflows.selectors.bulk_forecast import IN_PERSON, MOST, Act, Chosen, Forecast, chosen_tasks, forecasts
from workflows.services.locking import busy_is_conflict, checked_motive

TASK = "workflows.tasks.run_bulk"
ENDED = (BulkState.DONE, BulkState.RECALLED)


@dataclass(frozen=True, slots=True)
class Pick:
    """One task that the person chose, as they saw it: the dossier's version, who held the task (key; None: nobody).

    ``motive``: its own, when each has one.
    """

    task_id: int
    version: int
    held_by: int | None = None
    motive: str = ""


def preview(
    *, actor: User, act: Act, task_ids: Iterable[int], holdings: tuple[Holding, ...] | None = None
) -> list[Forecast]:
    """What ``act`` would do to each of these tasks' dossiers, and why not. Nothing is written, nobody is told.

    What the person may not read is left out. Raises ``Invalid`` (nothing or too much chosen, unknown act, wrong data).
    Four statements and those of the path's own guards for each dossier (``bulk_forecast``).
    """
    ids = _counted(task_ids)
    held = acting_holdings_of(actor) if holdings is None else holdings
    chosen = chosen_tasks(actor, ids, held)
    check_act(act, chosen)
    return forecasts(actor, act, chosen, held)


def start_bulk(*, actor: User, act: Act, picks: Sequence[Pick], motive: str = "") -> BulkRun:
    """Write down an act on many dossiers; workers do it. A reassignment gets its receivers from ``act``.

    ``motive``: that of all which have none of their own. Raises ``Invalid`` (nothing or more than ``MOST`` chosen, a
    motive or data that are wrong), ``Blocked`` (opinions, which are given one by one), ``NotFound`` (nothing of it may
    be read). What a rule forbids is not asked here but at the act: each dossier gets its own answer.
    """
    by_task = {pick.task_id: pick for pick in picks}
    chosen = chosen_tasks(actor, _counted(by_task))
    if not chosen:
        raise NotFound(
            "Aucun de ces dossiers ne vous est accessible. Choisissez-les de nouveau dans vos tâches."
        )
    check_act(act, chosen)
    _check_holders(by_task, chosen)
    if any(one.step.by_person or (act.kind == BulkKind.PERFORM and one.step.sealed) for one in chosen):
        raise Blocked(IN_PERSON, reasons=[Reason("in_person", IN_PERSON)])
    common = checked_motive(motive)
    motives = {one.task.pk: checked_motive(by_task[one.task.pk].motive) for one in chosen}
    _check_motives(actor, act, chosen, common, motives)
    now = clock.now()
    waits = timedelta(seconds=settings.BERLINE_BULK_RECALL_SECONDS if act.kind == BulkKind.PERFORM else 0)
    with transaction.atomic():
        run = BulkRun.objects.create(
            kind=act.kind,
            path=act.path,
            step=act.step,
            outcome=act.outcome,
            data=dict(act.data),
            motive=common,
            to=act.to,
            created_by=actor,
            created_at=now,
            starts_at=now + waits,
        )
        BulkItem.objects.bulk_create(
            BulkItem(
                run=run,
                dossier=one.dossier,
                task_id=one.task.pk,
                version=by_task[one.task.pk].version,
                held_by_id=by_task[one.task.pk].held_by,
                motive=motives[one.task.pk],
                to=act.shares.get(one.task.pk),
            )
            for one in chosen
        )
        transaction.on_commit(
            partial(broker.tell, TASK, [run.pk], countdown=waits.total_seconds()), robust=True
        )
    return run


def recall(*, run_id: int, actor: User) -> int:
    """Take back what has not been done yet; how many dossiers. What is done stays, each with its result.

    Raises ``NotFound`` for anybody but who asked, ``Conflict`` when it has ended, or when a dossier of it is being
    worked on for longer than the lock waits.
    """
    busy = "Un dossier de ce lot est en cours de traitement. Réessayez dans quelques secondes."
    with busy_is_conflict(busy), transaction.atomic():
        run = BulkRun.objects.select_for_update().filter(pk=run_id, created_by=actor).first()
        if run is None:
            raise NotFound("Ce lot ne vous est pas accessible.")
        if run.state in ENDED:
            raise Conflict(
                "Ce lot est déjà terminé : il ne reste rien à rappeler. Voyez le résultat de chaque dossier."
            )
        now = clock.now()
        taken_back = BulkItem.objects.filter(run=run, state=BulkItemState.WAITING).update(
            state=BulkItemState.RECALLED, done_at=now
        )
        if taken_back == 0:
            raise Conflict("Tous les dossiers de ce lot sont déjà traités : il ne reste rien à rappeler.")
        run.state, run.finished_at, run.leased_until = BulkState.RECALLED, now, None
        run.save(update_fields=["state", "finished_at", "leased_until"])
    return taken_back


def check_act(act: Act, chosen: Sequence[Chosen]) -> None:
    """Raise ``Invalid`` for an act that does not exist, that is at another step, or whose data its form refuses."""
    if act.kind != BulkKind.PERFORM:
        if act.kind == BulkKind.REASSIGN and act.to is None and not act.shares:
            message = "Choisissez la personne à qui confier les tâches."
            raise Invalid(message, details={"to": [message]})
        return
    outcome = act.ending
    if outcome is None:
        message = "Choisissez l’acte à faire dans la liste."
        raise Invalid(message, details={"act": [message]})
    bodies = {
        one.dossier.organisation_id: one.dossier.organisation
        for one in chosen
        if one.dossier.path == act.path and one.step is act.node
    }
    if chosen and not bodies:
        message = "Aucun des dossiers choisis n’est à l’étape de cet acte. Choisissez un autre acte."
        raise Invalid(message, details={"act": [message]})
    _check_data(act, bodies.values())


def _check_data(act: Act, bodies: Iterable[Organisation]) -> None:
    """The form is asked once for each body of the dossiers: what it offers may depend on it."""
    outcome = act.ending
    if outcome is None or outcome.form is None:
        if act.data:
            raise Invalid("Cet acte n’attend aucune donnée.")
        return
    for body in bodies:
        form = outcome.form(act.data, organisation=body)
        form.add_unexpected()
        if not form.is_valid():
            raise Invalid("Corrigez les données signalées, puis recommencez.", details=form.messages())


def _counted(task_ids: Iterable[int]) -> list[int]:
    ids = list(dict.fromkeys(task_ids))
    message = ""
    if not ids:
        message = "Choisissez au moins un dossier."
    elif len(ids) > MOST:
        message = f"{len(ids)} dossiers sont choisis ; un lot en compte {MOST} au plus. Faites-en plusieurs."
    if message:
        raise Invalid(message, details={"task": [message]})
    return ids


def _check_holders(by_task: Mapping[int, Pick], chosen: Sequence[Chosen]) -> None:
    """Who held a task is somebody, or nobody. No statement where nothing has changed hands. Raises ``Invalid``."""
    known = {one.task.owner_id for one in chosen}
    picked = (by_task[one.task.pk].held_by for one in chosen)
    said = {key for key in picked if key is not None and key not in known}
    if said and User.objects.filter(pk__in=said).count() < len(said):
        message = "La liste des dossiers est illisible : choisissez-les de nouveau dans vos tâches."
        raise Invalid(message, details={"item": [message]})


def motive_needed(actor: User, act: Act, one: Chosen) -> bool:
    """Whether an act on that dossier needs a motive: as its outcome says, and where a task is taken from somebody."""
    if act.ending is not None:
        return act.ending.motive
    taken_away = one.task.owner_id is not None and one.task.owner_id != actor.pk
    return act.kind == BulkKind.REASSIGN or (act.kind == BulkKind.RELEASE and taken_away)


def _check_motives(
    actor: User, act: Act, chosen: Sequence[Chosen], common: str, motives: Mapping[int, str]
) -> None:
    """Each dossier has a motive where the act needs one, the common one or its own. Raises ``Invalid``."""
    label = act.label
    missing: dict[str, Any] = {}
    for one in chosen:
        if motive_needed(actor, act, one) and not (common or motives[one.task.pk]):
            missing[f"motive-{one.task.pk}"] = [f"{one.dossier.reference} : indiquez le motif."]
    if missing:
        sentence = (
            f"« {label} » demande un motif, commun à tous les dossiers ou propre à chacun : écrivez-le."
        )
        raise Invalid(sentence, details={"motive": [sentence]} | missing)
