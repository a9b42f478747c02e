"""Advance releases of the FNMO in the first months of the year (inventory A04).

The paragraph that this path implements (COG 2014-2017, règles budgétaires du FNMO, « Le vote des budgets annuels »):

    « Le budget primitif N+1 est soumis au vote du conseil d’administration de la CANSSM après la clôture des comptes de
    l’exercice N et au plus tard le 30 juin N+1. Afin de permettre aux CARMI de financer les investissements sur le
    premiers mois de l’année, des déblocages par anticipation seront opérés sous l’autorité du Directeur de la CANSSM. »

An advance comes before any credit: it takes none. Once the budget is enforceable, it is committed on its line.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from django import forms

from cases.enums import DecisionKind, DossierStatus, Duty, OrganisationKind, Role
from cases.services import PaperOptions, ledger
from workflows.engine import (
    Begin,
    DossierForm,
    ExerciseField,
    Finish,
    MoneyField,
    NamesField,
    Path,
    Reason,
    Step,
    StepContext,
    Within,
    credit_effects,
    credit_forms,
    credit_lines,
    credit_sources,
    credit_steps,
    effects,
    format_eur,
    french_date,
    outcome,
    register,
    review_steps,
    this,
)

S = DossierStatus
AUTHORITY = "fnmo.advance.authority"
UNTIL = "fnmo.advance.until"
DECIDE_DELAY = "fnmo.advance.decide_delay"
NO_EXEMPTION = "fnmo.advance.no_exemption"
REGULARISATION = "fnmo.advance.regularisation"
UNUSED = "fnmo.advance.unused"
THRESHOLD = "fnmo.investment.threshold"
SUBMITTER = "fnmo.investment.submitter"
SIGN_OFF_DELAY = "fnmo.investment.sign_off_delay"
OPERATIONS = "fnmo_investment"


class AdvanceForm(DossierForm):
    """Data of an advance: what it pays for, its amount in EUR before tax, the exercise, why it cannot wait."""

    fixed_fund = "FNMO"

    title = forms.CharField(
        label="Objet du déblocage",
        min_length=3,
        max_length=200,
        help_text="Par exemple : Premiers travaux du centre de santé de Lens.",
        error_messages={"required": "Donnez un objet au déblocage."},
    )
    amount_ht = MoneyField(label="Montant HT à débloquer", help_text="Par exemple : 15 000,00 €.")
    exercise = ExerciseField()
    facilities = NamesField(label="Œuvres concernées", required=False)
    reason = credit_forms.long_text(
        "Motif",
        required="Dites pourquoi la dépense ne peut pas attendre que le budget soit exécutoire.",
    )


def in_season(context: StepContext) -> Iterator[Reason]:
    """From 1 January of the exercise until the day of the rule, and no longer than until the budget is enforceable."""
    year = context.dossier.exercise
    if not year:
        return
    last = context.rule(UNTIL).date_for(year)
    if context.today < date(year, 1, 1):
        yield Reason(
            "before_exercise",
            f"Aucun déblocage de {year} avant le 1er janvier {year} : attendez ce jour, ou choisissez l’exercice en "
            "cours.",
            Role.PREPARER.label,
            context.quote(UNTIL),
        )
    elif context.today > last:
        yield Reason(
            "season_over",
            f"Les déblocages par anticipation de {year} ont pris fin le {french_date(last)}. Déposez l’opération sur "
            "le budget du fonds.",
            Role.PREPARER.label,
            context.quote(UNTIL),
        )
    elif credit_sources.primitive_budget_enforceable(context):
        yield Reason(
            "budget_enforceable",
            f"Le budget primitif {year} du FNMO est exécutoire : il n’y a plus lieu à anticipation. Déposez "
            "l’opération sur ce budget.",
            Role.PREPARER.label,
            context.quote(UNTIL),
        )


def budget_carries_it(context: StepContext) -> Iterator[Reason]:
    """The primitive budget of the year is enforceable, and its line has the amount."""
    year, amount = context.dossier.exercise, context.dossier.approved_amount_ht
    if not credit_sources.primitive_budget_enforceable(context):
        yield Reason(
            "budget_not_enforceable",
            f"Le budget primitif {year} du FNMO n’est pas encore exécutoire : l’avance se régularise quand il l’est.",
            Role.BOARD_SECRETARY.label,
            context.quote(REGULARISATION),
        )
    line = credit_sources.line_of_fund(context, context.rule(REGULARISATION).items[0])
    if line is None or amount is None:
        return
    have = credit_sources.balance_on(context, line).available
    if amount > have:
        yield Reason(
            "insufficient_credits",
            f"« {line} » du FNMO {year} n’a que {format_eur(have)} : l’avance de {format_eur(amount)} n’y tient pas. "
            "Faites voter un budget rectificatif.",
            Role.BOARD_SECRETARY.label,
            context.quote(REGULARISATION),
        )


def needs_validation_too(context: StepContext) -> Iterator[Reason]:
    """Recall A01 above its threshold, with the operations of the same body: an advance exempts from nothing."""
    amount = context.amount
    if amount is None or amount <= context.rule(THRESHOLD).amount:
        return
    found = credit_sources.related_operations(context, OPERATIONS)
    named = ", ".join(f"{one.reference} ({format_eur(one.amount_ht or 0)})" for one in found)
    told = (
        f"Opérations déposées par la même organisation pour {context.dossier.exercise} : {named}."
        if found
        else f"La même organisation n’a déposé aucune opération pour {context.dossier.exercise} : déposez-la."
    )
    yield Reason(
        "validation_needed",
        f"Au-dessus de {format_eur(context.rule(THRESHOLD).amount)} HT, l’opération est aussi validée avant "
        f"engagement : le déblocage n’en dispense pas. {told}",
        Role.REGIONAL_DIRECTOR.label,
        context.quote(NO_EXEMPTION),
        tuple(one.reference for one in found),
    )


def released_so_far(context: StepContext) -> Iterator[Reason]:
    """Show whoever decides what was already released for the exercise: the text sets no ceiling."""
    if context.dossier.status != S.AWAITING_DECISION:
        return
    total, own = credit_sources.released(context)
    yield Reason(
        "released_so_far",
        f"Déblocages {context.dossier.exercise} déjà autorisés : {format_eur(total)}, dont {format_eur(own)} pour "
        f"la même organisation. Avec celui-ci : {format_eur(total + (context.amount or 0))}. Le texte "
        "ne fixe pas de plafond.",
        Role.DIRECTOR_GENERAL.label,
        context.quote(AUTHORITY),
    )


def conditions(context: StepContext) -> list[str]:
    """What the decision adds: how the advance is regularised and, above the threshold, that A01 remains."""
    said = [
        "L’avance est engagée sur le budget primitif de l’exercice dès qu’il est exécutoire, dans la limite de ses "
        "crédits."
    ]
    if context.amount is not None and context.amount > context.rule(THRESHOLD).amount:
        said.append("Ce déblocage ne dispense pas l’opération de sa validation avant engagement.")
    return said


def paper(ruling: str, mark: str, context: StepContext) -> PaperOptions:
    """What the decision prints."""
    return {
        "ruling": ruling,
        "mark": mark,
        "amount_label": "Montant HT",
        "subject_lines": credit_effects.subject_lines(context),
    }


def regularise(context: StepContext) -> None:
    """Commit the advance on the line of the budget, after a fresh check under lock. Raises ``Blocked``."""
    line = credit_sources.line_of_fund(context, context.rule(REGULARISATION).items[0])
    amount = context.dossier.approved_amount_ht
    if line is None or amount is None:
        raise RuntimeError(f"{context.dossier.reference}: nothing to regularise")
    movement = ledger.commit(
        exercise=credit_effects.exercise_needed(context),
        line=line,
        amount=amount,
        label=context.dossier.title,
        dossier=context.dossier,
    )
    context.changes["movement"] = movement.pk


ABOUT = "un déblocage par anticipation du fonds national de modernisation des œuvres"


@register
class AdvanceRelease(Path):
    """« Afin de permettre aux CARMI de financer les investissements sur le premiers mois de l’année, des déblocages par
    anticipation seront opérés sous l’autorité du Directeur de la CANSSM. »
    """

    key = "advance_release"
    prefix = "DAV"
    title = "Déblocage par anticipation"
    summary = "Avance du FNMO à une caisse régionale, avant que le budget de l’année soit exécutoire."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI})
    form = AdvanceForm
    simulation_requires = ("amount_ht", "exercise")
    amount_label = "Montant HT"
    verdict = "le directeur régional transmet, puis le directeur général décide le déblocage."
    withdrawal_rule = "withdrawal"
    warnings = (needs_validation_too, released_so_far)
    rules = (
        AUTHORITY,
        UNTIL,
        DECIDE_DELAY,
        NO_EXEMPTION,
        REGULARISATION,
        UNUSED,
        THRESHOLD,
        SUBMITTER,
        SIGN_OFF_DELAY,
        "credits.no_overdraft",
        "exercise.accounts_closed",
        "refusal.motive",
        "withdrawal",
        "separation.prepare_decide",
    )

    start = Begin().Next(this.prepare)

    prepare = credit_steps.prepare_step(
        "Préparer la demande", to=this.sign_off, guards=(in_season,), rules=(UNTIL,)
    )

    sign_off = Step(
        title="Signer et transmettre",
        role=Role.REGIONAL_DIRECTOR,
        duty=Duty.PREPARE,
        within=Within(SIGN_OFF_DELAY),
        rules=(SUBMITTER,),
        outcomes=[
            outcome(
                "transmit",
                "Transmettre",
                to=this.decide,
                status=S.AWAITING_DECISION,
                guards=(in_season,),
                style="primary",
            ),
            outcome("return", "Renvoyer à l’agent", to=this.prepare, status=S.DRAFT),
        ],
    )

    decide = Step(
        title="Décider le déblocage",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=Within(DECIDE_DELAY),
        rules=(AUTHORITY,),
        outcomes=[
            outcome(
                "release",
                "Débloquer",
                to=this.regularise,
                status=S.APPROVED,
                guards=(in_season,),
                effects=(
                    effects.decision(
                        DecisionKind.APPROVAL,
                        AUTHORITY,
                        UNTIL,
                        REGULARISATION,
                        about=ABOUT,
                        conditions=conditions,
                        paper=partial(
                            paper, "autorise le déblocage par anticipation demandé", "Déblocage autorisé"
                        ),
                    ),
                ),
                style="success",
                help="L’avance précède le budget : aucun crédit n’est engagé avant la régularisation.",
            ),
            outcome(
                "refuse",
                "Refuser",
                to=this.close,
                status=S.REFUSED,
                motive=True,
                rules=("refusal.motive",),
                effects=(
                    effects.decision(
                        DecisionKind.REFUSAL,
                        AUTHORITY,
                        "refusal.motive",
                        about=ABOUT,
                        paper=partial(
                            paper, "refuse le déblocage par anticipation demandé", "Déblocage refusé"
                        ),
                    ),
                ),
                style="danger",
            ),
        ],
    )

    regularise = Step(
        title="Régulariser l’avance",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        rules=(REGULARISATION,),
        outcomes=[
            outcome(
                "regularise",
                "Engager sur le budget",
                to=this.close,
                status=S.EXECUTED,
                guards=(credit_lines.exercise_open, budget_carries_it),
                effects=(regularise,),
                style="success",
                help="Le montant débloqué est engagé sur la ligne des investissements du FNMO.",
            ),
            outcome(
                "renounce",
                "Constater que l’avance n’a pas servi",
                to=this.end,
                status=S.LAPSED,
                motive=True,
                rules=(UNUSED,),
                help="Le dossier devient caduc ; aucun crédit n’est engagé.",
            ),
        ],
    )

    close = review_steps.close_step(this.end)

    end = Finish("Dossier terminé")
