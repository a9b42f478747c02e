"""``Consultation``: several experts or bodies give their opinion at once; the last one, or the delay, closes it.

Each who is asked has a task, a clock and an ``Opinion`` of their own. Outcomes are the three answers; all lead to the
same node. Where people are asked (``experts``), one who declares a conflict of interest is replaced, and one whose
delay is over is done without. ``confidential``: nobody reads what another said before it is closed; until then the
journal holds a seal of each opinion (``cases.services.opinions.seal_of``), and at the closing the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django import forms
from viewflow.workflow.activation import Activation
from viewflow.workflow.status import STATUS

from cases import clock, rows
from cases.calendar import french_date
from cases.enums import DeadlineState, DossierStatus, Duty, Role
from cases.errors import Blocked, Reason
from cases.models import Deadline, Dossier, User
from cases.register_terms import OpinionAnswer
from cases.selectors.opinions import experts_to_invite, stepped_down
from cases.services import opinions
from workflows.engine.context import StepContext
from workflows.engine.data_form import DossierForm
from workflows.engine.seats import Chair, chair_of
from workflows.engine.step import (
    SEALED,
    Clock,
    Effect,
    Guard,
    Outcome,
    Route,
    Step,
    StepActivation,
    Within,
    outcome,
)

#: Outcome of an expert who steps down, and the one that the system records at the end of a delay.
RECUSE: Final = "recuse"
LAPSE: Final = "lapse"
MAX_TEXT: Final = 20_000

_LABELS = {
    OpinionAnswer.FAVOURABLE: "Avis favorable",
    OpinionAnswer.RESERVED: "Avis réservé",
    OpinionAnswer.UNFAVOURABLE: "Avis défavorable",
}
_STYLES = {
    OpinionAnswer.FAVOURABLE: "success",
    OpinionAnswer.RESERVED: "secondary",
    OpinionAnswer.UNFAVOURABLE: "danger",
}


class OpinionForm(DossierForm):
    """The opinion, with its reasons."""

    text = forms.CharField(
        label="Avis motivé",
        min_length=3,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": "Motivez votre avis en quelques phrases.",
            "min_length": "Motivez votre avis en quelques phrases.",
            "max_length": f"L’avis tient en {MAX_TEXT} caractères : résumez-le.",
        },
    )


class Consultation(Step):
    """A step that several answer (see the module). Made by ``consultation``."""

    def __init__(self, *, experts: str = "", confidential: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.experts = experts
        self.by_person = bool(experts)
        self.sealed = confidential

    def open(self, previous: Activation, token: Any, role: Role | None = None) -> list[Activation]:
        """Open the round: one task for each expert or body. Raises ``Blocked`` when there is nobody to ask."""
        dossier: Dossier = previous.process.dossier
        if not self.by_person:
            opened = super().open(previous, token, role)
            seats = [(chair_of(one.task).organisation_id, None) for one in opened]
            opinions.open_consultation(dossier=dossier, step=self.name, confidential=self.sealed, seats=seats)
            return opened
        chair = self.chairs(dossier.organisation)[0]
        context = StepContext(dossier=dossier, path=self.flow_class)
        count = context.rule(self.experts).number
        invited = experts_to_invite(
            role=chair.role,
            organisation_id=chair.organisation_id,
            excluded=_took_part(dossier) | stepped_down(dossier, self.name),
            count=count,
        )
        if not invited:
            message = (
                f"Personne ne peut donner un avis : aucun « {chair.role.label} » n’est en fonction, ou tous ont pris "
                "part au dossier. Demandez à l’administrateur d’en désigner."
            )
            raise Blocked(
                message,
                reasons=[Reason("no_expert", message, Role.ADMINISTRATOR.label, context.quote(self.experts))],
            )
        activations = [self._seat(previous, token, chair, one) for one in invited]
        rows.insert_all([one.task for one in activations])
        opinions.open_consultation(
            dossier=dossier,
            step=self.name,
            confidential=self.sealed,
            seats=[(chair.organisation_id, one.pk) for one in invited],
        )
        return list(activations)

    def reseat(
        self, context: StepContext, outcome: Outcome, activation: StepActivation
    ) -> list[StepActivation]:
        """Ask another expert in place of the one who stepped down; with nobody left, the seat waits for one."""
        if outcome.key != RECUSE:
            return []
        gone = context.memo["recused"]
        places = {one.expert_id for one in gone.consultation.opinions.all()}
        chair = chair_of(activation.task)
        excluded = _took_part(context.dossier) | stepped_down(context.dossier, self.name) | places
        found = experts_to_invite(
            role=chair.role, organisation_id=chair.organisation_id, excluded=excluded - {None}, count=1
        )
        expert = found[0] if found else None
        opinions.replace(gone, expert.pk if expert else None)
        context.changes["replaced_by"] = str(expert) if expert else None
        seat = self._seat(activation, activation.task.token, chair, expert)
        rows.insert(seat.task)
        return [seat]

    def _seat(self, previous: Activation, token: Any, chair: Chair, expert: User | None) -> StepActivation:
        activation: StepActivation = self.activation_class.prepared(self, previous, token, chair)
        if expert is not None:
            task = activation.task
            task.owner, task.status, task.assigned = expert, STATUS.ASSIGNED, clock.now()
        return activation


def _took_part(dossier: Dossier) -> set[int]:
    """People who prepared or decided: they give no opinion on it."""
    parts = (Duty.PREPARE, Duty.DECIDE, Duty.ACCOUNT)
    return {pk for duty in parts for pk in dossier.participants.get(duty.value, ())}


def consultation(
    title: str,
    *,
    role: Role,
    to: Any,
    status: DossierStatus,
    rules: tuple[str, ...],
    within: Within | Iterable[Within] = (),
    experts: str = "",
    confidential: bool = False,
    again: Any = None,
    waiting: DossierStatus = DossierStatus.IN_CONSULTATION,
    form: type[DossierForm] = OpinionForm,
    checks: Sequence[Guard] = (),
    answers: Sequence[Effect] = (),
    effects: Sequence[Effect] = (),
    help: str = "",
) -> Consultation:
    """A consultation that leads to ``to`` with ``status`` once everybody has answered or their delay is over.

    ``experts``: the key of the rule that says how many people are asked; without it each body that holds the step is
    asked. ``again`` is then the step itself, ``waiting`` the dossier's status meanwhile. ``answers`` follow each
    opinion, ``effects`` the closing.
    """
    closing = (_close, *effects)
    outcomes = [
        outcome(
            answer.value,
            _LABELS[answer],
            to=to,
            status=status,
            form=form,
            checks=(in_time, *checks),
            answers=(_give(answer), *answers),
            effects=closing,
            waits_for_all=True,
            sealed=confidential,
            style=_STYLES[answer],
            rules=rules[:1],
        )
        for answer in OpinionAnswer
    ]
    if experts:
        outcomes += [
            outcome(
                RECUSE,
                "Se récuser",
                routes=[Route(again, waiting, clock=Clock.DROP)],
                motive=True,
                answers=(_recuse,),
                waits_for_all=True,
                help="En cas de conflit d’intérêts : un autre expert est invité à votre place.",
            ),
            outcome(
                LAPSE,
                "Passer outre, le délai étant échu",
                routes=[Route(to, status, effects=closing, clock=Clock.DROP)],
                answers=(_lapse,),
                waits_for_all=True,
                by_system=True,
            ),
        ]
    return Consultation(
        title=title,
        role=role,
        duty=Duty.REVIEW,
        outcomes=outcomes,
        rules=rules,
        within=within,
        experts=experts,
        confidential=confidential,
        help=help,
    )


def in_time(context: StepContext) -> Iterator[Reason]:
    """An opinion counts until the last day of its author's delay, that day included. One statement."""
    if context.step is None or not context.step.by_person or context.actor is None:
        return
    own = Deadline.objects.filter(
        dossier=context.dossier,
        step=context.step.name,
        person=context.actor,
        state=DeadlineState.RUNNING,
        due_on__lt=context.today,
    ).first()
    if own is not None and own.due_on is not None:
        yield Reason(
            "delay_over",
            f"Votre délai a pris fin le {french_date(own.due_on)} : l’avis n’est plus recevable. La consultation se "
            "clôt sans lui ; écrivez à l’instructeur s’il faut en tenir compte.",
            Role.REVIEWER.label,
            context.quote(context.step.rules[0]),
        )


