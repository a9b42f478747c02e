"""The professionals of an œuvre, known by their ADELI number (A65: « la politique d’immatriculation systématique »)."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from cases.calendar import french_date
from cases.errors import Conflict, Invalid
from cases.finess import adeli_fault, plain
from cases.models import Dossier, Facility, FacilityProfessional, User
from cases.services.facility_records import check_open, judged, locked, next_version, record
from cases.text import fault_of

MAX_PROFESSION = 80


@transaction.atomic
def add_professional(
    facility: Facility,
    *,
    adeli: str,
    profession: str,
    since: date,
    actor: User,
    capacity: str | None = None,
    dossier: Dossier | None = None,
) -> FacilityProfessional:
    """Register a professional of an œuvre by the ADELI number alone (A65): no name is kept.

    Raises ``Blocked`` (a closed œuvre), ``Invalid`` (number, profession, a day to come), ``Conflict`` (already there).
    """
    facility = locked(pk=facility.pk)
    details: dict[str, list[str]] = {}
    act = judged(facility.organisation, actor, capacity, since, "", "", dossier, details, day="since")
    check_open(facility)
    number, title = plain(adeli), " ".join(profession.split())
    if fault := adeli_fault(number):
        details["adeli"] = [fault]
    if fault := fault_of(title, limit=MAX_PROFESSION, required="Indiquez la profession."):
        details["profession"] = [fault]
    if details:
        raise Invalid("Le professionnel n’est pas inscrit : corrigez les points signalés.", details=details)
    if facility.professionals.filter(adeli=number, until__isnull=True).exists():
        message = f"Le numéro ADELI {number} est déjà inscrit à « {facility} » : il n’y a rien à faire."
        raise Conflict(message, details={"adeli": [message]})
    added = FacilityProfessional.objects.create(
        facility=facility, adeli=number, profession=title, since=since
    )
    next_version(facility)
    record(
        facility,
        act,
        "add_professional",
        {"professionals": [[], [number]], "profession": [None, title]},
        facility.approval,
        facility.approval,
    )
    return added


@transaction.atomic
def end_professional(
    professional: FacilityProfessional,
    *,
    until: date,
    actor: User,
    capacity: str | None = None,
    motive: str = "",
    dossier: Dossier | None = None,
) -> FacilityProfessional:
    """Note the last day of a professional at an œuvre. Raises ``Conflict`` (gone already), ``Invalid`` (dates)."""
    facility = locked(pk=professional.facility_id)
    professional = FacilityProfessional.objects.select_for_update().get(pk=professional.pk)
    details: dict[str, list[str]] = {}
    act = judged(facility.organisation, actor, capacity, until, "", motive, dossier, details, day="until")
    if professional.until is not None:
        raise Conflict(
            f"Le numéro ADELI {professional.adeli} a quitté l’œuvre le {french_date(professional.until)} : il n’y a "
            "rien à faire."
        )
    if until < professional.since:
        details["until"] = [
            f"Ce professionnel est inscrit depuis le {french_date(professional.since)} : indiquez ce jour ou un jour "
            "postérieur."
        ]
    if details:
        raise Invalid("Le départ n’est pas enregistré : corrigez les points signalés.", details=details)
    professional.until = until
    professional.save(update_fields=["until"])
    next_version(facility)
    record(
        facility,
        act,
        "end_professional",
        {"professionals": [[professional.adeli], []]},
        facility.approval,
        facility.approval,
    )
    return professional
