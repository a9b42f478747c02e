"""Steps that the paths of credits have in common. Each call makes a new step: paths share no node.

The third path showed the shape (check of the credits, vote of the board, ministries, filing); what differs is where
each outcome leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from cases.calendar import french_date
from cases.enums import AtExpiry, DeadlineKind, DecisionKind, DossierStatus, Duty, Role
from cases.errors import Reason
from cases.papers import PaperOptions, PaperTable
from cases.register_terms import MeetingKind
from workflows.engine.context import StepContext
from workflows.engine.credit_effects import deliberation, subject_lines
from workflows.engine.credit_forms import EffectForm, VoteForm
from workflows.engine.credit_lines import effect_day_fits
from workflows.engine.effects import decision
from workflows.engine.meetings import note_on_agenda
from workflows.engine.step import Clock, Effect, FixedDay, Guard, Outcome, Route, Step, Within, outcome

S = DossierStatus
Tables = Callable[[StepContext], list[PaperTable]]

#: Rules that these steps quote; a path that uses them lists them among its own.
RULES = (
    "credits.submitter",
    "credits.check_body",
    "credits.check_delay",
    "credits.decide_delay",
    "credits.effect",
    "credits.no_overdraft",
    "exercise.accounts_closed",
    "board.vote",
    "authority.each",
    "refusal.motive",
    "withdrawal",
    "separation.prepare_decide",
    "separation.authorising_accounting",
)


def prepare_step(
    title: str,
    *,
    to: Any,
    guards: Iterable[Guard],
    filed_by: Iterable[Role] = (),
    role: Role = Role.PREPARER,
    rules: tuple[str, ...] = ("credits.submitter",),
) -> Step:
    """The file is written and submitted to whoever comes next."""
    return Step(
        title=title,
        role=role,
        filed_by=filed_by,
        duty=Duty.PREPARE,
        edits=True,
        rules=rules,
        outcomes=[
            outcome("submit", "Soumettre", to=to, status=S.SUBMITTED, guards=tuple(guards), style="primary")
        ],
    )


def check_credits(
    *,
    to: Any,
    status: DossierStatus,
    close: Any,
    guards: Iterable[Guard],
    outcomes: Iterable[Outcome] = (),
    title: str = "Vérifier les crédits",
    label: str = "Crédits disponibles",
) -> Step:
    """The agent comptable finds the credits available, or refuses with a motive."""
    return Step(
        title=title,
        role=Role.ACCOUNTING_OFFICER,
        duty=Duty.ACCOUNT,
        within=Within("credits.check_delay"),
        rules=("credits.check_body",),
        outcomes=[
            outcome(
                "credits_available",
                label,
                to=to,
                status=status,
                guards=tuple(guards),
                rules=("credits.no_overdraft",),
                style="primary",
            ),
            *outcomes,
            outcome(
                "reject",
                "Rejeter",
                to=close,
                status=S.REFUSED,
                motive=True,
                rules=("refusal.motive",),
                style="danger",
            ),
        ],
    )


def vote_fits(adopted: bool) -> Guard:
    """The session is not before the submission, and the votes say what the outcome says."""

    def check(context: StepContext) -> Iterator[Reason]:
        act = context.act
        if act["voted_on"] < context.day:
            yield Reason(
                "vote_before_submission",
                f"La séance du {french_date(act['voted_on'])} précède la transmission du dossier, le "
                f"{french_date(context.day)} : corrigez la date.",
                Role.BOARD_SECRETARY.label,
                context.quote("board.vote"),
            )
        won = act["votes_for"] >= act["votes_against"] and act["votes_for"] > 0
        lost = act["votes_against"] >= act["votes_for"]
        if not (won if adopted else lost):
            yield Reason(
                "vote_contradicts",
                f"{act['votes_for']} voix pour, {act['votes_against']} contre : ce décompte contredit « "
                f"{'Adopté' if adopted else 'Rejeté'} ». Corrigez les voix ou choisissez l’autre issue.",
                Role.BOARD_SECRETARY.label,
                context.quote("board.vote"),
            )

    return check


def board_vote(
    *,
    adopted: Sequence[Route],
    close: Any,
    about: str,
    ruling: str,
    lost: str,
    tables: Tables,
    rules: tuple[str, ...],
    guards: Iterable[Guard] = (),
) -> Step:
    """The vote of the board, recorded by its secretariat: date, members, votes. ``rules`` are quoted on the paper.

    ``ruling`` and ``lost`` are what the extract of deliberation says when it is adopted, and when it is not. A dossier
    that waits on the agenda of a session is voted on that day.
    """
    settles = note_on_agenda(MeetingKind.BOARD, "board.vote")
    recorded = deliberation(*rules, "board.vote", adopted=True, about=about, ruling=ruling, tables=tables)
    for route in adopted:
        route.effects = (settles, recorded, *route.effects)
    return Step(
        title="Recueillir le vote du conseil",
        role=Role.BOARD_SECRETARY,
        duty=Duty.DECIDE,
        rules=(*rules, "board.vote"),
        outcomes=[
            outcome(
                "adopted",
                "Adopté",
                routes=adopted,
                form=VoteForm,
                checks=(vote_fits(True),),
                guards=tuple(guards),
                style="success",
            ),
            outcome(
                "rejected",
                "Rejeté",
                to=close,
                status=S.REFUSED,
                form=VoteForm,
                checks=(vote_fits(False),),
                motive=True,
                rules=("refusal.motive",),
                effects=(
                    settles,
                    deliberation(
                        *rules,
                        "board.vote",
                        adopted=False,
                        about=about,
                        ruling=lost,
                        tables=tables,
                    ),
                ),
                style="danger",
            ),
        ],
    )


def ministries(
    *,
    title: str,
    agree: tuple[str, str],
    to: Sequence[Route],
    close: Any,
    kind: DecisionKind,
    about: str,
    ruling: str,
    tables: Tables,
    rules: tuple[str, ...],
    guards: Iterable[Guard] = (),
    refused: Iterable[Effect] = (),
) -> Step:
    """Each ministry agrees (the last one lets the dossier go on) or one refuses, which ends it.

    ``agree`` is the key and the label of the favourable outcome. Each answer has its own paper; ``refused`` are further
    effects of a refusal.
    """

    def paper(words: str) -> Callable[[StepContext], PaperOptions]:
        def made(context: StepContext) -> PaperOptions:
            return {
                "ruling": words,
                "amount_label": "Montant total",
                "subject_lines": subject_lines(context),
                "tables": tables(context),
            }

        return made

    quoted = (*rules, "authority.each")
    return Step(
        title=title,
        role=Role.AUTHORITY,
        duty=Duty.DECIDE,
        rules=quoted,
        outcomes=[
            outcome(
                agree[0],
                agree[1],
                routes=to,
                waits_for_all=True,
                guards=tuple(guards),
                answers=(decision(kind, *quoted, about=about, paper=paper(ruling)),),
                style="success",
            ),
            outcome(
                "refuse",
                "Refuser",
                to=close,
                status=S.REFUSED,
                motive=True,
                rules=("refusal.motive",),
                answers=(
                    decision(
                        DecisionKind.REFUSAL,
                        *quoted,
                        "refusal.motive",
                        about=about,
                        paper=paper("refuse la demande"),
                    ),
                    *refused,
                ),
                style="danger",
                help="Le refus d’un seul ministère met fin au dossier.",
            ),
        ],
    )


def effect_step(
    *,
    to: Any,
    end: Any,
    guards: Iterable[Guard],
    effects: Iterable[Effect],
    about: str,
    ruling: str,
    tables: Tables,
    rules: tuple[str, ...],
    lapses: str = "exercise.accounts_closed",
) -> Step:
    """The directeur général lets the credits move, after a fresh check; or gives it up with a motive.

    What was not done by the day that the rule ``lapses`` fixes for the exercise lapses: the system records it.
    """

    def last_day(context: StepContext) -> FixedDay:
        return FixedDay(context.rule(lapses).date_for(int(context.data["exercise"])), lapses)

    def paper(context: StepContext) -> PaperOptions:
        return {
            "ruling": ruling,
            "amount_label": "Montant total",
            "subject_lines": subject_lines(context),
            "tables": tables(context),
        }

    return Step(
        title="Effectuer",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=(
            Within(lapses, DeadlineKind.LEGAL, due=last_day, at_expiry=AtExpiry.LAPSE, then="renounce"),
            Within("credits.decide_delay"),
        ),
        rules=("credits.effect",),
        outcomes=[
            outcome(
                "effect",
                "Effectuer",
                to=to,
                status=S.EXECUTED,
                form=EffectForm,
                checks=(effect_day_fits,),
                guards=tuple(guards),
                effects=(
                    *effects,
                    decision(DecisionKind.APPROVAL, *rules, "credits.effect", about=about, paper=paper),
                ),
                style="success",
                help="Les crédits bougent à ce moment, après une nouvelle vérification.",
            ),
            outcome(
                "renounce",
                "Renoncer",
                to=end,
                status=S.LAPSED,
                motive=True,
                clock=Clock.DROP,
                help="Le dossier devient caduc ; aucun crédit ne bouge.",
            ),
        ],
    )
