"""What the disposal of a building reads and checks: the building in the register, whether it may be sold, for how much.

Guards here yield a ``Reason`` for each thing that stands in the way (A31 for what is sold, A28 for the book value).
What they read is kept in ``StepContext.memo``; nothing is locked, so that the simulator may ask too. The register
moves in ``workflows.engine.property_effects``. Amounts are EUR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.calendar import french_date
from cases.enums import OrganisationKind, Role
from cases.errors import Reason
from cases.models import Property, PropertySale
from cases.money import format_eur
from cases.register_terms import (
    IN_DISPOSAL,
    Occupation,
    PlannedFuture,
    PropertyState,
    PropertyUse,
    ValueSource,
)
from cases.services.property import holder_of
from workflows.engine.context import StepContext
from workflows.engine.path import Description
from workflows.engine.property_forms import GROUNDS, owned_by

REGISTER: Final = "property.disposal.register"
NON_STRATEGIC: Final = "property.disposal.non_strategic"
VACANT: Final = "property.disposal.vacant"
DWELLING: Final = "property.disposal.dwelling"
RELOCATION: Final = "property.disposal.relocation"
HEALTH_HOUSING: Final = "property.disposal.health_housing"
ONCE: Final = "property.disposal.once"
SAME_BUILDING: Final = "property.disposal.same_building"
BOOK_VALUE: Final = "property.disposal.book_value"
VALUATION_REPORT: Final = "property.disposal.valuation_report"
VALUATION_SOURCE: Final = "property.disposal.valuation_source"
PLOT_DOCUMENTS: Final = "property.disposal.plot_documents"
PRICE_FLOOR: Final = "property.disposal.price_floor"
SALE_DAY: Final = "property.disposal.sale_day"
DECIDER: Final = "property.disposal.decider"
BOARD_INFORMATION: Final = "property.disposal.board_information"

#: The rule that each ground of a disposal stands on.
GROUND_RULES: Final[Mapping[str, str]] = {
    "vacant": VACANT,
    "non_strategic": NON_STRATEGIC,
    "dwelling": DWELLING,
    "relocation": RELOCATION,
}
#: Every rule that these functions may ask for, for a path to pin.
RULES: Final = (
    REGISTER,
    *GROUND_RULES.values(),
    HEALTH_HOUSING,
    ONCE,
    SAME_BUILDING,
    BOOK_VALUE,
    VALUATION_REPORT,
    VALUATION_SOURCE,
    PLOT_DOCUMENTS,
    PRICE_FLOOR,
    SALE_DAY,
    DECIDER,
    BOARD_INFORMATION,
)
#: Where the results of a dossier keep the building that it holds: its code, and where it stood before.
HELD: Final = "building"


def describe(data: Mapping[str, Any]) -> Description:
    """« Cession : npdc-lens-01 — Maison (Lens) ». The amount is the price asked. One statement."""
    code = str(data.get("property") or "")
    known = Property.objects.filter(code=code).order_by("pk").first() if code else None
    price = data.get("asking_price")
    title = f"Cession : {known or code}" if code else "Cession immobilière"
    return Description(
        title if len(title) <= 200 else f"{title[:199]}…", Decimal(price) if price else None, None
    )


def amount_in(context: StepContext, name: str) -> Decimal | None:
    """An amount of the dossier's data; None while it is not filled in."""
    value = context.data.get(name)
    return Decimal(value) if value not in (None, "") else None


def held_by(context: StepContext) -> Mapping[str, str]:
    """The building that the dossier has in hand since its submission: ``code`` and ``former`` state; empty before."""
    found: Mapping[str, str] = context.dossier.results.get(HELD) or {}
    return found


def building_of(context: StepContext) -> Property | None:
    """The building that the dossier holds, or names before its submission. One statement, once."""
    if "building" not in context.memo:
        code = held_by(context).get("code") or context.data.get("property")
        context.memo["building"] = (
            owned_by(context.dossier.organisation_id).select_related("organisation").filter(code=code).first()
            if code
            else None
        )
    found: Property | None = context.memo["building"]
    return found


