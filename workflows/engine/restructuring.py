"""What the restructuring of an establishment with money of the FNASS asks for and leaves behind (A33, A58, A69).

The plan that adds up and asks the fund, the impact on operation, the concertation with both ministries at a dated
meeting, the entry in a capital line of the fund, its execution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.calendar import french_date
from cases.enums import DossierStatus, Role
from cases.errors import Reason
from cases.models import BudgetLine, Exercise
from cases.money import format_eur
from cases.papers import Column, PaperOptions, PaperTable, money_table
from cases.register_terms import MeetingKind
from cases.selectors import balance_of, exercise_of_year, lines_by_code
from cases.services import ledger
from workflows.engine.consultation import Consultation, consultation
from workflows.engine.context import StepContext
from workflows.engine.meetings import note_on_agenda, on_agenda
from workflows.engine.restructuring_forms import (
    FUND,
    BudgetEntryForm,
    ConcertationForm,
    ExecutionForm,
    FundingSource,
    RestructuringForm,
    line_label,
)
from workflows.engine.step import Within

__all__ = [
    "BudgetEntryForm",
    "ExecutionForm",
    "FundingSource",
    "RestructuringForm",
    "concertation",
    "decision_paper",
    "enter_in_budget",
    "entry_paper",
    "entry_fits",
    "execution_fits",
    "fnass_is_asked",
    "impact_is_given",
    "own_funds_first",
    "plan_adds_up",
    "recorded_only",
    "release_commitment",
    "release_remainder",
]

ZERO: Final = Decimal("0.00")
#: Where the entry in the budget is kept on the dossier, besides the data of the act.
ENTRY: Final = "budget_entry"

SCOPE: Final = "fnass.restructuring.scope"
PLAN: Final = "fnass.restructuring.plan"
PLAN_SUM: Final = "fnass.restructuring.plan_sum"
OWN_FUNDS: Final = "fnass.restructuring.own_funds_first"
IMPACT: Final = "fnass.restructuring.impact"
CONCERTATION: Final = "fnass.restructuring.concertation"
OPINIONS: Final = "fnass.restructuring.opinions"
OPINION_DELAY: Final = "fnass.restructuring.opinion_delay"
CAPITAL_LINE: Final = "fnass.restructuring.capital_line"
CEILING: Final = "fnass.restructuring.entry_ceiling"
RECORDED: Final = "fnass.restructuring.recorded_entry"
EXECUTION: Final = "fnass.restructuring.execution"


# --- the plan ---------------------------------------------------------------------------------------------


def plan_of(context: StepContext) -> list[tuple[FundingSource, Decimal]]:
    """The rows of the financing plan as they were written; rows that are not filled yet are left out."""
    return [
        (FundingSource(row["source"]), Decimal(row["amount"]))
        for row in context.data.get("financing_plan") or []
        if row.get("source") and row.get("amount")
    ]


def asked_of_fund(context: StepContext) -> Decimal:
    """What the plan asks of the FNASS, EUR."""
    return sum((amount for source, amount in plan_of(context) if source is FundingSource.FNASS), ZERO)


def plan_adds_up(context: StepContext) -> Iterator[Reason]:
    """The sources make the amount of the operation, to the cent."""
    rows, amount = plan_of(context), context.amount
    if not rows:
        yield Reason(
            "missing_plan",
            "Le plan de financement manque : indiquez chaque source et son montant.",
            Role.PREPARER.label,
            context.quote(PLAN),
        )
        return
    total = sum((one for _, one in rows), ZERO)
    if amount is not None and total != amount:
        gap = (
            f"il manque {format_eur(amount - total)}"
            if total < amount
            else f"{format_eur(total - amount)} de trop"
        )
        yield Reason(
            "plan_does_not_add_up",
            f"Le plan de financement totalise {format_eur(total)} et l’opération {format_eur(amount)} HT : {gap}. "
            "Corrigez le plan ou le montant.",
            Role.PREPARER.label,
            context.quote(PLAN_SUM),
        )


def fnass_is_asked(context: StepContext) -> Iterator[Reason]:
    """Without money of the FNASS there is nothing to present."""
    if plan_of(context) and not asked_of_fund(context):
        yield Reason(
            "fnass_not_asked",
            "Le plan de financement ne demande rien au FNASS : ce circuit ne vaut que pour une opération qui "
            "nécessite son financement. Ajoutez sa part au plan, ou retirez le dossier.",
            Role.PREPARER.label,
            context.quote(SCOPE),
        )


def impact_is_given(context: StepContext) -> Iterator[Reason]:
    """The impact on operation is given for a year at least."""
    if not any(row.get("year") and row.get("amount") for row in context.data.get("operating_impact") or []):
        yield Reason(
            "missing_impact",
            "L’impact de l’opération sur l’exploitation manque : chiffrez-le pour une année au moins.",
            Role.PREPARER.label,
            context.quote(IMPACT),
        )


def own_funds_first(context: StepContext) -> Iterator[Reason]:
    """Signal a plan that asks the fund for money without own funds, or before them (A69, for the older convention)."""
    sources = [source for source, _ in plan_of(context)]
    if FundingSource.FNASS not in sources:
        return
    if FundingSource.OWN_FUNDS not in sources:
        yield Reason(
            "no_own_funds",
            "Le plan demande un financement au FNASS sans fonds propres de l’établissement. Ajoutez leur part, ou "
            "dites dans la note d’opportunité pourquoi il n’y en a pas.",
            Role.PREPARER.label,
            context.quote(OWN_FUNDS),
        )
    elif sources[0] is not FundingSource.OWN_FUNDS:
        yield Reason(
            "own_funds_not_first",
            "Les fonds propres ne viennent pas en tête du plan de financement : placez-les en première ligne.",
            Role.PREPARER.label,
            context.quote(OWN_FUNDS),
        )


def plan_table(context: StepContext) -> PaperTable:
    """The plan as papers print it: in the order of A69, whatever the order in which it was written."""
    ranks = list(FundingSource)
    rows = sorted(plan_of(context), key=lambda row: ranks.index(row[0]))
    return money_table(
        "Plan de financement",
        (Column("Source"), Column("Montant", numeric=True)),
        [(str(source.label), amount) for source, amount in rows],
    )


def impact_table(context: StepContext) -> PaperTable:
    """The impact on operation, year by year."""
    given = context.data.get("operating_impact") or []
    rows = sorted((int(row["year"]), Decimal(row["amount"])) for row in given)
    return money_table(
        "Impact sur l’exploitation",
        (Column("Année"), Column("Montant", numeric=True)),
        [(str(year), amount) for year, amount in rows],
        total_label="",
    )


# --- concertation and decision ------------------------------------------------------------------------------


def concertation(*, to: Any) -> Consultation:
    """The opinion of each ministry, given at a meeting that has the dossier on its agenda. None ends the dossier."""
    return consultation(
        "Se concerter avec la tutelle",
        role=Role.AUTHORITY,
        to=to,
        status=DossierStatus.AWAITING_DECISION,
        rules=(CONCERTATION, OPINIONS),
        within=Within(OPINION_DELAY),
        form=ConcertationForm,
        checks=(on_agenda(MeetingKind.CONCERTATION, CONCERTATION),),
        answers=(note_on_agenda(MeetingKind.CONCERTATION, CONCERTATION),),
        help="L’avis se donne lors d’une rencontre ; il éclaire la décision et n’arrête pas le dossier.",
    )


def decision_paper(ruling: str, mark: str) -> Any:
    """What the decision on a project prints: establishment, share of the FNASS, plan and impact."""

    def paper(context: StepContext) -> PaperOptions:
        return {
            "ruling": ruling,
            "mark": mark,
            "amount_label": "Montant HT de l’opération",
            "subject_lines": _subject(context),
            "tables": [plan_table(context), impact_table(context)],
        }

    return paper


def _subject(context: StepContext) -> list[tuple[str, str]]:
    return [
        ("Établissement", str(context.data.get("establishment") or "")),
        ("Exercice", str(context.data.get("exercise") or "")),
        ("Demandé au FNASS", format_eur(asked_of_fund(context))),
    ]


# --- entry in the budget ------------------------------------------------------------------------------------


def _exercise_of_entry(context: StepContext) -> Exercise | None:
    """The exercise that the act names, if it has a budget. One statement, once."""
    if "entry exercise" not in context.memo:
        context.memo["entry exercise"] = exercise_of_year(int(context.act["exercise"]))
    found: Exercise | None = context.memo["entry exercise"]
    return found


def _line_of_entry(context: StepContext) -> BudgetLine | None:
    """The line of the budget that the act names, if the budget has lines. One statement, once."""
    if "entry line" not in context.memo:
        code = context.act["line"]
        found = lines_by_code(fund=FUND, codes=[code]).get(code)
        context.memo["entry line"] = found if found is not None and found.fund_id == FUND else None
    line: BudgetLine | None = context.memo["entry line"]
    return line


def entry_fits(context: StepContext) -> Iterator[Reason]:
    """A capital line of the FNASS, at most what was approved of it, an exercise that is open and has the credits."""
    act, asked = context.act, asked_of_fund(context)
    code, year, amount = act["line"], int(act["exercise"]), act["amount"]
    if code not in context.rule(CAPITAL_LINE).items:
        yield Reason(
            "not_a_capital_line",
            f"« {line_label(code)} » n’est pas une ligne d’opérations en capital de la CANSSM. Choisissez : "
            f"{' ; '.join(map(line_label, context.rule(CAPITAL_LINE).items))}.",
            Role.REVIEWER.label,
            context.quote(CAPITAL_LINE),
        )
    if amount > asked:
        yield Reason(
            "above_approved_amount",
            f"L’inscription de {format_eur(amount)} dépasse la part du FNASS dans le plan approuvé "
            f"({format_eur(asked)}). Inscrivez au plus ce montant.",
            Role.DIRECTOR_GENERAL.label,
            context.quote(CEILING),
        )
    if year > context.today.year:
        yield Reason(
            "before_exercise",
            f"L’exercice {year} ne commence que le 1er janvier {year} : inscrivez l’opération ce jour-là, ou sur "
            "l’exercice en cours.",
            Role.REVIEWER.label,
            context.quote(CAPITAL_LINE),
        )
        return
    exercise = _exercise_of_entry(context)
    if exercise is None:
        return
    if exercise.is_closed and exercise.closed_on is not None:
        yield Reason(
            "exercise_closed",
            f"L’exercice {year} est clos depuis le {french_date(exercise.closed_on)} : ses crédits ne bougent plus. "
            "Choisissez un exercice ouvert.",
            Role.REVIEWER.label,
            context.quote("exercise.accounts_closed"),
        )
        return
    line = _line_of_entry(context)
    have = balance_of(line=line, exercise=exercise).available if line is not None else ZERO
    if amount > have:
        yield Reason(
            "insufficient_credits",
            f"« {line_label(code)} » du FNASS {year} n’a que {format_eur(have)} disponibles pour "
            f"{format_eur(amount)}. Réduisez le montant, choisissez une autre ligne, ou faites virer des crédits.",
            Role.REVIEWER.label,
            context.quote("credits.no_overdraft"),
        )


def enter_in_budget(context: StepContext) -> None:
    """Commit the amount on its line, after a fresh check under lock; without a budget of that exercise, record it only.

    Raises ``Blocked`` with the balance met.
    """
    dossier, act = context.dossier, context.act
    exercise, line = _exercise_of_entry(context), _line_of_entry(context)
    entry: dict[str, Any] = {
        "exercise": int(act["exercise"]),
        "line": act["line"],
        "amount": f"{act['amount']:.2f}",
        "entered_on": context.today.isoformat(),
        "in_ledger": exercise is not None and line is not None,
    }
    if exercise is not None and line is not None:
        movement = ledger.commit(
            exercise=exercise, line=line, amount=act["amount"], label=dossier.title, dossier=dossier
        )
        context.changes["movement"] = movement.pk
    dossier.results = dossier.results | {ENTRY: entry}
    context.changes[ENTRY] = entry


def entry_paper(context: StepContext) -> PaperOptions:
    """What the entry prints: committed on the line, or recorded because the exercise has no budget here."""
    act, entry = context.act, context.dossier.results[ENTRY]
    committed = "engage sur la ligne ci-dessous la part du fonds national d’action sanitaire et sociale"
    recorded = "constate l’inscription ci-dessous, sans engager de crédits : le budget de l’exercice n’est pas ouvert"
    return {
        "ruling": committed if entry["in_ledger"] else recorded,
        "mark": "Inscription au budget" if entry["in_ledger"] else "Inscription constatée hors budget",
        "amount": act["amount"],
        "amount_label": "Montant inscrit",
        "subject_lines": [
            ("Établissement", str(context.data.get("establishment") or "")),
            ("Exercice", str(act["exercise"])),
            ("Ligne du FNASS", line_label(act["line"])),
        ],
    }


def recorded_only(context: StepContext) -> Iterator[Reason]:
    """Say on the page that the entry moved no credits: there was no budget of that exercise."""
    entry = context.dossier.results.get(ENTRY)
    if entry and not entry["in_ledger"]:
        yield Reason(
            "recorded_only",
            f"L’inscription de {format_eur(Decimal(entry['amount']))} sur « {line_label(entry['line'])} » est "
            f"constatée sans mouvement de crédits : aucun budget {entry['exercise']} n’est ouvert dans Berline.",
            Role.REVIEWER.label,
            context.quote(RECORDED),
        )


# --- execution ----------------------------------------------------------------------------------------------


def entry_of(context: StepContext) -> Mapping[str, Any]:
    """The entry in the budget, as it was kept."""
    entry: Mapping[str, Any] = context.dossier.results[ENTRY]
    return entry


def execution_fits(context: StepContext) -> Iterator[Reason]:
    """Nothing is executed above what was entered, nor before."""
    entry, act = entry_of(context), context.act
    entered, entered_on = Decimal(entry["amount"]), date.fromisoformat(entry["entered_on"])
    if act["executed_amount"] > entered:
        yield Reason(
            "above_entry",
            f"{format_eur(act['executed_amount'])} dépassent le montant inscrit au budget ({format_eur(entered)}). "
            "Corrigez le montant exécuté.",
            Role.REVIEWER.label,
            context.quote(EXECUTION),
        )
    if act["executed_on"] < entered_on:
        yield Reason(
            "before_entry",
            f"Le {french_date(act['executed_on'])} précède l’inscription au budget, le {french_date(entered_on)} : "
            "corrigez la date.",
            Role.REVIEWER.label,
            context.quote(EXECUTION),
        )


def release_remainder(context: StepContext) -> None:
    """Give back what was committed and not executed, while the accounts of the exercise are open."""
    _release(context, Decimal(entry_of(context)["amount"]) - context.act["executed_amount"])


def release_commitment(context: StepContext) -> None:
    """Give back all that was committed for a project that is given up."""
    _release(context, Decimal(entry_of(context)["amount"]))


def _release(context: StepContext, amount: Decimal) -> None:
    entry = entry_of(context)
    if not amount or not entry["in_ledger"]:
        return
    exercise = exercise_of_year(entry["exercise"])
    line = lines_by_code(fund=FUND, codes=[entry["line"]]).get(entry["line"])
    if exercise is None or line is None:
        raise RuntimeError(f"{context.dossier.reference}: the budget of its entry is gone")
    if exercise.is_closed:
        return
    movement = ledger.commit(
        exercise=exercise,
        line=line,
        amount=-amount,
        label=f"Reliquat : {context.dossier.title}",
        dossier=context.dossier,
    )
    context.changes["movement"] = movement.pk
    context.changes["released"] = f"{amount:.2f}"
