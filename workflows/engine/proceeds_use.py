"""The agrément of the use of the proceeds of a sale (COG 2004-2006, inventory A76): form, guards, effects.

A local body asks to use what is left of the price of a building that it sold for an operation of rehabilitation or of
restructuring; the amount becomes a receipt of its regional fund. Amounts are EUR.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django import forms
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from cases.calendar import french_date
from cases.enums import DecisionKind, OrganisationKind, Role
from cases.errors import Blocked, Reason
from cases.models import Organisation, ProceedsAllocation, PropertySale
from cases.money import format_eur
from cases.papers import PaperOptions
from cases.register_terms import ProceedsUse
from cases.services.property import ProceedsPart, allocate
from workflows.engine import effects
from workflows.engine.context import StepContext
from workflows.engine.credit_forms import long_text
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import ExerciseField, MoneyField

REGIONAL_FUND: Final = "proceeds.regional_fund"
PURPOSE: Final = "proceeds.purpose"
AGREEMENT: Final = "proceeds.agreement"
OBJECT: Final = "proceeds.object"
CEILING: Final = "proceeds.ceiling"
ONCE: Final = "proceeds.once"
DECIDER: Final = "proceeds.decider"
CONVENTION_OVER: Final = "proceeds.convention_over"
#: Every rule that these functions may ask for, for a path to pin.
RULES: Final = (REGIONAL_FUND, PURPOSE, AGREEMENT, OBJECT, CEILING, ONCE, DECIDER, CONVENTION_OVER)
ZERO: Final = Decimal("0.00")
NATURES: Final = {"rehabilitation": "Réhabilitation", "restructuring": "Restructuration"}


class ProceedsUseForm(DossierForm):
    """Data of a request: the sale, the operation that its proceeds would pay for, how much, in which exercise."""

    sale = forms.CharField(
        label="Vente",
        max_length=40,
        help_text="La référence de son dossier de cession, par exemple CESSION-2015-0001.",
        error_messages={"required": "Indiquez la référence du dossier de la vente."},
    )
    title = forms.CharField(
        label="Objet de l’opération",
        min_length=3,
        max_length=160,
        error_messages={"required": "Donnez un objet à l’opération."},
    )
    nature = forms.ChoiceField(
        label="Nature de l’opération",
        choices=[("", "Choisissez la nature"), *NATURES.items()],
        error_messages={
            "required": "Choisissez la nature de l’opération.",
            "invalid_choice": "« %(value)s » n’est pas une nature d’opération : réhabilitation (rehabilitation) ou "
            "restructuration (restructuring).",
        },
    )
    amount_ht = MoneyField(label="Montant à employer")
    exercise = ExerciseField(first=2004)
    purpose = long_text("Besoin de financement", required="Dites ce que l’opération finance et pourquoi.")

    def __init__(self, data: Any = None, *, organisation: Organisation | None = None, **kwargs: Any) -> None:
        super().__init__(data, organisation=organisation, **kwargs)
        self._organisation_id = organisation.pk if organisation is not None else None

    def clean_sale(self) -> str:
        """A sale of a building of one's own body; another body's is as unknown as none. One statement."""
        reference = str(self.cleaned_data["sale"]).strip().upper()
        known = self._organisation_id is None or _sales_of(self._organisation_id, reference).exists()
        if reference and not known:
            raise forms.ValidationError(
                f"« {reference} » n’est pas le dossier d’une vente d’un bien de votre organisation : vérifiez la "
                "référence."
            )
        return reference


def _sales_of(organisation_id: int, reference: str) -> Any:
    """The sale that a disposal made of a building of that body, or of an establishment below it."""
    own = Q(property__organisation=organisation_id) | Q(
        property__organisation__parent=organisation_id,
        property__organisation__kind=OrganisationKind.ESTABLISHMENT,
    )
    return PropertySale.objects.filter(own, dossier__reference=reference).order_by("pk")


def sale_of(context: StepContext) -> PropertySale | None:
    """The sale that the request names, with its building and what was given to a use. One statement, once."""
    if "proceeds_sale" not in context.memo:
        reference = str(context.data.get("sale") or "")
        found = (
            _sales_of(context.dossier.organisation_id, reference)
            .select_related("property")
            .annotate(left=F("price") - Coalesce(Sum("allocations__amount"), ZERO))
            .first()
        )
        context.memo["proceeds_sale"] = found if reference else None
    sale: PropertySale | None = context.memo["proceeds_sale"]
    return sale


def left_of(context: StepContext) -> Decimal:
    """What is left of the price, EUR."""
    left: Decimal = getattr(sale_of(context), "left", ZERO)
    return left


def sale_known(context: StepContext) -> Iterator[Reason]:
    """The sale is in the register, of a building of the body that asks."""
    if sale_of(context) is None:
        yield Reason(
            "unknown_sale",
            f"« {context.data.get('sale')} » n’est pas le dossier d’une vente d’un bien de cette organisation : "
            "vérifiez la référence.",
            Role.PREPARER.label,
            context.quote(OBJECT),
        )


def within_what_is_left(context: StepContext) -> Iterator[Reason]:
    """The amount is at most what is left of the price."""
    amount = context.amount
    if sale_of(context) is not None and amount is not None and amount > left_of(context):
        yield Reason(
            "above_left",
            f"Il reste {format_eur(left_of(context))} du prix de la vente {context.data['sale']} : "
            f"{format_eur(amount)} sont demandés. Réduisez le montant.",
            Role.PREPARER.label,
            context.quote(CEILING),
        )


def once_in_exercise(context: StepContext) -> Iterator[Reason]:
    """One agrément for a sale and an exercise. One statement."""
    sale, year = sale_of(context), context.data.get("exercise")
    if sale is None or not year:
        return
    given = ProceedsAllocation.objects.filter(sale=sale, use=ProceedsUse.REGIONAL_FUND, exercise=int(year))
    by = given.order_by("pk").values_list("dossier__reference", flat=True).first()
    if by:
        yield Reason(
            "already_agreed",
            f"Le dossier {by} emploie déjà le produit de cette vente en {year} : choisissez un autre exercice.",
            Role.PREPARER.label,
            context.quote(ONCE),
            (by,),
        )


FITS: Final = (sale_known, within_what_is_left, once_in_exercise)


def convention_over(context: StepContext) -> Iterator[Reason]:
    """Signal a request that is made after the years of the convention."""
    last = context.rule(CONVENTION_OVER).day
    if context.day > last:
        yield Reason(
            "convention_over",
            f"La convention 2004-2006 porte les années jusqu’au {french_date(last)} : cette demande en suit le circuit "
            "après son terme.",
            Role.REVIEWER.label,
            context.quote(CONVENTION_OVER),
        )


def use_proceeds(context: StepContext) -> None:
    """Write the amount as a receipt of the regional fund. Raises ``Blocked`` beyond the price, also in a race."""
    sale, amount = sale_of(context), context.amount
    if sale is None or amount is None:
        raise RuntimeError(f"{context.dossier.reference} names no sale")
    part = ProceedsPart(ProceedsUse.REGIONAL_FUND, int(context.data["exercise"]), amount)
    try:
        allocate(sale, [part], dossier=context.dossier)
    except Blocked as refused:
        quote = context.quote(CEILING)
        reasons = [Reason(one.code, one.message, one.lifted_by, quote) for one in refused.reasons]
        raise Blocked(refused.message, reasons=reasons) from None
    context.changes["proceeds"] = {
        "sale": context.data["sale"],
        "use": part.use.value,
        "exercise": part.exercise,
        "amount": f"{part.amount:.2f}",
    }


def _paper(ruling: str, mark: str) -> Any:
    def paper(context: StepContext) -> PaperOptions:
        sale = sale_of(context)
        if sale is None:
            raise RuntimeError(f"{context.dossier.reference} names no sale")
        return {
            "ruling": ruling,
            "mark": mark,
            "amount_label": "Montant",
            "subject_lines": [
                ("Opération", str(context.data["title"])),
                ("Nature", NATURES[str(context.data["nature"])]),
                ("Bien vendu", str(sale.property)),
                ("Vente", f"{context.data['sale']}, {format_eur(sale.price)}, {french_date(sale.deed_on)}"),
                ("Exercice", str(context.data["exercise"])),
            ],
        }

    return paper


decision = partial(effects.decision, about="l’emploi du produit de la vente d’un immeuble")
agreement_paper: Final = decision(
    DecisionKind.APPROVAL,
    REGIONAL_FUND,
    PURPOSE,
    AGREEMENT,
    DECIDER,
    paper=_paper("agrée l’emploi ci-dessous du produit d’une vente", "Emploi agréé"),
)
refusal_paper: Final = decision(
    DecisionKind.REFUSAL,
    AGREEMENT,
    DECIDER,
    "refusal.motive",
    paper=_paper("refuse l’emploi ci-dessous du produit d’une vente", "Agrément refusé"),
)
