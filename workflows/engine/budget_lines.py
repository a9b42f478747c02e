"""What a budget that is put to the vote amounts to: its lines against the base, the computation of its ground, the
dates that it keeps or misses.

Guards here yield a ``Reason`` for each thing that stands in the way; ``conformity_of`` and ``computation_of`` may be
shown by any page. What they read is kept in ``StepContext.memo``. Amounts are EUR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.budget_terms import MovementKind
from cases.calendar import french_date
from cases.enums import DossierStatus, Role
from cases.errors import Invalid, Reason
from cases.models import BudgetLine
from cases.money import format_eur
from cases.selectors import exercise_of_year
from cases.selectors.budget_votes import LineFigures, StandingBudget, line_figures, standing_budgets
from cases.selectors.credit_dossiers import credits_given
from workflows import credits
from workflows.credits import BudgetKind, Conformity, FundCode, Ground, Levels, Occasion, Preview, Proposal
from workflows.credits.payroll import STAFF_LINES
from workflows.engine.budget_forms import ground_of, inputs_of, is_fnmo, kind_of
from workflows.engine.context import StepContext
from workflows.engine.credit_lines import ZERO, credit_rows_of, exercise_of, fund_of
from workflows.engine.path import Description

AMOUNT: Final = "budget.ground_amount"
OVERRIDE: Final = "budget.override"
SINGLE: Final = "budget.single_primitive"
PRESENTED: Final = "budget.annual.submitter"
PRIMITIVE_LINES: Final = "budget.primitive_lines"
AFTER_CLOSING: Final = "fnmo.budget.after_closing"
CLOSING: Final = "exercise.accounts_closed"
OVERDRAFT: Final = "credits.no_overdraft"
#: The date that each kind of budget keeps: (FNMO, kind) → rule.
DEADLINES: Final[Mapping[tuple[bool, BudgetKind], str]] = {
    (True, BudgetKind.PRIMITIVE): "fnmo.budget.primitive_deadline",
    (True, BudgetKind.AMENDING): "fnmo.budget.amending_deadline",
    (False, BudgetKind.PRIMITIVE): "budget.primitive.deadline",
    (False, BudgetKind.AMENDING): "budget.amending.deadline",
}
#: The path whose dossiers use receipts again within their year (A27).
REUSE_PATH: Final = "receipts_reuse"

#: Every rule that these functions may ask for.
RULES: Final = tuple(
    dict.fromkeys(
        (
            *credits.CONFORMITY_RULES,
            *credits.PAYROLL_RULES,
            *credits.CHARGE_RULES,
            *credits.RECEIPT_RULES,
            *credits.DISPOSAL_RULES,
            *DEADLINES.values(),
            AMOUNT,
            OVERRIDE,
            SINGLE,
            PRESENTED,
            PRIMITIVE_LINES,
            AFTER_CLOSING,
            CLOSING,
            OVERDRAFT,
        )
    )
)


@dataclass(frozen=True, slots=True)
class VotedRow:
    """One line put to the vote. ``amount`` as the data says it; ``change`` what the vote adds, signed."""

    line: BudgetLine
    amount: Decimal
    change: Decimal
    figures: LineFigures


def voted_rows_of(context: StepContext) -> tuple[VotedRow, ...]:
    """The lines of the budget with their credits as they are now. Three statements, once."""
    if "voted" not in context.memo:
        exercise = exercise_of(context)
        rows = credit_rows_of(context) if exercise is not None else ()
        figures = (
            line_figures(
                lines=[row.line.pk for row in rows],
                exercise=exercise,
                ordinary=Ground.ORDINARY.value,
                amending=BudgetKind.AMENDING.value,
            )
            if exercise is not None
            else {}
        )
        whole = kind_of(context.data) is BudgetKind.PRIMITIVE
        context.memo["voted"] = tuple(
            VotedRow(
                row.line,
                row.amount,
                row.amount - figures[row.line.pk].opened if whole else row.amount,
                figures[row.line.pk],
            )
            for row in rows
        )
    found: tuple[VotedRow, ...] = context.memo["voted"]
    return found


def others_of(context: StepContext) -> tuple[StandingBudget, ...]:
    """The other budgets of the fund and exercise. One statement, once."""
    if "others" not in context.memo:
        year = context.data.get("exercise")
        context.memo["others"] = (
            standing_budgets(dossier=context.dossier, fund=fund_of(context), exercise=int(year))
            if year
            else ()
        )
    found: tuple[StandingBudget, ...] = context.memo["others"]
    return found


def describe(data: Mapping[str, Any]) -> Description:
    """« Budget primitif FNGA 2026 : présentation ». The amount of a primitive budget is its total, that of an
    amending one what it adds on the whole; none when it adds nothing (a dossier's amount is positive).
    """
    kind = kind_of(data)
    total = sum((Decimal(row["amount"]) for row in data.get("lines") or [] if row.get("amount")), ZERO)
    named = " ".join(str(one) for one in (kind.label, data.get("fund"), data.get("exercise")) if one)
    reason = " ".join(str(data.get("reason") or "").split())
    title = f"{named} : {reason}" if reason else named
    title = title if len(title) <= 200 else f"{title[:199]}…"
    return Description(title, total if total > 0 else None, data.get("exercise"))


# --- what a rule gives ------------------------------------------------------------------------------------


def ground_changes(context: StepContext) -> dict[str, Decimal]:
    """What the ground changes by code of line: every line of an amending budget, the payroll of a primitive one."""
    ground = ground_of(context.data)
    if ground is Ground.ORDINARY:
        return {}
    rows = voted_rows_of(context)
    if kind_of(context.data) is BudgetKind.PRIMITIVE:
        staff = context.rule(STAFF_LINES).items
        return {row.line.code: row.change for row in rows if row.line.code in staff}
    return {row.line.code: row.change for row in rows}


def computation_of(context: StepContext) -> Preview | None:
    """What the ground of the budget gives, line by line with its quotes; None for an ordinary vote.

    Raises ``Invalid`` for inputs that cannot be computed with.
    """
    if "computation" not in context.memo:
        exercise = exercise_of(context)
        ground = ground_of(context.data)
        known = exercise is not None and ground is not Ground.ORDINARY
        context.memo["computation"] = _preview(context, ground, exercise.year) if exercise and known else None
    found: Preview | None = context.memo["computation"]
    return found


def _preview(context: StepContext, ground: Ground, year: int) -> Preview:
    fund, rules = fund_of(context), context.rule
    given = inputs_of(context.data)
    match ground:
        case Ground.PAYROLL_UPDATE:
            return _payroll(context, given["payroll"], year)
        case Ground.CHARGE_TRANSFERRED:
            return credits.charge_transferred(fund, given["ground_amount"], year, rules)
        case Ground.NEW_CHARGE:
            return credits.new_charge(fund, given["ground_amount"], year, rules)
        case Ground.MANDATE:
            return credits.mandate_2015(given["ground_amount"], rules)
        case Ground.REVISION:
            return credits.revision_2017(given["ground_amount"], rules)
        case Ground.NON_CASH_RECEIPTS:
            return credits.non_cash_receipts(
                given["ground_amount"],
                int(given["counterpart_class"] or 0),
                rules,
                fund=fund,
                year=year,
                provision_reversal=bool(given["provision_reversal"]),
            )
        case Ground.DISPOSAL:
            return credits.allocate_proceeds(
                price=given["price"],
                net_book_value=given["net_book_value"],
                to_investment=given["to_investment"],
                to_rents=given["to_rents"],
                sale_year=int(given["sale_year"] or 0),
                rules=rules,
            )
        case _:
            receipts = given["receipts"]
            reused = credits_given(
                path=REUSE_PATH, kind=MovementKind.RECEIPT, year=year - 1, subject="category"
            )
            return credits.excess_of_receipts(
                {category: row["programmed"] for category, row in receipts.items()},
                {category: row["realised"] for category, row in receipts.items()},
                year - 1,
                rules,
                reused=sum((one.amount for one in reused), ZERO),
            )


def _payroll(context: StepContext, table: Mapping[str, Mapping[str, Decimal]], year: int) -> Preview:
    """A10: the update at this vote, knowing what earlier votes of the year did."""
    others = others_of(context)
    primitive = kind_of(context.data) is BudgetKind.PRIMITIVE
    earlier = any(kind_of(one.data) is BudgetKind.AMENDING for one in others)
    occasion = (
        Occasion.PRIMITIVE if primitive else Occasion.LATER_AMENDING if earlier else Occasion.FIRST_AMENDING
    )
    staff = context.rule(STAFF_LINES).items
    base = sum((row.figures.base or ZERO for row in voted_rows_of(context) if row.line.code in staff), ZERO)
    updated = any(
        kind_of(one.data) is BudgetKind.PRIMITIVE and ground_of(one.data) is Ground.PAYROLL_UPDATE
        for one in others
    )
    levels = {item: Levels(row["found"], row["retained"]) for item, row in table.items()}
    return credits.payroll_update(
        appropriation=base,
        year=year,
        occasion=occasion,
        rules=context.rule,
        rmpp_already_updated=updated,
        **levels,
    )


def _given(context: StepContext) -> dict[str, Decimal]:
    """What the ground gives to each line, nothing when its computation does not fit the lines (a guard says so)."""
    exercise = exercise_of(context)
    try:
        preview = computation_of(context)
        if preview is None or exercise is None:
            return {}
        return preview.spread(exercise.year, ground_changes(context)) if preview.allowed else {}
    except Invalid:
        return {}


# --- conformity -------------------------------------------------------------------------------------------


def conformity_of(context: StepContext) -> Conformity | None:
    """The judgement of the budget, line by line, under the rules and credits of now; None while it has no line."""
    if "conformity" not in context.memo:
        rows = voted_rows_of(context)
        context.memo["conformity"] = (
            credits.judge(
                fund=fund_of(context),
                kind=kind_of(context.data),
                ground=ground_of(context.data),
                proposals=[_proposal(row) for row in rows],
                rules=context.rule,
                given=_given(context),
            )
            if rows
            else None
        )
    found: Conformity | None = context.memo["conformity"]
    return found


def _proposal(row: VotedRow) -> Proposal:
    """What a provision of the convention changed in the appropriation counts as granted, not as voted."""
    after = max(row.figures.authorised + row.change, ZERO)
    return Proposal(row.line.facts, row.figures.base, row.figures.granted + row.figures.provided, after)


def judgement_of(context: StepContext) -> Mapping[str, Any]:
    """The judgement stored at submission; empty before."""
    stored: Mapping[str, Any] = context.dossier.results.get("conformity") or {}
    return stored


def conforms(context: StepContext) -> bool:
    """Whether the budget goes on as conforming: as stored at submission; before, as judged or decided otherwise."""
    stored = judgement_of(context)
    if stored:
        return bool(stored["conforms"])
    chosen: bool | None = context.data.get("conforms_to_cog")
    if chosen is not None:
        return chosen
    judged = conformity_of(context)
    return judged is None or judged.conforms


def overrides(context: StepContext) -> bool:
    """Whether the person who files decides otherwise than Berline judges."""
    chosen, judged = context.data.get("conforms_to_cog"), conformity_of(context)
    return chosen is not None and judged is not None and chosen != judged.conforms


def judgement_record(context: StepContext) -> dict[str, Any]:
    """The judgement as results and journal keep it: amounts as decimal strings, rules by their keys."""
    judged = conformity_of(context)
    if judged is None:
        raise RuntimeError(f"{context.dossier.reference} has no line to judge")
    record: dict[str, Any] = _by_key(judged.as_dict())
    return record | {
        "judged": judged.conforms,
        "conforms": conforms(context),
        "overridden": overrides(context),
        "motive": str(context.data.get("conformity_motive") or "") if overrides(context) else "",
    }


def computation_record(context: StepContext) -> dict[str, Any] | None:
    """The computation of the ground as results and journal keep it."""
    preview = computation_of(context)
    return None if preview is None else _by_key(preview.as_dict())


def _by_key(value: Any) -> Any:
    """The same with each quote replaced by the key of its rule: the versions are pinned on the dossier."""
    if isinstance(value, dict):
        if set(value) == {"rule", "text", "source", "status"}:
            return value["rule"]
        return {key: _by_key(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_by_key(item) for item in value]
    return value


# --- dates ------------------------------------------------------------------------------------------------


def deadline_rule(context: StepContext) -> str:
    """The rule that dates this kind of budget."""
    return DEADLINES[is_fnmo(context.data), kind_of(context.data)]


def breach_on(context: StepContext, day: date) -> dict[str, str] | None:
    """The date missed when the budget is put to the vote on ``day``: rule, limit and actual day; None in time."""
    year = context.data.get("exercise")
    if not year:
        return None
    key = deadline_rule(context)
    limit = context.rule(key).date_for(int(year))
    if day <= limit:
        return None
    return {"rule": key, "limit": limit.isoformat(), "actual": day.isoformat()}


# --- warnings ---------------------------------------------------------------------------------------------


def judgement_shown(context: StepContext) -> Iterator[Reason]:
    """What the judgement says: on the whole, and of each line that exceeds its limit."""
    stored = judgement_of(context)
    if stored:
        said = f"{stored['message']} Jugement rendu à la soumission."
        if stored["overridden"]:
            other = "conforme" if stored["conforms"] else "non conforme"
            said += f" L’instructeur en a décidé autrement ({other}) : {stored['motive']}"
        yield Reason("conformity", said, quote=context.quote(stored["quotes"][0]))
        for verdict in stored["verdicts"]:
            if not verdict["conforms"] and stored["has_effect"]:
                yield Reason("exceeds_base", verdict["message"], quote=context.quote(verdict["quotes"][0]))
        return
    judged = conformity_of(context)
    if judged is None:
        return
    yield Reason("conformity", judged.message, quote=judged.quotes[0])
    if judged.has_effect:
        for exceeding in judged.exceeding:
            yield Reason("exceeds_base", exceeding.message, Role.PREPARER.label, exceeding.quotes[0])


def late(context: StepContext) -> Iterator[Reason]:
    """The date of the vote has passed, or was missed: it stays possible, and the breach is recorded."""
    recorded = context.dossier.results.get("breach")
    waits = (
        (DossierStatus.DRAFT, DossierStatus.SUBMITTED) if is_fnmo(context.data) else (DossierStatus.DRAFT,)
    )
    found = recorded or (breach_on(context, context.today) if context.dossier.status in waits else None)
    if not found:
        return
    limit = french_date(date.fromisoformat(found["limit"]))
    what = kind_of(context.data).label
    said = (
        f"{what} soumis au vote après le {limit} : manquement consigné le "
        f"{french_date(date.fromisoformat(found['actual']))}."
        if recorded
        else f"{what} : la date du {limit} est passée. Le vote reste possible ; le manquement sera consigné."
    )
    yield Reason("late", said, quote=context.quote(found["rule"]))


# --- guards -----------------------------------------------------------------------------------------------


def not_before_its_year(context: StepContext) -> Iterator[Reason]:
    """An amending budget is presented in the year that it amends (A09)."""
    exercise = exercise_of(context)
    if exercise is None or kind_of(context.data) is BudgetKind.PRIMITIVE:
        return
    if context.today.year < exercise.year:
        yield Reason(
            "before_exercise",
            f"L’exercice {exercise.year} n’a pas commencé : un budget rectificatif se présente pendant son exercice. "
            f"Attendez le 1er janvier {exercise.year}, ou préparez le budget primitif.",
            Role.REVIEWER.label,
            context.quote(PRESENTED),
        )


def accounts_closed(context: StepContext) -> Iterator[Reason]:
    """The primitive budget of the FNMO comes after the closing of the accounts of the year before (A03)."""
    exercise = exercise_of(context)
    if exercise is None or not is_fnmo(context.data) or kind_of(context.data) is BudgetKind.AMENDING:
        return
    before = exercise_of_year(exercise.year - 1)
    closed_on = before.closed_on if before is not None else None
    closed_on = closed_on or context.rule(CLOSING).date_for(exercise.year - 1)
    if context.today < closed_on:
        yield Reason(
            "accounts_open",
            f"Les comptes de {exercise.year - 1} ne sont pas clos : le budget primitif {exercise.year} du FNMO se "
            f"soumet à partir du {french_date(closed_on)}.",
            Role.REVIEWER.label,
            context.quote(AFTER_CLOSING),
        )


def no_other_primitive(context: StepContext) -> Iterator[Reason]:
    """One primitive budget for each fund and exercise."""
    if kind_of(context.data) is BudgetKind.AMENDING:
        return
    for other in others_of(context):
        if kind_of(other.data) is BudgetKind.PRIMITIVE:
            state = DossierStatus(other.status).label.lower()
            yield Reason(
                "other_primitive",
                f"Le budget primitif {fund_of(context)} {context.data['exercise']} existe déjà : dossier "
                f"{other.reference} ({state}). Retirez-le d’abord, ou préparez un budget rectificatif.",
                Role.REVIEWER.label,
                context.quote(SINGLE),
                related=(other.reference,),
            )


def ground_computed(context: StepContext) -> Iterator[Reason]:
    """The lines sum to what the ground's computation gives, where it lets them."""
    ground, exercise = ground_of(context.data), exercise_of(context)
    if ground is Ground.ORDINARY or exercise is None:
        return
    try:
        preview = computation_of(context)
        if preview is None:
            return
        yield from preview.reasons
        if preview.allowed:
            yield from _spread_faults(context, ground, preview, exercise.year)
    except Invalid as error:
        yield Reason("ground_inputs", error.message, Role.REVIEWER.label, context.quote(ground.rule))


def _spread_faults(context: StepContext, ground: Ground, preview: Preview, year: int) -> Iterator[Reason]:
    due, changes = preview.in_exercise(year), ground_changes(context)
    total = sum(changes.values(), ZERO)
    quote = context.quote(ground.rule)
    other = {Ground.RECEIPTS_EXCESS: due < 0, Ground.RECEIPTS_SHORTFALL: due > 0}.get(ground, False)
    if other:
        right = Ground.RECEIPTS_SHORTFALL if due < 0 else Ground.RECEIPTS_EXCESS
        yield Reason(
            "other_ground",
            f"Le calcul donne {format_eur(due)} pour {year} : choisissez « {right.label} ». {_sum_of(preview)}",
            Role.REVIEWER.label,
            quote,
        )
        return
    in_part = ground is Ground.NEW_CHARGE and ZERO < total < due
    if total != due and not in_part:
        yield Reason(
            "ground_differs",
            f"« {preview.title} » change les crédits {year} de {format_eur(due)} ; les lignes les changent de "
            f"{format_eur(total)} : corrigez les lignes ou les données du calcul. {_sum_of(preview)}",
            Role.REVIEWER.label,
            context.quote(AMOUNT),
        )
        return
    preview.spread(year, changes)
    if ground in (Ground.RECEIPTS_EXCESS, Ground.RECEIPTS_SHORTFALL):
        for row in voted_rows_of(context):
            if not row.line.facts.limitative:
                yield Reason(
                    "not_limitative",
                    f"« {row.line} » est évaluative : seules des lignes limitatives changent avec les recettes. "
                    "Choisissez-en une autre.",
                    Role.REVIEWER.label,
                    quote,
                )


def _sum_of(preview: Preview) -> str:
    return "Calcul : " + " ; ".join(str(line) for line in preview.lines) + "."


def takes_what_is_there(context: StepContext) -> Iterator[Reason]:
    """A line gives back no more than it has."""
    for row in voted_rows_of(context):
        if row.change < 0 and row.line.facts.limitative and -row.change > row.figures.available:
            yield Reason(
                "insufficient_credits",
                f"« {row.line} » perdrait {format_eur(-row.change)}, il ne lui reste que "
                f"{format_eur(row.figures.available)} disponibles. Augmentez son montant.",
                Role.REVIEWER.label,
                context.quote(OVERDRAFT),
            )


def override_motivated(context: StepContext) -> Iterator[Reason]:
    """Whoever decides otherwise than Berline judges says why."""
    if overrides(context) and not context.data.get("conformity_motive"):
        judged = conformity_of(context)
        state = "conforme" if judged and judged.conforms else "non conforme"
        yield Reason(
            "override_motive",
            f"Berline juge ce budget {state} et vous en décidez autrement : écrivez votre motif, ou laissez "
            "« Comme jugé ».",
            Role.REVIEWER.label,
            context.quote(OVERRIDE),
        )


def funds_with_notification(context: StepContext) -> bool:
    """Whether the approval of the fund's budgets is deemed given when they conform (A08): not the FNMO's."""
    return fund_of(context) != FundCode.FNMO


def changes_of(rows: Sequence[VotedRow]) -> list[VotedRow]:
    """The rows that change something."""
    return [row for row in rows if row.change]
