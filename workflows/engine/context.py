"""What guards, predicates and effects look at: one dossier, real or only imagined by the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cases import clock
from cases.deadlines import Event, EventKind, compute
from cases.enums import DecisionKind, DossierStatus
from cases.errors import Quote
from cases.models import Decision, Dossier, User
from cases.permissions import Holding
from cases.selectors import current_kinds
from workflows.rulebook import RuleVersion, resolve, rulebooks

if TYPE_CHECKING:
    from workflows.engine.path import Path
    from workflows.engine.seats import Chair, TaskSeat
    from workflows.engine.step import Step


class StepContext:
    """One act on one dossier. ``data`` is the dossier's data, ``act`` the validated data of the act itself.

    ``simulated`` dossiers are not stored: they have no pieces and no history.
    """

    def __init__(
        self,
        *,
        dossier: Dossier,
        path: type[Path],
        step: Step | None = None,
        outcome: str = "",
        actor: User | None = None,
        capacity: str = "",
        motive: str = "",
        act: Mapping[str, Any] | None = None,
    ) -> None:
        self.dossier = dossier
        self.path = path
        self.step = step
        self.outcome = outcome
        self.actor = actor
        self.capacity = capacity
        self.motive = motive
        self.act: Mapping[str, Any] = act or {}
        self.now: datetime = clock.now()
        self.used_rules: set[str] = set()
        self.changes: dict[str, Any] = {}
        self.body = dossier.organisation.name  # the body on which the actor's role is held
        self.waiting = ""  # the step that the dossier waits for, in words
        self.chair: Chair | None = None  # the role and body that the task acted upon is open to
        self.seat: TaskSeat | None = None  # whose clock that task is under, where several hold the step
        self.held: Holding | None = None  # the holding that the actor acts under, once it is known
        self.beyond: tuple[Holding, ...] = ()  # delegations of the actor whose scope the dossier lies outside
        self.granted: list[Decimal] = []  # amounts, EUR HT, that the act has recorded a decision on
        self.memo: dict[str, Any] = {}  # what guards and effects read once about this dossier
        self._kinds: frozenset[str] | None = None

    @property
    def simulated(self) -> bool:
        """Whether the dossier is only imagined."""
        return bool(self.dossier._state.adding)

    @property
    def data(self) -> Mapping[str, Any]:
        """The dossier's data, as stored (JSON: amounts are decimal strings)."""
        data: Mapping[str, Any] = self.dossier.data
        return data

    @property
    def amount(self) -> Decimal | None:
        """Amount of the operation, EUR before tax."""
        return self.dossier.amount_ht

    @property
    def day(self) -> date:
        """Today in Paris while it is a draft, then the day of submission."""
        submitted = self.dossier.submitted_at
        return clock.paris_date(submitted) if submitted and not self._draft else clock.today()

    @property
    def _draft(self) -> bool:
        """Whether the dossier was not submitted, or was returned before it left its body: nothing is pinned yet."""
        return bool(self.dossier.status == DossierStatus.DRAFT.value)

    @property
    def today(self) -> date:
        """Today in Paris."""
        return clock.today()

    @property
    def approved_on(self) -> date | None:
        """The day of the last approval or dispense of a stored dossier. One statement."""
        if self.simulated:
            return None
        last = (
            Decision.objects.filter(
                dossier=self.dossier, kind__in=(DecisionKind.APPROVAL, DecisionKind.DISPENSE)
            )
            .order_by("-decided_at", "-pk")
            .values_list("decided_at", flat=True)
            .first()
        )
        return clock.paris_date(last) if last else None

    def due_on(self, key: str, since: date) -> date:
        """The last day of the delay that a rule gives, counted from ``since``."""
        version = self.rule(key)
        duration = rulebooks()[version.convention].duration(key, version.valid_from)
        due = compute(duration, [Event(EventKind.STARTED, clock.start_of(since))]).due_on
        if due is None:  # a clock that has started and not stopped has a date
            raise RuntimeError(f"{key} gives no date")
        return due

    def rule(self, key: str) -> RuleVersion:
        """The version of a rule that governs this dossier: pinned at submission, in force today before that.

        A rule that the path did not have yet at submission is taken as it is today.
        """
        pinned = None if self._draft else self.dossier.rule_versions.get(key)
        version = resolve(pinned) if pinned else rulebooks()[self.path.convention].rule(key, clock.today())
        self.used_rules.add(version.ref)
        return version

    def quote(self, key: str) -> Quote:
        """The words of a rule."""
        return self.rule(key).as_quote()

    @property
    def document_kinds(self) -> frozenset[str]:
        """Kinds of the pieces in force. One statement, once."""
        if self._kinds is None:
            self._kinds = frozenset() if self.simulated else current_kinds(self.dossier)
        return self._kinds

    def with_documents(self, kinds: frozenset[str]) -> StepContext:
        """Give the kinds of pieces already known, so that they are not read again."""
        self._kinds = kinds
        return self

    def at_step(self, step: Step) -> StepContext:
        """The same dossier seen from a step, sharing what was already read."""
        other = copy(self)
        other.step = step
        other.used_rules = set()
        other.changes = {}
        return other
