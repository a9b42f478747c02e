"""Forms of the paths that sell buildings and use their proceeds (inventory A31, A28, A76). Amounts in EUR.

What a form refuses cannot be understood or does not exist; what the text forbids is a guard's affair
(``workflows.engine.property_steps``), so that its quote can be read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from cases.enums import OrganisationKind
from cases.models import Organisation, Property
from cases.register_terms import PropertyState, ValueSource
from workflows.engine.credit_forms import DayField
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import MoneyField

#: Up to so many buildings are offered in a list; the code is typed beyond.
LISTED = 300

GROUNDS = {
    "vacant": "Bien vacant",
    "non_strategic": "Bien non stratégique",
    "dwelling": "Maison d’habitation",
    "relocation": "Remplacé par des locaux loués mieux adaptés",
}


def owned_by(organisation_id: int) -> QuerySet[Property]:
    """Buildings that a body may put on sale: its own, and those of the establishments below it."""
    return Property.objects.filter(
        Q(organisation=organisation_id)
        | Q(organisation__parent=organisation_id, organisation__kind=OrganisationKind.ESTABLISHMENT)
    )


class BuildingWidget(forms.Select):
    """The buildings of the dossier's body that are not sold; a text to type the code in where they are too many.

    ``organisation_id`` is set by the form; the buildings are read when the widget is drawn only. One statement.
    """

    organisation_id: int | None = None

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The choices, with the one that is stored among them; or the text."""
        offered, shown = self._offered(), str(value or "")
        if len(offered) > LISTED:
            return forms.TextInput(self.attrs).render(name, shown, attrs, renderer)
        if shown and shown not in dict(offered):
            offered.append((shown, shown))
        self.choices = [("", "Choisissez le bien"), *offered]
        return super().render(name, value, attrs, renderer)

    def _offered(self) -> list[tuple[str, str]]:
        if self.organisation_id is None:
            return []
        rows = (
            owned_by(self.organisation_id)
            .exclude(state=PropertyState.SOLD)
            .order_by("code")
            .only("code", "name", "town")[: LISTED + 1]
        )
        return [(one.code, str(one)) for one in rows]


class BuildingField(forms.CharField):
    """The code of a building of the register; whose it is and where it stands is looked at by guards."""

    widget = BuildingWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("error_messages", {"required": "Choisissez le bien à vendre."})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """Codes are in lower case."""
        return str(super().to_python(value)).strip().lower()


class NotNegativeField(MoneyField):
    """An amount that may be zero: a building that is written off has no book value."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(signed=True, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        """Zero or more."""
        amount = super().to_python(value)
        if amount is not None and amount < 0:
            raise forms.ValidationError("Ce montant ne peut pas être négatif : indiquez zéro ou plus.")
        return amount


def short_text(
    label: str, *, required: str = "", help_text: str = "", max_length: int = 160
) -> forms.CharField:
    """A text of one line, compulsory when there is something to say about its absence."""
    return forms.CharField(
        label=label,
        required=bool(required),
        max_length=max_length,
        help_text=help_text,
        error_messages={"required": required} if required else None,
    )


class DisposalForm(DossierForm):
    """Data of a disposal: the building, why it is sold, the price asked, what it is worth in the books and on the
    market. EUR.

    ``valuation_source`` and ``valuation_on`` may be left to the register, which knows them for its market value.
    """

    property = BuildingField(
        label="Bien",
        help_text="Un bien du registre du patrimoine de votre organisation. S’il n’y figure pas, demandez à la CANSSM "
        "de l’inscrire.",
    )
    ground = forms.ChoiceField(
        label="Motif de la cession",
        choices=[("", "Choisissez le motif"), *GROUNDS.items()],
        error_messages={
            "required": "Choisissez le motif de la cession.",
            "invalid_choice": "« %(value)s » n’est pas un motif de cession : choisissez-le dans la liste "
            f"({', '.join(GROUNDS)}).",
        },
    )
    relocation_premises = forms.CharField(
        label="Locaux loués qui remplacent le bien",
        required=False,
        max_length=1_000,
        help_text="À remplir si le bien est remplacé par des locaux en location : lesquels, et en quoi ils sont "
        "mieux adaptés.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    asking_price = MoneyField(label="Prix de mise en vente", help_text="Par exemple : 180 000 €.")
    net_book_value = NotNegativeField(
        label="Valeur nette comptable",
        help_text="Celle du registre du patrimoine ; zéro si le bien est entièrement amorti.",
    )
    valuation = MoneyField(label="Évaluation du bien", help_text="Le montant du rapport d’évaluation joint.")
    valuation_source = forms.ChoiceField(
        label="Auteur de l’évaluation",
        required=False,
        choices=[("", "Celui du registre"), *ValueSource.choices],
        error_messages={
            "invalid_choice": "« %(value)s » n’est pas un auteur d’évaluation connu : choisissez-le dans la liste."
        },
    )
    valuation_on = DayField(label="Date de l’évaluation", required=False)

    def __init__(self, data: Any = None, *, organisation: Organisation | None = None, **kwargs: Any) -> None:
        super().__init__(data, organisation=organisation, **kwargs)
        self._organisation_id = organisation.pk if organisation is not None else None
        widget = self.fields["property"].widget
        if isinstance(widget, BuildingWidget):
            widget.organisation_id = self._organisation_id

    def clean_property(self) -> str:
        """A building of the dossier's own body. Another body's is as unknown as none at all. One statement."""
        code = str(self.cleaned_data["property"])
        known = self._organisation_id is not None and bool(code)
        if known and not owned_by(self._organisation_id or 0).filter(code=code).exists():
            raise forms.ValidationError(
                f"« {code} » n’est pas un bien de votre organisation au registre du patrimoine. Vérifiez le code, ou "
                "demandez à la CANSSM d’inscrire le bien."
            )
        return code

    def clean_relocation_premises(self) -> str:
        """Without the blanks around it."""
        return str(self.cleaned_data["relocation_premises"]).strip()


class OfferForm(DossierForm):
    """An offer on a building, EUR."""

    amount = MoneyField(label="Montant de l’offre")
    bidder = short_text("Auteur de l’offre", required="Indiquez qui fait l’offre.")
    offered_on = DayField(label="Date de l’offre")


class SaleForm(DossierForm):
    """The sale: price in EUR, buyer, day on which the deed was signed."""

    price = MoneyField(label="Prix de vente")
    buyer = short_text("Acquéreur", required="Indiquez l’acquéreur.")
    deed_on = DayField(label="Date de l’acte de vente")


class ProceedsForm(DossierForm):
    """What becomes of Δ, EUR: nothing to fill in unless the building is the FNGA's."""

    to_investment = NotNegativeField(
        label="Part affectée aux investissements de N+1",
        required=False,
        help_text="Bien du FNGA seulement. N est l’année de l’acte de vente.",
    )
    to_rents = NotNegativeField(
        label="Part affectée aux loyers et charges locatives",
        required=False,
        help_text="Bien du FNGA seulement : répartie en dix parts égales à partir de N+1.",
    )


class BoardInformationForm(DossierForm):
    """The session at which the board was informed."""

    informed_on = DayField(label="Date de la séance")
