"""Base of the forms that validate ``Dossier.data`` and the data of an act, from HTML and from JSON alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from cases.models import Organisation
from cases.selectors import facilities_of
from workflows.engine.fields import NamesField, json_fault, to_json


class DossierForm(forms.Form):
    """A form whose ``NamesField`` named ``facilities`` offers the facilities of the dossier's body.

    ``partial``: fields that are not sent are not required (the simulator needs two of them, not all).
    """

    template_name_div = "components/form.html"

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        organisation: Organisation | None = None,
        partial: bool = False,
        required: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("label_suffix", "")
        self._mistyped: dict[str, str] = {}
        if isinstance(data, Mapping) and not hasattr(data, "getlist"):  # JSON
            faults = {name: json_fault(field, data.get(name)) for name, field in self.base_fields.items()}
            self._mistyped = {name: fault for name, fault in faults.items() if fault}
            data = {name: value for name, value in data.items() if name not in self._mistyped}
        super().__init__(data, **kwargs)
        facilities = self.fields.get("facilities")
        if isinstance(facilities, NamesField) and organisation is not None:
            facilities.widget.known = [(one.code, str(one)) for one in facilities_of(organisation.pk)]
        if partial:
            for name, field in self.fields.items():
                field.required = name in required

    def full_clean(self) -> None:
        """Django's own, then what JSON sent in another type than the field's."""
        super().full_clean()
        for name, fault in self._mistyped.items():
            self.errors[name] = self.error_class([fault])
            self.cleaned_data.pop(name, None)

    def unexpected(self) -> list[str]:
        """Keys that a program sent and that the form does not know (HTML forms carry others: the CSRF token)."""
        if not isinstance(self.data, Mapping) or hasattr(self.data, "getlist"):
            return []
        return sorted(str(key) for key in self.data if key not in self.fields)

    def add_unexpected(self) -> None:
        """Report them, each under its own name."""
        known = ", ".join(self.fields)
        for key in self.unexpected():
            self.errors[key] = self.error_class([f"Donnée inconnue. Données attendues : {known}."])

    def messages(self) -> dict[str, list[str]]:
        """Field → French sentences; ``__all__`` for what concerns the whole."""
        return {name: [str(message) for message in errors] for name, errors in self.errors.items()}

    def cleaned_json(self) -> dict[str, Any]:
        """The cleaned data as the dossier keeps it."""
        return {name: to_json(value) for name, value in self.cleaned_data.items()}
