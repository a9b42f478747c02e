"""Reuse of receipts of the FNGA in the year itself (inventory A27; A29 for the other funds).

The paragraph that this path implements (COG 2014-2017, règles budgétaires du FNGA, « Règles d’utilisation des autres
recettes »):

    « Dans le cadre de projets ponctuels et bien identifiés, les ministères de tutelle peuvent, au cas par cas,
    autoriser une réutilisation de recettes sur l’année en cours sur la base d’une prévision communiquée par la
    CANSSM. »

Any fund can be chosen in the form, so that whoever asks for another one reads what the text says of its receipts.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cases.enums import DecisionKind, DossierStatus, OrganisationKind, Role
from cases.services import Column, PaperTable, money_table
from workflows.engine import (
    Begin,
    Description,
    Finish,
    MoneyField,
    Path,
    Piece,
    Reason,
    Route,
    StepContext,
    credit_forms,
    credit_lines,
    credit_sources,
    credit_steps,
    credits,
    format_eur,
    guards,
    register,
    review_steps,
    this,
)

S = DossierStatus
REUSE = "fnga.receipts.reuse"
FORECAST = "fnga.receipts.reuse_forecast"
CEILING = "fnga.receipts.reuse_ceiling"
SCOPE = "fnga.receipts.reuse_scope"
EARMARKED = "fnga.receipts.reuse_earmarked"
DEDUCTED = "fnga.receipts.reuse_deducted"
CATEGORY = "fnga.receipts.category."
FNMO_CREDITS = "fnmo.receipts.credits"
ABOUT = "la réutilisation de recettes sur l’année en cours"
ZERO = Decimal("0.00")


class ReuseForm(credit_forms.ReceivingForm):
    """Data of a reuse: the receipts (category, forecast of the year), the project, the lines that receive. EUR."""

    fund = credit_forms.FundField(
        initial="FNGA", help_text="Le texte ne prévoit cette réutilisation que pour le FNGA."
    )
    exercise = credit_forms.OpenedExerciseField()
    category = credit_sources.ReceiptCategoryField()
    project = credit_forms.long_text(
        "Projet",
        required="Décrivez le projet : le texte le veut ponctuel et bien identifié.",
        help_text="Un projet ponctuel et bien identifié : ce qui sera fait, où, et quand il sera achevé.",
    )
    forecast_amount = MoneyField(
        label="Prévision de recettes de l’année",
        help_text="Celle de la catégorie, pour l’exercice entier, telle que la pièce la justifie.",
    )
    lines = credit_forms.line_rows(label="Lignes qui reçoivent les crédits")


def fund_of_text(context: StepContext) -> Iterator[Reason]:
    """Only the FNGA reuses its receipts: the others have their own rule (A29)."""
    fund = credit_lines.fund_of(context)
    if fund == credits.FundCode.FNGA or not fund:
        return
    amount = Decimal(context.data.get("forecast_amount") or "1.00")
    refused = credits.own_receipts(fund, amount, context.rule).reasons
    for reason in refused:
        yield Reason(reason.code, reason.message, Role.PREPARER.label, reason.quote)
    if not refused:
        yield Reason(
            "resource_of_fund",
            f"Les recettes du {fund} sont une ressource du fonds : seul un budget ouvre ses crédits. "
            "Préparez un budget rectificatif.",
            Role.PREPARER.label,
            context.quote(FNMO_CREDITS),
        )


def current_year(context: StepContext) -> Iterator[Reason]:
    """« Sur l’année en cours »: neither before it begins nor once it is over."""
    year = int(context.data.get("exercise") or context.today.year)
    if year != context.today.year:
        yield Reason(
            "not_current_year",
            f"Des recettes se réutilisent sur l’année en cours, {context.today.year}, et non sur {year}. "
            "Choisissez l’exercice en cours.",
            Role.PREPARER.label,
            context.quote(REUSE),
        )


def asked_for(context: StepContext) -> Decimal:
    """What all rows ask for, EUR."""
    return sum((row.amount for row in credit_lines.credit_rows_of(context)), ZERO)


def already_reused(context: StepContext) -> Decimal:
    """What other dossiers reused of the same category in the year, EUR."""
    category = context.data.get("category")
    return sum(
        (one.amount for one in credit_sources.receipts_reused(context) if one.subject == category), ZERO
    )


def within_forecast(context: StepContext) -> Iterator[Reason]:
    """No more than the forecast of the category leaves."""
    asked = asked_for(context)
    if not asked or credit_lines.fund_of(context) != credits.FundCode.FNGA:
        return
    preview = credits.reuse_of_receipts(
        forecast=Decimal(context.data.get("forecast_amount") or ZERO),
        already_reused=already_reused(context),
        requested=asked,
        year=int(context.data["exercise"]),
        rules=context.rule,
    )
    for reason in preview.reasons:
        yield Reason(reason.code, reason.message, Role.PREPARER.label, reason.quote)


def counted_after_closing(context: StepContext) -> Iterator[Reason]:
    """Show what was already reused in the year: it is taken off the excess that A25 shares (no double count)."""
    others = credit_sources.receipts_reused(context)
    total = sum((one.amount for one in others), ZERO)
    if total:
        named = ", ".join(f"{one.reference} ({format_eur(one.amount)})" for one in others)
        yield Reason(
            "already_reused",
            f"{format_eur(total)} de recettes ont déjà été réutilisés en {context.data['exercise']} : {named}, dont "
            f"{format_eur(already_reused(context))} de la même catégorie. Après la clôture, ce qui a été réutilisé est "
            "déduit du dépassement de recettes.",
            Role.REVIEWER.label,
            context.quote(DEDUCTED),
            tuple(one.reference for one in others),
        )


def always(context: StepContext) -> bool:
    """The forecast is compulsory whatever the amount."""
    return True


def receipt_named(context: StepContext) -> str:
    """The receipt behind the credits: its category, its year, the project."""
    category = context.rule(CATEGORY + str(context.data["category"])).text
    project = " ".join(str(context.data["project"]).split())
    return f"{category} {context.data['exercise']}. Projet : {project}"


def is_earmarked(context: StepContext) -> bool:
    """Whether the credits serve the project only, so that they can no longer be moved."""
    return context.rule(EARMARKED).flag


def tables(context: StepContext) -> list[PaperTable]:
    """The receipts and the lines that they feed, for a paper."""
    category = context.rule(CATEGORY + str(context.data["category"])).text
    receipts = money_table(
        "Recettes",
        (Column("Élément"), Column("Montant", numeric=True)),
        [
            (f"{category} : prévision {context.data['exercise']}", Decimal(context.data["forecast_amount"])),
            ("Réutilisation demandée", asked_for(context)),
        ],
        total_label="",
    )
    rows = credit_lines.credit_rows_of(context)
    return [receipts, credit_lines.credits_table("Lignes qui reçoivent les crédits", rows)]


FITS = (
    credit_lines.lines_given,
    fund_of_text,
    credit_lines.exercise_open,
    current_year,
    credit_sources.may_receive("line"),
    within_forecast,
    guards.missing_pieces,
)


@register
class ReceiptsReuse(Path):
    """« Les ministères de tutelle peuvent, au cas par cas, autoriser une réutilisation de recettes sur l’année en cours
    sur la base d’une prévision communiquée par la CANSSM. »
    """

    key = "receipts_reuse"
    prefix = "RRE"
    title = "Réutilisation de recettes"
    summary = "Recettes du FNGA réutilisées dans l’année pour un projet ponctuel, sur autorisation de chaque ministère."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.FUND})
    form = ReuseForm
    simulation_requires = ("fund", "exercise")
    verdict = "chaque ministère autorise au cas par cas, puis le directeur général ouvre les crédits."
    withdrawal_rule = "withdrawal"
    warnings = (counted_after_closing, credit_sources.receives_without_need("line"))
    rules = tuple(
        dict.fromkeys(
            (
                REUSE,
                FORECAST,
                CEILING,
                SCOPE,
                EARMARKED,
                *credits.RECEIPT_RULES,
                *credit_sources.RECEIVING_RULES,
                *credit_steps.RULES,
            )
        )
    )
    pieces = (
        Piece(
            "receipts_forecast",
            "Prévision de recettes",
            FORECAST,
            always,
            help="Elle chiffre les recettes de la catégorie pour l’exercice.",
        ),
    )

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title is made of the fund, the exercise and the project; the amount is the sum of the rows."""
        return credit_lines.describe("Recettes", {**data, "reason": data.get("project")})

    start = Begin().Next(this.prepare)

    prepare = credit_steps.prepare_step(
        "Préparer la demande",
        to=this.check,
        guards=FITS,
        filed_by=(Role.REVIEWER,),
        rules=(REUSE, FORECAST, SCOPE),
    )

    check = credit_steps.check_credits(
        to=this.prior_authorisation,
        status=S.AWAITING_AUTHORITY,
        close=this.close,
        guards=FITS,
        title="Vérifier la prévision",
        label="Prévision vérifiée",
    )

    prior_authorisation = credit_steps.ministries(
        title="Autoriser la réutilisation",
        agree=("authorise", "Autoriser"),
        to=[Route(this.effect, S.APPROVED)],
        close=this.close,
        kind=DecisionKind.AGREEMENT,
        about=ABOUT,
        ruling="autorise la réutilisation de recettes ci-dessous",
        tables=tables,
        rules=(REUSE,),
        guards=(current_year,),
    )

    effect = credit_steps.effect_step(
        to=this.close,
        end=this.end,
        guards=FITS,
        effects=(
            credit_sources.receive(origin=receipt_named, limit=within_forecast, earmarked=is_earmarked),
        ),
        about=ABOUT,
        ruling="ouvre les crédits ci-dessous",
        tables=tables,
        rules=(REUSE, EARMARKED),
    )

    close = review_steps.close_step(this.end, rules=(DEDUCTED,))

    end = Finish("Dossier clos")
