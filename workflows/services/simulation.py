"""The simulator: the route, the pieces and the delays that would apply. Nothing is stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from cases.calendar import french_date
from cases.enums import DossierStatus, Duty
from cases.errors import Invalid, Quote, Reason
from cases.models import BudgetLine, Dossier, Organisation
from cases.money import format_eur
from workflows.engine.context import StepContext
from workflows.engine.credit_forms import LinesForm, TransfersForm
from workflows.engine.credit_lines import transfer_rows_of
from workflows.engine.data_form import DossierForm
from workflows.engine.delays import due_if_opened_now, terms_of
from workflows.engine.guards import missing_pieces
from workflows.engine.path import Path
from workflows.engine.registry import get_path
from workflows.engine.seats import body_name
from workflows.engine.step import Route, Step, Within
from workflows.rulebook import rulebooks
from workflows.selectors.actions import refuse, route_ahead, unsuitable_body
from workflows.services.simulated_lines import (
    Instead,
    SimulatedLine,
    instead_of,
    known_lines,
    simulated_lines,
    transfer_verdict,
    workable,
)

#: Codes of reasons that the verdict says already.
SAID_BEFORE = frozenset({"lighter_path"})


@dataclass(frozen=True, slots=True)
class SimulatedDelay:
    """A delay of a step: legal or internal, in words, the day on which it would end, the words of its rule."""

    text: str
    kind: str
    kind_label: str
    due_if_started_today: str
    quote: Quote


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """One step of the route: who does it, where, within which delays, and the rules that oblige it.

    ``delay`` and what goes with it repeat the first of ``delays``, for readers that have room for one.
    """

    key: str
    title: str
    role: str
    role_label: str
    organisation: str
    outcome: str
    leads_to: str
    delay: str
    delay_kind: str
    due_if_started_today: str
    decides: bool
    outcomes: tuple[str, ...]
    quotes: tuple[Quote, ...]
    delay_quote: Quote | None
    delays: tuple[SimulatedDelay, ...]


@dataclass(frozen=True, slots=True)
class SimulatedPiece:
    """A piece of the path, compulsory or not for this operation, and the rule that says so."""

    key: str
    title: str
    required: bool
    help: str
    quote: Quote


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would happen. ``verdict`` is one French sentence; ``decider`` the role that decides, if any does.

    ``lines``: each row of budget lines with what the text says of it; ``instead``: the path to use in the place of
    this one; ``blockers``: once everything is filled in, what would stop the submission.
    """

    path: str
    title: str
    organisation: str
    convention: str
    verdict: str
    decider: str
    route: tuple[SimulatedStep, ...]
    pieces: tuple[SimulatedPiece, ...]
    warnings: tuple[Reason, ...]
    quotes: tuple[Quote, ...]
    lines: tuple[SimulatedLine, ...] = ()
    instead: Instead | None = None
    blockers: tuple[Reason, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the API."""
        return asdict(self)


def simulate(*, path: str, organisation: Organisation, data: Mapping[str, Any]) -> Simulation:
    """What the path would ask of an operation with ``data`` (the amount is enough), filed today by ``organisation``.

    Raises ``NotFound`` (path), ``Blocked`` (not for this kind of body), ``Invalid`` (field → sentences).
    """
    definition = get_path(path)
    refuse(unsuitable_body(definition, organisation))
    if not isinstance(data, Mapping):
        raise Invalid("Les données de la simulation doivent être un objet JSON.")
    form = definition.form(
        data, organisation=organisation, partial=True, required=definition.simulation_requires
    )
    form.add_unexpected()
    if not form.is_valid():
        raise Invalid("Corrigez les données signalées, puis recommencez.", details=form.messages())
    cleaned = form.cleaned_json()
    rows: list[dict[str, Any]] = []
    known: dict[str, BudgetLine] = {}
    if isinstance(form, LinesForm):
        rows = cleaned.get(form.rows_name) or []
        known = known_lines(form, rows)
        cleaned[form.rows_name] = workable(form, rows, known)
    described = definition.describe(cleaned)
    dossier = Dossier(
        path=definition.key,
        convention=definition.convention,
        organisation=organisation,
        title=described.title,
        data=cleaned,
        exercise=described.exercise or None,
        amount_ht=described.amount,
    )
    context = StepContext(dossier=dossier, path=definition)
    if known:
        context.memo["lines"] = dict(known)
    lines = simulated_lines(form, rows, known, context) if isinstance(form, LinesForm) else ()
    moves = isinstance(form, TransfersForm)
    walked = route_ahead(context, definition.first_step())
    route = tuple(_step(context, step, outcome.label, outcome.route_for(context)) for step, outcome in walked)
    deciders = [step for step, _ in walked if step.duty == Duty.DECIDE]
    turning = [outcome.route_for(context) for _, outcome in walked if len(outcome.routes) > 1]
    used = list(dict.fromkeys(key for one in turning for key in one.rules))
    decider = deciders[0].role.label if deciders else ""
    return Simulation(
        path=definition.key,
        title=definition.title,
        organisation=organisation.name,
        convention=rulebooks()[definition.convention].title,
        verdict=transfer_verdict(context, lines)
        if moves
        else _verdict(
            definition,
            dossier.amount_ht,
            ", ".join(one.label for one in turning if one.label),
            decider,
            _bodies(context, deciders[0]) if deciders else "",
        ),
        decider=decider,
        route=route,
        pieces=tuple(
            SimulatedPiece(
                piece.key, piece.title, piece.required(context), piece.help, context.quote(piece.rule)
            )
            for piece in definition.pieces
        ),
        warnings=tuple(reason for warning in definition.warnings for reason in warning(context)),
        quotes=() if moves else tuple(context.quote(key) for key in used),
        lines=lines,
        instead=instead_of(context) if moves else None,
        blockers=_blockers(context, form, data, organisation) if isinstance(form, LinesForm) else (),
    )


def _blockers(
    context: StepContext, form: DossierForm, data: Mapping[str, Any], organisation: Organisation
) -> tuple[Reason, ...]:
    """What would stop the submission, once everything is filled in: guards look at whole data only.

    A row that is forbidden is named with the row.
    """
    if not type(form)(data, organisation=organisation).is_valid():
        return ()
    first = context.path.first_step()
    said = (
        {row.found.message for row in transfer_rows_of(context)} if isinstance(form, TransfersForm) else set()
    )
    found: list[Reason] = []
    for guard in first.main_outcome.guards:
        if guard is not missing_pieces:  # pieces are added to the draft
            found += [one for one in guard(context.at_step(first)) if one not in found]
    return tuple(one for one in found if one.message not in said and one.code not in SAID_BEFORE)


def _verdict(path: type[Path], amount: Decimal | None, branch: str, decider: str, where: str) -> str:
    untaxed = " HT" if path.amount_label.endswith("HT") else ""
    what = f"{format_eur(amount)}{untaxed}, {branch} : " if amount is not None and branch else ""
    if path.verdict:
        return f"{what}{path.verdict}" if what else path.verdict[:1].upper() + path.verdict[1:]
    if decider:
        return f"{what}validation préalable, « {decider} » décide ({where})."
    return f"{what}{path.verdict_undecided}"


def _bodies(context: StepContext, step: Step) -> str:
    """Names of the bodies that hold a step."""
    organisation = context.dossier.organisation
    return ", ".join(body_name(chair, organisation) for chair in step.chairs(organisation))


def _step(context: StepContext, step: Step, label: str, route: Route) -> SimulatedStep:
    delays = tuple(_delay(context, within) for within in step.delays)
    first = delays[0] if delays else None
    rules = [*step.rules, *(rule for rule in route.rules if rule not in step.rules)]
    return SimulatedStep(
        key=step.name,
        title=step.task_title,
        role=step.role.value,
        role_label=step.role_label,
        organisation=_bodies(context, step),
        outcome=label,
        leads_to=DossierStatus(route.status).label,
        delay=first.text if first else "",
        delay_kind=first.kind_label if first else "",
        due_if_started_today=first.due_if_started_today if first else "",
        delay_quote=first.quote if first else None,
        delays=delays,
        decides=step.duty == Duty.DECIDE,
        outcomes=tuple(one.label for one in step.outcomes.values()),
        quotes=tuple(context.quote(rule) for rule in rules),
    )


def _delay(context: StepContext, within: Within) -> SimulatedDelay:
    terms = terms_of(within, context.rule(within.rule))
    due_on = due_if_opened_now(terms, context)
    return SimulatedDelay(
        text=terms.text,
        kind=within.kind.value,
        kind_label=within.kind.label,
        due_if_started_today=french_date(due_on) if due_on else "",
        quote=context.quote(within.rule),
    )