def building_needed(context: StepContext) -> Property:
    """The building of a dossier whose guards have found it."""
    found = building_of(context)
    if found is None:
        raise RuntimeError(f"{context.dossier.reference} has no building")
    return found


def sale_of(context: StepContext) -> PropertySale | None:
    """The sale that this dossier made. One statement, once."""
    if "sale" not in context.memo:
        context.memo["sale"] = (
            None
            if context.simulated
            else PropertySale.objects.filter(dossier=context.dossier).order_by("pk").first()
        )
    found: PropertySale | None = context.memo["sale"]
    return found


def sale_needed(context: StepContext) -> PropertySale:
    """The sale of a dossier that has come that far."""
    found = sale_of(context)
    if found is None:
        raise RuntimeError(f"{context.dossier.reference} has sold nothing")
    return found


def is_regional(context: StepContext) -> bool:
    """Whether the dossier is that of a CARMI, whose director signs; the CANSSM has none for its own buildings."""
    return bool(context.dossier.organisation.kind == OrganisationKind.CARMI)


def always(context: StepContext) -> bool:
    """The pieces of a disposal are compulsory."""
    return True


# --- whether the building may be sold ---------------------------------------------------------------------


def building_known(context: StepContext) -> Iterator[Reason]:
    """The building stands in the register and belongs to the dossier's body."""
    if building_of(context) is None:
        yield Reason(
            "unknown_building",
            f"« {context.data.get('property') or 'Aucun bien'} » n’est pas au registre parmi les biens de cette "
            "organisation : choisissez un autre bien, ou demandez à la CANSSM de l’inscrire.",
            Role.REVIEWER.label,
            context.quote(REGISTER),
        )


def not_for_health_professionals(context: StepContext) -> Iterator[Reason]:
    """« Sauf cas particuliers nécessitant impérativement le maintien d’un logement » (A31)."""
    building = building_of(context)
    if building is not None and building.health_housing:
        yield Reason(
            "health_housing",
            f"« {building} » est un logement nécessaire à l’accueil de professionnels de santé : il ne se vend pas. "
            "S’il ne l’est plus, faites corriger sa fiche au registre du patrimoine.",
            Role.REVIEWER.label,
            context.quote(HEALTH_HOUSING),
        )


def ground_fits(context: StepContext) -> Iterator[Reason]:
    """A vacant building is vacant, a dwelling is used as one, a move to rented premises says to which (A31)."""
    building, ground = building_of(context), str(context.data.get("ground") or "")
    if building is None or ground not in GROUNDS:
        return
    message = ""
    if ground == "vacant" and building.occupation != Occupation.VACANT:
        message = (
            f"« {building} » n’est pas vacant au registre ({building.get_occupation_display().lower()}) : "
            "choisissez un autre motif, ou faites constater qu’il est vacant."
        )
    elif ground == "dwelling" and building.use != PropertyUse.HOUSING:
        message = (
            f"« {building} » n’est pas une habitation au registre du patrimoine "
            f"({building.get_use_display().lower()}) : choisissez un autre motif, ou faites corriger sa fiche."
        )
    elif ground == "relocation" and not context.data.get("relocation_premises"):
        message = (
            "Décrivez les locaux loués qui remplacent le bien : lesquels, et en quoi ils sont mieux adaptés."
        )
    if message:
        yield Reason("ground", message, Role.PREPARER.label, context.quote(GROUND_RULES[ground]))


def building_free(context: StepContext) -> Iterator[Reason]:
    """The building is in no other disposal, and not sold. Two statements where it is."""
    building = building_of(context)
    if building is None or building.state not in {*IN_DISPOSAL, PropertyState.SOLD}:
        return
    by = holder_of(building)
    if by == context.dossier.reference and by:
        return
    yield taken(context, building, by)


