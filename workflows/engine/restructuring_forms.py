"""Forms of the restructuring of an establishment with money of the FNASS (A33): the project, its entry, its execution.

The form refuses what cannot be read; what the text asks for (a plan that adds up, the impact on operation) is a guard's
affair, so that its quote can be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django import forms
from django.db import models

from cases.budget_tables import read_tables
from cases.budget_terms import FundCode, Group
from workflows.engine.consultation import OpinionForm
from workflows.engine.credit_forms import DayField, long_text
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import ExerciseField, MoneyField, RowsField

FUND = FundCode.FNASS


class FundingSource(models.TextChoices):
    """Who pays for a restructuring, in the order of A69: own funds, participations from outside, the scheme, banks."""

    OWN_FUNDS = "own_funds", "Fonds propres de l’établissement"
    STATE = "state", "État ou ARS"
    LOCAL_AUTHORITIES = "local_authorities", "Collectivités territoriales"
    OTHER_SCHEMES = "other_schemes", "Autres régimes de sécurité sociale"
    OTHER_PARTNERS = "other_partners", "Autres participations extérieures"
    FNASS = "fnass", "FNASS"
    BANK_LOAN = "bank_loan", "Emprunt bancaire"


class SourceField(forms.ChoiceField):
    """A kind of source, chosen from a list in a cell of rows; a program may send its code or its French name."""

    def __init__(self) -> None:
        super().__init__(
            label="Source",
            choices=FundingSource.choices,
            error_messages={
                "required": "choisissez la source.",
                "invalid_choice": "« %(value)s » est inconnu. Choisissez : "
                f"{' ; '.join(FundingSource.labels)}.",
            },
        )

    @property
    def options(self) -> list[tuple[str, str]]:
        """What the list of the cell offers."""
        return list(FundingSource.choices)

    def to_python(self, value: Any) -> str:
        text = " ".join(str(super().to_python(value)).split())
        named = (one.value for one in FundingSource if text.casefold() == str(one.label).casefold())
        return next(named, text)


@cache
def _lines() -> dict[str, tuple[str, bool]]:
    """Leaves of the FNASS: code → label, and whether it bears operations in capital of the CANSSM."""
    return {
        row.code: (f"{row.code} — {row.label}", row.group == Group.FB)
        for row in read_tables()[FUND]
        if row.role == "leaf"
    }


class CapitalLineField(forms.ChoiceField):
    """A line of the FNASS. Those for operations in capital are offered; another one is refused by the rule, quoted."""

    def __init__(self) -> None:
        super().__init__(
            label="Ligne du FNASS",
            choices=lambda: [
                ("", "Choisissez la ligne"),
                *((code, label) for code, (label, capital) in _lines().items() if capital),
            ],
            error_messages={
                "required": "Choisissez la ligne du FNASS.",
                "invalid_choice": "« %(value)s » n’est pas une ligne du FNASS. Choisissez-la dans la liste.",
            },
        )

    def valid_value(self, value: Any) -> bool:
        """Any line of the fund that bears credits."""
        return str(value) in _lines()


def line_label(code: str) -> str:
    """« II.K.imm — Action immobilière de la CAN (maladie) »."""
    return _lines()[code][0] if code in _lines() else code


def _once(rows: Iterable[dict[str, Any]], column: str, word: str) -> None:
    """Each value of a column stands in one row. Raises ``ValidationError``."""
    seen = set()
    for row in rows:
        value = row.get(column)
        if value in seen:
            named = FundingSource(str(value)).label if column == "source" else value
            raise forms.ValidationError(f"{word} « {named} » figure deux fois : additionnez les montants.")
        seen.add(value)


class RestructuringForm(DossierForm):
    """Data of a project. Amounts in EUR before tax; ``operating_impact`` is signed: a gain is negative."""

    establishment = forms.CharField(
        label="Établissement",
        min_length=3,
        max_length=160,
        help_text="Par exemple : Établissement de soins de suite de Charleville.",
        error_messages={"required": "Nommez l’établissement."},
    )
    title = forms.CharField(
        label="Objet de l’opération",
        min_length=3,
        max_length=200,
        help_text="Par exemple : Humanisation des chambres de l’unité de long séjour.",
        error_messages={"required": "Donnez un objet à l’opération."},
    )
    amount_ht = MoneyField(
        label="Montant HT de l’opération", help_text="Toutes sources de financement réunies."
    )
    exercise = ExerciseField(help_text="Celui où l’opération commence.")
    medico_economic_project = long_text(
        "Projet médico-économique",
        required="Résumez le projet médico-économique ; son descriptif détaillé est joint en pièce.",
        max_length=8_000,
    )
    financing_plan = RowsField(
        label="Plan de financement",
        required=False,
        help_text="Une ligne par source, les fonds propres d’abord. Le total est le montant de l’opération.",
        columns={"source": SourceField(), "amount": MoneyField(label="Montant (€)")},
    )
    operating_impact = RowsField(
        label="Impact sur l’exploitation",
        required=False,
        help_text="Une ligne par année, une au moins. Un gain se note en négatif.",
        columns={
            "year": forms.IntegerField(
                label="Année",
                min_value=2014,
                max_value=2100,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                error_messages={
                    "required": "indiquez l’année.",
                    "invalid": "écrivez l’année en quatre chiffres.",
                },
            ),
            "amount": MoneyField(label="Montant (€)", signed=True),
        },
    )

    def __init__(self, *args: Any, partial: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, partial=partial, **kwargs)
        for field in self.fields.values():
            if isinstance(field, RowsField):
                field.partial = partial
        plan = self.fields["financing_plan"]
        plan.widget.blank_rows = len(FundingSource)

    def clean_financing_plan(self) -> list[dict[str, Any]]:
        """Each source once."""
        rows: list[dict[str, Any]] = self.cleaned_data["financing_plan"]
        _once((row for row in rows if row.get("source")), "source", "La source")
        return rows

    def clean_operating_impact(self) -> list[dict[str, Any]]:
        """Each year once."""
        rows: list[dict[str, Any]] = self.cleaned_data["operating_impact"]
        _once((row for row in rows if row.get("year")), "year", "L’année")
        return rows


class ConcertationForm(OpinionForm):
    """The opinion of a ministry, and the day of the meeting at which it was given."""

    met_on = DayField(
        label="Date de la rencontre", help_text="Celle à l’ordre du jour de laquelle le dossier est inscrit."
    )


class BudgetEntryForm(DossierForm):
    """The entry of the project in the budget: exercise, line of the FNASS, amount in EUR."""

    exercise = ExerciseField(label="Exercice d’inscription")
    line = CapitalLineField()
    amount = MoneyField(label="Montant inscrit (€)")


class ExecutionForm(DossierForm):
    """What was executed: the day and the amount in EUR."""

    executed_on = DayField(label="Date d’exécution")
    executed_amount = MoneyField(label="Montant exécuté (€)")
