"""Writing the register of property: buildings, where they stand, their sale, what becomes of the proceeds.

By hand, reviewers of the national fund describe buildings and say whether they are used or vacant. All the rest is
done by a dossier of disposal, which calls ``move_property``, ``record_sale`` and ``allocate``; these three need the
caller's transaction, lock the building first, and leave the question who may act to the caller. Whatever changes
leaves a ``PropertyChange``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NoReturn

from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Forbidden, Invalid, NotFound, Reason, Stale
from cases.models import Dossier, ProceedsAllocation, Property, PropertyChange, PropertySale, User
from cases.money import AmountError, format_eur, parse_amount
from cases.permissions import Holding, holdings_of
from cases.property_facts import (
    FACT_NAMES,
    PropertyFacts,
    code_fault,
    facts_of,
    faults_of,
    first_state,
)
from cases.register_terms import IN_DISPOSAL, PROPERTY_MOVES, Occupation, ProceedsUse, PropertyState
from cases.selectors.property import properties_visible_to, writes_properties
from cases.text import fault_of

_S = PropertyState

#: What the page of a building may do; every other move is made by a dossier.
HAND_MOVES: Final[dict[PropertyState, frozenset[PropertyState]]] = {
    _S.IN_USE: frozenset({_S.VACANT}),
    _S.VACANT: frozenset({_S.IN_USE}),
    _S.WITHDRAWN: frozenset({_S.IN_USE, _S.VACANT}),
}
#: Facts that decide the rules of a sale under way: they stay as the dossier found them.
FIXED_IN_DISPOSAL: Final = ("organisation", "fund", "use")
MAX_MOTIVE: Final = 2000
MAX_BUYER: Final = 160


@dataclass(frozen=True, slots=True)
class ProceedsPart:
    """A part of the proceeds of a sale: its use, the exercise (a year), the amount in EUR, above zero."""

    use: ProceedsUse
    exercise: int
    amount: Decimal


@transaction.atomic
def create_property(*, code: str, facts: PropertyFacts, actor: User, motive: str = "") -> Property:
    """Enter a building in the register: vacant when ``facts.occupation`` says so, in use otherwise.

    Raises ``Forbidden`` (the actor does not write this register) and ``Invalid`` (faults by field, ``code`` included
    when another building bears it).
    """
    capacity = _writer(holdings_of(actor))
    state = first_state(facts)
    faults = faults_of(facts, state=state, today=clock.today())
    if fault := code_fault(code):
        faults["code"] = [fault]
    if fault := fault_of(motive, limit=MAX_MOTIVE):
        faults["motive"] = [fault]
    if faults:
        raise Invalid("Le bien n’est pas inscrit : corrigez les données signalées.", details=faults)
    now = clock.now()
    building = Property(code=code, state=state, created_at=now, updated_at=now)
    _write(building, facts)
    try:
        with transaction.atomic():
            building.save(force_insert=True)
    except IntegrityError as error:
        if _constraint_of(error).startswith("cases_property_code"):
            message = f"Le code « {code} » est déjà celui d’un bien : choisissez-en un autre."
            raise Invalid(message, details={"code": [message]}) from None
        raise
    _note(
        building,
        action="create",
        before="",
        changes={name: [None, _plain(getattr(facts, name))] for name in FACT_NAMES},
        motive=motive,
        actor=actor,
        capacity=capacity,
    )
    return building


@transaction.atomic
def change_property(
    *, code: str, facts: PropertyFacts, actor: User, version: int | None, motive: str
) -> Property:
    """Give a building the facts ``facts``; the same ones change nothing and leave no trace.

    ``version``: the one that the person has read, None when a program has not. Raises ``NotFound``, ``Forbidden``,
    ``Stale``, ``Invalid`` (faults by field), ``Blocked`` (sold, or a fact that decides the sale under way).
    """
    building, capacity = _for_writing(code, actor, version)
    if building.state == _S.SOLD:
        _block("already_sold", f"« {building} » est vendu : sa fiche ne change plus.")
    before = facts_of(building)
    faults = faults_of(facts, state=building.state, today=clock.today())
    if fault := fault_of(motive, limit=MAX_MOTIVE, required="Indiquez pourquoi la fiche change."):
        faults["motive"] = [fault]
    if faults:
        raise Invalid("La fiche n’est pas changée : corrigez les données signalées.", details=faults)
    changes = {
        name: [_plain(getattr(before, name)), _plain(getattr(facts, name))]
        for name in FACT_NAMES
        if getattr(before, name) != getattr(facts, name)
    }
    if not changes:
        return building
    if building.state in IN_DISPOSAL and any(name in changes for name in FIXED_IN_DISPOSAL):
        _block(
            "in_disposal",
            f"« {building} » est dans une cession : son propriétaire, son fonds et son usage en décident les règles. "
            "Retirez-le d’abord de la vente.",
        )
    _write(building, facts)
    _save(building, *changes)
    _note(
        building,
        action="change",
        before=building.state,
        changes=changes,
        motive=motive,
        actor=actor,
        capacity=capacity,
    )
    return building


@transaction.atomic
def move_by_hand(*, code: str, to: PropertyState, actor: User, version: int | None, motive: str) -> Property:
    """What the page of a building does: say that it is vacant, or used again (``HAND_MOVES``).

    Raises ``NotFound``, ``Forbidden``, ``Stale``, ``Invalid`` (motive) and what ``move_property`` raises.
    """
    building, capacity = _for_writing(code, actor, version)
    if fault := fault_of(motive, limit=MAX_MOTIVE, required="Indiquez pourquoi la situation change."):
        raise Invalid("La situation n’est pas changée.", details={"motive": [fault]})
    return move_property(building, to, actor=actor, capacity=capacity, motive=motive)


def move_property(
    property: Property,
    to: PropertyState,
    *,
    actor: User | None,
    capacity: str,
    motive: str = "",
    dossier: Dossier | None = None,
) -> Property:
    """The one way to change where a building stands; returns it as it now is.

    With ``dossier`` every arrow of ``PROPERTY_MOVES`` but that to « Vendu » (``record_sale``), and only by the dossier
    that proposed the building while a disposal holds it; without one the moves by hand. A building that becomes vacant
    or used again has its occupation and vacant surface brought in line. Raises ``Blocked`` (codes ``no_move``,
    ``needs_disposal``, ``other_disposal``, ``already_sold``). Needs the caller's transaction. Four statements at most.
    """
    locked = _locked(property.pk)
    _check_move(locked, PropertyState(to), dossier)
    if to == _S.SOLD:
        raise ValueError("record_sale() sells a building")
    _move(locked, to, action="move", actor=actor, capacity=capacity, motive=motive, dossier=dossier)
    return locked


def record_sale(
    property: Property,
    *,
    dossier: Dossier,
    price: Decimal,
    net_book_value: Decimal,
    buyer: str,
    deed_on: date,
    surface: Decimal,
    actor: User,
    capacity: str,
    motive: str = "",
) -> PropertySale:
    """The deed was signed: write the sale (Δ = price − net book value, EUR) and move the building to « Vendu ».

    A building is sold once: a second sale, also at the same moment, is ``Blocked`` (``already_sold``, with the
    reference of the dossier that sold it). Raises ``Blocked`` as ``move_property`` does, ``Invalid`` by field (price,
    net_book_value, buyer, deed_on, surface). Needs the caller's transaction. Five statements.
    """
    locked = _locked(property.pk)
    _check_move(locked, _S.SOLD, dossier)
    faults = _sale_faults(locked, price, net_book_value, buyer, deed_on, surface)
    if faults:
        raise Invalid("La vente n’est pas enregistrée : corrigez les données signalées.", details=faults)
    sale = PropertySale.objects.create(
        property=locked,
        dossier=dossier,
        price=price,
        net_book_value=net_book_value,
        gain=price - net_book_value,
        surface=surface,
        buyer=buyer.strip(),
        deed_on=deed_on,
        recorded_at=clock.now(),
        recorded_by=actor,
    )
    _move(locked, _S.SOLD, action="sale", actor=actor, capacity=capacity, motive=motive, dossier=dossier)
    return sale


def allocate(
    sale: PropertySale, uses: Iterable[ProceedsPart], *, dossier: Dossier
) -> list[ProceedsAllocation]:
    """Say what the proceeds of a sale become; ``dossier`` is the act that says so. Adds to earlier allocations.

    Raises ``Blocked``: investments and rents together beyond Δ (``beyond_gain``), all uses beyond the price
    (``beyond_price``), a use given twice for one exercise (``allocated_twice``); ``Invalid`` for an amount that is
    none. Needs the caller's transaction, which a refusal ends. One statement.
    """
    _needs_transaction("allocate")
    parts = list(uses)
    now = clock.now()
    for part in parts:
        try:
            parse_amount(part.amount)
        except AmountError as error:
            raise Invalid(str(error), details={"amount": [str(error)]}) from None
        if not 2000 <= part.exercise <= 2100:
            message = "Indiquez un exercice entre 2000 et 2100."
            raise Invalid(message, details={"exercise": [message]})
    with _refusals_in_french(sale):
        return ProceedsAllocation.objects.bulk_create(
            ProceedsAllocation(
                sale=sale,
                use=part.use,
                exercise=part.exercise,
                amount=part.amount,
                dossier=dossier,
                recorded_at=now,
            )
            for part in parts
        )


def holder_of(building: Property) -> str:
    """Reference of the dossier in whose hands a disposal puts the building, or that sold it; empty for none.

    One statement.
    """
    last = (
        PropertyChange.objects.filter(
            property=building, dossier__isnull=False, after__in=(_S.PROPOSED, _S.SOLD)
        )
        .order_by("-pk")
        .values_list("dossier__reference", flat=True)
        .first()
    )
    return last or ""


def _writer(held: tuple[Holding, ...]) -> str:
    """The capacity in which somebody writes the register. Raises ``Forbidden``."""
    if not writes_properties(held):
        raise Forbidden(
            "Le registre du patrimoine est tenu par les instructeurs de la CANSSM : adressez-leur la correction."
        )
    return next(one.capacity for one in held if one.role == Role.REVIEWER)


def _for_writing(code: str, actor: User, version: int | None) -> tuple[Property, str]:
    """The building, locked, and the capacity of the actor."""
    held = holdings_of(actor)
    known = properties_visible_to(actor, held).filter(code=code).order_by("pk").values_list("pk", flat=True)
    pk = known.first()
    if pk is None:
        raise NotFound(
            "Aucun bien de ce code ne vous est accessible. Vérifiez le code ou cherchez-le dans la liste."
        )
    capacity = _writer(held)
    building = _locked(pk)
    if version is not None and version != building.version:
        raise Stale(
            "Cette fiche a changé depuis que vous l’avez ouverte : relisez-la, puis recommencez.",
            details={"version": building.version},
        )
    return building, capacity


def _locked(pk: int) -> Property:
    _needs_transaction("the register")
    return (
        Property.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .get(pk=pk)
    )


def _needs_transaction(name: str) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError(f"{name} needs the caller's transaction")


def _check_move(building: Property, to: PropertyState, dossier: Dossier | None) -> None:
    state = PropertyState(building.state)
    if state == _S.SOLD:
        by = holder_of(building)
        _block(
            "already_sold",
            f"« {building} » est déjà vendu par {by} : un bien ne se vend qu’une fois.",
            by,
        )
    if dossier is None and to not in HAND_MOVES.get(state, ()) and to in PROPERTY_MOVES[state]:
        _block(
            "needs_disposal",
            f"« {building} » ne passe à « {to.label} » que par un dossier : "
            "déposez une « Cession immobilière », ou agissez dans celle qui le tient.",
        )
    if to not in PROPERTY_MOVES[state]:
        ways = " ou ".join(f"« {one.label} »" for one in _S if one in PROPERTY_MOVES[state])
        _block(
            "no_move",
            f"« {building} » est « {state.label} » : il ne peut pas passer à « {to.label} », seulement à {ways}.",
        )
    if dossier is not None and state in IN_DISPOSAL:
        by = holder_of(building)
        if by and by != dossier.reference:
            _block(
                "other_disposal",
                f"« {building} » est déjà dans la cession {by} : agissez dans ce dossier.",
                by,
            )


def _block(code: str, message: str, reference: str = "") -> NoReturn:
    related = (reference,) if reference else ()
    raise Blocked(message, reasons=[Reason(code, message, related=related)])


def _move(
    building: Property,
    to: PropertyState,
    *,
    action: str,
    actor: User | None,
    capacity: str,
    motive: str,
    dossier: Dossier | None,
) -> None:
    before = building.state
    changes: dict[str, list[Any]] = {}
    for name, value in _in_line(building, to).items():
        if getattr(building, name) != value:
            changes[name] = [_plain(getattr(building, name)), _plain(value)]
            setattr(building, name, value)
    building.state = to
    _save(building, "state", *changes)
    _note(
        building,
        action=action,
        before=before,
        changes=changes,
        motive=motive,
        actor=actor,
        capacity=capacity,
        dossier=dossier,
    )


def _in_line(building: Property, to: PropertyState) -> dict[str, Any]:
    """What a move says of the occupation."""
    if to == _S.VACANT:
        return {"occupation": Occupation.VACANT.value, "vacant_surface": building.surface, "occupants": None}
    if to == _S.IN_USE and building.occupation == Occupation.VACANT:
        return {"occupation": Occupation.OCCUPIED.value, "vacant_surface": Decimal(0)}
    return {}


def _write(building: Property, facts: PropertyFacts) -> None:
    for name in FACT_NAMES:
        setattr(building, name, getattr(facts, name))


def _save(building: Property, *names: str) -> None:
    building.version += 1
    building.updated_at = clock.now()
    building.save(update_fields=[*names, "version", "updated_at"])


def _note(
    building: Property,
    *,
    action: str,
    before: str,
    changes: dict[str, list[Any]],
    motive: str,
    actor: User | None,
    capacity: str,
    dossier: Dossier | None = None,
) -> None:
    PropertyChange.objects.create(
        property=building,
        at=clock.now(),
        action=action,
        before=before,
        after=building.state,
        changes=changes,
        motive=motive.strip(),
        dossier=dossier,
        actor=actor,
        capacity=capacity,
    )


def _plain(value: Any) -> Any:
    """A fact as the history keeps it: texts, numbers and truth as they are, the owner by its code."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Model):
        return value.code  # type: ignore[attr-defined]
    return str(value) if isinstance(value, str) else value


