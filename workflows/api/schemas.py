"""Forms of the answers about one dossier, and how they are made from ``DossierView``."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from viewflow.workflow.models import Task

from cases.api.schemas import (
    DocumentOut,
    DossierSummary,
    OrganisationOut,
    PersonOut,
    QuoteOut,
    ReasonOut,
    money,
    summary_of,
)
from cases.enums import AtExpiry, DeadlineKind, DeadlineState, DecisionKind
from cases.models import Deadline, Decision, LegalNotice
from cases.selectors.opinions import ConsultationShown
from workflows.api.forms import FieldOut, fields_of
from workflows.engine.step import Step
from workflows.rulebook import resolve
from workflows.selectors import Action, DossierView, StepState
from workflows.selectors.dossier_view import ClockState, PieceState
from workflows.selectors.notices import elapsed_days, is_late, state_of


class StepStateOut(BaseModel):
    """Une étape du circuit. « state » : done, current, ahead (à venir) ou aside (hors de ce dossier)."""

    key: str
    title: str
    role_label: str
    state: str
    owner: str
    task_id: int | None

    @classmethod
    def of(cls, step: StepState) -> "StepStateOut":
        """From a step as it stands."""
        return cls(
            key=step.key,
            title=step.title,
            role_label=step.role_label,
            state=step.state,
            owner=step.owner,
            task_id=step.task_id,
        )


class ActionOut(BaseModel):
    """Un acte. « reasons » dit tout ce qui l’empêche quand « allowed » est faux ; « under » est vide quand on agit par
    un rôle que l’on tient soi-même, et sinon la qualité, avec la délégation et son acte.
    """

    step: str
    step_title: str
    outcome: str
    label: str
    help: str
    allowed: bool
    reasons: list[ReasonOut]
    motive_required: bool
    fields: list[FieldOut]
    task_id: int | None
    under: str

    @classmethod
    def of(cls, action: Action) -> "ActionOut":
        """From an action."""
        return cls(
            step=action.step,
            step_title=action.step_title,
            outcome=action.outcome,
            label=action.label,
            help=action.help,
            allowed=action.allowed,
            reasons=[ReasonOut.of(reason) for reason in action.reasons],
            motive_required=action.motive_required,
            fields=fields_of(action.form),
            task_id=action.task_id,
            under=action.under,
        )


class LineOut(BaseModel):
    """Une ligne du calcul d’une échéance."""

    label: str
    on: date | None
    days: int | None


class DeadlineOut(BaseModel):
    """Une échéance. « kind » : legal ou internal ; « state » : running, suspended, met ou cancelled."""

    id: int
    step: str
    title: str
    kind: str
    kind_label: str
    at_expiry: str
    at_expiry_label: str
    breach_reported_at: datetime | None
    state: str
    state_label: str
    due_on: date | None
    opened_at: datetime
    closed_at: datetime | None
    rule: str
    quote: QuoteOut


class DetailedDeadlineOut(DeadlineOut):
    """Une échéance et son calcul, ligne par ligne."""

    met_on: date | None
    late: bool | None
    lines: list[LineOut]

    @classmethod
    def of(cls, clock: ClockState) -> "DetailedDeadlineOut":
        """From a clock and its sum."""
        computation = clock.computation
        return cls(
            **deadline_values(clock.deadline),
            met_on=computation.met_on,
            late=computation.late,
            lines=[LineOut(label=line.label, on=line.on, days=line.days) for line in computation.lines],
        )


def deadline_values(deadline: Deadline) -> dict[str, Any]:
    """The values of ``DeadlineOut``."""
    return {
        "id": deadline.pk,
        "step": deadline.step,
        "title": deadline.title,
        "kind": deadline.kind,
        "kind_label": DeadlineKind(deadline.kind).label,
        "at_expiry": deadline.at_expiry,
        "at_expiry_label": AtExpiry(deadline.at_expiry).label,
        "breach_reported_at": deadline.expired_at,
        "state": deadline.state,
        "state_label": DeadlineState(deadline.state).label,
        "due_on": deadline.due_on,
        "opened_at": deadline.opened_at,
        "closed_at": deadline.closed_at,
        "rule": deadline.rule_ref,
        "quote": QuoteOut.of(resolve(deadline.rule_ref).as_quote()),
    }


class PieceOut(BaseModel):
    """Une pièce du circuit et ses versions, celle en vigueur d’abord ; les versions remplacées sont pour
    les auditeurs.
    """

    key: str
    title: str
    help: str
    required: bool
    missing: bool
    quote: QuoteOut
    versions: list[DocumentOut]

    @classmethod
    def of(cls, piece: PieceState, reference: str) -> "PieceOut":
        """From a piece as it stands."""
        return cls(
            key=piece.key,
            title=piece.title,
            help=piece.help,
            required=piece.required,
            missing=piece.missing,
            quote=QuoteOut.of(piece.quote),
            versions=[DocumentOut.of(one, reference) for one in piece.versions],
        )


class DecisionOut(BaseModel):
    """Une décision : par qui, en quelle qualité, sous quelles règles ; « document_url » est l’adresse de
    l’acte.
    """

    kind: str
    kind_label: str
    step: str
    amount_ht: str | None
    motive: str
    decided_by: str
    capacity: str
    decided_at: datetime
    rules: list[str]
    document_url: str | None

    @classmethod
    def of(cls, decision: Decision, reference: str) -> "DecisionOut":
        """From a decision whose decider and paper were read with it."""
        paper = decision.document
        return cls(
            kind=decision.kind,
            kind_label=DecisionKind(decision.kind).label,
            step=decision.step,
            amount_ht=money(decision.amount_ht),
            motive=decision.motive,
            decided_by=str(decision.decided_by) if decision.decided_by else "Système",
            capacity=decision.capacity,
            decided_at=decision.decided_at,
            rules=list(decision.rule_refs),
            document_url=f"/api/v1/dossiers/{reference}/documents/{paper.public_id}" if paper else None,
        )


class NoticeOut(BaseModel):
    """L’information d’un destinataire et son accusé de réception.

    « happened_on » : jour de l’acte ; « due_on » : dernier jour du délai ; « sent_at » : mise à disposition ;
    « state » : awaited, late (délai passé sans accusé), acknowledged ou acknowledged_late ; « days » : jours
    de l’acte à l’accusé, ou à aujourd’hui s’il manque ; « document_url » : la notice (PDF).
    """

    id: UUID
    reference: str
    addressee: OrganisationOut
    happened_on: date
    due_on: date
    sent_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    capacity: str
    state: str
    state_label: str
    late: bool
    days: int
    rule: str
    document_url: str

    @classmethod
    def of(cls, notice: LegalNotice, reference: str) -> "NoticeOut":
        """From a notice whose addressee, paper and receiver were read with it."""
        return cls(**notice_values(notice, reference))


def notice_values(notice: LegalNotice, reference: str) -> dict[str, Any]:
    """The values of ``NoticeOut``."""
    state = state_of(notice)
    return {
        "id": notice.public_id,
        "reference": reference,
        "addressee": OrganisationOut.of(notice.organisation),
        "happened_on": notice.happened_on,
        "due_on": notice.due_on,
        "sent_at": notice.sent_at,
        "acknowledged_at": notice.acknowledged_at,
        "acknowledged_by": str(notice.acknowledged_by) if notice.acknowledged_by else None,
        "capacity": notice.capacity,
        "state": state.value,
        "state_label": str(state.label),
        "late": is_late(notice),
        "days": elapsed_days(notice),
        "rule": notice.rule_ref,
        "document_url": f"/api/v1/dossiers/{reference}/documents/{notice.document.public_id}",
    }


class OpinionOut(BaseModel):
    """Un avis demandé. Vides tant que la consultation est fermée au lecteur : « answer », « text », « nonce ».

    « seal » est l’empreinte SHA-256 de l’objet JSON {"answer", "nonce", "text"} (clés triées, « , » et « : » suivis
    d’une espace) : le journal la porte depuis le jour de l’avis.
    """

    who: str
    organisation: str
    state: str
    state_label: str
    answer: str
    text: str
    motive: str
    settled_at: datetime | None
    seal: str
    nonce: str
    replaces: str


class ConsultationOut(BaseModel):
    """Un tour de consultation ; « closed_to_reader » : confidentiel et pas encore clos."""

    step: str
    round: int
    opened_at: datetime
    closed_at: datetime | None
    closed_to_reader: bool
    opinions: list[OpinionOut]

    @classmethod
    def of(cls, one: ConsultationShown) -> "ConsultationOut":
        """From a round as the reader may see it."""
        return cls(
            step=one.step,
            round=one.round,
            opened_at=one.opened_at,
            closed_at=one.closed_at,
            closed_to_reader=one.closed_to_reader,
            opinions=[
                OpinionOut(
                    who=opinion.who,
                    organisation=opinion.body,
                    **{
                        name: getattr(opinion, name)
                        for name in OpinionOut.model_fields
                        if name not in ("who", "organisation")
                    },
                )
                for opinion in one.opinions
            ],
        )


class DossierOut(DossierSummary):
    """Un dossier pour la personne qui le lit.

    « data » : les données du circuit ; « results » : ce que les étapes ont enregistré ; « waiting » :
    l’étape attendue ;
    « blockers » : ce qui empêche d’avancer, quelle que soit la personne ; « rules » : les versions de
    règles fixées à la
    soumission.
    """

    path_title: str
    data: dict[str, Any]
    results: dict[str, Any]
    waiting: str
    may_edit: bool
    steps: list[StepStateOut]
    actions: list[ActionOut]
    deadlines: list[DetailedDeadlineOut]
    pieces: list[PieceOut]
    decisions: list[DecisionOut]
    notices: list[NoticeOut]
    consultations: list[ConsultationOut]
    warnings: list[ReasonOut]
    blockers: list[ReasonOut]
    rules: dict[str, str]

    @classmethod
    def of(cls, view: DossierView) -> "DossierOut":
        """From the view of a dossier."""
        dossier = view.dossier
        return cls(
            **summary_of(dossier),
            path_title=view.path.title,
            data=dossier.data,
            results=dossier.results,
            waiting=view.waiting,
            may_edit=view.may_edit,
            steps=[StepStateOut.of(one) for one in view.steps],
            actions=[ActionOut.of(one) for one in view.actions],
            deadlines=[DetailedDeadlineOut.of(one) for one in view.deadlines],
            pieces=[PieceOut.of(one, dossier.reference) for one in view.pieces],
            decisions=[DecisionOut.of(one, dossier.reference) for one in view.decisions],
            notices=[NoticeOut.of(one, dossier.reference) for one in view.notices],
            consultations=[ConsultationOut.of(one) for one in view.consultations],
            warnings=[ReasonOut.of(one) for one in view.warnings],
            blockers=[ReasonOut.of(one) for one in view.blockers],
            rules=dossier.rule_versions,
        )


class TaskOut(BaseModel):
    """Une tâche ouverte et la personne qui la tient."""

    id: int
    reference: str
    step: str
    step_title: str
    role_label: str
    owner: PersonOut | None
    opened_at: datetime

    @classmethod
    def of(cls, task: Task, reference: str) -> "TaskOut":
        """From an open task."""
        step: Step = task.flow_task
        return cls(
            id=task.pk,
            reference=reference,
            step=step.name,
            step_title=step.task_title,
            role_label=step.role_label,
            owner=PersonOut.of(task.owner) if task.owner_id else None,
            opened_at=task.created,
        )