def taken(context: StepContext, building: Property, by: str) -> Reason:
    """Why a building that the dossier ``by`` holds or has sold may not enter another disposal."""
    if building.state == PropertyState.SOLD:
        code, said = "already_sold", f"est déjà vendu (dossier {by}) : un bien ne se vend qu’une fois."
    else:
        code = "other_disposal"
        said = f"est déjà dans la cession {by} ({building.get_state_display().lower()}) : faites-la retirer d’abord."
    related = (by,) if by else ()
    return Reason(code, f"« {building} » {said}", Role.REVIEWER.label, context.quote(ONCE), related)


def same_building(context: StepContext) -> Iterator[Reason]:
    """A file that is completed still sells the building that was submitted."""
    held = held_by(context).get("code")
    named = context.data.get("property")
    if held and named != held:
        yield Reason(
            "other_building",
            f"Le dossier a été soumis pour « {held} » et nomme maintenant « {named} » : rétablissez le bien soumis, ou "
            "retirez le dossier et déposez-en un autre.",
            Role.PREPARER.label,
            context.quote(SAME_BUILDING),
        )


#: What may be sold, tested at each step until the decision.
SELLABLE: Final = (
    building_known,
    not_for_health_professionals,
    ground_fits,
    building_free,
    same_building,
)


def would_be_blocked(context: StepContext) -> Iterator[Reason]:
    """What would stop the submission, for the simulator: a draft shows it with its actions."""
    if context.simulated:
        for guard in SELLABLE:
            if guard is not ground_fits or context.data.get("ground"):
                yield from guard(context)


# --- what the decider should see --------------------------------------------------------------------------


def book_value_differs(context: StepContext) -> Iterator[Reason]:
    """The book value of the data is not that of the register: the register's counts."""
    building, given = building_of(context), amount_in(context, "net_book_value")
    if building is None or given is None or given == building.net_book_value:
        return
    if building.state == PropertyState.SOLD:
        return
    yield Reason(
        "book_value_differs",
        f"La valeur nette comptable du dossier ({format_eur(given)}) n’est pas celle du registre du patrimoine "
        f"({format_eur(building.net_book_value)} au {french_date(building.book_value_on)}) : corrigez l’une ou "
        "l’autre. La différence avec le prix se calculera sur celle du registre.",
        Role.PREPARER.label,
        context.quote(BOOK_VALUE),
    )


def valuation_unsourced(context: StepContext) -> Iterator[Reason]:
    """Neither the dossier nor the register says who valued the building and when (derived from A75)."""
    building = building_of(context)
    if building is None or amount_in(context, "valuation") is None:
        return
    missing = [
        what
        for what, given in (
            ("l’auteur", context.data.get("valuation_source") or building.market_value_source),
            ("la date", context.data.get("valuation_on") or building.market_value_on),
        )
        if not given
    ]
    if missing:
        yield Reason(
            "valuation_unsourced",
            f"Ni le dossier ni le registre ne donnent {' et '.join(missing)} de l’évaluation : complétez le dossier "
            "d’après le rapport d’évaluation.",
            Role.PREPARER.label,
            context.quote(VALUATION_SOURCE),
        )


def asked_below_valuation(context: StepContext) -> Iterator[Reason]:
    """The price asked is below what the building was valued at."""
    asked, valued = amount_in(context, "asking_price"), amount_in(context, "valuation")
    if asked is not None and valued is not None and asked < valued:
        yield Reason(
            "below_valuation",
            f"Le prix de mise en vente ({format_eur(asked)}) est inférieur à l’évaluation ({format_eur(valued)}) de "
            f"{format_eur(valued - asked)}.",
            Role.DIRECTOR_GENERAL.label,
            context.quote(PRICE_FLOOR),
        )


