"""What the acts of a disposal write: where the building stands in the register, its sale, what the proceeds become, the
papers of the directeur général. Each effect needs the act's transaction; the register locks the building.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from django.db.models import Sum

from cases.budget_terms import FundCode
from cases.calendar import french_date
from cases.enums import DecisionKind, Role
from cases.errors import Blocked, Reason
from cases.models import ProceedsAllocation, Property
from cases.money import format_eur
from cases.papers import Column, PaperOptions, PaperTable, money_table
from cases.register_terms import ProceedsUse, PropertyState
from cases.services.property import ProceedsPart, allocate, holder_of, move_property, record_sale
from workflows import credits
from workflows.credits import Preview, disposals
from workflows.engine import effects
from workflows.engine import property_steps as steps
from workflows.engine.context import StepContext
from workflows.engine.property_forms import GROUNDS
from workflows.engine.step import Effect

#: Rules that the use of the proceeds stands on, whatever the fund.
PROCEEDS_RULES: Final = tuple(dict.fromkeys((*credits.DISPOSAL_RULES, *disposals.OTHER_FUND_RULES)))
ABOUT: Final = "la cession d’un bien immobilier"
PROCEEDS: Final = "proceeds"


@contextmanager
def _quoted(context: StepContext, key: str) -> Iterator[None]:
    """What the register refuses is said with its rule, as a guard would have."""
    try:
        yield
    except Blocked as refused:
        quote = context.quote(key)
        reasons = [replace(one, quote=one.quote or quote) for one in refused.reasons]
        raise Blocked(refused.message, reasons=reasons) from None


def _move(context: StepContext, building: Property, to: PropertyState) -> None:
    with _quoted(context, steps.ONCE):
        moved = move_property(
            building,
            to,
            actor=context.actor,
            capacity=context.capacity,
            motive=context.motive,
            dossier=context.dossier,
        )
    before = building.state
    building.state = moved.state
    context.changes["building"] = {"code": building.code, "state": [before, moved.state]}


def propose(context: StepContext) -> None:
    """The building is « proposé à la vente » by this dossier, which holds it from now on.

    Of two dossiers submitted for one building at the same moment the second is ``Blocked`` with the name of the first.
    """
    building = steps.building_needed(context)
    former = building.state
    try:
        _move(context, building, PropertyState.PROPOSED)
    except Blocked:
        building.refresh_from_db(fields=["state"])
        by = holder_of(building)
        if not by:
            raise
        reason = steps.taken(context, building, by)
        raise Blocked(reason.message, reasons=[reason]) from None
    held = {"code": building.code, "former": former}
    context.dossier.results = context.dossier.results | {steps.HELD: held}


def release(context: StepContext) -> None:
    """The dossier goes back to its body or is withdrawn before any decision: the building stands where it stood."""
    held = steps.held_by(context)
    if not held:
        return  # never submitted
    building = steps.building_needed(context)
    _move(context, building, PropertyState.WITHDRAWN)
    if held["former"] != PropertyState.WITHDRAWN:
        _move(context, building, PropertyState(held["former"]))
    context.changes["building"] = {"code": building.code, "state": [PropertyState.PROPOSED, held["former"]]}
    context.dossier.results = {
        key: value for key, value in context.dossier.results.items() if key != steps.HELD
    }


def moves_to(state: PropertyState) -> Effect:
    """The building goes to ``state``."""

    def effect(context: StepContext) -> None:
        _move(context, steps.building_needed(context), state)

    return effect


to_sale: Final = moves_to(PropertyState.ON_SALE)
under_offer: Final = moves_to(PropertyState.UNDER_OFFER)
off_sale: Final = moves_to(PropertyState.WITHDRAWN)


def sell(context: StepContext) -> None:
    """Write the sale with the book value of the register: Δ = price − net book value (A28). Raises ``Blocked``."""
    building, actor = steps.building_needed(context), context.actor
    if actor is None:
        raise RuntimeError("a sale is recorded by somebody")
    with _quoted(context, steps.ONCE):
        sale = record_sale(
            building,
            dossier=context.dossier,
            price=context.act["price"],
            net_book_value=building.net_book_value,
            buyer=context.act["buyer"],
            deed_on=context.act["deed_on"],
            surface=building.surface,
            actor=actor,
            capacity=context.capacity,
            motive=context.motive,
        )
    context.memo["sale"] = sale
    context.changes["sale"] = {
        "property": building.code,
        "price": f"{sale.price:.2f}",
        "net_book_value": f"{sale.net_book_value:.2f}",
        "gain": f"{sale.gain:.2f}",
    }


# --- the proceeds -----------------------------------------------------------------------------------------


def is_fnga(context: StepContext) -> bool:
    """Whether the FNGA owns the building: only its proceeds give credits (A28)."""
    return steps.building_needed(context).fund == FundCode.FNGA


def gain_to_allocate(context: StepContext) -> Iterator[Reason]:
    """A building of the FNGA sold at no gain gives no credits: nothing is allocated."""
    sale = steps.sale_of(context)
    if sale is not None and is_fnga(context) and sale.gain <= 0:
        yield Reason(
            "no_gain",
            f"La différence entre le prix et la valeur nette comptable est de {format_eur(sale.gain)} : la cession ne "
            "donne aucun crédit. Choisissez « Constater : sans crédit ».",
            Role.DIRECTOR_GENERAL.label,
            context.quote(disposals.LOSS),
        )


def no_gain(context: StepContext) -> Iterator[Reason]:
    """« Sans crédit » is for a building of the FNGA sold at no gain."""
    sale = steps.sale_of(context)
    if sale is None:
        return
    fund = steps.building_needed(context).fund
    if fund != FundCode.FNGA:
        yield Reason(
            "other_fund",
            f"Le bien appartient au {fund} : choisissez « Affecter le produit », qui en applique la règle.",
            Role.DIRECTOR_GENERAL.label,
            context.quote(disposals.OTHER_FUNDS[FundCode(fund)][0]),
        )
    elif sale.gain > 0:
        yield Reason(
            "gain",
            f"La différence entre le prix et la valeur nette comptable est de {format_eur(sale.gain)} : affectez-la.",
            Role.DIRECTOR_GENERAL.label,
            context.quote(disposals.INVESTMENT),
        )


def proceeds_fit(context: StepContext) -> Iterator[Reason]:
    """The parts are those that the owning fund allows, and within Δ."""
    found = computation_of(context)
    yield from found.reasons


def computation_of(context: StepContext) -> Preview:
    """What the sale gives, line by line with its quotes, from the act's parts. At most one statement, once."""
    if "proceeds" not in context.memo:
        sale = steps.sale_needed(context)
        fund = FundCode(steps.building_needed(context).fund)
        investment = context.act.get("to_investment") or Decimal(0)
        rents = context.act.get("to_rents") or Decimal(0)
        if fund == FundCode.FNGA:
            found = credits.allocate_proceeds(
                price=sale.price,
                net_book_value=sale.net_book_value,
                to_investment=investment,
                to_rents=rents,
                sale_year=sale.deed_on.year,
                rules=context.rule,
            )
        else:
            found = disposals.proceeds_of_other_fund(
                fund,
                price=sale.price,
                net_book_value=sale.net_book_value,
                asked=investment + rents,
                used=_used(context),
                sale_year=sale.deed_on.year,
                rules=context.rule,
            )
        context.memo["proceeds"] = found
    preview: Preview = context.memo["proceeds"]
    return preview