def _sale_faults(
    building: Property, price: Decimal, net_book_value: Decimal, buyer: str, deed_on: date, surface: Decimal
) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for name, value, signed in (("price", price, False), ("net_book_value", net_book_value, True)):
        try:
            if parse_amount(value, signed=signed) < 0:
                faults[name] = ["Ce montant ne peut pas être négatif : indiquez zéro ou plus."]
        except AmountError as error:
            faults[name] = [str(error)]
    if fault := fault_of(buyer, limit=MAX_BUYER, required="Indiquez l’acquéreur."):
        faults["buyer"] = [fault]
    if deed_on > clock.today():
        faults["deed_on"] = [
            "L’acte est daté d’un jour à venir : une vente s’enregistre une fois l’acte signé."
        ]
    if not 0 < surface <= building.surface:
        faults["surface"] = [
            f"Indiquez la surface vendue en m², au plus celle du bien ({building.surface} m²).".replace(
                ".", ",", 1
            )
        ]
    return faults


_REFUSALS: Final = {
    "allocation_within_gain": (
        "beyond_gain",
        "Le produit de la vente est affecté au-delà de la différence entre le prix et la valeur nette comptable "
        "({gain}) : réduisez les autorisations d’investissements ou les loyers.",
    ),
    "allocation_within_price": (
        "beyond_price",
        "Le produit de la vente est affecté au-delà de son prix ({price}) : réduisez les montants.",
    ),
    "allocation_once_per_exercise": (
        "allocated_twice",
        "Un même usage est affecté deux fois pour un même exercice : additionnez les deux montants, "
        "ou vérifiez ce qui est déjà affecté.",
    ),
}


@contextmanager
def _refusals_in_french(sale: PropertySale) -> Iterator[None]:
    """Say in French what the trigger on the allocations refuses."""
    try:
        yield
    except IntegrityError as error:
        known = _REFUSALS.get(_constraint_of(error))
        if known is None:
            raise
        code, sentence = known
        shown = format_eur(max(sale.gain, Decimal(0)))
        message = sentence.format(gain=shown, price=format_eur(sale.price))
        raise Blocked(message, reasons=[Reason(code, message)]) from error


def _constraint_of(error: IntegrityError) -> str:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
