"""``queue``, ``tasks/{id}/…``, ``deadlines``: what is to be done, by whom, until when."""

import re
from datetime import date, datetime
from typing import Literal

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field
from viewflow.workflow.models import Task

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.api.schemas import DossierSummary, OrganisationOut, PersonOut, money, summary_of
from cases.enums import DeadlineKind, DossierStatus
from cases.errors import Invalid, NotFound
from cases.models import Deadline, Organisation, User
from cases.selectors import dossiers_visible_to, running_deadlines
from workflows.api.schemas import DeadlineOut, TaskOut, deadline_values
from workflows.engine.registry import all_paths
from workflows.selectors import QueueFilters, QueueItem, queue
from workflows.services import claim, claim_next, extend_deadline, reassign, release

router = Router(tags=["Travail"])

#: How many deadlines a page holds.
PAGE_SIZE = 100

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class QueueIn(BaseModel):
    """Ce qui est demandé de la file de travail."""

    mine: bool = Field(default=False, description="Seulement ce que la personne a pris en charge.")
    path: str = ""
    organisation: str = Field(default="", max_length=40, description="Code de l’organisation.")
    overdue: bool = Field(default=False, description="Seulement ce dont l’échéance est passée.")
    snoozed: bool = Field(
        default=False,
        description="Seulement ce que la personne a mis de côté, et que rien d’autre ne montre.",
    )
    sort: Literal["", "due"] = Field(
        default="", description="« due » : l’échéance la plus proche d’abord ; vide : la plus ancienne tâche."
    )
    cursor: str = Field(default="", max_length=200, description="« next_cursor » de la page précédente.")


class NextIn(BaseModel):
    """Parmi quelles tâches prendre la suivante."""

    model_config = ConfigDict(extra="forbid", strict=True)

    path: str = Field(default="", max_length=60)
    organisation: str = Field(default="", max_length=40, description="Code de l’organisation.")
    q: str = Field(default="", max_length=200, description="Mots de la référence ou de l’objet.")
    overdue: bool = Field(default=False, description="Seulement ce dont l’échéance est passée.")


class QueueItemOut(BaseModel):
    """Une tâche ouverte et son dossier. « age_days » : jours depuis l’ouverture de la tâche ; « under » : au nom de qui
    elle se ferait par délégation, vide pour un rôle que l’on tient soi-même.
    """

    task_id: int
    step: str
    step_title: str
    role_label: str
    reference: str
    title: str
    path: str
    path_title: str
    organisation: OrganisationOut
    amount_ht: str | None
    status: str
    status_label: str
    version: int
    owner: PersonOut | None
    opened_at: datetime
    age_days: int
    due_on: date | None
    overdue: bool
    under: str
    until: date | None = Field(description="Jour où revient une tâche mise de côté.")


class QueueOut(BaseModel):
    """Une page de la file, la plus ancienne tâche d’abord ; « count » s’arrête à 1 000 (« count_is_exact
    »).
    """

    items: list[QueueItemOut]
    next_cursor: str
    count: int
    count_is_exact: bool


class ExtendIn(BaseModel):
    """De combien l’échéance est prolongée, dans son unité, et pourquoi."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: int = Field(description="De 1 à 90, dans l’unité de l’échéance.")
    motive: str = Field(max_length=5_000)


class ReassignIn(BaseModel):
    """À qui passe la tâche, et pourquoi."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: str = Field(max_length=150, description="Nom d’utilisateur.")
    motive: str = Field(max_length=5_000)


class DeadlinesIn(BaseModel):
    """Les échéances voulues."""

    before: str = Field(default="", max_length=10, description="Au plus tard ce jour (AAAA-MM-JJ).")
    kind: str = Field(default="", description="legal ou internal.")
    cursor: str = Field(default="", max_length=40, description="« next_cursor » de la page précédente.")


class DossierDeadlineOut(DeadlineOut):
    """Une échéance et son dossier."""

    reference: str
    dossier_title: str
    organisation: OrganisationOut


class DeadlinesOut(BaseModel):
    """Les échéances en cours, la plus proche d’abord ; « next_cursor » est vide sur la dernière page."""

    items: list[DossierDeadlineOut]
    next_cursor: str


@router.get(
    "queue", summary="Lire sa file de travail", response={200: QueueOut, 401: ErrorOut, 422: ErrorOut}
)
def read_queue(request: HttpRequest, filters: Query[QueueIn]) -> QueueOut:
    """Les tâches ouvertes des rôles que la personne tient."""
    refuse_unknown_parameters(request, QueueIn)
    if filters.path and filters.path not in {path.key for path in all_paths()}:
        raise _unknown("path", filters.path)
    if filters.organisation and not Organisation.objects.filter(code=filters.organisation).exists():
        raise _unknown("organisation", filters.organisation)
    page = queue(person_of(request), QueueFilters(**filters.model_dump()))
    return QueueOut(
        items=[_item(one) for one in page.items],
        next_cursor=page.next_cursor,
        count=page.count,
        count_is_exact=page.count_is_exact,
    )


def _unknown(name: str, value: str) -> Invalid:
    message = f"« {value} » est inconnu : corrigez ce filtre ou retirez-le."
    return Invalid(message, details={name: [message]})