def _used(context: StepContext) -> Decimal:
    """What was given to a use already (A76), EUR. One statement, once."""
    if "used" not in context.memo:
        given = ProceedsAllocation.objects.filter(sale=steps.sale_needed(context))
        context.memo["used"] = given.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    total: Decimal = context.memo["used"]
    return total


def parts_of(context: StepContext) -> list[ProceedsPart]:
    """The rows of the register that the computation makes."""
    sale, found = steps.sale_needed(context), computation_of(context)
    if is_fnga(context):
        invested = context.rule(disposals.INVESTMENT_LINES).items
        return [
            ProceedsPart(
                ProceedsUse.INVESTMENT if share.targets == invested else ProceedsUse.RENTS,
                share.exercise,
                share.amount,
            )
            for share in found.by_exercise
        ]
    fund = FundCode(steps.building_needed(context).fund)
    left = sale.price - _used(context)
    return [ProceedsPart(disposals.OTHER_FUNDS[fund][1], sale.deed_on.year, left)] if left > 0 else []


def allocate_parts(context: StepContext) -> None:
    """Write what the proceeds become. Raises ``Blocked`` beyond Δ or the price, also in a race."""
    parts = parts_of(context)
    if parts:
        with _quoted(context, disposals.INVESTMENT if is_fnga(context) else steps.ONCE):
            allocate(steps.sale_needed(context), parts, dossier=context.dossier)
    context.changes[PROCEEDS] = [
        {"use": one.use.value, "exercise": one.exercise, "amount": f"{one.amount:.2f}"} for one in parts
    ]


