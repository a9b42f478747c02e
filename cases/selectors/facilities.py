"""The register of the œuvres as a person may read it: list, search, one œuvre with its history and its dossiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from cases.enums import Role
from cases.errors import NotFound
from cases.models import Dossier, Facility, FacilityChange, FacilityProfessional, Organisation
from cases.permissions import READS_ALL, READS_NONE, Holding, holdings_of
from cases.selectors.dossiers import dossiers_visible_to
from cases.text import storable

UNSEEN = (
    "Aucune œuvre de ce code ne vous est accessible. Vérifiez le code, ou cherchez l’œuvre dans le registre."
)
"""What is said of an œuvre that is not there, and of one that the person may not know of."""

#: Roles that read the whole register, whatever body runs the œuvre: those who judge and control from outside its line.
READS_EVERY_FACILITY = READS_ALL | {Role.EXPERT, Role.BOARD_SECRETARY, Role.AUTHORITY, Role.COMPTROLLER}
#: Roles that write the register of their very body.
WRITES_OWN = frozenset({Role.PREPARER, Role.REGIONAL_DIRECTOR})


def facilities_visible_to(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[Facility]:
    """The only read gate of the register: œuvres of one's own body and of those below it; all for those who control.

    Administering people gives access to none. One statement at most (the holdings).
    """
    held = holdings_of(user) if holdings is None else holdings
    if any(one.role in READS_EVERY_FACILITY for one in held):
        return Facility.objects.all()
    reading = sorted({one.lineage for one in held if one.role not in READS_NONE})
    if not reading:
        return Facility.objects.none()
    gate = Q()
    for lineage in reading:
        gate |= Q(organisation__lineage__startswith=lineage)
    return Facility.objects.filter(gate)


def reads_facilities(holdings: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings lets its owner open the register at all. No statement."""
    return any(one.role not in READS_NONE for one in holdings)


def reads_facilities_of(holdings: tuple[Holding, ...], organisation: Organisation) -> bool:
    """``facilities_visible_to`` for the œuvres of one body already in hand. No statement."""
    return any(
        one.role in READS_EVERY_FACILITY or (one.role not in READS_NONE and one.covers(organisation.lineage))
        for one in holdings
    )


def facility_capacity(holdings: tuple[Holding, ...], organisation: Organisation) -> str:
    """In which capacity somebody writes the register of a body's œuvres; nothing for those who may not."""
    return next(
        (
            one.capacity
            for one in holdings
            if (one.role in WRITES_OWN and one.organisation_id == organisation.pk)
            or (one.role == Role.REVIEWER and one.covers(organisation.lineage))
        ),
        "",
    )


def facility_for(user: Any, code: str, holdings: tuple[Holding, ...] | None = None) -> Facility:
    """The œuvre with that code, if ``user`` may read it. Raises ``NotFound`` without a hint otherwise."""
    found = (
        facilities_visible_to(user, holdings)
        .select_related("organisation")
        .filter(code=code if storable(code) else "")
        .first()
    )
    if found is None:
        raise NotFound(UNSEEN)
    return found


@dataclass(frozen=True, slots=True)
class FacilityFile:
    """An œuvre with all that the register knows of it, as one person may read it.

    ``history``: latest first; ``readable``: keys of the dossiers that it names and the person reads. ``dossiers``:
    those that name the œuvre or changed it, latest first, at most ``DOSSIERS``.
    """

    facility: Facility
    professionals: tuple[FacilityProfessional, ...]
    history: tuple[FacilityChange, ...]
    readable: frozenset[int]
    dossiers: tuple[Dossier, ...]

    @property
    def present(self) -> tuple[FacilityProfessional, ...]:
        """Professionals who have not left."""
        return tuple(one for one in self.professionals if one.until is None)

    @property
    def gone(self) -> tuple[FacilityProfessional, ...]:
        """Professionals who left."""
        return tuple(one for one in self.professionals if one.until is not None)


DOSSIERS = 50
"""How many dossiers are shown of an œuvre."""


def facility_file(user: Any, code: str, holdings: tuple[Holding, ...] | None = None) -> FacilityFile:
    """The œuvre with that code. Five statements whatever there is of it. Raises ``NotFound`` without a hint."""
    held = holdings_of(user) if holdings is None else holdings
    facility = facility_for(user, code, held)
    history = tuple(
        FacilityChange.objects.filter(facility=facility)
        .select_related("actor", "dossier")
        .order_by("-at", "-pk")
    )
    readable = dossiers_visible_to(user, held)
    causes = {one.dossier_id for one in history if one.dossier_id is not None}
    named = Q(data__facilities__contains=[facility.code])
    named |= Q(data__facilities__contains=[{"facility": facility.code}])
    dossiers = readable.filter(named | Q(pk__in=causes)).select_related("organisation")
    return FacilityFile(
        facility=facility,
        professionals=tuple(facility.professionals.order_by("profession", "adeli", "since", "pk")),
        history=history,
        readable=frozenset(readable.filter(pk__in=causes).order_by("pk").values_list("pk", flat=True)),
        dossiers=tuple(dossiers.order_by("-updated_at", "-pk")[:DOSSIERS]),
    )


def facilities_of(organisation_id: int) -> QuerySet[Facility]:
    """Facilities in activity of one body, by name."""
    return Facility.objects.filter(organisation_id=organisation_id, active=True).order_by("name", "pk")
