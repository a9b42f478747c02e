"""Steps that the paths of budgets have in common: filing, vote, receptions by the ministries, what the delay brings.

Each call makes a new step: paths share no node. ``budget_vote`` and ``carry_over`` differ in what they judge and in
what moves; the way from the board to the ministries is the same (A03, A08, A12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.budget_terms import MovementKind
from cases.calendar import french_date
from cases.enums import AtExpiry, DeadlineKind, DecisionKind, DossierStatus, Duty, OrganisationKind, Role
from cases.errors import Blocked, Reason
from cases.models import Organisation
from cases.papers import PaperOptions, PaperTable
from cases.permissions import involved_tag
from cases.register_terms import MeetingKind
from cases.selectors import national_bodies
from cases.selectors.budget_votes import lock_fund
from cases.services import ledger
from workflows.credits import BudgetKind, Ground
from workflows.engine import budget_lines, credit_lines, credit_steps
from workflows.engine.budget_forms import ReceptionsForm, ground_of, is_fnmo, kind_of
from workflows.engine.context import StepContext
from workflows.engine.credit_effects import exercise_needed, recorded_vote
from workflows.engine.credit_forms import VoteForm
from workflows.engine.effects import decision
from workflows.engine.meetings import note_on_agenda
from workflows.engine.seats import Place
from workflows.engine.step import Effect, Guard, Route, Step, Within, outcome

S = DossierStatus
Tables = Callable[[StepContext], list[PaperTable]]

BOARD: Final = "board.vote"
RECEPTIONS: Final = "budget.receptions"
TACIT: Final = "budget.tacit_approval"
TACIT_DELAY: Final = "budget.tacit_approval_delay"
ENFORCEABLE_DELAY: Final = "fnmo.budget.enforceable_delay"
ENFORCEABLE_START: Final = "fnmo.budget.enforceable_start"
EFFECT: Final = "budget.effect"

#: Rules that these steps quote; a path that uses them lists them among its own.
RULES: Final = (*credit_steps.RULES, RECEPTIONS, TACIT, TACIT_DELAY, EFFECT)
#: Those of the FNMO besides.
FNMO_RULES: Final = (ENFORCEABLE_DELAY, ENFORCEABLE_START)


# --- filing -----------------------------------------------------------------------------------------------


def prepare_step(
    title: str, *, to: Any, guards: Iterable[Guard], effects: Iterable[Effect], rules: tuple[str, ...]
) -> Step:
    """The desk of the CANSSM, or whoever prepares there, submits; ``effects`` are those of the submission."""
    return Step(
        title=title,
        role=Role.REVIEWER,
        place=Place.OWN,
        filed_by=(Role.PREPARER,),
        duty=Duty.PREPARE,
        edits=True,
        rules=rules,
        outcomes=[
            outcome(
                "submit",
                "Soumettre",
                to=to,
                status=S.SUBMITTED,
                guards=tuple(guards),
                effects=tuple(effects),
                style="primary",
            )
        ],
    )


def note_judgement(context: StepContext) -> None:
    """Store the judgement and the computation of the ground, in results and journal: provable later.

    Raises ``Blocked`` when somebody who is no reviewer decides otherwise than Berline judges.
    """
    if budget_lines.overrides(context) and context.chair and context.chair.role is not Role.REVIEWER:
        reason = Reason(
            "override_by_reviewer",
            "Seul un instructeur de la CANSSM peut décider autrement que Berline ne juge de la conformité. Laissez "
            "« Comme jugé », ou demandez-lui de déposer le budget.",
            Role.REVIEWER.label,
            context.quote(budget_lines.OVERRIDE),
        )
        raise Blocked(reason.message, reasons=[reason])
    noted = {"conformity": budget_lines.judgement_record(context)}
    computed = budget_lines.computation_record(context)
    if computed is not None:
        noted["computation"] = computed
    _note(context, noted)


def submit_once(context: StepContext) -> None:
    """Of two budgets submitted at the same moment the second sees the first. Raises ``Blocked``."""
    guards: tuple[Guard, ...] = ()
    if kind_of(context.data) is BudgetKind.PRIMITIVE:
        guards = (budget_lines.no_other_primitive,)
    if ground_of(context.data) is Ground.PAYROLL_UPDATE:
        guards = (*guards, budget_lines.ground_computed)
    if not guards:
        return
    lock_fund(credit_lines.fund_of(context))
    for read in ("others", "computation", "conformity"):
        context.memo.pop(read, None)
    reasons = [reason for guard in guards for reason in guard(context)]
    if reasons:
        raise Blocked(" ".join(reason.message for reason in reasons), reasons=reasons)


def breach_at_submission(context: StepContext) -> None:
    """Record that a budget of the FNGA, FNASS or FNPPS is presented after its date (A08, A09)."""
    if not is_fnmo(context.data):
        _note_breach(context, context.today)


def breach_at_vote(context: StepContext) -> None:
    """Record that a budget of the FNMO is voted after its date (A03, A05): the day is that of the session."""
    if is_fnmo(context.data):
        _note_breach(context, context.act["voted_on"])


def _note_breach(context: StepContext, day: date) -> None:
    found = budget_lines.breach_on(context, day)
    if found is not None:
        _note(context, {"breach": found})


def _note(context: StepContext, noted: Mapping[str, Any]) -> None:
    context.dossier.results = context.dossier.results | dict(noted)
    context.changes.update(noted)


# --- the vote ---------------------------------------------------------------------------------------------


def voted_tables(context: StepContext) -> list[PaperTable]:
    """The lines of a budget, for a paper."""
    amending = kind_of(context.data) is BudgetKind.AMENDING
    caption = "Modifications de crédits" if amending else "Crédits votés"
    return [credit_lines.credits_table(caption, credit_lines.credit_rows_of(context))]


def board_vote(
    *,
    to: Any,
    status: DossierStatus,
    close: Any,
    about: str,
    what: Callable[[StepContext], str],
    tables: Tables,
    voted_by: Callable[[StepContext], tuple[str, ...]],
    effects: Iterable[Effect] = (),
) -> Step:
    """The vote of the board, recorded by its secretariat, on ``what``; the paper quotes the rules ``voted_by`` names.

    ``effects`` follow the vote, adopted or not.
    """

    def recorded(adopted: bool) -> tuple[Effect, ...]:
        def paper(context: StepContext) -> PaperOptions:
            return {
                "ruling": f"{'adopte' if adopted else 'rejette'} {what(context)}",
                "amount_label": "Montant total",
                "subject_lines": subject_lines(context),
                "tables": tables(context),
                "vote": recorded_vote(context, adopted=adopted),
            }

        return (
            note_on_agenda(MeetingKind.BOARD, BOARD),
            decision(DecisionKind.DELIBERATION, BOARD, about=about, paper=paper, also=voted_by),
            *effects,
        )

    return Step(
        title="Recueillir le vote du conseil",
        role=Role.BOARD_SECRETARY,
        duty=Duty.DECIDE,
        rules=(BOARD,),
        outcomes=[
            outcome(
                "adopted",
                "Adopté",
                to=to,
                status=status,
                form=VoteForm,
                checks=(credit_steps.vote_fits(True),),
                effects=recorded(True),
                style="success",
            ),
            outcome(
                "rejected",
                "Rejeté",
                to=close,
                status=S.REFUSED,
                form=VoteForm,
                checks=(credit_steps.vote_fits(False),),
                motive=True,
                rules=("refusal.motive",),
                effects=recorded(False),
                style="danger",
            ),
        ],
    )


# --- receptions -------------------------------------------------------------------------------------------


def receptions_of(context: StepContext) -> dict[str, date]:
    """Code of each ministry that received the decision and the day, the act's own included."""
    stored = context.dossier.results.get("receptions") or {}
    found = {code: date.fromisoformat(day) for code, day in stored.items()}
    return found | {row["authority"]: row["received_on"] for row in context.act.get("receptions") or ()}


