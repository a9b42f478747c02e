"""The register of the œuvres as a file: its columns, and when a row may be loaded.

A row enters an œuvre or corrects what its page may correct. The body that runs it, its agrément and its adhesion are
told by its first row only: from then on each changes by an act of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from django.utils.text import slugify

from cases import bulk
from cases.enums import Role
from cases.imports.cells import Body, Choice, Code, Day, Finess, Text
from cases.imports.columns import Column, Record, Register, Scope
from cases.imports.plan import LOOKUP, batches
from cases.imports.reading import MAX_ROWS
from cases.models import Facility, FacilityChange
from cases.permissions import Holding
from cases.register_terms import ApprovalState, FacilityKind, RegisterKind
from cases.selectors.facilities import WRITES_OWN, facility_capacity, reads_facilities_of

#: Agréments that an œuvre may have when it enters the register by a file.
FIRST_APPROVALS: Final = (ApprovalState.UNLISTED, ApprovalState.EXISTING, ApprovalState.TO_REQUEST)
#: Words of the addresses of pages below ``/oeuvres/``: no œuvre is called so.
RESERVED_CODES: Final = frozenset({"import", "nouvelle", "nouveau"})


class FacilityRegister(Register):
    """Œuvres, by their code."""

    kind = RegisterKind.FACILITY
    title = "Registre des œuvres"
    page = "facility_import"
    columns = (
        Column(
            "code",
            "Code",
            Code(),
            missing="Indiquez le code de l’œuvre.",
            note="Un code déjà inscrit corrige l’œuvre, un autre en inscrit une nouvelle.",
            example="npdc-sante-lens",
        ),
        Column(
            "name",
            "Nom",
            Text(160),
            missing="Indiquez le nom de l’œuvre.",
            example="Centre de santé de Lens",
        ),
        Column("town", "Commune", Text(80), missing="Indiquez la commune.", example="Lens"),
        Column(
            "organisation",
            "Organisme",
            Body(),
            missing="Indiquez le code de l’organisme qui gère l’œuvre.",
            first_only=(
                "L’organisme d’une œuvre inscrite ne change pas par un import : remettez celui du registre."
            ),
            example="carmi-npdc",
        ),
        Column(
            "kind",
            "Nature",
            Choice(dict(FacilityKind.choices)),
            missing="Indiquez la nature de l’œuvre.",
            example="Centre de santé",
        ),
        Column(
            "finess",
            "Numéro FINESS",
            Finess(),
            note="Vide : l’œuvre n’a pas de numéro.",
            example="620000000",
        ),
        Column(
            "approval",
            "Agrément",
            Choice(dict(ApprovalState.choices)),
            empty=ApprovalState.UNLISTED.value,
            first_only=(
                "L’agrément d’une œuvre inscrite ne change pas par un import : videz la cellule, puis changez-le sur "
                "la fiche de l’œuvre."
            ),
            note="Pour une nouvelle œuvre : « Non recensé », « Existant » ou « À solliciter ».",
            example="Existant",
        ),
        Column(
            "adhered_on",
            "Adhésion à l’accord national le",
            Day(),
            first_only=(
                "L’adhésion d’une œuvre inscrite ne change pas par un import : videz la cellule, puis enregistrez-la "
                "sur la fiche de l’œuvre."
            ),
            note="Pour une nouvelle œuvre dont l’agrément est « Existant ».",
            example=date(2015, 3, 3),
        ),
    )

    def __init__(self) -> None:
        self._bearers: dict[str, Facility] = {}
        self._first: dict[str, int] = {}

    def capacity(self, holdings: Sequence[Holding]) -> str:
        return next(
            (one.capacity for one in holdings if one.role == Role.REVIEWER or one.role in WRITES_OWN), ""
        )

    def subjects(self, holdings: Sequence[Holding]) -> Iterable[Any]:
        found = Facility.objects.select_related("organisation").filter(closed_on__isnull=True)
        if not any(one.role == Role.REVIEWER for one in holdings):
            own = sorted({one.organisation_id for one in holdings if one.role in WRITES_OWN})
            found = found.filter(organisation__in=own)
        return found.order_by("organisation__lineage", "code")[:MAX_ROWS]

    def known(self, codes: Sequence[str], *, lock: bool) -> dict[str, Any]:
        found = Facility.objects.select_related("organisation").filter(code__in=codes).order_by("pk")
        if lock:
            found = found.select_for_update(of=("self",), no_key=True)
        return {one.code: one for one in found}

    def prepare(self, records: Sequence[Record], scope: Scope) -> None:
        """Who bears the FINESS numbers of the file, and in which row each stands first."""
        self._bearers, self._first = {}, {}
        for record in records:
            if number := record.values.get("finess"):
                self._first.setdefault(number, record.number)
        for batch in batches(sorted(self._first), LOOKUP):
            found = Facility.objects.select_related("organisation").filter(finess__in=batch).order_by("pk")
            self._bearers |= {str(one.finess): one for one in found}

    def forbid(self, record: Record, scope: Scope) -> Iterator[tuple[str, str]]:
        if record.existing is not None and not facility_capacity(
            scope.holdings, record.existing.organisation
        ):
            yield (
                "code",
                "Ce code est celui d’une œuvre d’un autre organisme. Choisissez un autre code, ou retirez la ligne.",
            )
        elif not facility_capacity(scope.holdings, record.values["organisation"]):
            yield (
                "organisation",
                f"Vous tenez le registre de votre seul organisme : retirez cette ligne, ou confiez-la à "
                f"« {record.values['organisation']} » ou à un instructeur de la CANSSM.",
            )

    def judge(self, record: Record, scope: Scope) -> Iterator[tuple[str, str]]:
        yield from self._finess(record, scope)
        if record.existing is None:
            yield from _first_row(record, scope)
        elif record.changes and record.existing.closed_on is not None:
            yield "code", "Cette œuvre est fermée : rien n’y change plus. Retirez la ligne."

    def _finess(self, record: Record, scope: Scope) -> Iterator[tuple[str, str]]:
        number = record.values.get("finess")
        if not number:
            return
        if self._first[number] != record.number:
            yield (
                "finess",
                f"Le numéro FINESS {number} est déjà celui de la ligne {self._first[number]} : une œuvre, un numéro.",
            )
        bearer = self._bearers.get(number)
        if bearer is not None and bearer.code != record.code:
            whose = (
                f"de « {bearer.code} »"
                if reads_facilities_of(scope.holdings, bearer.organisation)
                else "d’une autre œuvre"
            )
            yield (
                "finess",
                f"Le numéro FINESS {number} est déjà celui {whose} dans le registre. Vérifiez le numéro, ou "
                "corrigez d’abord cette autre œuvre.",
            )

    def save_new(self, records: Sequence[Record], scope: Scope) -> None:
        for record in records:
            record.subject = Facility(**record.values)
        bulk.insert([record.subject for record in records])

    def save_changed(self, records: Sequence[Record], fields: Iterable[str], scope: Scope) -> None:
        for record in records:
            record.subject = record.existing
            for name in record.changes:
                setattr(record.subject, name, record.values[name])
            record.subject.version += 1
        bulk.update([record.subject for record in records], [*fields, "version"])

    def save_history(self, records: Sequence[Record], scope: Scope, capacity: str, motive: str) -> None:
        bulk.insert(
            [
                FacilityChange(
                    facility=record.subject,
                    at=scope.now,
                    on=scope.today,
                    action="imported",
                    before=record.subject.approval if record.existing else "",
                    after=record.subject.approval,
                    changes={
                        name: values
                        for name, values in record.changes.items()
                        if any(value not in (None, "") for value in values)
                    },
                    motive=motive,
                    actor=scope.actor,
                    capacity=facility_capacity(scope.holdings, record.subject.organisation) or capacity,
                )
                for record in records
            ]
        )


def _first_row(record: Record, scope: Scope) -> Iterator[tuple[str, str]]:
    """What is wrong with a row that enters an œuvre."""
    values = record.values
    if record.code != slugify(record.code) or record.code in RESERVED_CODES:
        yield (
            "code",
            "Écrivez le code en minuscules sans accents, chiffres et tirets, 40 caractères au plus, "
            "par exemple « npdc-sante-lens ».",
        )
    if not values["organisation"].active:
        yield "organisation", "Cet organisme n’est plus en activité : indiquez celui qui gère l’œuvre."
    if values["approval"] not in FIRST_APPROVALS:
        allowed = ", ".join(f"« {one.label} »" for one in FIRST_APPROVALS)
        yield (
            "approval",
            f"L’agrément d’une nouvelle œuvre est l’un de : {allowed}. Changez-le ensuite sur sa fiche.",
        )
    if values["adhered_on"] is None:
        return
    if values["approval"] != ApprovalState.EXISTING:
        yield (
            "adhered_on",
            "L’adhésion vient à l’issue de la procédure d’agrément : indiquez un agrément « Existant », ou videz la "
            "cellule.",
        )
    if not date(1945, 1, 1) <= values["adhered_on"] <= scope.today:
        yield "adhered_on", "Indiquez un jour passé, au plus tard aujourd’hui."
