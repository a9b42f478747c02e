"""What every change of the register of the œuvres shares: the lock, who may, the refusals, the row and its history.

For ``cases.services.facilities`` and ``cases.services.facility_professionals`` alone: within their transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from cases import clock
from cases.calendar import french_date
from cases.errors import Blocked, Conflict, Forbidden, Invalid, NotFound, Reason, Stale
from cases.models import Dossier, Facility, FacilityChange, Organisation, User
from cases.permissions import MAX_CAPACITY, Holding, holdings_of
from cases.selectors.facilities import UNSEEN, facility_capacity, reads_facilities_of
from cases.text import fault_of

MAX_ACT, MAX_MOTIVE = 160, 2000
#: Who lifts a refusal of the register.
LIFTED_BY = "Agent préparateur ou directeur régional de l’organisme, instructeur de la CANSSM"


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to an œuvre, when it takes effect, and what it rests upon."""

    actor: User
    capacity: str
    on: date
    act: str = ""
    motive: str = ""
    dossier: Dossier | None = None


def writing_capacity(
    actor: User, organisation: Organisation, holdings: tuple[Holding, ...] | None = None
) -> str:
    """In which capacity a person writes the register of the œuvres of a body.

    Raises ``NotFound`` when the person may not read them, ``Forbidden`` when they may only read. One statement at most.
    """
    held = holdings_of(actor) if holdings is None else holdings
    capacity = facility_capacity(held, organisation)
    if capacity:
        return capacity
    if not reads_facilities_of(held, organisation):
        raise NotFound(UNSEEN)
    raise Forbidden(
        f"Le registre des œuvres de « {organisation} » est tenu par ses agents préparateurs, son directeur régional "
        "et les instructeurs de la CANSSM : adressez-vous à l’un d’eux."
    )


def locked(**which: Any) -> Facility:
    """The œuvre, its row held until the end of the transaction, with its body. Raises ``NotFound``."""
    found = (
        Facility.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(**which)
        .first()
    )
    if found is None:
        raise NotFound(UNSEEN)
    return found


def judged(
    organisation: Organisation,
    actor: User,
    capacity: str | None,
    on: date,
    act: str,
    motive: str,
    dossier: Dossier | None,
    details: dict[str, list[str]],
    *,
    day: str = "on",
) -> Act:
    """Who acts, once judged; what is wrong with the day and the texts goes to ``details``."""
    known = writing_capacity(actor, organisation) if capacity is None else capacity
    if on > clock.today():
        details[day] = [
            f"Le registre tient ce qui a eu lieu : le {french_date(on)} est à venir. Indiquez aujourd’hui ou un jour "
            "passé."
        ]
    if fault := fault_of(act, limit=MAX_ACT):
        details["act"] = [fault]
    if fault := fault_of(motive, limit=MAX_MOTIVE):
        details["motive"] = [fault]
    return Act(actor, known[:MAX_CAPACITY], on, act.strip(), motive.strip(), dossier)


def check_version(facility: Facility, version: int | None) -> None:
    """Raise ``Stale`` when somebody changed the œuvre since it was read."""
    if version is not None and version != facility.version:
        raise Stale(
            f"« {facility} » a été modifiée entre-temps. Rechargez la page, relisez, puis recommencez.",
            details={"version": facility.version},
        )


def closed_reason(facility: Facility) -> Reason:
    """Why nothing can be done with a closed œuvre."""
    closed = french_date(facility.closed_on) if facility.closed_on else ""
    return Reason(
        "facility_closed",
        f"« {facility} » est fermée depuis le {closed} : rien n’y change plus. Si une activité reprend sur le site, "
        "inscrivez une nouvelle œuvre.",
    )


def check_open(facility: Facility) -> None:
    """Raise ``Blocked`` for an œuvre that is closed."""
    if facility.closed_on is not None:
        raise Blocked(f"« {facility} » est fermée.", reasons=[closed_reason(facility)])


def taken(finess: str, but: Facility | None = None) -> str:
    """Which other œuvre has a FINESS number, a French sentence, or nothing."""
    found = Facility.objects.filter(finess=finess).order_by("pk")
    first = (found.exclude(pk=but.pk) if but and but.pk else found).first()
    if first is None:
        return ""
    return (
        f"Le numéro FINESS {finess} est déjà celui de « {first} ». Vérifiez le numéro, ou corrigez d’abord cette autre "
        "œuvre."
    )


def set_values(facility: Facility, **values: Any) -> dict[str, Any]:
    """Give an œuvre these values; what changed by that, as the history keeps it."""
    changes = {}
    for name, value in values.items():
        before = getattr(facility, name)
        if before != value:
            changes[name] = [_plain(before), _plain(value)]
            setattr(facility, name, value)
    return changes


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def write(facility: Facility, finess: str | None, *, insert: bool = False) -> None:
    """Keep the row under its next version; a number or code that somebody took meanwhile is refused all the same."""
    if not insert:
        facility.version += 1
    try:
        if finess or insert:
            with transaction.atomic():
                facility.save(force_insert=insert)
        else:
            facility.save()
    except IntegrityError as error:
        if finess and (fault := taken(finess, but=facility)):
            raise Invalid("Ce numéro FINESS est déjà pris.", details={"finess": [fault]}) from error
        if insert and Facility.objects.filter(code=facility.code).exists():
            raise Conflict("Une œuvre vient d’être inscrite sous ce code : recommencez.") from error
        raise


def next_version(facility: Facility) -> None:
    """The next version of an œuvre of which only the professionals changed."""
    facility.version += 1
    facility.save(update_fields=["version"])


def record(
    facility: Facility, act: Act, action: str, changes: Mapping[str, Any], before: str, after: str
) -> None:
    """Add to the history what was done."""
    FacilityChange.objects.create(
        facility=facility,
        at=clock.now(),
        on=act.on,
        action=action,
        before=before,
        after=after,
        changes=dict(changes),
        act=act.act,
        motive=act.motive,
        dossier=act.dossier,
        actor=act.actor,
        capacity=act.capacity,
    )
