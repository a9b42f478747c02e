"""Creates and edits drafts: the data of a dossier, while the submitter has it in hand."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Forbidden, Invalid, NotFound, Reason
from cases.models import Dossier, Organisation, User
from cases.permissions import Holding, holding_for, holdings_of
from cases.services import next_reference
from workflows.engine.context import StepContext
from workflows.engine.obligations import already_open_is_blocked
from workflows.engine.path import Path
from workflows.engine.registry import get_path
from workflows.engine.step import Step
from workflows.selectors.actions import (
    editable_step,
    open_tasks,
    refuse,
    separation_refusals,
    unsuitable_body,
    waiting_for,
)
from workflows.services.locking import busy_is_conflict, check_version, lock_dossier
from workflows.services.records import changed_fields, move_clocks, note_participant, record_act, renew_clocks


def filing_holding(first: Step, organisation: Organisation, holdings: tuple[Holding, ...]) -> Holding | None:
    """The holding under which a person may file for a body, if any."""
    found = (holding_for(holdings, role, organisation.pk) for role in first.filing_roles)
    return next((held for held in found if held is not None), None)


def validated_data(path: type[Path], data: Mapping[str, Any], organisation: Organisation) -> dict[str, Any]:
    """The path's data, cleaned. Raises ``Invalid`` with the sentences of each field."""
    if not isinstance(data, Mapping):
        raise Invalid("Les données du dossier doivent être un objet JSON.")
    form = path.form(data, organisation=organisation)
    form.add_unexpected()
    if not form.is_valid():
        raise Invalid("Corrigez les données signalées, puis recommencez.", details=form.messages())
    return form.cleaned_json()


def apply_data(path: type[Path], dossier: Dossier, data: Mapping[str, Any]) -> None:
    """Put validated data on the dossier and bring its columns up to date (in memory)."""
    dossier.data = dict(data)
    described = path.describe(data)
    dossier.title = described.title[:200]
    dossier.exercise = described.exercise
    dossier.amount_ht = described.amount


def may_file(path: type[Path], organisation: Organisation, holdings: tuple[Holding, ...]) -> Holding:
    """The holding under which a person files for a body. Raises ``NotFound``, ``Forbidden``, ``Blocked``."""
    visible = any(held.covers(organisation.lineage) for held in holdings)
    if not visible:
        raise NotFound("Cette organisation ne vous est pas accessible. Choisissez la vôtre.")
    refuse(unsuitable_body(path, organisation))
    first = path.first_step()
    held = filing_holding(first, organisation, holdings)
    if held is None:
        raise Forbidden(
            f"Il faut tenir le rôle « {first.role_label} » à « {organisation} » pour y déposer un dossier."
        )
    return held


def create_draft(*, path: str, organisation: Organisation, actor: User, data: Mapping[str, Any]) -> Dossier:
    """A new dossier of ``path`` for ``organisation``, in draft, its first task held by nobody yet.

    Raises ``NotFound`` (path, body), ``Forbidden`` (not a preparer there), ``Blocked`` (also when the occurrence of the
    calendar has its dossier), ``Invalid``, ``Conflict``
    (others are filing at this very moment and the wait was too long).
    """
    definition = get_path(path)
    held = may_file(definition, organisation, holdings_of(actor))
    cleaned = validated_data(definition, data, organisation)
    with busy_is_conflict(), already_open_is_blocked() as asked, transaction.atomic():
        asked.update(cleaned)
        return open_draft(
            path=definition,
            organisation=organisation,
            role=held.role,
            actor=actor,
            capacity=held.capacity,
            cleaned=cleaned,
        )


def open_draft(
    *,
    path: type[Path],
    organisation: Organisation,
    role: Role,
    actor: User | None,
    capacity: str,
    cleaned: Mapping[str, Any],
) -> Dossier:
    """Write a new draft of validated data, its first task open to ``role``; ``actor`` None: the system opens it.

    Needs the caller's transaction, and that the caller has checked who may file.
    """
    now = clock.now()
    dossier = Dossier(
        path=path.key,
        convention=path.convention,
        organisation=organisation,
        created_by=actor,
        created_at=now,
        updated_at=now,
        version=1,
    )
    apply_data(path, dossier, cleaned)
    dossier.reference = next_reference(prefix=path.prefix, exercise=dossier.exercise or clock.today().year)
    opened = path.start_process(dossier, role)
    dossier.save(force_insert=True)
    note_participant(dossier, path.first_step().duty, actor)
    context = StepContext(dossier=dossier, path=path, actor=actor, capacity=capacity)
    move_clocks(context, left=None, entered=opened)
    record_act(
        context, action="create", status_before="", opened=opened, changes={"data": dict(cleaned)}, bump=False
    )
    return dossier


def require_editable(context: StepContext, holdings: tuple[Holding, ...]) -> tuple[Step, Holding]:
    """As ``editable_step``, but refuses.

    Raises ``Forbidden`` (not one's role, separation of duties), ``Blocked`` (not in the submitter's hands).
    """
    dossier = context.dossier
    tasks = list(open_tasks(dossier.process_id))
    found = editable_step(context, tasks, holdings)
    if found is not None:
        refuse(separation_refusals(context, found[0].duty, context.actor.pk if context.actor else None))
        return found
    if filing_holding(context.path.first_step(), dossier.organisation, holdings) is None:
        raise Forbidden(
            "Seule une personne qui prépare les dossiers de cette organisation peut modifier celui-ci. "
            "Adressez-lui votre demande."
        )
    waiting = waiting_for(dossier, tasks)
    message = (
        "Le dossier n’est plus entre vos mains : ses données et ses pièces ne se modifient qu’en brouillon ou quand "
        f"un complément vous est demandé. {'En attente : ' + waiting + '.' if waiting else 'Il est terminé.'}"
    )
    raise Blocked(message, reasons=[Reason("not_editable", message, waiting)])


def update_draft(*, reference: str, actor: User, data: Mapping[str, Any], version: int | None) -> Dossier:
    """Replace the data of a dossier that is in the submitter's hands; fields that are not sent keep their value.

    Raises ``NotFound``, ``Forbidden``, ``Blocked``, ``Stale``, ``Invalid``. Unchanged data writes nothing.
    """
    with busy_is_conflict(), already_open_is_blocked() as asked, transaction.atomic():
        holdings = holdings_of(actor)
        dossier = lock_dossier(holdings=holdings, reference=reference)
        path = get_path(dossier.path)
        context = StepContext(dossier=dossier, path=path, actor=actor)
        step, held = require_editable(context, holdings)
        check_version(dossier, version)
        if not isinstance(data, Mapping):
            raise Invalid("Les données du dossier doivent être un objet JSON.")
        before = dict(dossier.data)
        cleaned = validated_data(path, before | dict(data), dossier.organisation)
        changes = changed_fields(before, cleaned)
        if not changes:
            return dossier
        asked.update(cleaned)
        fixed = [within.due for within in step.delays if within.due is not None]
        days = [due(context) for due in fixed]
        apply_data(path, dossier, cleaned)
        if [due(context) for due in fixed] != days:
            renew_clocks(context, step)
        context.step, context.capacity = step, held.capacity
        note_participant(dossier, step.duty, actor)
        record_act(context, action="edit", status_before=dossier.status, changes={"data": changes})
    return dossier
