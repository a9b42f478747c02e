"""Base of all approval paths, and the nodes that begin and end one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from viewflow.workflow import lock
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Flow, Node
from viewflow.workflow.models import Task
from viewflow.workflow.nodes.end import End
from viewflow.workflow.nodes.start import StartHandle
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.token import Token

from cases import clock
from cases.enums import OrganisationKind, Role
from workflows.engine.data_form import DossierForm
from workflows.engine.step import Effect, Guard, Piece, Step


@dataclass(frozen=True, slots=True)
class Description:
    """A dossier in three columns: title, amount (EUR), exercise."""

    title: str
    amount: Decimal | None
    exercise: int | None


class FinishActivation(Activation):
    """Ends the process: one INSERT for the end event, one UPDATE of the process."""

    @classmethod
    def create(
        cls, flow_task: Finish, prev_activation: Activation, token: Any, data: Any = None, seed: Any = None
    ) -> FinishActivation:
        moment = clock.now()
        process = prev_activation.process
        task = flow_task.flow_class.task_class(
            process=process,
            flow_task=flow_task,
            flow_task_type=flow_task.task_type,
            token=token,
            created=moment,
            started=moment,
            finished=moment,
            status=STATUS.DONE,
        )
        task.save(force_insert=True)
        process.status = PROCESS.DONE
        process.finished = moment
        process.save(update_fields=["status", "finished"])
        return cls(task)

    @Activation.status.super()
    def create_next(self) -> Iterator[Activation]:
        """Nothing follows an end."""
        return iter(())


class Finish(End):
    """End of a path. A path without parallel branches needs no count of what is still open."""

    activation_class = FinishActivation

    def __init__(self, title: str = "Fin") -> None:
        super().__init__()
        self.task_title = title


class Begin(StartHandle):
    """Start of a path: the dossier was created."""

    def __init__(self, title: str = "Création du dossier") -> None:
        super().__init__(None)
        self.task_title = title


class Path(Flow):
    """An approval path. One concrete class in one file of ``workflows/paths``; never subclassed further.

    ``key`` and ``prefix`` are fixed names (URLs, references). ``form`` validates ``Dossier.data``. ``rules`` are all
    rule keys that govern the path: their versions are pinned on the dossier at submission. ``warnings`` look at a
    dossier and signal what desk and decider should see. ``simulation_requires`` names the data without which nothing
    can be said. ``amount_label`` names the dossier's amount on the pages. ``verdict``: the simulator's sentence, where
    the usual one (who decides) does not suit; ``verdict_undecided``: the one for a route on which nobody decides.
    ``on_withdrawal``: effects of a withdrawal by the submitter, for a path that holds something of a register.
    """

    lock_impl = lock.SelectForUpdateLock(nowait=False, attempts=1)

    key: ClassVar[str]
    prefix: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    convention: ClassVar[str]
    organisation_kinds: ClassVar[frozenset[OrganisationKind]]
    form: ClassVar[type[DossierForm]]
    pieces: ClassVar[tuple[Piece, ...]] = ()
    rules: ClassVar[tuple[str, ...]] = ()
    withdrawal_rule: ClassVar[str] = ""
    on_withdrawal: ClassVar[tuple[Effect, ...]] = ()
    warnings: ClassVar[tuple[Guard, ...]] = ()
    simulation_requires: ClassVar[tuple[str, ...]] = ()
    amount_label: ClassVar[str] = "Montant"
    verdict: ClassVar[str] = ""
    verdict_undecided: ClassVar[str] = "aucune décision n’est demandée."

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give viewflow its titles explicitly: those it derives leak from a base class to its subclasses.

        Raises ``TypeError`` for a subclass of a concrete path: its very definition rewires the nodes of its base.
        """
        for base in cls.__mro__[1:]:
            if issubclass(base, Path) and getattr(base, "_nodes_by_name", None):
                raise TypeError(
                    f"{cls.__name__} inherits from the concrete path {base.__name__}: build it anew"
                )
        cls.process_title = vars(cls).get("title", cls.__name__)
        cls.process_description = vars(cls).get("summary", cls.__name__)
        super().__init_subclass__(**kwargs)

    @classmethod
    def steps(cls) -> list[Step]:
        """The human steps, in the order in which the class declares them."""
        declared = [name for name in vars(cls) if isinstance(vars(cls)[name], Step)]
        return [cls._nodes_by_name[name] for name in declared]

    @classmethod
    def step(cls, key: str) -> Step | None:
        """The step with that key."""
        node = cls._nodes_by_name.get(key)
        return node if isinstance(node, Step) else None

    @classmethod
    def nodes(cls) -> list[Node]:
        """Every node, steps and events."""
        return list(cls._nodes_by_name.values())

    @classmethod
    def first_step(cls) -> Step:
        """The step that a new dossier starts with."""
        begin = next(node for node in cls.nodes() if isinstance(node, Begin))
        first: Step = begin._next
        return first

    @classmethod
    def piece(cls, key: str) -> Piece | None:
        """The piece with that key."""
        return next((piece for piece in cls.pieces if piece.key == key), None)

    @classmethod
    def start_process(cls, dossier: Any, role: Role | None = None) -> list[Task]:
        """Create the process, its start event and the first task, for ``role`` where several may file.

        Returns the open tasks. Needs the caller's transaction.
        """
        moment = clock.now()
        process = cls.process_class(flow_class=cls, created=moment)
        process.save(force_insert=True)
        dossier.process = process
        process.dossier = dossier
        begin = next(node for node in cls.nodes() if isinstance(node, Begin))
        task = cls.task_class(
            process=process,
            flow_task=begin,
            flow_task_type=begin.task_type,
            status=STATUS.DONE,
            created=moment,
            started=moment,
            finished=moment,
            token=Token("start"),
        )
        task.save(force_insert=True)
        opened = begin._next.open(begin.activation_class(task), task.token, role)
        return [one.task for one in opened]

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """What the dossier's columns say of its data. A path whose data has no title of its own redefines it."""
        amount = data.get("amount_ht")
        return Description(data.get("title") or "", Decimal(amount) if amount else None, data.get("exercise"))
