"""Forms of the register of property. They read what people type; what the facts must be is said by the service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField

from cases import clock
from cases.budget_terms import FundCode
from cases.forms import day_field, motive_field
from cases.models import Organisation, Property
from cases.money import AmountError, format_eur, parse_amount
from cases.property_facts import FACT_NAMES, OWNER_KINDS, PropertyFacts, facts_of
from cases.property_words import label_of
from cases.register_terms import Occupation, PlannedFuture, PropertyState, PropertyUse, ValueSource

_SPACES: Final = re.compile("[ \t\u00a0\u2007\u2009\u202f]+")
_SURFACE: Final = re.compile(r"(\d{1,8})(?:[.,](\d{1,2}))?(?:m²|m2)?", re.ASCII)
_TYPED = {"inputmode": "decimal", "autocomplete": "off"}

#: Fields by part of the form.
GROUPS: Final = (
    ("Le bien", ("code", "name", "address", "town", "use", "health_housing")),
    ("À qui il est", ("organisation", "fund")),
    ("Surface et occupation", ("surface", "occupation", "vacant_surface", "occupants")),
    (
        "Valeurs",
        ("net_book_value", "book_value_on", "market_value", "market_value_source", "market_value_on"),
    ),
    ("Devenir", ("future", "future_year", "expected_receipts", "expected_expenditure")),
    ("Pourquoi", ("motive",)),
)


class AmountField(forms.Field):
    """An amount in EUR, zero or more: « 25 000,50 € » is understood."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs=_TYPED))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        try:
            return parse_amount(value, signed=True)
        except AmountError as error:
            raise ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        return format_eur(value) if isinstance(value, Decimal) else value


