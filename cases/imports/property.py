"""The register of property as a file: its columns, and when a row may be loaded.

A row is judged by ``cases.property_facts``, as the page of a building is. Where a building stands is told by its first
row only: from then on by its page, and by the dossier of its sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from cases import bulk
from cases.budget_terms import FundCode
from cases.enums import Role
from cases.imports.cells import Amount, Body, Choice, Code, Day, Surface, Text, Whole, YesNo
from cases.imports.columns import Column, Record, Register, Scope
from cases.imports.reading import MAX_ROWS
from cases.models import Property, PropertyChange
from cases.permissions import Holding
from cases.property_facts import FACT_NAMES, PropertyFacts, code_fault, facts_of, faults_of, first_state
from cases.register_terms import (
    IN_DISPOSAL,
    Occupation,
    PlannedFuture,
    PropertyState,
    PropertyUse,
    RegisterKind,
    ValueSource,
)
from cases.selectors.property import writes_properties


def _labels(choices: Any) -> dict[str, str]:
    return dict(choices.choices)


class PropertyRegister(Register):
    """Buildings, by their code."""

    kind = RegisterKind.PROPERTY
    title = "Registre du patrimoine"
    page = "property_import"
    columns = (
        Column(
            "code",
            "Code",
            Code(),
            missing="Indiquez le code du bien.",
            note="Un code déjà inscrit modifie le bien, un autre en inscrit un nouveau.",
            example="npdc-lens-bureaux",
        ),
        Column(
            "name",
            "Désignation",
            Text(160),
            missing="Indiquez la désignation du bien.",
            example="Bureaux de Lens",
        ),
        Column("address", "Adresse", Text(200), empty="", example="4 rue des Mineurs"),
        Column("town", "Commune", Text(80), missing="Indiquez la commune.", example="Lens"),
        Column(
            "use",
            "Usage",
            Choice(_labels(PropertyUse)),
            missing="Indiquez l’usage du bien.",
            example="Administratif",
        ),
        Column(
            "organisation",
            "Propriétaire",
            Body(),
            missing="Indiquez le code de l’organisme propriétaire.",
            example="carmi-npdc",
        ),
        Column(
            "fund",
            "Fonds",
            Choice({code: code for code in FundCode.values}),
            missing="Indiquez le fonds du bien.",
            example="FNGA",
        ),
        Column("surface", "Surface (m²)", Surface(), missing="Indiquez la surface.", example=Decimal("800")),
        Column(
            "vacant_surface",
            "Surface vacante (m²)",
            Surface(),
            empty=Decimal(0),
            note="Vide vaut zéro ; toute la surface pour un bien vacant.",
            example=Decimal("120.50"),
        ),
        Column("occupants", "Agents qui l’occupent", Whole(0, 99_999), example=40),
        Column(
            "occupation",
            "Occupation",
            Choice(_labels(Occupation)),
            missing="Indiquez l’occupation du bien.",
            example="Occupé en partie",
        ),
        Column(
            "health_housing",
            "Logement nécessaire aux professionnels de santé",
            YesNo(),
            empty=False,
            note="Pour un bien d’habitation seulement. Vide vaut Non.",
            example="Non",
        ),
        Column(
            "net_book_value",
            "Valeur nette comptable (€)",
            Amount(),
            missing="Indiquez la valeur nette comptable.",
            example=Decimal("120000"),
        ),
        Column(
            "book_value_on",
            "Valeur comptable au",
            Day(),
            missing="Indiquez la date de la valeur nette comptable.",
            example=date(2014, 12, 31),
        ),
        Column(
            "market_value",
            "Valeur de marché (€)",
            Amount(),
            note="Avec sa source et sa date, ou aucune des trois.",
            example=Decimal("210000"),
        ),
        Column(
            "market_value_source",
            "Source de la valeur de marché",
            Choice(_labels(ValueSource)),
            empty="",
            example="Service des Domaines",
        ),
        Column("market_value_on", "Valeur de marché au", Day(), example=date(2015, 3, 3)),
        Column(
            "future",
            "Devenir prévisionnel",
            Choice(_labels(PlannedFuture)),
            missing="Indiquez le devenir prévisionnel.",
            example="Vendre",
        ),
        Column("future_year", "Année prévue", Whole(2000, 2100), example=2016),
        Column(
            "expected_receipts",
            "Recettes attendues (€)",
            Amount(),
            empty=Decimal(0),
            example=Decimal("210000"),
        ),
        Column(
            "expected_expenditure",
            "Dépenses attendues (€)",
            Amount(),
            empty=Decimal(0),
            example=Decimal("3500.50"),
        ),
        Column(
            "state",
            "Situation",
            Choice(_labels(PropertyState)),
            first_only=(
                "La situation d’un bien inscrit ne change pas par un import : videz la cellule, puis changez-la sur "
                "la fiche du bien ou par un dossier de cession."
            ),
            note="Pour un nouveau bien : « Utilisé » ou « Vacant » ; vide, elle suit l’occupation.",
            example="Utilisé",
        ),
    )

    def capacity(self, holdings: Sequence[Holding]) -> str:
        held = tuple(holdings)
        if not writes_properties(held):
            return ""
        return next(one.capacity for one in held if one.role == Role.REVIEWER)

    def subjects(self, holdings: Sequence[Holding]) -> Iterable[Any]:
        return Property.objects.select_related("organisation").order_by("organisation__lineage", "code")[
            :MAX_ROWS
        ]

    def known(self, codes: Sequence[str], *, lock: bool) -> dict[str, Any]:
        found = Property.objects.select_related("organisation").filter(code__in=codes).order_by("pk")
        if lock:
            found = found.select_for_update(of=("self",), no_key=True)
        return {one.code: one for one in found}

    def prepare(self, records: Sequence[Record], scope: Scope) -> None:
        """Nothing: a building is judged by its own row."""

    def judge(self, record: Record, scope: Scope) -> Iterator[tuple[str, str]]:
        existing: Property | None = record.existing
        values = {name: record.values[name] for name in FACT_NAMES if name in record.values}
        if existing is None:
            if fault := code_fault(record.code):
                yield "code", fault
            facts = PropertyFacts(**values)
            state = first_state(facts)
            told = record.values["state"]
            if told is not None and told != state:
                yield "state", _first_state_sentence(told, state)
            yield from _sentences(facts, state, scope)
            return
        if not record.changes:
            return
        if existing.state in IN_DISPOSAL or existing.state == PropertyState.SOLD:
            held = "est vendu" if existing.state == PropertyState.SOLD else "est dans une cession"
            yield (
                "code",
                f"Ce bien {held} (« {existing.get_state_display()} ») : un import ne le change pas. Retirez la ligne, "
                "ou laissez-y les valeurs du registre.",
            )
            return
        yield from _sentences(replace(facts_of(existing), **values), existing.state, scope)

    def save_new(self, records: Sequence[Record], scope: Scope) -> None:
        for record in records:
            facts = PropertyFacts(**{name: record.values[name] for name in FACT_NAMES})
            record.subject = Property(
                code=record.code,
                state=first_state(facts).value,
                created_at=scope.now,
                updated_at=scope.now,
                **{name: getattr(facts, name) for name in FACT_NAMES},
            )
        bulk.insert([record.subject for record in records])

    def save_changed(self, records: Sequence[Record], fields: Iterable[str], scope: Scope) -> None:
        for record in records:
            record.subject = record.existing
            for name in record.changes:
                setattr(record.subject, name, record.values[name])
            record.subject.version += 1
            record.subject.updated_at = scope.now
        bulk.update([record.subject for record in records], [*fields, "version", "updated_at"])

    def save_history(self, records: Sequence[Record], scope: Scope, capacity: str, motive: str) -> None:
        bulk.insert(
            [
                PropertyChange(
                    property=record.subject,
                    at=scope.now,
                    action="imported",
                    before=record.subject.state if record.existing else "",
                    after=record.subject.state,
                    changes={name: values for name, values in record.changes.items() if name != "state"},
                    motive=motive,
                    actor=scope.actor,
                    capacity=capacity,
                )
                for record in records
            ]
        )


def _first_state_sentence(told: str, state: PropertyState) -> str:
    if told not in (PropertyState.IN_USE, PropertyState.VACANT):
        return (
            "Un nouveau bien est « Utilisé » ou « Vacant » : une vente se fait par un dossier. Corrigez, ou videz la "
            "cellule."
        )
    return (
        f"Avec cette occupation, un nouveau bien est « {state.label} » : corrigez la situation ou l’occupation, ou "
        "videz la situation."
    )


def _sentences(facts: PropertyFacts, state: str, scope: Scope) -> Iterator[tuple[str, str]]:
    for name, sentences in faults_of(facts, state=state, today=scope.today).items():
        for sentence in sentences:
            yield name, sentence