# --- papers -----------------------------------------------------------------------------------------------


def _building_lines(context: StepContext) -> list[tuple[str, str]]:
    building = steps.building_needed(context)
    return [
        ("Bien", str(building)),
        ("Usage", building.get_use_display()),
        ("Propriétaire", f"{building.organisation.name} ({building.fund})"),
    ]


def sale_decision(ruling: str, mark: str) -> Callable[[StepContext], PaperOptions]:
    """The paper of a decision on the sale itself."""

    def paper(context: StepContext) -> PaperOptions:
        building = steps.building_needed(context)
        return {
            "ruling": ruling,
            "mark": mark,
            "amount_label": "Prix de mise en vente",
            "subject_lines": [
                *_building_lines(context),
                ("Motif de la cession", GROUNDS[str(context.data["ground"])]),
                ("Évaluation", steps.valuation_words(context)),
                (
                    "Valeur nette comptable",
                    f"{format_eur(building.net_book_value)} au {french_date(building.book_value_on)}",
                ),
            ],
        }

    return paper


def computation_table(found: Preview) -> PaperTable:
    """A computation line by line."""
    return money_table(
        found.title,
        (Column("Calcul"), Column("Montant", numeric=True), Column("Remarque")),
        [(line.label, "" if line.amount is None else line.amount, line.note) for line in found.lines],
        total_label="",
    )


def proceeds_decision(context: StepContext) -> PaperOptions:
    """The paper of the use of the proceeds: the sale, then the computation."""
    sale, found = steps.sale_needed(context), computation_of(context)
    fund = steps.building_needed(context).fund
    nothing = is_fnga(context) and sale.gain <= 0
    ruling = "affecte comme suit le produit de la vente ci-dessous"
    if nothing:
        ruling = "constate que la vente ci-dessous ne donne aucun crédit"
    elif fund == FundCode.FNMO:
        ruling = "constate que le produit de la vente ci-dessous est une ressource du FNMO"
    elif fund != FundCode.FNGA:
        ruling = f"constate que le produit de la vente ci-dessous ne majore pas les autorisations de dépenses du {fund}"
    return {
        "ruling": ruling,
        "mark": "Sans crédit" if nothing else "Produit affecté",
        "amount": sale.price,
        "amount_label": "Prix de vente",
        "subject_lines": [
            *_building_lines(context),
            ("Acquéreur", sale.buyer),
            ("Acte de vente", french_date(sale.deed_on)),
            ("Différence", format_eur(sale.gain)),
        ],
        "tables": [computation_table(found)],
    }


def proceeds_rules(context: StepContext) -> Sequence[str]:
    """The rules of the owning fund, for its paper: those that the computation quotes."""
    found = computation_of(context)
    return [quote.rule for quote in found.quotes]


#: The paper of a decision on a disposal.
decision = partial(effects.decision, about=ABOUT)
put_on_sale_paper: Final = decision(
    DecisionKind.APPROVAL,
    steps.DECIDER,
    also=lambda context: (steps.GROUND_RULES[str(context.data["ground"])],),
    paper=sale_decision("décide la mise en vente du bien ci-dessous", "Mise en vente décidée"),
)
refusal_paper: Final = decision(
    DecisionKind.REFUSAL,
    steps.DECIDER,
    "refusal.motive",
    paper=sale_decision("refuse la mise en vente du bien ci-dessous", "Mise en vente refusée"),
)
proceeds_paper: Final = decision(
    DecisionKind.APPROVAL,
    steps.DECIDER,
    also=proceeds_rules,
    paper=proceeds_decision,
)