class SurfaceField(forms.Field):
    """A surface in m²: « 1 250,5 » is understood."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs=_TYPED))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        parts = _SURFACE.fullmatch(_SPACES.sub("", str(value)))
        if parts is None:
            raise ValidationError(
                "Écrivez la surface en m², deux décimales au plus, par exemple « 1 250,5 »."
            )
        return Decimal(f"{parts[1]}.{parts[2] or 0}").quantize(Decimal("0.01"))

    def prepare_value(self, value: Any) -> Any:
        return f"{value:f}".replace(".", ",") if isinstance(value, Decimal) else value


class PropertyForm(forms.Form):
    """All facts of a building; ``code`` only for a new one, ``motive`` only for one that changes."""

    code = forms.SlugField(
        label="Code",
        max_length=40,
        help_text="Minuscules sans accents, chiffres et tirets. Il ne change plus ensuite.",
        error_messages={
            "required": "Indiquez le code du bien, par exemple « npdc-lens-bureaux ».",
            "invalid": "Écrivez le code en minuscules sans accents, chiffres et tirets.",
        },
    )
    name = forms.CharField(
        label=label_of("name"),
        max_length=160,
        error_messages={"required": "Indiquez la désignation du bien."},
    )
    address = forms.CharField(label=label_of("address"), max_length=200, required=False)
    town = forms.CharField(
        label=label_of("town"), max_length=80, error_messages={"required": "Indiquez la commune."}
    )
    use = forms.ChoiceField(
        label=label_of("use"),
        choices=[("", "Choisir…"), *PropertyUse.choices],
        error_messages={"required": "Choisissez l’usage du bien."},
    )
    health_housing = forms.BooleanField(
        label=label_of("health_housing"),
        required=False,
        help_text="Un logement sans lequel des professionnels de santé ne pourraient être accueillis ne se vend pas.",
    )
    organisation = forms.ModelChoiceField(
        label=label_of("organisation"),
        queryset=Organisation.objects.filter(active=True, kind__in=sorted(OWNER_KINDS)).order_by("lineage"),
        to_field_name="code",
        empty_label="Choisir…",
        error_messages={
            "required": "Choisissez le propriétaire.",
            "invalid_choice": "Choisissez le propriétaire dans la liste.",
        },
    )
    fund = forms.ChoiceField(
        label=label_of("fund"),
        choices=[("", "Choisir…"), *((one.value, f"{one.value} — {one.label}") for one in FundCode)],
        help_text="Le fonds décide de ce que devient le produit d’une vente.",
        error_messages={"required": "Choisissez le fonds."},
    )
    surface = SurfaceField(
        label=label_of("surface"), error_messages={"required": "Indiquez la surface en m²."}
    )
    occupation = forms.ChoiceField(
        label=label_of("occupation"),
        choices=[("", "Choisir…"), *Occupation.choices],
        error_messages={"required": "Choisissez l’occupation du bien."},
    )
    vacant_surface = SurfaceField(
        label="Surface vacante (m²)",
        required=False,
        help_text="Laissez vide pour un bien occupé ; pour un bien vacant, toute la surface est reprise.",
    )
    occupants = forms.IntegerField(
        label=label_of("occupants"),
        required=False,
        min_value=0,
        max_value=99_999,
        error_messages={
            "invalid": "Écrivez un nombre entier.",
            "min_value": "Indiquez zéro ou plus.",
            "max_value": "Ce nombre est trop grand.",
        },
    )
    net_book_value = AmountField(
        label=label_of("net_book_value"),
        error_messages={"required": "Indiquez la valeur nette comptable, 0 € si le bien est amorti."},
    )
    book_value_on = day_field(label_of("book_value_on"))
    market_value = AmountField(label=label_of("market_value"), required=False)
    market_value_source = forms.ChoiceField(
        label=label_of("market_value_source"), choices=[("", "Aucune"), *ValueSource.choices], required=False
    )
    market_value_on = day_field(label_of("market_value_on"), required=False)
    future = forms.ChoiceField(
        label=label_of("future"),
        choices=[("", "Choisir…"), *PlannedFuture.choices],
        error_messages={"required": "Choisissez le devenir du bien."},
    )
    future_year = forms.IntegerField(
        label=label_of("future_year"),
        required=False,
        min_value=2000,
        max_value=2100,
        error_messages={
            "invalid": "Écrivez une année, par exemple 2016.",
            "min_value": "Indiquez une année entre 2000 et 2100.",
            "max_value": "Indiquez une année entre 2000 et 2100.",
        },
    )
    expected_receipts = AmountField(label=label_of("expected_receipts"), required=False)
    expected_expenditure = AmountField(label=label_of("expected_expenditure"), required=False)
    motive = motive_field("Indiquez pourquoi la fiche change.")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, building: Property | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        if building is not None:
            facts = facts_of(building)
            initial = {name: getattr(facts, name) for name in FACT_NAMES if name != "organisation"}
            owner = {"organisation": building.organisation.code, "version": building.version}
            kwargs.setdefault("initial", initial | owner)
        super().__init__(*args, **kwargs)
        for name in ("motive", "version") if building is None else ("code",):
            del self.fields[name]
        if building is None:
            self.fields["book_value_on"].initial = clock.today

    def groups(self) -> Iterator[tuple[str, list[BoundField]]]:
        """Titles and fields, part by part."""
        for title, names in GROUPS:
            found = [self[name] for name in names if name in self.fields]
            if found:
                yield title, found

    def facts(self) -> PropertyFacts:
        """The facts of a valid form; what may be left blank is filled in."""
        given: dict[str, Any] = {name: self.cleaned_data[name] for name in FACT_NAMES}
        if given["vacant_surface"] is None:
            is_vacant = given["occupation"] == Occupation.VACANT
            given["vacant_surface"] = given["surface"] if is_vacant else Decimal(0)
        for name in ("expected_receipts", "expected_expenditure"):
            given[name] = given[name] or Decimal(0)
        return PropertyFacts(**given)


class MoveForm(forms.Form):
    """Where a building stands from now on, and why."""

    to = forms.ChoiceField(
        label="Situation nouvelle",
        choices=PropertyState.choices,
        error_messages={
            "required": "Choisissez la situation nouvelle du bien.",
            "invalid_choice": "Choisissez la situation dans la liste.",
        },
    )
    motive = motive_field("Indiquez pourquoi la situation change.")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, building: Property, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        kwargs.setdefault("auto_id", "situation_%s")
        kwargs.setdefault("initial", {"version": building.version})
        super().__init__(*args, **kwargs)

    def offer(self, moves: list[PropertyState]) -> None:
        """Show these moves only; what was sent is judged by the service, which says why it refuses one."""
        self.fields["to"].choices = [(one.value, one.label) for one in moves]  # type: ignore[attr-defined]
