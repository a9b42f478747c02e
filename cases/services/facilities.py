"""The register of the œuvres: what they are, their agrément, their adhesion, their closing.

Every function here, and of ``cases.services.facility_professionals``, writes one ``FacilityChange``, and nothing else
changes an œuvre. ``capacity`` is in whose name the person acts: left out, it is that of the role which lets the person
write the register (``Forbidden`` without one, and ``NotFound`` for those who may not even read it); an act on a dossier
that has judged already who may do it gives its own. ``on`` is the day on which a change takes effect: never in the
future, never before the change of agrément that it follows. Where a person filled in a form, ``version`` is the one
that they read: ``Stale`` when it moved on. The œuvre given is not changed: what is kept comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from cases import clock
from cases.calendar import french_date
from cases.errors import Blocked, Conflict, Invalid, Reason
from cases.finess import finess_fault, plain
from cases.models import Dossier, Facility, FacilityChange, Organisation, User
from cases.register_terms import APPROVAL_MOVES, ApprovalState, FacilityKind
from cases.services.facility_records import (
    LIFTED_BY,
    check_open,
    check_version,
    closed_reason,
    judged,
    locked,
    record,
    set_values,
    taken,
    write,
)
from cases.text import fault_of

MAX_NAME, MAX_TOWN, MAX_CODE = 160, 80, 40

#: Words that stand in the addresses of the register where a code stands.
RESERVED_CODES = frozenset({"nouvelle", "import"})

#: What a person may change of an œuvre; all the rest has a function of its own.
EDITABLE = ("name", "town", "kind", "finess")

#: With one of these an œuvre may join the accord national (A66: « à l’issue de la procédure d’agrément »).
ADHERING_STATES = frozenset({ApprovalState.EXISTING, ApprovalState.GRANTED, ApprovalState.PROVISIONAL})

_A = ApprovalState


# --- what an œuvre is ------------------------------------------------------------------------------------------------


@transaction.atomic
def create_facility(
    *,
    organisation: Organisation,
    actor: User,
    data: Mapping[str, Any],
    code: str = "",
    on: date | None = None,
    capacity: str | None = None,
    motive: str = "",
    dossier: Dossier | None = None,
) -> Facility:
    """Enter an œuvre in the register; its agrément is « non recensé » until ``move_approval``.

    ``data``: name, town, kind (a ``FacilityKind``), finess (may be missing or blank). ``code`` is made of name and town
    when left out. Raises ``Invalid`` with details by field, ``Conflict`` for a code that is taken.
    """
    details: dict[str, list[str]] = {}
    values = {"kind": FacilityKind.OTHER.value, "finess": None} | _checked(
        {"name": "", "town": ""} | dict(data), details
    )
    act = judged(organisation, actor, capacity, on or clock.today(), "", motive, dossier, details)
    if values["finess"] and "finess" not in details and (fault := taken(values["finess"])):
        details["finess"] = [fault]
    chosen = code.strip() or _free_code(f"{values['name']} {values['town']}")
    if chosen in RESERVED_CODES or chosen != slugify(chosen) or len(chosen) > MAX_CODE:
        details["code"] = [
            f"Un code n’a que des minuscules sans accent, des chiffres et des tirets, {MAX_CODE} caractères au plus : "
            "« npdc-sante-lens »."
        ]
    if details:
        raise Invalid("L’œuvre n’est pas inscrite : corrigez les points signalés.", details=details)
    if code.strip() and Facility.objects.filter(code=chosen).exists():
        raise Conflict(
            f"Le code « {chosen} » est déjà celui d’une œuvre : choisissez-en un autre.",
            details={"code": ["Ce code est déjà pris : choisissez-en un autre."]},
        )
    facility = Facility(code=chosen, organisation=organisation, **values)
    write(facility, values["finess"], insert=True)
    shown = {name: [None, value] for name, value in values.items() if value}
    record(facility, act, "create", shown, "", facility.approval)
    return facility


@transaction.atomic
def change_facility(
    *,
    code: str,
    actor: User,
    version: int,
    data: Mapping[str, Any],
    motive: str = "",
    on: date | None = None,
    capacity: str | None = None,
    dossier: Dossier | None = None,
) -> Facility:
    """Correct what an œuvre is: any of name, town, kind, finess (blank: no number). What is the same stays unrecorded.

    Raises ``NotFound``, ``Forbidden``, ``Stale``, ``Blocked`` (a closed œuvre), ``Invalid`` with details by field.
    """
    facility = locked(code=code)
    details: dict[str, list[str]] = {}
    act = judged(facility.organisation, actor, capacity, on or clock.today(), "", motive, dossier, details)
    check_version(facility, version)
    check_open(facility)
    values = _checked(data, details)
    finess = values.get("finess")
    if finess and "finess" not in details and (fault := taken(finess, but=facility)):
        details["finess"] = [fault]
    if details:
        raise Invalid("L’œuvre n’est pas modifiée : corrigez les points signalés.", details=details)
    changes = {
        name: [getattr(facility, name), value]
        for name, value in values.items()
        if getattr(facility, name) != value
    }
    if not changes:
        return facility
    for name, (_, value) in changes.items():
        setattr(facility, name, value)
    write(facility, finess)
    record(facility, act, "change", changes, facility.approval, facility.approval)
    return facility


# --- agrément, adhesion, closing --------------------------------------------------------------------------------------


@transaction.atomic
def move_approval(
    facility: Facility,
    to: ApprovalState | str,
    *,
    actor: User,
    on: date,
    capacity: str | None = None,
    act: str = "",
    motive: str = "",
    provisional_until: date | None = None,
    dossier: Dossier | None = None,
    version: int | None = None,
) -> Facility:
    """Move the agrément of an œuvre along ``APPROVAL_MOVES``: the one way to change it (A65). Returns it as kept.

    ``act``: reference of the authority's act. ``provisional_until``: last day of a provisional agrément, when it has
    one; the convention fixes no duration. An agrément that is removed ends the adhesion to the accord national, which
    is for agréés centres (A66). The row is locked: of two people one moves, the other is judged on what is then true.

    Raises ``Blocked`` (``no_approval_move``: no arrow; ``facility_closed``), ``Invalid`` (dates, texts), ``Stale``.
    """
    facility = locked(pk=facility.pk)
    target = ApprovalState(to)
    details: dict[str, list[str]] = {}
    done = judged(facility.organisation, actor, capacity, on, act, motive, dossier, details)
    check_version(facility, version)
    check_open(facility)
    before = ApprovalState(facility.approval)
    if target not in APPROVAL_MOVES[before]:
        raise Blocked(
            f"L’agrément de « {facility} » ne peut pas passer à « {target.label} ».",
            reasons=[_no_move(facility, before, target)],
        )
    if provisional_until is not None and target != _A.PROVISIONAL:
        details["provisional_until"] = [
            "Seul un agrément provisoire a un terme : laissez cette date vide, ou choisissez « Provisoire »."
        ]
    elif provisional_until is not None and provisional_until < on:
        details["provisional_until"] = [
            f"L’agrément provisoire prend effet le {french_date(on)} : son terme ne peut pas précéder ce jour."
        ]
    _after_the_last_move(facility, on, details)
    if details:
        raise Invalid("L’agrément n’est pas modifié : corrigez les points signalés.", details=details)
    changes = set_values(
        facility,
        approval=target.value,
        provisional_until=provisional_until,
        adhered_on=None if target == _A.REMOVED else facility.adhered_on,
    )
    write(facility, None)
    record(facility, done, "approval", changes, before.value, target.value)
    return facility


@transaction.atomic
def adhere(
    facility: Facility,
    on: date,
    *,
    actor: User,
    capacity: str | None = None,
    act: str = "",
    motive: str = "",
    dossier: Dossier | None = None,
    version: int | None = None,
) -> Facility:
    """Note that an œuvre joined the accord national des centres de santé on ``on`` (A66). Returns the œuvre as kept.

    Raises ``Blocked``: ``facility_closed``, ``no_approval`` (A66 comes « à l’issue de la procédure d’agrément »:
    existing, granted, or provisional and not over on that day), ``before_approval``, ``already_adhered``; ``Invalid``
    (dates, texts), ``Stale``.
    """
    facility = locked(pk=facility.pk)
    details: dict[str, list[str]] = {}
    done = judged(facility.organisation, actor, capacity, on, act, motive, dossier, details)
    check_version(facility, version)
    check_open(facility)
    if reason := adhesion_reason(facility, on):
        raise Blocked(f"L’adhésion de « {facility} » n’est pas possible.", reasons=[reason])
    since = _last_move_on(facility)
    if since is not None and on < since:
        raise Blocked(
            f"L’adhésion de « {facility} » n’est pas possible.",
            reasons=[
                Reason(
                    "before_approval",
                    f"L’agrément « {facility.get_approval_display()} » prend effet le {french_date(since)} : "
                    "l’adhésion à l’accord national vient à son issue. Indiquez ce jour ou un jour postérieur.",
                    LIFTED_BY,
                )
            ],
        )
    if details:
        raise Invalid("L’adhésion n’est pas enregistrée : corrigez les points signalés.", details=details)
    changes = set_values(facility, adhered_on=on)
    write(facility, None)
    record(facility, done, "adhere", changes, facility.approval, facility.approval)
    return facility


def adhesion_reason(facility: Facility, on: date) -> Reason | None:
    """Why an œuvre cannot join the accord national on a day, from its own row alone; None when it can. No statement."""
    state = ApprovalState(facility.approval)
    if facility.closed_on is not None:
        return closed_reason(facility)
    if facility.adhered_on is not None:
        return Reason(
            "already_adhered",
            f"« {facility} » adhère déjà à l’accord national depuis le {french_date(facility.adhered_on)}.",
        )
    if state not in ADHERING_STATES:
        return Reason(
            "no_approval",
            f"L’adhésion vient à l’issue de la procédure d’agrément, et l’agrément de « {facility} » est "
            f"« {state.label} ». Enregistrez d’abord un agrément existant, accordé ou provisoire.",
            LIFTED_BY,
        )
    if facility.provisional_until is not None and facility.provisional_until < on:
        return Reason(
            "no_approval",
            f"L’agrément provisoire de « {facility} » a pris fin le {french_date(facility.provisional_until)}. "
            "Enregistrez d’abord l’agrément accordé.",
            LIFTED_BY,
        )
    return None


@transaction.atomic
def close_facility(
    facility: Facility,
    on: date,
    *,
    actor: User,
    capacity: str | None = None,
    act: str = "",
    motive: str = "",
    dossier: Dossier | None = None,
    version: int | None = None,
) -> Facility:
    """Close an œuvre on ``on`` (A67): in activity no more, agrément and adhesion ended, its professionals gone.

    ``motive`` is needed unless a dossier tells it (outside the norms of the agrément, criteria of A67). Nothing reopens
    a closed œuvre. Raises ``Blocked`` (``facility_closed``), ``Invalid``, ``Stale``.
    """
    facility = locked(pk=facility.pk)
    details: dict[str, list[str]] = {}
    done = judged(facility.organisation, actor, capacity, on, act, motive, dossier, details)
    check_version(facility, version)
    check_open(facility)
    if dossier is None and not motive.strip():
        details["motive"] = ["Indiquez pourquoi l’œuvre ferme (normes d’agrément, critères de maintien)."]
    _after_the_last_move(facility, on, details)
    staying = list(facility.professionals.filter(until__isnull=True).order_by("pk"))
    if late := [one for one in staying if one.since > on]:
        details.setdefault("on", []).append(
            f"{late[0]} est inscrit depuis le {french_date(late[0].since)}, après cette fermeture. Corrigez la date."
        )
    if details:
        raise Invalid("La fermeture n’est pas enregistrée : corrigez les points signalés.", details=details)
    before = facility.approval
    changes = set_values(
        facility,
        active=False,
        closed_on=on,
        approval=_A.REMOVED.value,
        provisional_until=None,
        adhered_on=None,
    )
    if staying:
        facility.professionals.filter(until__isnull=True).update(until=on)
        changes["professionals"] = [[one.adeli for one in staying], []]
    write(facility, None)
    record(facility, done, "close", changes, before, facility.approval)
    return facility


def _no_move(facility: Facility, before: ApprovalState, target: ApprovalState) -> Reason:
    allowed = [state.label for state in ApprovalState if state in APPROVAL_MOVES[before]]
    if before == target:
        return Reason(
            "no_approval_move",
            f"L’agrément de « {facility} » est déjà « {before.label} » : il n’y a rien à changer.",
        )
    return Reason(
        "no_approval_move",
        f"D’un agrément « {before.label} », on ne passe pas à « {target.label} ». Choisissez : "
        f"{', '.join(f'« {label} »' for label in allowed)}.",
        LIFTED_BY,
    )


def _last_move_on(facility: Facility) -> date | None:
    """The day on which the agrément as it stands took effect; None when no move is known (« non recensé », imports)."""
    moves = FacilityChange.objects.filter(facility=facility, action="approval")
    return moves.order_by("-at", "-pk").values_list("on", flat=True).first()


def _after_the_last_move(facility: Facility, on: date, details: dict[str, list[str]]) -> None:
    last = _last_move_on(facility)
    if last is not None and on < last:
        details.setdefault("on", []).append(
            f"L’agrément a changé le {french_date(last)} : indiquez ce jour ou un jour postérieur."
        )


def _checked(data: Mapping[str, Any], details: dict[str, list[str]]) -> dict[str, Any]:
    """The values that can be kept among those given; what is wrong goes to ``details``."""
    values: dict[str, Any] = {}
    for name in data:
        if name not in EDITABLE:
            details[name] = [
                "Cette donnée ne se change pas ainsi : suivez l’acte prévu sur la page de l’œuvre."
            ]
    for name, limit, missing in (
        ("name", MAX_NAME, "Indiquez le nom de l’œuvre."),
        ("town", MAX_TOWN, "Indiquez la commune."),
    ):
        if name in data:
            values[name] = " ".join(str(data[name] or "").split())
            if fault := fault_of(values[name], limit=limit, required=missing):
                details[name] = [fault]
    if "kind" in data:
        values["kind"] = str(data["kind"])
        if values["kind"] not in FacilityKind.values:
            details["kind"] = ["Choisissez une nature dans la liste."]
    if "finess" in data:
        number = plain(str(data["finess"] or ""))
        values["finess"] = number or None
        if number and (fault := finess_fault(number)):
            details["finess"] = [fault]
    return values


def _free_code(words: str) -> str:
    """A code made of words that no œuvre has yet. One statement."""
    base = slugify(words.replace("œ", "oe").replace("Œ", "Oe"))[: MAX_CODE - 4].strip("-") or "oeuvre"
    taken = RESERVED_CODES | set(
        Facility.objects.filter(code__startswith=base).values_list("code", flat=True)
    )
    if base not in taken:
        return base
    return next(code for number in range(2, len(taken) + 4) if (code := f"{base}-{number}") not in taken)
