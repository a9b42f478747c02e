"""Forms of the ouverture plan of a body's œuvres (A63–A67): the plan, the synthesis, the vote, the agréments."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from cases import clock
from cases.calendar import french_date
from cases.finess import plain
from cases.models import Facility, Organisation
from cases.register_terms import ApprovalState
from cases.selectors import facilities_of
from workflows.engine.credit_forms import DayField, VoteForm, long_text
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import MoneyField, NamesField, RowsField
from workflows.engine.group_field import GroupField


class Scenario(models.TextChoices):
    """What becomes of an œuvre (000:697-703)."""

    KEEP = "keep", "Maintenir sur place"
    REGROUP = "regroup", "Regrouper"
    MOVE = "move", "Déplacer"
    CLOSE = "close", "Fermer"


class CellChoice(forms.ChoiceField):
    """A fixed list in a cell of rows."""

    @property
    def options(self) -> list[Any]:
        """What the list of the cell offers."""
        return [one for one in self.widget.choices if one[0] != ""]


class WorksField(MoneyField):
    """An amount in EUR that may be zero: no works."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(signed=True, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        amount: Decimal | None = super().clean(value)
        if amount is not None and amount < 0:
            raise ValidationError("Un budget de travaux n’est pas négatif : corrigez le montant.")
        return amount


class FacilityField(forms.CharField):
    """An œuvre of the dossier's body, by its code; its FINESS number or its exact name are understood too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="Œuvre",
            max_length=160,
            error_messages={"required": "choisissez l’œuvre dans la liste."},
            **kwargs,
        )
        self.known: dict[str, Facility] | None = None

    @property
    def options(self) -> list[tuple[str, str]]:
        """What the list of the cell offers."""
        return [(code, str(one)) for code, one in (self.known or {}).items()]

    def clean(self, value: Any) -> str:
        given = " ".join(str(super().clean(value)).split())
        if self.known is None:  # no body is known yet: the simulator
            return given
        found = self.known.get(given) or next(
            (
                one
                for one in self.known.values()
                if given.casefold() in (one.name.casefold(), str(one).casefold())
                or given.replace(" ", "") == one.finess
            ),
            None,
        )
        if found is None:
            raise ValidationError(
                f"« {given} » n’est pas une œuvre en activité de l’organisme : choisissez-la dans la liste, ou "
                "inscrivez-la d’abord au registre des œuvres."
            )
        return found.code


def offer_facilities(form: DossierForm, name: str, organisation: Organisation | None) -> None:
    """Let the rows ``name`` choose among the œuvres of a body. One statement."""
    field = form.fields[name]
    if not isinstance(field, RowsField) or organisation is None:
        return
    column = FacilityField()
    column.known = {one.code: one for one in facilities_of(organisation.pk)}
    field.columns = {**field.columns, "facility": column}
    field.widget.columns = field.columns


def known_number(facility: Facility | None) -> str:
    """The FINESS number of the register, empty without one."""
    return (facility.finess or "") if facility is not None else ""


def one_row_each(rows: list[dict[str, Any]]) -> None:
    """Each œuvre stands in one row. Raises ``ValidationError``."""
    seen: set[Any] = set()
    for row in rows:
        code = row.get("facility")
        if code in seen:
            raise ValidationError(f"L’œuvre « {code} » figure deux fois : gardez une seule ligne.")
        seen.add(code)


class OuverturePlanForm(DossierForm):
    """Data of a plan, EUR; ``economic_comparison`` is the yearly cost today and in the target organisation."""

    region = forms.CharField(
        label="Région",
        min_length=2,
        max_length=120,
        help_text="Le plan porte sur la totalité des réalisations ambulatoires de l’organisme.",
        error_messages={"required": "Nommez la région que le plan couvre."},
    )
    facilities = RowsField(
        label="Œuvres du plan",
        required=False,
        help_text="Une ligne par œuvre : ce qu’elle devient et, s’il y a lieu, le budget prévisionnel des travaux.",
        columns={
            "facility": FacilityField(),
            "scenario": CellChoice(
                label="Scénario",
                choices=Scenario.choices,
                error_messages={
                    "required": "choisissez ce que l’œuvre devient.",
                    "invalid_choice": f"« %(value)s » est inconnu. Choisissez : {', '.join(Scenario.values)}.",
                },
            ),
            "works_budget": WorksField(label="Travaux (€)", required=False),
        },
    )
    economic_comparison = GroupField(
        label="Comparaison économique (coût annuel)",
        required=False,
        parts={
            "current": MoneyField(label="Organisation actuelle (€)"),
            "target": MoneyField(label="Organisation cible (€)"),
        },
    )
    staffing = forms.CharField(
        label="Moyens administratifs et humains",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Secrétariats médicaux, accueil téléphonique, équivalents temps plein… et leur chiffrage.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        organisation: Organisation | None = None,
        partial: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, organisation=organisation, partial=partial, **kwargs)
        for name in (
            "facilities",
            "economic_comparison",
            "staffing",
        ):  # a draft may lack them, a plan may not
            setattr(self.fields[name], "before_submission", True)  # noqa: B010 (read by the template)
        offer_facilities(self, "facilities", organisation)
        for field in self.fields.values():
            if isinstance(field, RowsField | GroupField):
                field.partial = partial

    def clean_facilities(self) -> list[dict[str, Any]]:
        """One row for each œuvre; no works where it closes."""
        rows: list[dict[str, Any]] = self.cleaned_data["facilities"]
        one_row_each(rows)
        for row in rows:
            if row.get("scenario") == Scenario.CLOSE and row.get("works_budget"):
                raise ValidationError(
                    f"« {row['facility']} » ferme : retirez son budget de travaux, ou choisissez un autre scénario."
                )
        return rows


def works_of(rows: Any) -> Decimal:
    """The works of all œuvres of a plan, EUR."""
    return sum((Decimal(str(row.get("works_budget") or 0)) for row in rows or ()), Decimal(0))


class SynthesisForm(DossierForm):
    """What the desk draws from the opinions, for the body."""

    synthesis = long_text(
        "Synthèse des avis", required="Résumez les avis du comité pour l’organisme.", max_length=10_000
    )


class AmendForm(DossierForm):
    """Whether the amended plan goes back to the experts."""

    new_opinion = forms.BooleanField(
        label="Soumettre le plan modifié au comité d’experts",
        required=False,
        help_text="Sinon le plan modifié va au conseil avec l’avis déjà rendu.",
    )


class AdoptionForm(VoteForm):
    """The vote and the endowment that goes with it, EUR."""

    endowment = MoneyField(
        label="Dotation de restructuration attribuée",
        help_text="Dotation budgétaire de restructuration des centres de santé.",
    )


class AdjournmentForm(DossierForm):
    """The session that put the dossier off, and to when."""

    voted_on = DayField(label="Date de la séance")
    adjourned_to = forms.DateField(
        label="Ajourné au",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            "required": "Indiquez à quelle date le plan est ajourné.",
            "invalid": "Écrivez la date comme 31/12/2015.",
        },
    )

    def clean(self) -> dict[str, Any]:
        """The plan is put off to a day after the session."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        held, until = data.get("voted_on"), data.get("adjourned_to")
        if held and until and until <= held:
            self.add_error(
                "adjourned_to",
                f"Le plan est ajourné à une date postérieure à la séance du {french_date(held)} : corrigez-la.",
            )
        return data


