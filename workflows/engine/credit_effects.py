"""What the acts of the paths of credits write: movements of the ledger, their papers, the information of addressees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from cases.enums import DecisionKind
from cases.french import french_date
from cases.models import Exercise
from cases.papers import PaperOptions, PaperTable, Vote
from cases.selectors import national_bodies
from cases.services import acknowledge_notice, issue_notices, ledger
from workflows.engine import effects
from workflows.engine.context import StepContext
from workflows.engine.credit_lines import exercise_of, fund_of, transfer_rows_of, transfers_table
from workflows.engine.step import Effect

DELAY = "virement.information.delay"


def exercise_needed(context: StepContext) -> Exercise:
    """The exercise of the dossier. The form has checked that there is one."""
    exercise = exercise_of(context)
    if exercise is None:
        raise RuntimeError(f"{context.dossier.reference} has no exercise")
    return exercise


def effected_on(context: StepContext) -> date:
    """The day of effect that the act names; today otherwise."""
    day: date | None = context.act.get("effected_on")
    return day or context.today


def transfer(context: StepContext) -> None:
    """Move the credits of the dossier's rows, after a fresh check under lock. Raises ``Blocked``."""
    movement = ledger.transfer(
        exercise=exercise_needed(context),
        transfers=[ledger.Transfer(row.origin, row.target, row.amount) for row in transfer_rows_of(context)],
        label=context.dossier.title,
        dossier=context.dossier,
        effective_on=effected_on(context),
    )
    context.changes["movement"] = movement.pk


def transfers_paper(ruling: str, mark: str) -> Callable[[StepContext], PaperOptions]:
    """The paper of an act on a virement: fund, exercise, day of effect, lines."""

    def paper(context: StepContext) -> PaperOptions:
        return {
            "ruling": ruling,
            "mark": mark,
            "amount_label": "Montant total",
            "subject_lines": subject_lines(context),
            "tables": transfer_tables(context),
        }

    return paper


def transfer_tables(context: StepContext) -> list[PaperTable]:
    """The rows of a virement, for a paper."""
    return [transfers_table(transfer_rows_of(context))]


def subject_lines(context: StepContext) -> list[tuple[str, str]]:
    """Fund, exercise and, once credits move, the day of effect."""
    lines = [("Fonds", fund_of(context)), ("Exercice", str(context.data.get("exercise") or ""))]
    if "effected_on" in context.act:
        lines.append(("Prise d’effet", french_date(effected_on(context))))
    return lines


def recorded_vote(context: StepContext, *, adopted: bool) -> Vote:
    """The vote that the act records."""
    act = context.act
    return Vote(
        voted_on=act["voted_on"],
        votes_for=act["votes_for"],
        votes_against=act["votes_against"],
        abstentions=act["abstentions"],
        members=act["members"],
        adopted=adopted,
    )


def deliberation(
    *rules: str,
    adopted: bool,
    about: str,
    ruling: str,
    mark: str = "",
    tables: Callable[[StepContext], list[PaperTable]],
) -> Effect:
    """Record the vote of the board and its extract of deliberation."""

    def paper(context: StepContext) -> PaperOptions:
        return {
            "ruling": ruling,
            "mark": mark,
            "amount_label": "Montant total",
            "subject_lines": subject_lines(context),
            "tables": tables(context),
            "vote": recorded_vote(context, adopted=adopted),
        }

    return effects.decision(DecisionKind.DELIBERATION, *rules, about=about, paper=paper)


def inform_of_transfers(step: str, *rules: str) -> Effect:
    """Put the information at the disposal of each body that holds ``step`` (A19), due V + 15 days."""

    def effect(context: StepContext) -> None:
        dossier = context.dossier
        acting = context.step
        opening = context.path.step(step)
        if acting is None or opening is None:
            raise RuntimeError(f"no step {step!r} to inform at")
        day = effected_on(context)
        due_on = context.due_on(DELAY, day)
        bodies = {body.pk: body for body in national_bodies(dossier.organisation)}
        notices = issue_notices(
            dossier=dossier,
            step=step,
            addressees=[
                (bodies[chair.organisation_id], chair.role) for chair in opening.chairs(dossier.organisation)
            ],
            actor=context.actor,
            role=acting.role,
            body=context.body,
            capacity=context.capacity,
            happened_on=day,
            due_on=due_on,
            rule_ref=context.rule(DELAY).ref,
            delay=context.quote(DELAY),
            subject=(
                "Information d’un virement de crédits entre groupes "
                f"({fund_of(context)}, exercice {context.data['exercise']})"
            ),
            quotes=[context.quote(key) for key in rules],
            tables=transfer_tables(context),
            reason=str(context.data.get("reason") or ""),
            subject_lines=subject_lines(context),
        )
        told = [
            {
                "organisation": one.organisation.code,
                "due_on": due_on.isoformat(),
                "sha256": one.document.sha256,
            }
            for one in notices
        ]
        context.changes["notices"] = told

    return effect


def acknowledge(context: StepContext) -> None:
    """Write the receipt of the body that answers."""
    chair, step = context.chair, context.step
    if chair is None or step is None or context.actor is None:
        raise RuntimeError("a receipt is given by a person of the body that was told")
    notice = acknowledge_notice(
        dossier=context.dossier,
        step=step.name,
        organisation_id=chair.organisation_id,
        actor=context.actor,
        capacity=context.capacity,
    )
    context.changes["notice"] = {
        "organisation": notice.organisation.code,
        "due_on": notice.due_on.isoformat(),
        "acknowledged_on": context.today.isoformat(),
    }


def since_effect(step: str) -> Callable[[StepContext], date]:
    """The day of effect, for a clock of the step that follows the effect (``step`` holds the act's data)."""

    def since(context: StepContext) -> date:
        stored = context.dossier.results.get(step, {}).get("effected_on")
        return date.fromisoformat(stored) if stored else context.today

    return since