def last_reception(context: StepContext) -> date:
    """The day from which the delay runs; today while nothing is recorded (a simulation)."""
    return max(receptions_of(context).values(), default=context.today)


def all_received(context: StepContext) -> bool:
    """Whether every ministry has received the decision; taken for granted before anything is recorded."""
    received = receptions_of(context)
    return not received or received.keys() >= _ministry_names(context).keys()


def _ministries(context: StepContext) -> list[Organisation]:
    bodies = national_bodies(context.dossier.organisation)
    return [body for body in bodies if body.kind == OrganisationKind.MINISTRY]


def _ministry_names(context: StepContext) -> dict[str, str]:
    return {body.code: body.name for body in _ministries(context)}


def receptions_fit(context: StepContext) -> Iterator[Reason]:
    """Each is of a ministry, recorded once, not before the vote."""
    known, stored = _ministry_names(context), context.dossier.results.get("receptions") or {}
    voted_on = date.fromisoformat(context.dossier.results["board_vote"]["voted_on"])
    quote = context.quote(RECEPTIONS)
    for row in context.act["receptions"]:
        code, day = row["authority"], row["received_on"]
        if code not in known:
            listed = ", ".join(f"{one} ({name})" for one, name in known.items())
            message = f"« {code} » n’est pas un ministère de tutelle en activité. Écrivez l’un de ces codes : {listed}."
            yield Reason("unknown_authority", message, Role.REVIEWER.label, quote)
        elif code in stored:
            recorded = french_date(date.fromisoformat(stored[code]))
            message = f"La réception par « {known[code]} » est déjà enregistrée, le {recorded} : retirez cette ligne."
            yield Reason("already_received", message, Role.REVIEWER.label, quote)
        elif day < voted_on:
            message = (
                f"Le {french_date(day)} précède la séance du conseil, le {french_date(voted_on)} : corrigez la date "
                f"de réception par « {known[code]} »."
            )
            yield Reason("received_before_vote", message, Role.REVIEWER.label, quote)