class ApprovalsForm(DossierForm):
    """The agréments of the plan's œuvres: FINESS number, state of the agrément, the authority's act and its day."""

    approvals = RowsField(
        label="Agréments",
        help_text="Une ligne par œuvre dont l’agrément ou le numéro FINESS change.",
        columns={
            "facility": FacilityField(),
            "finess": forms.CharField(label="FINESS", required=False, max_length=20),
            "approval": CellChoice(
                label="Agrément",
                required=False,
                choices=[one for one in ApprovalState.choices if one[0] != ApprovalState.UNLISTED],
                error_messages={
                    "invalid_choice": "« %(value)s » est inconnu. Choisissez : "
                    f"{', '.join(one for one in ApprovalState.values if one != ApprovalState.UNLISTED)}.",
                },
            ),
            "on": DayField(label="Depuis le", required=False),
            "act": forms.CharField(label="Acte de l’autorité", required=False, max_length=160),
        },
        error_messages={"required": "Indiquez au moins une œuvre et l’état de son agrément."},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        organisation: Organisation | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, organisation=organisation, **kwargs)
        offer_facilities(self, "approvals", organisation)

    def clean_approvals(self) -> list[dict[str, Any]]:
        """One row for each œuvre that changes; the day is today when nothing is said.

        A row without a state and with the number that the register has says nothing new: it is left out.
        """
        rows: list[dict[str, Any]] = self.cleaned_data["approvals"]
        one_row_each(rows)
        field = self.fields["approvals"]
        column = field.columns["facility"] if isinstance(field, RowsField) else None
        known = (column.known if isinstance(column, FacilityField) else None) or {}
        said = [
            {**row, "on": row.get("on") or clock.today()}
            for row in rows
            if row["approval"] or plain(row["finess"]) not in ("", known_number(known.get(row["facility"])))
        ]
        if not said:
            raise ValidationError(
                "Choisissez l’état de l’agrément d’une œuvre au moins, ou donnez son numéro FINESS."
            )
        return said


class AdhesionForm(DossierForm):
    """The day on which œuvres joined the accord national, and which; all that remain when none is named."""

    adhered_on = DayField(label="Date d’adhésion")
    facilities = NamesField(
        label="Œuvres qui adhèrent",
        required=False,
        help_text="Toutes celles du plan qui n’ont pas encore adhéré si aucune n’est cochée.",
    )
