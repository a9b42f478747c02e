"""FNMO investment above 20 000 € HT (inventory A01, A02).

The paragraph that this path implements (COG 2014-2017, règles budgétaires du FNMO):

    « Toute opération d'un montant supérieur à 20000 € HT (montant par opération, quel que soit le nombre d'œuvres
    concernées par le projet) devra être transmise pour validation avant engagement à la direction générale de la
    CANSSM, accompagnée d'une note de présentation justifiant cet investissement. Pour les opérations en capital liées
    à une restructuration ou une réorganisation de l'offre de soins, un dossier économique étayé faisant apparaître
    l'impact de ces investissements sur la (ou les) gestion(s) concernée(s) au cours des trois années suivant leur
    réalisation devra être joint à l'appui de chaque demande. »
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from django import forms

from cases.enums import DecisionKind, DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import (
    Begin,
    DossierForm,
    ExerciseField,
    Finish,
    MoneyField,
    NamesField,
    Path,
    Piece,
    Reason,
    Route,
    RowsField,
    Step,
    StepContext,
    Within,
    effects,
    format_eur,
    french_date,
    guards,
    outcome,
    register,
    review_steps,
    similar_operations,
    this,
)

S = DossierStatus

THRESHOLD = "fnmo.investment.threshold"
PER_OPERATION = "fnmo.investment.per_operation"
VALIDATION_BODY = "fnmo.investment.validation_body"
BEFORE_COMMITMENT = "fnmo.investment.before_commitment"
NOTE = "fnmo.investment.note"
ECONOMIC_FILE = "fnmo.investment.economic_file"
IMPACT_YEARS = "fnmo.investment.impact_years"
SUBMITTER = "fnmo.investment.submitter"
DESK = "fnmo.investment.desk"
DECIDER = "fnmo.investment.decider"
DISPENSE = "fnmo.investment.dispense"
CEILING = "fnmo.investment.commitment_ceiling"
REVISED_COST = "fnmo.investment.revised_cost"
SPLIT_WINDOW = "fnmo.investment.split_window"
FOLLOW_UP = "fnmo.investment.follow_up"
SIGN_OFF_DELAY = "fnmo.investment.sign_off_delay"
CHECK_DELAY = "fnmo.investment.check_delay"
COMPLETION_DELAY = "fnmo.investment.completion_delay"
DECIDE_DELAY = "fnmo.investment.decide_delay"


class InvestmentForm(DossierForm):
    """Data of an investment operation. Amounts in EUR before tax, per operation, all œuvres together."""

    title = forms.CharField(
        label="Objet de l’opération",
        min_length=3,
        max_length=200,
        help_text="Par exemple : Rénovation du centre de santé de Lens.",
        error_messages={"required": "Donnez un objet à l’opération."},
    )
    amount_ht = MoneyField(
        label="Montant HT de l’opération",
        help_text="Toutes œuvres réunies. Par exemple : 25 000,50 €.",
    )
    exercise = ExerciseField()
    facilities = NamesField(label="Œuvres concernées", help_text="Cochez celles que l’opération concerne.")
    nature = forms.CharField(
        label="Nature de l’opération",
        max_length=100,
        help_text="Travaux, équipement médical, mobilier, informatique, véhicule…",
        widget=forms.TextInput(attrs={"list": "natures", "autocomplete": "off"}),
        error_messages={"required": "Indiquez la nature de l’opération, par exemple « Travaux »."},
    )
    is_restructuring = forms.BooleanField(
        label="L’opération est liée à une restructuration ou à une réorganisation de l’offre de soins",
        required=False,
    )
    impact = RowsField(
        label="Impact sur les gestions concernées",
        required=False,
        help_text="Pour chaque gestion, les trois années qui suivent la réalisation. Un gain se note en négatif.",
        columns={
            "gestion": forms.CharField(
                label="Gestion", max_length=120, error_messages={"required": "nommez la gestion concernée."}
            ),
            "year": forms.IntegerField(
                label="Année",
                min_value=2014,
                max_value=2100,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                error_messages={
                    "required": "indiquez l’année.",
                    "invalid": "écrivez l’année en quatre chiffres.",
                },
            ),
            "amount": MoneyField(label="Montant (€)", signed=True),
        },
    )

    def clean_impact(self) -> list[dict[str, object]]:
        """One amount for each gestion and year."""
        rows = self.cleaned_data["impact"]
        seen = set()
        for row in rows:
            key = (row.get("gestion"), row.get("year"))
            if key in seen:
                raise forms.ValidationError(f"« {key[0]} » a deux montants pour {key[1]} : gardez-en un.")
            seen.add(key)
        return rows


class CommitmentForm(DossierForm):
    """The commitment of the operation: its date and its amount in EUR before tax."""

    committed_on = forms.DateField(
        label="Date de l’engagement",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            "required": "Indiquez la date de l’engagement.",
            "invalid": "Écrivez la date comme 31/12/2015.",
        },
    )
    committed_amount_ht = MoneyField(label="Montant engagé HT")


class RevisedCostForm(DossierForm):
    """A new cost of the operation, in EUR before tax."""

    amount_ht = MoneyField(label="Nouveau montant HT de l’opération")


def above_threshold(context: StepContext) -> bool:
    """Strictly above the threshold: at exactly 20 000,00 € HT nothing is asked (A01)."""
    return context.amount is not None and context.amount > context.rule(THRESHOLD).amount


def not_above_threshold(context: StepContext) -> bool:
    """The dispense: at or below the threshold the text asks for no transmission."""
    return not above_threshold(context)


def needs_economic_file(context: StepContext) -> bool:
    """An operation above the threshold tied to a restructuring or a reorganisation of the care offer (A02)."""
    return above_threshold(context) and bool(context.data.get("is_restructuring"))


def impact_covers_three_years(context: StepContext) -> Iterator[Reason]:
    """Each gestion concerned has its impact for three consecutive years (A02)."""
    if not needs_economic_file(context):
        return
    wanted = context.rule(IMPACT_YEARS).number
    years: dict[str, set[int]] = defaultdict(set)
    for row in context.data.get("impact") or []:
        years[row["gestion"]].add(int(row["year"]))
    if not years:
        yield Reason(
            "missing_impact",
            f"L’impact sur les gestions concernées manque : renseignez-le pour {wanted} années.",
            Role.PREPARER.label,
            context.quote(IMPACT_YEARS),
        )
    for gestion, given in sorted(years.items()):
        if not any(all(first + more in given for more in range(wanted)) for first in given):
            yield Reason(
                "missing_impact",
                f"L’impact sur « {gestion} » doit couvrir {wanted} années consécutives ; "
                f"renseigné : {', '.join(map(str, sorted(given)))}.",
                Role.PREPARER.label,
                context.quote(IMPACT_YEARS),
            )


def commitment_within_approval(context: StepContext) -> Iterator[Reason]:
    """Nothing is committed above what was validated, nor before it was, nor at a date to come."""
    dossier = context.dossier
    approved = dossier.approved_amount_ht
    amount: Decimal = context.act["committed_amount_ht"]
    if approved is None or amount > approved:
        limit = format_eur(approved) if approved is not None else "aucun montant"
        yield Reason(
            "above_approved_amount",
            f"L’engagement de {format_eur(amount)} dépasse le montant validé ({limit}). "
            "Engagez au plus ce montant, ou révisez le coût de l’opération.",
            Role.DIRECTOR_GENERAL.label,
            context.quote(CEILING),
        )
    committed_on = context.act["committed_on"]
    if committed_on > context.today:
        yield Reason(
            "future_date", "La date de l’engagement est à venir : engagez d’abord, enregistrez ensuite."
        )
    opened_on = context.approved_on
    if opened_on is not None and committed_on < opened_on:
        yield Reason(
            "before_approval",
            f"L’engagement du {french_date(committed_on)} précède la validation du {french_date(opened_on)} : "
            "corrigez la date.",
            Role.REGIONAL_DIRECTOR.label,
            context.quote(BEFORE_COMMITMENT),
        )


def revised_cost_is_new(context: StepContext) -> Iterator[Reason]:
    """A revision changes the cost."""
    if context.act["amount_ht"] == context.amount:
        yield Reason(
            "unchanged_cost",
            f"Le montant de l’opération est déjà de {format_eur(context.act['amount_ht'])} : "
            "indiquez le nouveau montant.",
        )


def needs_validation_again(context: StepContext) -> bool:
    """The revised cost is above the threshold and above what was validated: it has to be validated first."""
    approved = context.dossier.approved_amount_ht or Decimal(0)
    revised: Decimal = context.act["amount_ht"] if "amount_ht" in context.act else Decimal(0)
    return revised > context.rule(THRESHOLD).amount and revised > approved


def apply_revised_cost(context: StepContext) -> None:
    """Put the revised cost on the dossier; what was approved for the former cost no longer holds if it goes back."""
    dossier = context.dossier
    before = dossier.amount_ht
    dossier.amount_ht = context.act["amount_ht"]
    dossier.data = dossier.data | {"amount_ht": f"{dossier.amount_ht:.2f}"}
    context.changes["amount_ht"] = [str(before), str(dossier.amount_ht)]
    if needs_validation_again(context):
        dossier.approved_amount_ht = None
    elif dossier.amount_ht > (dossier.approved_amount_ht or Decimal(0)):
        dossier.approved_amount_ht = (
            dossier.amount_ht
        )  # still at or below the threshold: the dispense covers it


def split_warning(context: StepContext) -> Iterator[Reason]:
    """Signal operations of the same body and facility within twelve months that together cross the threshold (A01)."""
    amount = context.amount
    facilities = context.data.get("facilities") or []
    if amount is None or not facilities:
        return
    threshold = context.rule(THRESHOLD).amount
    months = context.rule(SPLIT_WINDOW).number
    others = similar_operations(context.dossier, facilities=facilities, day=context.day, months=months)
    total = amount + sum((other.amount_ht or Decimal(0) for other in others), Decimal(0))
    below = [
        one for one in (amount, *(other.amount_ht or Decimal(0) for other in others)) if one <= threshold
    ]
    if others and below and total > threshold:
        names = ", ".join(
            f"{other.reference} ({format_eur(other.amount_ht or Decimal(0))})" for other in others
        )
        yield Reason(
            "possible_split",
            f"Fractionnement possible : avec {names}, même organisation, même œuvre, sur {months} mois, "
            f"le total atteint {format_eur(total)} HT. Vérifiez qu’il ne s’agit pas d’une seule opération.",
            Role.REVIEWER.label,
            context.quote(PER_OPERATION),
            tuple(other.reference for other in others),
        )


def approval_conditions(context: StepContext) -> list[str]:
    """What the decision adds: the commitment may not exceed the amount validated."""
    amount = format_eur(context.amount or Decimal(0))
    return [
        f"L’engagement ne peut excéder {amount} HT ; un coût révisé au-delà est soumis à une nouvelle validation."
    ]


#: The paper of a decision on an investment operation.
paper = partial(
    effects.decision,
    about="la validation d’une opération d’investissement du fonds national de modernisation des œuvres",
    threshold=THRESHOLD,
)


@register
class FnmoInvestment(Path):
    """« Toute opération d'un montant supérieur à 20000 € HT […] devra être transmise pour validation avant engagement
    à la direction générale de la CANSSM, accompagnée d'une note de présentation justifiant cet investissement. »
    """

    key = "fnmo_investment"
    prefix = "FNMO"
    title = "Investissement FNMO"
    summary = "Validation d’une opération d’investissement financée par le fonds national de modernisation des œuvres."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI})
    form = InvestmentForm
    amount_label = "Montant HT"
    verdict_undecided = (
        "aucune validation préalable n’est demandée ; une fois signée, l’opération peut être engagée."
    )
    simulation_requires = ("amount_ht",)
    withdrawal_rule = "withdrawal"
    warnings = (split_warning,)
    rules = (
        THRESHOLD,
        PER_OPERATION,
        VALIDATION_BODY,
        BEFORE_COMMITMENT,
        NOTE,
        ECONOMIC_FILE,
        IMPACT_YEARS,
        SUBMITTER,
        DESK,
        DECIDER,
        DISPENSE,
        CEILING,
        REVISED_COST,
        SPLIT_WINDOW,
        FOLLOW_UP,
        SIGN_OFF_DELAY,
        CHECK_DELAY,
        COMPLETION_DELAY,
        DECIDE_DELAY,
        "refusal.motive",
        "withdrawal",
        "separation.prepare_decide",
        "calendar.review_suspension",
    )
    pieces = (
        Piece(
            "presentation_note",
            "Note de présentation",
            NOTE,
            above_threshold,
            help="Elle justifie l’investissement.",
        ),
        Piece(
            "economic_file",
            "Dossier économique",
            ECONOMIC_FILE,
            needs_economic_file,
            help="Il montre l’impact sur chaque gestion pendant les trois années qui suivent la réalisation.",
        ),
    )

    start = Begin().Next(this.prepare)

    prepare = Step(
        title="Préparer le dossier",
        role=Role.PREPARER,
        duty=Duty.PREPARE,
        edits=True,
        rules=(THRESHOLD,),
        outcomes=[
            outcome(
                "submit",
                "Soumettre au directeur régional",
                to=this.sign_off,
                status=S.SUBMITTED,
                guards=(guards.missing_pieces, impact_covers_three_years),
                style="primary",
            ),
        ],
    )

    sign_off = review_steps.sign_off(
        outcome(
            "transmit",
            "Transmettre",
            routes=[
                Route(
                    this.check,
                    S.UNDER_REVIEW,
                    when=above_threshold,
                    label="au-dessus du seuil",
                    rules=(THRESHOLD, VALIDATION_BODY),
                ),
                Route(
                    this.commit,
                    S.APPROVED,
                    label="dispense de validation",
                    rules=(THRESHOLD, DISPENSE),
                    effects=(paper(DecisionKind.DISPENSE, THRESHOLD, DISPENSE),),
                ),
            ],
            guards=(guards.missing_pieces, impact_covers_three_years),
            style="primary",
            help="Au-dessus du seuil, le dossier part à la CANSSM ; sinon l’engagement s’ouvre aussitôt.",
        ),
        back=this.prepare,
        within=SIGN_OFF_DELAY,
        rules=(SUBMITTER,),
    )

    check = Step(
        title="Instruire le dossier",
        role=Role.REVIEWER,
        duty=Duty.REVIEW,
        within=Within(CHECK_DELAY),
        rules=(DESK, NOTE),
        outcomes=[
            outcome(
                "complete",
                "Dossier complet : proposer à la décision",
                to=this.decide,
                status=S.AWAITING_DECISION,
                guards=(guards.missing_pieces, impact_covers_three_years),
                style="primary",
            ),
            review_steps.request_pieces(to=this.complete_file),
        ],
    )

    complete_file = review_steps.complete_file(
        to=this.check,
        guards=(guards.missing_pieces, impact_covers_three_years),
        within=COMPLETION_DELAY,
    )

    decide = Step(
        title="Décider",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=Within(DECIDE_DELAY),
        rules=(DECIDER, VALIDATION_BODY),
        outcomes=[
            outcome(
                "approve",
                "Valider l’investissement",
                to=this.commit,
                status=S.APPROVED,
                guards=(guards.missing_pieces,),
                effects=(
                    paper(
                        DecisionKind.APPROVAL,
                        THRESHOLD,
                        PER_OPERATION,
                        VALIDATION_BODY,
                        NOTE,
                        conditions=approval_conditions,
                    ),
                ),
                style="success",
            ),
            review_steps.refuse(
                this.close,
                paper(DecisionKind.REFUSAL, THRESHOLD, VALIDATION_BODY, "refusal.motive"),
            ),
            review_steps.send_back(this.check),
        ],
    )

    commit = Step(
        title="Engager l’opération",
        role=Role.REGIONAL_DIRECTOR,
        duty=Duty.EXECUTE,
        rules=(BEFORE_COMMITMENT,),
        outcomes=[
            outcome(
                "commit",
                "Enregistrer l’engagement",
                to=this.close,
                status=S.EXECUTED,
                form=CommitmentForm,
                checks=(commitment_within_approval,),
                rules=(CEILING,),
                style="primary",
            ),
            outcome(
                "revise_cost",
                "Réviser le coût",
                routes=[
                    Route(
                        this.check,
                        S.UNDER_REVIEW,
                        when=needs_validation_again,
                        label="coût au-dessus du seuil et du montant validé",
                        rules=(THRESHOLD, REVISED_COST),
                        effects=(apply_revised_cost,),
                    ),
                    Route(
                        this.commit,
                        S.APPROVED,
                        label="coût déjà couvert",
                        rules=(THRESHOLD, REVISED_COST),
                        effects=(apply_revised_cost,),
                    ),
                ],
                form=RevisedCostForm,
                checks=(revised_cost_is_new,),
                motive=True,
                help="Un coût qui dépasse le seuil et le montant validé retourne à l’instruction.",
            ),
        ],
    )

    close = review_steps.close_step(this.end, rules=(FOLLOW_UP,))

    end = Finish("Dossier clos")