def record_receptions(context: StepContext) -> None:
    """Keep the receptions of this act with those before it; who received the decision may read the dossier."""
    received = {code: day.isoformat() for code, day in sorted(receptions_of(context).items())}
    _note(context, {"receptions": received})
    dossier = context.dossier
    tags = [involved_tag(Role.AUTHORITY, body.pk) for body in _ministries(context) if body.code in received]
    dossier.involved = [*dossier.involved, *(tag for tag in tags if tag not in dossier.involved)]


def notify_step(*, complete: Sequence[Route], again: Any) -> Step:
    """The desk records when each ministry received the decision; ``complete`` routes once all have, ``again`` before.

    A route without condition among ``complete`` is taken as soon as all have received.
    """
    for route in complete:
        route.when = _when_complete(route.when)
        route.effects = (record_receptions, *route.effects)
    waiting = Route(again, S.AWAITING_AUTHORITY, label="réception manquante", effects=(record_receptions,))
    return Step(
        title="Enregistrer les réceptions",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        rules=(RECEPTIONS,),
        outcomes=[
            outcome(
                "record",
                "Enregistrer",
                routes=(*complete, waiting),
                form=ReceptionsForm,
                checks=(receptions_fit,),
                style="primary",
                help="Une réception qui manque s’enregistre plus tard ; le délai court de la dernière.",
            )
        ],
    )


def _when_complete(when: Callable[[StepContext], bool] | None) -> Callable[[StepContext], bool]:
    """All receptions are recorded and ``when`` holds. Named, because the BPMN export names conditions."""
    if when is None:
        return all_received

    def complete(context: StepContext) -> bool:
        return all_received(context) and when(context)

    complete.__name__ = f"{all_received.__name__}_and_{when.__name__}"
    return complete


# --- what the delay brings --------------------------------------------------------------------------------


def delay_over(rule: str, what: str) -> Guard:
    """Nothing happens before the last day of the delay. ``what`` is said of the budget: « est exécutoire »."""

    def guard(context: StepContext) -> Iterator[Reason]:
        due = context.due_on(rule, last_reception(context))
        if context.today < due:
            yield Reason(
                "before_due",
                f"Le budget {what} le {french_date(due)}, au terme du délai qui court de la dernière réception, le "
                f"{french_date(last_reception(context))}. Attendez ce jour : Berline le fera d’elle-même.",
                "",
                context.quote(rule),
            )

    return guard


def effective_on(context: StepContext, due: date) -> date:
    """The day on which credits move: the legal one, never before the exercise begins."""
    return max(due, date(exercise_needed(context).year, 1, 1))


def legal_day(rule: str) -> Callable[[StepContext], date]:
    """The last day of a delay that runs from the last reception."""
    return lambda context: context.due_on(rule, last_reception(context))


def today(context: StepContext) -> date:
    """The day of the act."""
    return context.today


def open_credits(on: Callable[[StepContext], date]) -> Effect:
    """Move the credits of the budget on the day ``on``: what the vote changes, by the kind that fits its ground.

    A primitive budget adds the difference between its lines and what the exercise opened with; nothing to change, no
    movement, and the journal says so. Raises ``Blocked`` with the balance met when a line has not what it gives back.
    """

    def effect(context: StepContext) -> None:
        rows = budget_lines.changes_of(budget_lines.voted_rows_of(context))
        day = effective_on(context, on(context))
        context.rule(EFFECT)
        context.changes["effective_on"] = day.isoformat()
        if not rows:
            context.changes["movement"] = None
            context.changes["credits"] = "Aucun crédit ne change : aucun mouvement."
            return
        movement = _post(context, rows, day)
        context.changes["movement"] = movement
        context.changes["credits"] = {row.line.code: f"{row.change:.2f}" for row in rows}

    return effect


