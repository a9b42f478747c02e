"""The human step: a viewflow node with named outcomes, and its activation.

No gateway rows are written: a step's outcomes are its outgoing edges, and BPMN export shows them as conditional
sequence flows. Compared with viewflow's own ``View`` node, assignment and completion are one UPDATE and the lineage of
tasks (``Task.previous``) is left to the journal, which says more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from django.contrib.contenttypes.models import ContentType
from psycopg.types.json import Jsonb
from viewflow import this
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Edge, Node
from viewflow.workflow.status import STATUS

from cases import clock, rows
from cases.enums import (
    ROLES_BY_KIND,
    AtExpiry,
    DeadlineKind,
    DossierStatus,
    Duty,
    OrganisationKind,
    Role,
)
from cases.errors import Conflict, Reason
from cases.models import Organisation
from workflows.engine.data_form import DossierForm
from workflows.engine.seats import DEFAULT_PLACE, Chair, Place, Seat, chairs_of

if TYPE_CHECKING:
    from workflows.engine.context import StepContext

#: Ends of a delay that are outcomes of the step, recorded by the system.
OUTCOMES_AT_EXPIRY = frozenset(
    {AtExpiry.TACIT_APPROVAL, AtExpiry.ENFORCEABLE, AtExpiry.LAPSE, AtExpiry.CLOSE}
)

#: What the journal and the task keep as the outcome of an answer that stays closed until all have answered.
SEALED: Final = "opinion"

#: Statuses of a task that can still be done.
OPEN = [STATUS.NEW, STATUS.ASSIGNED]

Predicate = Callable[["StepContext"], bool]
Guard = Callable[["StepContext"], Iterable[Reason]]
Effect = Callable[["StepContext"], None]


class Clock(StrEnum):
    """What happens to the clocks of the step that is left."""

    MEET = "meet"
    SUSPEND = "suspend"
    DROP = "drop"  # the act is given up: the clocks lose their object


class FixedDay(NamedTuple):
    """The last day of a step, fixed by a date and not by a duration, and the key of the rule that fixes it."""

    on: date
    rule: str


@dataclass(frozen=True, slots=True)
class Within:
    """A delay of a step: the key of the rule that gives it, and whether it is legal or a target of ours.

    ``since`` gives the day on which it starts when that is not the day on which the step opens (a reception, the day
    of a virement). ``due`` gives the last day itself (``None``: no clock runs); ``rule`` says then which day it is.
    ``at_expiry`` says what the system does at the end; ``then`` is the outcome that it records (tacit approval,
    enforceability, lapse). ``through``: the clock is not over with the step but goes on at the next one, when that
    carries the same rule (a document is prepared, then transmitted, before one legal day).
    """

    rule: str
    kind: DeadlineKind = DeadlineKind.INTERNAL
    since: Callable[[StepContext], date] | None = None
    at_expiry: AtExpiry = AtExpiry.ALERT
    then: str = ""
    through: bool = False
    due: Callable[[StepContext], FixedDay | None] | None = None


@dataclass(slots=True)
class Route:
    """Where an outcome leads: next node, target status, when (first route that fits wins; none means always).

    ``effects`` run in the act's transaction once all has been checked; ``label`` names the branch on the diagram.
    """

    to: Any
    status: DossierStatus
    when: Predicate | None = None
    label: str = ""
    effects: tuple[Effect, ...] = ()
    rules: tuple[str, ...] = ()
    clock: Clock = Clock.MEET


@dataclass(slots=True)
class Outcome:
    """A way to end a step. ``routes`` in the order in which they are tried; the last one has no condition.

    ``guards`` are tested before the act and shown beforehand; ``form`` validates the act's own data, ``checks`` look at
    that data. Where several bodies or people hold the step, ``waits_for_all`` takes the route only when the last of
    them has answered so; without it the first answer settles the step for all. ``answers``: effects of each answer.
    ``by_system``: only Berline records it, at the end of a delay; nobody is offered it. ``sealed``: what is said stays
    closed for a time, so that it takes no motive, which everybody would read in the journal. ``initial``: what the form
    of the act shows at first on the page.
    """

    key: str
    label: str
    routes: tuple[Route, ...]
    motive: bool = False
    form: type[DossierForm] | None = None
    guards: tuple[Guard, ...] = ()
    checks: tuple[Guard, ...] = ()
    rules: tuple[str, ...] = ()
    style: str = "secondary"
    help: str = ""
    waits_for_all: bool = False
    by_system: bool = False
    sealed: bool = False
    initial: Callable[[StepContext], dict[str, Any]] | None = None
    answers: tuple[Effect, ...] = ()

    @property
    def pauses(self) -> bool:
        """Whether the step waits for the submitter after it: its clocks stop, whichever route is taken."""
        return all(route.clock is Clock.SUSPEND for route in self.routes)

    def route_for(self, context: StepContext) -> Route:
        """The route that this case takes."""
        return next(route for route in self.routes if route.when is None or route.when(context))


def outcome(
    key: str,
    label: str,
    *,
    to: Any = None,
    status: DossierStatus | None = None,
    routes: Iterable[Route] = (),
    effects: Iterable[Effect] = (),
    clock: Clock = Clock.MEET,
    **options: Any,
) -> Outcome:
    """An outcome with one route (``to`` and ``status``) or several (``routes``)."""
    given = tuple(routes)
    if not given:
        if to is None or status is None:
            raise ValueError(f"outcome {key!r} needs `to` and `status`, or `routes`")
        given = (Route(to, status, effects=tuple(effects), clock=clock),)
    return Outcome(key=key, label=label, routes=given, **options)


class StepActivation(Activation):
    """Life of a task of a step: NEW, ASSIGNED to a person, DONE with an outcome, or CANCELED."""

    route: Route | None = None

    @classmethod
    def create(
        cls, flow_task: Step, prev_activation: Activation, token: Any, data: Any = None, seed: Any = None
    ) -> StepActivation:
        """Insert the task, open to the role and body of ``seed``. One statement."""
        activation = cls.prepared(flow_task, prev_activation, token, seed, data)
        rows.insert(activation.task)
        return activation

    @classmethod
    def prepared(
        cls, flow_task: Step, previous: Activation, token: Any, chair: Chair, data: Any = None
    ) -> StepActivation:
        """The task of one body, not stored yet."""
        task = flow_task.flow_class.task_class(
            process=previous.process,
            flow_task=flow_task,
            flow_task_type=flow_task.task_type,
            token=token,
            created=clock.now(),
            owner_permission=chair.role.permission,
            owner_permission_content_type=ContentType.objects.get_for_model(Organisation),
            owner_permission_obj_pk=str(chair.organisation_id),
            data=data or {},
        )
        return cls(task)

    @Activation.status.super()
    def activate(self) -> None:
        """A human step waits."""

    @Activation.status.transition(source=STATUS.NEW, target=STATUS.ASSIGNED)
    def assign(self, user: Any) -> None:
        """One conditional UPDATE: of two people claiming at once one wins. Raises ``Conflict`` for the other."""
        self._update([STATUS.NEW], STATUS.ASSIGNED, owner_id=user.pk, assigned=clock.now())

    @Activation.status.transition(source=STATUS.ASSIGNED, target=STATUS.NEW)
    def unassign(self) -> None:
        """Back to everybody who holds the role."""
        self._update([STATUS.ASSIGNED], STATUS.NEW, owner_id=None, assigned=None)

    @Activation.status.transition(source=STATUS.ASSIGNED)
    def reassign(self, user: Any) -> None:
        """To another person."""
        self._update([STATUS.ASSIGNED], STATUS.ASSIGNED, owner_id=user.pk, assigned=clock.now())

    @Activation.status.transition(source=OPEN, target=STATUS.DONE)
    def finish(self, user: Any, outcome: Outcome | None = None) -> None:
        """Complete the task by ``user`` (None for the system). One conditional UPDATE. Raises ``Conflict``.

        The task keeps its outcome, and whether the step now waits for the submitter: what is counted of queues reads
        both. A sealed answer stays closed here too.
        """
        moment = clock.now()
        left: dict[str, Any] = {}
        if outcome is not None:
            left = {"outcome": SEALED if outcome.sealed else outcome.key, "paused": outcome.pauses}
        self._update(
            OPEN,
            STATUS.DONE,
            owner_id=user.pk if user else None,
            started=moment,
            finished=moment,
            data=left,
        )

    @Activation.status.transition(source=OPEN, target=STATUS.CANCELED)
    def cancel(self) -> None:
        """The dossier was withdrawn."""
        self._update(OPEN, STATUS.CANCELED, finished=clock.now())

    def _update(self, before: list[str], after: str, **changes: Any) -> None:
        """Write the move only if the row is still where it was; viewflow has already moved the task in memory."""
        values: dict[str, Any] = {"status": after, **changes}
        # What the task holds already stays beside what is added (PostgreSQL notes there how the task came).
        columns = ", ".join(
            f"{name} = coalesce({name}, '{{}}'::jsonb) || %s" if name == "data" else f"{name} = %s"
            for name in values
        )
        written: list[Any] = [Jsonb(one) if isinstance(one, dict) else one for one in values.values()]
        with rows.cursor() as cursor:
            cursor.execute(
                f"UPDATE viewflow_task SET {columns} WHERE id = %s AND status = ANY(%s)",  # noqa: S608
                [*written, self.task.pk, before],
            )
            changed = cursor.rowcount
        if changed != 1:
            raise Conflict(
                "Cette tâche vient de changer de mains. Rechargez la page pour voir où elle en est."
            )
        for name, value in changes.items():
            setattr(self.task, name, value)

    @Activation.status.transition(source=STATUS.DONE)
    def create_next(self) -> Iterator[Activation]:
        """The node of the route that was chosen: one task for each body that holds it."""
        if self.route is None:  # a fault of the program: only the service completes steps
            raise RuntimeError("a step is completed with a route")
        target = self.route.to
        if isinstance(target, Step):
            yield from target.open(self, self.task.token)
        else:
            yield target._create(self, self.task.token)


class Step(Node):
    """A human step of a path: title, role, delay, outcomes (see the module's and ``Outcome``'s documentation).

    ``edits``: the person may change the data and add pieces. ``duty``: its part in the separation of duties.
    ``rules``: keys of the rules that oblige this step; their versions are written to the journal with the act.
    ``within``: its delay, or a legal and an internal one that run side by side (the legal one first).
    ``also``: further seats; every body of every seat gets a task of its own, all open at once (see ``Outcome``).
    ``filed_by``: for the first step, further roles that may file; the task stays with the role that filed.
    """

    activation_class = StepActivation
    task_type = "HUMAN"
    #: Whether each task of the step is one person's, by invitation (``workflows.engine.consultation``).
    by_person: bool = False
    #: Whether what is answered stays closed until all have answered: the journal keeps a seal of it, no words.
    sealed: bool = False
    bpmn_element = "userTask"
    shape: ClassVar[dict[str, Any]] = {
        "width": 150,
        "height": 100,
        "text-align": "middle",
        "svg": '<rect class="task" width="150" height="100" rx="5" ry="5"/>',
    }

    def __init__(
        self,
        *,
        title: str,
        role: Role,
        outcomes: Iterable[Outcome],
        duty: Duty,
        place: Place | None = None,
        also: Iterable[Seat] = (),
        filed_by: Iterable[Role] = (),
        within: Within | Iterable[Within] = (),
        edits: bool = False,
        rules: Iterable[str] = (),
        help: str = "",
    ) -> None:
        super().__init__()
        self.task_title = title
        self.role = role
        self.duty = duty
        self.place = place or DEFAULT_PLACE.get(role)
        self.also = tuple(also)
        self.filed_by = tuple(filed_by)
        self.delays = (within,) if isinstance(within, Within) else tuple(within)
        self.edits = edits
        self.rules = tuple(rules)
        self.help = help
        self.outcomes: dict[str, Outcome] = {}
        for one in outcomes:
            if one.key in self.outcomes:
                raise ValueError(f"step {title!r}: outcome {one.key!r} twice")
            self.outcomes[one.key] = one

    @property
    def within(self) -> Within | None:
        """The delay that is named where there is room for one: the first declared."""
        return self.delays[0] if self.delays else None

    def delay_of(self, kind: str) -> Within | None:
        """The legal or the internal delay of this step, if it has one."""
        return next((one for one in self.delays if one.kind == kind), None)

    @property
    def main_outcome(self) -> Outcome:
        """The outcome that leads forward: the first one declared."""
        return next(iter(self.outcomes.values()))

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Where the step is held."""
        return (Seat(self.role, self.place), *self.also) if self.place else self.also

    @property
    def shared(self) -> bool:
        """Whether several bodies may hold the step at once, each with a task of its own."""
        return len(self.seats) > 1 or self.place is Place.MINISTRIES

    @property
    def collective(self) -> bool:
        """Whether several tasks of the step may be open at once."""
        return self.shared or self.by_person

    @property
    def filing_roles(self) -> tuple[Role, ...]:
        """Roles that may file, for the first step of a path."""
        return (self.role, *self.filed_by)

    @property
    def role_label(self) -> str:
        """Who does it, in words."""
        if self.filed_by:
            return " ou ".join(role.label for role in self.filing_roles)
        return " et ".join(dict.fromkeys(seat.role.label for seat in self.seats)) or self.role.label

    def chairs(self, organisation: Organisation) -> tuple[Chair, ...]:
        """The bodies that hold the step, seen from the dossier's own body. Raises ``Blocked`` when there is none."""
        return tuple(chair for seat in self.seats for chair in chairs_of(seat, organisation))

    def open(self, previous: Activation, token: Any, role: Role | None = None) -> list[Activation]:
        """Open the step: one task for each body. ``role``: the one that filed, where several may. One statement.

        A dossier that comes back to its first step comes back to the role that filed it: at most one statement more.
        """
        organisation = previous.process.dossier.organisation
        chairs = self.chairs(organisation)
        if self.filed_by and isinstance(previous, StepActivation):
            role = self._filed_as(previous.process, organisation)
        if role is not None and role in self.filing_roles:
            chairs = (Chair(role, chairs[0].organisation_id),)
        if len(chairs) == 1:
            return [self._create(previous, token, seed=chairs[0])]
        opened = [self.activation_class.prepared(self, previous, token, chair) for chair in chairs]
        rows.insert_all([one.task for one in opened])
        return opened

    def _filed_as(self, process: Any, organisation: Organisation) -> Role | None:
        """The role that the step's first task in this process was opened for; read where several may have filed."""
        possible = [
            role for role in self.filing_roles if role in ROLES_BY_KIND[OrganisationKind(organisation.kind)]
        ]
        if len(possible) == 1:
            return possible[0]
        found = self.flow_class.task_class.objects.filter(process=process, flow_task=self).order_by("pk")
        permission = found.values_list("owner_permission", flat=True).first()
        return Role(permission.removeprefix("cases.hold_")) if permission else None

    def reseat(
        self, context: StepContext, outcome: Outcome, activation: StepActivation
    ) -> list[StepActivation]:
        """Tasks that take the place of the one just done (an expert who steps down); none for an ordinary step."""
        return []

    def _resolve(self, instance: Any) -> None:
        """viewflow's hook: ``this.x`` becomes the node; runs on this class's copy of the node."""
        self.outcomes = {
            key: Outcome(
                **{name: getattr(one, name) for name in Outcome.__slots__ if name != "routes"},
                routes=tuple(
                    Route(
                        **{name: getattr(route, name) for name in Route.__slots__ if name != "to"},
                        to=this.resolve(instance, route.to),
                    )
                    for route in one.routes
                ),
            )
            for key, one in self.outcomes.items()
        }

    def _outgoing(self) -> Iterator[Edge]:
        """viewflow's hook: one conditional edge for each target, labelled with its outcomes."""
        labels: dict[Node, list[str]] = {}
        for one in self.outcomes.values():
            for route in one.routes:
                label = f"{one.label} ({route.label})" if route.label else one.label
                labels.setdefault(route.to, []).append(label)
        for target, texts in labels.items():
            edge_class = "cond_true" if len(labels) > 1 else "next"
            yield Edge(src=self, dst=target, edge_class=edge_class, label=" / ".join(texts))


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that the path knows: key, title, the rule that asks for it, and when it is compulsory."""

    key: str
    title: str
    rule: str
    required: Predicate
    help: str = ""
    examples: tuple[str, ...] = field(default=())
