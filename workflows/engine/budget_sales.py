"""The sale of the register whose proceeds a budget opens (A28): « ces crédits réutilisés ne peuvent donner lieu à un
autre usage », so the budget names it, takes its figures as they are, and is the only one to do so in its exercise.

Sales from before the register have no dossier: their figures stay free, and a warning says so. Amounts are EUR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Q, Sum

from cases import clock
from cases.budget_terms import FundCode
from cases.enums import Role
from cases.errors import Blocked, Reason
from cases.models import ProceedsBudget, PropertySale
from cases.money import format_eur
from cases.register_terms import ProceedsUse
from cases.selectors.budget_votes import STANDING
from workflows.credits import Ground
from workflows.engine.budget_forms import ground_of, inputs_of
from workflows.engine.context import StepContext

SALE: Final = "budget.disposal_sale"
RULES: Final = (SALE,)
ZERO: Final = Decimal("0.00")
#: Uses that open credits.
CREDITED: Final = (ProceedsUse.INVESTMENT, ProceedsUse.RENTS)


@dataclass(frozen=True, slots=True)
class AllocatedSale:
    """A sale of a building of the FNGA and what of its Δ was given to each use, EUR."""

    sale: PropertySale
    investment: Decimal
    rents: Decimal


def opens_proceeds(context: StepContext) -> bool:
    """Whether the budget opens the credits of a disposal."""
    return ground_of(context.data) is Ground.DISPOSAL


def reference_of(context: StepContext) -> str:
    """The reference of the disposal that the budget names; empty for none."""
    return str(context.data.get("sale") or "")


def named_sale(context: StepContext) -> AllocatedSale | None:
    """The sale that the budget names. One statement, once."""
    if "named_sale" not in context.memo:
        context.memo["named_sale"] = _read_sale(reference_of(context)) if reference_of(context) else None
    found: AllocatedSale | None = context.memo["named_sale"]
    return found


def _read_sale(reference: str) -> AllocatedSale | None:
    def given(use: ProceedsUse) -> Sum:
        return Sum("allocations__amount", filter=Q(allocations__use=use), default=ZERO)

    sale = (
        PropertySale.objects.filter(dossier__reference=reference, property__fund=FundCode.FNGA)
        .annotate(investment=given(ProceedsUse.INVESTMENT), rents=given(ProceedsUse.RENTS))
        .order_by("pk")
        .first()
    )
    return AllocatedSale(sale, sale.investment, sale.rents) if sale is not None else None


def sales_of_year(context: StepContext) -> Sequence[str]:
    """References of the disposals that the register knows for the year of the sale, proceeds allocated.

    One statement, once.
    """
    if "sales_of_year" not in context.memo:
        year = context.data.get("sale_year")
        context.memo["sales_of_year"] = (
            tuple(
                PropertySale.objects.filter(
                    property__fund=FundCode.FNGA, deed_on__year=int(year), allocations__use__in=CREDITED
                )
                .distinct()
                .order_by("dossier__reference")
                .values_list("dossier__reference", flat=True)
            )
            if year
            else ()
        )
    found: Sequence[str] = context.memo["sales_of_year"]
    return found


def other_budget(context: StepContext, sale: PropertySale) -> str:
    """Reference of the live budget that opens credits of that sale in the same exercise; empty for none.

    One statement, once.
    """
    if "other_budget" not in context.memo:
        found = ProceedsBudget.objects.filter(
            sale=sale,
            exercise=int(context.data["exercise"]),
            released_at__isnull=True,
            dossier__status__in=STANDING,
        )
        if not context.simulated:
            found = found.exclude(dossier=context.dossier)
        context.memo["other_budget"] = found.values_list("dossier__reference", flat=True).first() or ""
    reference: str = context.memo["other_budget"]
    return reference


# --- guards and warnings ----------------------------------------------------------------------------------


def sale_fits(context: StepContext) -> Iterator[Reason]:
    """A sale of the register is named, with its own figures, by one budget for the exercise."""
    if not opens_proceeds(context) or not context.data.get("exercise"):
        return
    reference, quote, lifted_by = reference_of(context), context.quote(SALE), Role.REVIEWER.label
    if not reference:
        known = sales_of_year(context)
        if known:
            yield Reason(
                "sale_required",
                f"Le registre du patrimoine connaît des ventes de {context.data['sale_year']} dont le produit est "
                f"affecté : {', '.join(known)}. Nommez la vente dont viennent ces crédits.",
                lifted_by,
                quote,
                tuple(known),
            )
        return
    found = named_sale(context)
    if found is None:
        yield Reason(
            "unknown_sale",
            f"« {reference} » n’est pas le dossier d’une vente d’un bien du FNGA au registre du patrimoine : corrigez "
            "la référence.",
            lifted_by,
            quote,
        )
        return
    if not found.investment and not found.rents:
        yield Reason(
            "not_allocated",
            f"Le produit de la vente {reference} n’ouvre aucun crédit : il n’est pas affecté, ou elle a été faite sans "
            "plus-value. Faites-le d’abord affecter dans ce dossier.",
            Role.DIRECTOR_GENERAL.label,
            quote,
            (reference,),
        )
        return
    if different := " ; ".join(_differences(context, found)):
        yield Reason(
            "sale_differs",
            f"Les chiffres ne sont pas ceux de la vente {reference} : {different}. Reprenez-les tels quels.",
            lifted_by,
            quote,
            (reference,),
        )
    if other := other_budget(context, found.sale):
        yield _taken(context, reference, other)


def _taken(context: StepContext, reference: str, other: str) -> Reason:
    return Reason(
        "sale_in_budget",
        f"Le produit de la vente {reference} est déjà dans le budget {other} pour {context.data['exercise']} : "
        "retirez-le d’abord de ce budget, ou choisissez un autre exercice.",
        Role.REVIEWER.label,
        context.quote(SALE),
        (other,),
    )


def _differences(context: StepContext, found: AllocatedSale) -> Iterator[str]:
    given, sale = inputs_of(context.data), found.sale
    for name, what, amount in (
        ("price", "prix de vente", sale.price),
        ("net_book_value", "valeur nette comptable", sale.net_book_value),
        ("to_investment", "part des investissements", found.investment),
        ("to_rents", "part des loyers", found.rents),
    ):
        if given[name] != amount:
            yield f"{what} {format_eur(given[name])} au lieu de {format_eur(amount)}"
    if int(given["sale_year"] or 0) != sale.deed_on.year:
        yield f"année {given['sale_year']} au lieu de {sale.deed_on.year}"


def outside_register(context: StepContext) -> Iterator[Reason]:
    """The figures are those of a sale that the register does not know."""
    if opens_proceeds(context) and not reference_of(context) and not sales_of_year(context):
        yield Reason(
            "sale_outside_register",
            f"Vente hors registre : le registre du patrimoine ne connaît aucune vente de "
            f"{context.data.get('sale_year') or 'cette année'} dont le produit soit affecté. Les chiffres sont ceux du "
            "dossier ; si la vente est au registre, nommez-la.",
            Role.REVIEWER.label,
            context.quote(SALE),
        )


# --- effects ----------------------------------------------------------------------------------------------


def name_sale(context: StepContext) -> None:
    """Write that this budget opens the credits of the sale in its exercise.

    Of two budgets submitted at the same moment the second sees the first. Raises ``Blocked``. Four statements at most.
    """
    reference = reference_of(context)
    if not opens_proceeds(context) or not reference:
        return
    sale = PropertySale.objects.select_for_update(no_key=True).get(dossier__reference=reference)
    for read in ("named_sale", "other_budget"):
        context.memo.pop(read, None)
    reasons = list(sale_fits(context))
    if reasons:
        raise Blocked(" ".join(one.message for one in reasons), reasons=reasons)
    now, exercise = clock.now(), int(context.data["exercise"])
    ProceedsBudget.objects.create(sale=sale, exercise=exercise, dossier=context.dossier, at=now)
    context.changes["sale"] = reference


def release_sale(context: StepContext) -> None:
    """The budget is refused or withdrawn: another one may name the sale. One statement, none without a sale."""
    if opens_proceeds(context) and reference_of(context):
        named = ProceedsBudget.objects.filter(dossier=context.dossier, released_at__isnull=True)
        named.update(released_at=clock.now())


def release_when_rejected(context: StepContext) -> None:
    """The board rejects the budget."""
    if context.outcome == "rejected":
        release_sale(context)