def _item(item: QueueItem) -> QueueItemOut:
    dossier = item.dossier
    return QueueItemOut(
        task_id=item.task_id,
        step=item.step,
        step_title=item.step_title,
        role_label=item.role_label,
        reference=dossier.reference,
        title=dossier.title,
        path=dossier.path,
        path_title=item.path_title,
        organisation=OrganisationOut.of(item.organisation),
        amount_ht=money(dossier.amount_ht),
        status=dossier.status,
        status_label=DossierStatus(dossier.status).label,
        version=dossier.version,
        owner=PersonOut.of(item.owner) if item.owner else None,
        opened_at=item.opened_at,
        age_days=item.age_days,
        due_on=item.due_on,
        overdue=item.overdue,
        under=item.under,
        until=item.until,
    )


TASK_ANSWERS = {200: TaskOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut}


@router.post("tasks/{int:task_id}/claim", summary="Prendre une tâche en charge", response=TASK_ANSWERS)
def claim_task(request: HttpRequest, task_id: int) -> TaskOut:
    """De deux personnes, une seule l’obtient ; reprendre sa propre tâche ne change rien."""
    return _task(claim(task_id=task_id, actor=person_of(request)))


@router.post(
    "tasks/next/claim", summary="Prendre la tâche suivante", response={**TASK_ANSWERS, 422: ErrorOut}
)
def claim_next_task(request: HttpRequest, asked: NextIn) -> TaskOut:
    """La tâche libre dont l’échéance légale est la plus proche, puis les autres dates, puis la plus ancienne.

    De dix personnes qui la demandent à la fois, chacune en reçoit une autre. 404 : il n’en reste aucune.
    """
    filters = QueueFilters(
        path=asked.path, organisation=asked.organisation, text=asked.q, overdue=asked.overdue
    )
    return _task(claim_next(actor=person_of(request), filters=filters))


@router.post("tasks/{int:task_id}/release", summary="Libérer une tâche", response=TASK_ANSWERS)
def release_task(request: HttpRequest, task_id: int) -> TaskOut:
    """Rend la tâche à tous ceux qui tiennent son rôle."""
    return _task(release(task_id=task_id, actor=person_of(request)))


@router.post(
    "tasks/{int:task_id}/reassign", summary="Réaffecter une tâche", response={**TASK_ANSWERS, 422: ErrorOut}
)
def reassign_task(request: HttpRequest, task_id: int, change: ReassignIn) -> TaskOut:
    """Confie la tâche à une autre personne qui tient son rôle ; pour qui la tient, ou le pilotage."""
    actor = person_of(request)
    to = User.objects.filter(username=change.to, is_active=True).first()
    if to is None:
        if not dossiers_visible_to(actor).filter(process__task__pk=task_id).exists():
            raise NotFound("Cette tâche n’existe pas, ou ne vous est pas accessible.")
        message = f"Personne d’actif ne porte le nom d’utilisateur « {change.to} ». Vérifiez-le."
        raise Invalid(message, details={"to": [message]})
    return _task(reassign(task_id=task_id, actor=actor, to=to, motive=change.motive))


def _task(task: Task) -> TaskOut:
    return TaskOut.of(task, task.process.dossier.reference)


@router.get(
    "deadlines", summary="Lire les échéances", response={200: DeadlinesOut, 401: ErrorOut, 422: ErrorOut}
)
def read_deadlines(request: HttpRequest, filters: Query[DeadlinesIn]) -> DeadlinesOut:
    """Les échéances en cours des dossiers que la personne peut lire."""
    refuse_unknown_parameters(request, DeadlinesIn)
    if filters.kind and filters.kind not in DeadlineKind.values:
        raise _unknown("kind", filters.kind)
    found = running_deadlines(person_of(request), before=_day("before", filters.before), kind=filters.kind)
    rows = list(_after(found, filters.cursor)[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return DeadlinesOut(
        items=[
            DossierDeadlineOut(
                **deadline_values(one),
                reference=one.dossier.reference,
                dossier_title=one.dossier.title,
                organisation=OrganisationOut.of(one.dossier.organisation),
            )
            for one in shown
        ],
        next_cursor=f"{shown[-1].due_on}.{shown[-1].pk}" if len(rows) > PAGE_SIZE else "",
    )


@router.post(
    "dossiers/{reference}/deadlines/{int:deadline_id}/extend",
    summary="Prolonger une échéance interne",
    response={200: DossierSummary, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
)
def extend(request: HttpRequest, reference: str, deadline_id: int, change: ExtendIn) -> DossierSummary:
    """Ajoute du temps à une échéance interne, dans son unité et avec un motif ; pour le pilotage.

    422 « blocked » : le délai est légal et ne se prolonge pas, la règle est citée. 409 « conflict » : elle est close.
    """
    dossier = extend_deadline(
        reference=reference,
        deadline_id=deadline_id,
        amount=change.amount,
        motive=change.motive,
        actor=person_of(request),
    )
    return DossierSummary(**summary_of(dossier))


def _day(name: str, text: str) -> date | None:
    """A date as the API writes it, None for an empty text. Raises ``Invalid``."""
    if not text:
        return None
    try:
        if not _DATE.fullmatch(text):  # fromisoformat alone would take other notations too
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        message = f"« {text} » n’est pas une date : écrivez-la comme 2015-12-31."
        raise Invalid(message, details={name: [message]}) from None


def _after(deadlines: QuerySet[Deadline], cursor: str) -> QuerySet[Deadline]:
    """The deadlines that follow the last one of the former page. Raises ``Invalid``."""
    if not cursor:
        return deadlines
    due_on, _, identifier = cursor.partition(".")
    if not due_on or not identifier.isdecimal():
        message = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(message, details={"cursor": [message]})
    last = _day("cursor", due_on)
    return deadlines.filter(Q(due_on__gt=last) | Q(due_on=last, pk__gt=int(identifier)))