def _post(context: StepContext, rows: Sequence[budget_lines.VotedRow], day: date) -> int:
    ground, exercise = ground_of(context.data), exercise_needed(context)
    common: dict[str, Any] = {
        "exercise": exercise,
        "label": context.dossier.title,
        "dossier": context.dossier,
        "effective_on": day,
        "origin": f"{ground.label}." if ground is not Ground.ORDINARY else "",
    }
    if ground in (Ground.CHARGE_TRANSFERRED, Ground.RECEIPTS_SHORTFALL):
        return ledger.cancel(credits=[ledger.Credit(row.line, -row.change) for row in rows], **common).pk
    kinds = {
        Ground.NON_CASH_RECEIPTS: MovementKind.RECEIPT,
        Ground.RECEIPTS_EXCESS: MovementKind.RECEIPT,
        Ground.DISPOSAL: MovementKind.DISPOSAL,
    }
    return ledger.credit(
        kind=kinds.get(ground, MovementKind.AMENDMENT),
        credits=[ledger.Credit(row.line, row.change) for row in rows],
        earmarked=ground is Ground.DISPOSAL,
        **common,
    ).pk


def tacit_step(
    *,
    to: Any,
    effects: Iterable[Effect],
    about: str,
    named: Callable[[StepContext], str],
    tables: Tables,
    rules: tuple[str, ...],
) -> Step:
    """The approval is deemed given at the end of the delay (A08, A12): by the system, or by the desk from that day on.

    ``named`` is the budget in a sentence, ``rules`` are quoted on the paper, which records and decides nothing.
    """

    def paper(context: StepContext) -> PaperOptions:
        due = context.due_on(TACIT_DELAY, last_reception(context))
        day = effective_on(context, due)
        total = sum((row.amount for row in credit_lines.credit_rows_of(context)), Decimal(0))
        return {
            "ruling": f"L’approbation {named(context)} par les ministères de tutelle est réputée acquise le "
            f"{french_date(due)}, au terme du délai qui court de la dernière réception.",
            "mark": "Approbation réputée acquise",
            "finding": True,
            "amount": total,
            "amount_label": "Montant total",
            "subject_lines": [*subject_lines(context), ("Prise d’effet", french_date(day))],
            "tables": tables(context),
            "considerations": [*_received(context), *_decided_otherwise(context)],
        }

    return Step(
        title="Constater l’approbation réputée acquise",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        within=Within(
            TACIT_DELAY,
            DeadlineKind.LEGAL,
            since=last_reception,
            at_expiry=AtExpiry.TACIT_APPROVAL,
            then="acquire",
        ),
        rules=rules,
        outcomes=[
            outcome(
                "acquire",
                "Constater l’approbation",
                to=to,
                status=S.ENFORCEABLE,
                guards=(delay_over(TACIT_DELAY, "est réputé approuvé"),),
                effects=(
                    *effects,
                    decision(DecisionKind.APPROVAL, *rules, TACIT_DELAY, about=about, paper=paper),
                ),
                style="success",
                help="Berline le constate d’elle-même au terme du délai ; les crédits bougent à ce moment.",
            )
        ],
    )


def _received(context: StepContext) -> list[str]:
    """Each reception, as a paper considers it."""
    names = _ministry_names(context)
    return [
        f"la réception de la décision du conseil par « {names.get(code, code)} », le {french_date(day)}"
        for code, day in receptions_of(context).items()
    ]


def _decided_otherwise(context: StepContext) -> list[str]:
    """The decision of the reviewer, where it is not the judgement, as a paper considers it."""
    stored = budget_lines.judgement_of(context)
    if not stored.get("overridden"):
        return []
    return [
        f"la décision de l’instructeur, qui tient le budget pour conforme à la convention : {stored['motive']}"
    ]


def enforceable_step(*, to: Any, effects: Iterable[Effect]) -> Step:
    """A budget of the FNMO is enforceable at the end of the delay, whoever says what (A03, A05)."""
    return Step(
        title="Constater le caractère exécutoire",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        within=Within(
            ENFORCEABLE_DELAY,
            DeadlineKind.LEGAL,
            since=last_reception,
            at_expiry=AtExpiry.ENFORCEABLE,
            then="enforceable",
        ),
        rules=FNMO_RULES,
        outcomes=[
            outcome(
                "enforceable",
                "Constater",
                to=to,
                status=S.ENFORCEABLE,
                guards=(delay_over(ENFORCEABLE_DELAY, "est exécutoire"),),
                effects=tuple(effects),
                style="success",
                help="Berline le constate d’elle-même au terme du délai ; les crédits bougent à ce moment.",
            )
        ],
    )


def subject_lines(context: StepContext) -> list[tuple[str, str]]:
    """Fund and exercise, for a paper."""
    return [
        ("Fonds", credit_lines.fund_of(context)),
        ("Exercice", str(context.data.get("exercise") or "")),
    ]