def not_planned(context: StepContext) -> Iterator[Reason]:
    """The plan foresees something else for the building (A30): nothing forbids its sale, whoever decides sees it."""
    building = building_of(context)
    if building is None or building.future == PlannedFuture.SELL or building.state == PropertyState.SOLD:
        return
    yield Reason(
        "not_planned",
        f"Le plan national immobilier ne prévoit pas de vendre « {building} » mais de le "
        f"{building.get_future_display().lower()} : la cession reste possible, le devenir est à mettre à jour.",
        Role.DIRECTOR_GENERAL.label,
        context.quote(REGISTER),
    )


WARNINGS: Final = (
    would_be_blocked,
    book_value_differs,
    valuation_unsourced,
    asked_below_valuation,
    not_planned,
)


def valuation_words(context: StepContext) -> str:
    """« 210 000,00 € (service des Domaines, 3 mars 2015) », the source and the day where they are known."""
    building = building_needed(context)
    source = str(context.data.get("valuation_source") or building.market_value_source)
    given = context.data.get("valuation_on")
    day = date.fromisoformat(given) if given else building.market_value_on
    said = [
        *([ValueSource(source).label.lower().replace("domaines", "Domaines")] if source else []),
        *([french_date(day)] if day else []),
    ]
    amount = format_eur(amount_in(context, "valuation") or Decimal(0))
    return f"{amount} ({', '.join(said)})" if said else amount


# --- on sale ----------------------------------------------------------------------------------------------


def no_offer_yet(context: StepContext) -> Iterator[Reason]:
    """One offer at a time: the one that stands is dropped before another is recorded."""
    building = building_of(context)
    if building is not None and building.state == PropertyState.UNDER_OFFER:
        yield Reason(
            "under_offer",
            f"« {building} » est déjà sous offre : enregistrez d’abord que l’offre est abandonnée, ou la vente.",
            Role.REVIEWER.label,
            context.quote(ONCE),
        )


def offer_stands(context: StepContext) -> Iterator[Reason]:
    """There is an offer to drop."""
    building = building_of(context)
    if building is not None and building.state != PropertyState.UNDER_OFFER:
        yield Reason(
            "no_offer",
            f"Aucune offre n’est enregistrée sur « {building} » : il est {building.get_state_display().lower()}.",
            Role.REVIEWER.label,
            context.quote(ONCE),
        )


def not_before_decision(day: str) -> Any:
    """A check: the ``day`` of the act is not before that of the decision to sell. One statement."""

    def check(context: StepContext) -> Iterator[Reason]:
        decided = context.approved_on
        given: date = context.act[day]
        if decided is not None and given < decided:
            yield Reason(
                "before_decision",
                f"Le {french_date(given)} précède la décision de mise en vente, le {french_date(decided)} : corrigez "
                "la date.",
                Role.REVIEWER.label,
                context.quote(SALE_DAY),
            )

    return check


def low_price_explained(context: StepContext) -> Iterator[Reason]:
    """Below the price asked or the valuation, the sale says why (the act's motive)."""
    price: Decimal = context.act["price"]
    below = [
        f"{what} ({format_eur(amount)})"
        for name, what in (("asking_price", "au prix de mise en vente"), ("valuation", "à l’évaluation"))
        if (amount := amount_in(context, name)) is not None and price < amount
    ]
    if below and not context.motive:
        yield Reason(
            "low_price",
            f"Le prix de {format_eur(price)} est inférieur {' et '.join(below)} : écrivez pourquoi le bien est vendu à "
            "ce prix.",
            Role.REVIEWER.label,
            context.quote(PRICE_FLOOR),
        )


def informed_after_sale(context: StepContext) -> Iterator[Reason]:
    """The board is told of what was done: its session is not before the deed."""
    deed_on = sale_needed(context).deed_on
    if context.act["informed_on"] < deed_on:
        yield Reason(
            "informed_before_sale",
            f"La séance du {french_date(context.act['informed_on'])} précède la vente, le {french_date(deed_on)} : "
            "corrigez la date.",
            Role.BOARD_SECRETARY.label,
            context.quote(BOARD_INFORMATION),
        )