def _give(answer: OpinionAnswer) -> Effect:
    """Write the opinion of who acts; where it stays closed, the journal holds its seal and neither answer nor words."""

    def effect(context: StepContext) -> None:
        step, chair, actor = context.step, context.chair, context.actor
        if step is None or chair is None or actor is None:
            raise RuntimeError("an opinion is given by a person at a step")
        given = opinions.give_opinion(
            dossier=context.dossier,
            step=step.name,
            organisation_id=chair.organisation_id,
            expert=actor if step.by_person else None,
            actor=actor,
            capacity=context.capacity,
            answer=answer,
            text=context.act["text"],
            met_on=context.act.get("met_on"),
        )
        said = {"seal": given.seal}
        if step.sealed:
            context.outcome = SEALED
        else:
            said |= {"answer": given.answer, "text": given.text, "nonce": given.nonce}
        context.changes["opinion"] = said

    return effect


def _recuse(context: StepContext) -> None:
    step, chair, actor = context.step, context.chair, context.actor
    if step is None or chair is None or actor is None:
        raise RuntimeError("an expert steps down at a step")
    context.memo["recused"] = opinions.recuse(
        dossier=context.dossier,
        step=step.name,
        organisation_id=chair.organisation_id,
        expert=actor,
        motive=context.motive,
    )


def _lapse(context: StepContext) -> None:
    if context.step is None:
        raise RuntimeError("a delay ends at a step")
    opinions.lapse_opinion(
        dossier=context.dossier, step=context.step.name, expert_id=context.memo["lapsed_expert"]
    )
    context.changes["opinion"] = {"lapsed": context.memo.get("lapsed_name", "")}


def _close(context: StepContext) -> None:
    """The round is closed: from here on the words stand in the journal."""
    if context.step is None:
        raise RuntimeError("a consultation is closed at its step")
    context.changes["opinions"] = opinions.close_consultation(dossier=context.dossier, step=context.step.name)
