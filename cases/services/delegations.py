"""Gives and revokes delegations: who acts in whose place, on what, up to how much; written to the administration
journal.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from cases import clock
from cases.calendar import french_date
from cases.enums import Role
from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.models import Delegation, Organisation, User
from cases.money import LIMIT
from cases.permissions import MAX_CAPACITY, Delegated, Holding, administers, holdings_of
from cases.selectors.delegations import delegations_visible_to, last_day_of_role
from cases.services.journal import append_administration_entry
from cases.text import fault_of

#: A delegation lasts a year at most, both days included: a longer one is a role to be granted.
MAX_DAYS = 366
MAX_ACT = 120
MAX_MOTIVE = 300

#: Why a role cannot be delegated.
UNDELEGABLE: dict[Role, str] = {
    Role.EXPERT: "Un avis d’expert est demandé à une personne : il ne se délègue pas. "
    "Un autre expert peut être invité.",
    Role.AUDITOR: "Un auditeur contrôle et n’agit pas : son rôle ne se délègue pas. "
    "L’administrateur peut l’attribuer à une autre personne.",
    Role.MANAGER: "Le pilotage répartit le travail et n’agit pas sur les dossiers : il ne se délègue pas. "
    "L’administrateur peut attribuer ce rôle à une autre personne.",
    Role.ADMINISTRATOR: "L’administration des personnes ne se délègue pas : un autre administrateur attribue ce rôle.",
}


@transaction.atomic
def delegate(
    *,
    delegator: User,
    to: User,
    role: Role,
    organisation: Organisation,
    paths: Collection[str] = (),
    ceiling: Decimal | None = None,
    valid_from: date,
    valid_until: date,
    act: str,
    known_paths: Collection[str],
    created_by: User,
) -> Delegation:
    """``to`` acts as ``role`` on ``organisation`` in the place of ``delegator``, from a day to a day (both included).

    ``paths``: keys out of ``known_paths`` that it is limited to, none for all. ``ceiling``: EUR HT, None without limit;
    a dossier without amount is beyond any. ``act`` names the decision that grants it. By the delegator, or by an
    administrator who is not ``to``. The role has to be held on the first day; should it end earlier than the
    delegation, so does the delegation (``cases.selectors.delegations.ends_early``).
    Raises ``Forbidden``, ``Invalid`` (by field), ``Conflict`` (the same one is already in force on one of these days).
    """
    capacity = _capacity(created_by, delegator, to)
    _lock(delegator, to)
    today, act = clock.today(), act.strip()
    chosen = tuple(dict.fromkeys(paths))
    details: dict[str, list[str]] = {}
    if role in UNDELEGABLE:
        details["role"] = [UNDELEGABLE[role]]
    elif last_day_of_role(delegator, role, organisation, valid_from) is None:
        details["role"] = [
            f"{delegator} ne tient pas le rôle « {role.label} » à « {organisation} » le {french_date(valid_from)} : "
            "une délégation ne donne que ce que l’on a, et ce qui a été reçu par délégation ne se délègue pas."
        ]
    if not delegator.is_active:
        details["delegator"] = [f"L’accès de {delegator} est fermé : rien ne peut être délégué en son nom."]
    if fault := _delegate_fault(delegator, to, role, organisation, valid_from):
        details["to"] = [fault]
    if valid_until < valid_from:
        details["valid_until"] = ["La fin précède le début. Corrigez l’une des deux dates."]
    elif (valid_until - valid_from).days >= MAX_DAYS:
        details["valid_until"] = [
            "Une délégation dure un an au plus. Au-delà, renouvelez-la par un nouvel acte, ou demandez à "
            "l’administrateur d’attribuer le rôle."
        ]
    if valid_from < today:
        details["valid_from"] = [
            "Une délégation ne commence pas dans le passé. Choisissez aujourd’hui ou un jour à venir."
        ]
    if unknown := [key for key in chosen if key not in known_paths]:
        details["paths"] = [f"Circuit inconnu : « {unknown[0]} ». Choisissez les circuits dans la liste."]
    if ceiling is not None and not 0 < ceiling < LIMIT:
        details["ceiling"] = [
            "Le plafond est un montant supérieur à zéro. Laissez-le vide pour ne pas le limiter."
        ]
    elif ceiling is not None and ceiling != round(ceiling, 2):
        details["ceiling"] = ["Le plafond a deux décimales au plus."]
    required = "Indiquez l’acte qui donne cette délégation (décision, arrêté, note de service)."
    if fault := fault_of(act, limit=MAX_ACT, required=required) or _long_stamp(
        delegator, role, organisation, act
    ):
        details["act"] = [fault]
    if details:
        raise Invalid(
            "La délégation n’a pas été enregistrée : corrigez les points signalés.", details=details
        )
    same = _same(delegator, to, role, organisation, chosen, ceiling).filter(
        valid_from__lte=valid_until, valid_until__gte=valid_from
    )
    if (known := same.order_by("valid_from").first()) is not None:
        raise Conflict(
            f"La même délégation est déjà en vigueur du {french_date(known.valid_from)} au "
            f"{french_date(known.valid_until)} ({known.act}). Révoquez-la d’abord, ou choisissez d’autres dates."
        )
    made = Delegation.objects.create(
        delegator=delegator,
        delegate=to,
        role=role,
        organisation=organisation,
        paths=list(chosen),
        ceiling=ceiling,
        valid_from=valid_from,
        valid_until=valid_until,
        act=act,
        created_by=created_by,
        created_at=clock.now(),
    )
    append_administration_entry(
        actor=created_by,
        capacity=capacity,
        action="delegate",
        subject=to,
        organisation=organisation,
        motive=act,
        changes={
            "delegation": str(made.public_id),
            "from": delegator.username,
            "role": role.value,
            "paths": list(chosen),
            "ceiling": f"{ceiling:.2f}" if ceiling is not None else None,
            "valid_from": valid_from.isoformat(),
            "valid_until": valid_until.isoformat(),
        },
    )
    return made


@transaction.atomic
def revoke(*, public_id: UUID, revoked_by: User, motive: str) -> Delegation:
    """End a delegation at once, to come or in force; what was done under it stands.

    By the delegator or an administrator. Raises ``NotFound`` (also for what one may not see), ``Forbidden``,
    ``Conflict`` (revoked already), ``Invalid`` (no motive, over).
    """
    held = holdings_of(revoked_by)
    seen = delegations_visible_to(revoked_by, held).order_by().values("pk")
    found = (
        Delegation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("delegator", "delegate", "organisation")
        .filter(public_id=public_id, pk__in=seen)
        .first()
    )
    if found is None:
        raise NotFound("Cette délégation ne vous est pas accessible. Rechargez la page.")
    if not may_revoke(revoked_by, found, held):
        raise Forbidden(
            f"Seuls {found.delegator} et l’administrateur révoquent cette délégation. Adressez-vous à l’un d’eux."
        )
    if found.revoked_at is not None:
        raise Conflict("Cette délégation est déjà révoquée. Rechargez la page.")
    if fault := fault_of(
        motive.strip(), limit=MAX_MOTIVE, required="Indiquez pourquoi la délégation est révoquée."
    ):
        raise Invalid(fault, details={"motive": [fault]})
    if found.valid_until < clock.today():
        raise Invalid(
            f"Cette délégation a pris fin le {french_date(found.valid_until)} : il n’y a rien à révoquer."
        )
    found.revoked_at, found.revoked_by, found.revoked_because = clock.now(), revoked_by, motive.strip()
    found.save(update_fields=["revoked_at", "revoked_by", "revoked_because"])
    append_administration_entry(
        actor=revoked_by,
        capacity=_capacity(revoked_by, found.delegator, None),
        action="revoke_delegation",
        subject=found.delegate,
        organisation=found.organisation,
        motive=motive.strip(),
        changes={
            "delegation": str(found.public_id),
            "from": found.delegator.username,
            "role": found.role,
            "act": found.act,
        },
    )
    return found


def may_revoke(actor: User, delegation: Delegation, holdings: tuple[Holding, ...]) -> bool:
    """Whether ``actor`` may revoke a delegation: who gave it, or an administrator."""
    return delegation.delegator_id == actor.pk or administers(holdings)


def _capacity(actor: User, delegator: User, to: User | None) -> str:
    """In which capacity ``actor`` gives or revokes a delegation of ``delegator``. Raises ``Forbidden``."""
    held = holdings_of(actor)
    if actor.pk == delegator.pk:
        return held[0].capacity if held else "Titulaire du compte"
    if not administers(held):
        raise Forbidden(
            f"Seuls {delegator} et l’administrateur donnent ou révoquent ses délégations. Adressez-vous à l’un d’eux."
        )
    if to is not None and to.pk == actor.pk:
        raise Forbidden(
            f"Vous ne pouvez pas vous donner à vous-même une délégation de {delegator} : {delegator}, ou un autre "
            "administrateur, doit l’enregistrer."
        )
    return next(one.capacity for one in held if one.role == Role.ADMINISTRATOR)


def _lock(*people: User) -> None:
    """Order two acts that concern the same people, in one order for all; read again what may have changed."""
    keys = {one.pk: one for one in people}
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=list(keys)).order_by("pk")
    for key, active in locked.values_list("pk", "is_active"):
        keys[key].is_active = active


def _delegate_fault(delegator: User, to: User, role: Role, organisation: Organisation, day: date) -> str:
    """Why somebody cannot receive a delegation, or nothing."""
    if to.pk == delegator.pk:
        return "On ne se délègue pas un rôle à soi-même. Choisissez une autre personne."
    if not to.is_active:
        return f"L’accès de {to} est fermé. Choisissez une autre personne."
    if last_day_of_role(to, role, organisation, day) is not None:
        return (
            f"{to} tient déjà le rôle « {role.label} » à « {organisation} » : il n’y a rien à lui déléguer."
        )
    return ""


def _long_stamp(delegator: User, role: Role, organisation: Organisation, act: str) -> str:
    """The capacity is written whole on journal and papers."""
    given = Delegated("", 0, "", str(delegator), act, (), None, clock.today())
    stamp = Holding(role, organisation.pk, organisation.code, organisation.name, "", given)
    excess = len(stamp.full_capacity) - MAX_CAPACITY
    return (
        f"Cet acte est trop long de {excess} caractères pour figurer sur les actes : abrégez-le."
        if excess > 0
        else ""
    )


def _same(
    delegator: User,
    to: User,
    role: Role,
    organisation: Organisation,
    paths: tuple[str, ...],
    ceiling: Decimal | None,
) -> QuerySet[Delegation]:
    """Delegations, not revoked, that say the same but for their dates and act."""
    found = Delegation.objects.filter(
        delegator=delegator, delegate=to, role=role, organisation=organisation, revoked_at__isnull=True
    )
    found = found.filter(paths__contains=list(paths), paths__contained_by=list(paths))
    return found.filter(ceiling__isnull=True) if ceiling is None else found.filter(ceiling=ceiling)
