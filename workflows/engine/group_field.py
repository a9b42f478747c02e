"""A field made of named parts: ``{"current": …, "target": …}`` in JSON, one input for each part in HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from workflows.engine.fields import json_fault


class GroupWidget(forms.Widget):
    """Inputs ``name-part``."""

    use_fieldset = True

    template_name = "components/widgets/group.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.parts: Mapping[str, forms.Field] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if name in data and not hasattr(data, "getlist"):
            return data[name]
        found = {key: data.get(f"{name}-{key}") for key in self.parts}
        return found if any(str(value or "").strip() for value in found.values()) else None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and all(f"{name}-{key}" not in data for key in self.parts)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        known = value if isinstance(value, Mapping) else {}
        context["widget"]["parts"] = [
            {
                "name": f"{name}-{key}",
                "id": f"id_{name}-{key}",
                "label": str(part.label or key),
                "value": part.prepare_value(known.get(key, "")),
                "inputmode": part.widget.attrs.get("inputmode", "text"),
            }
            for key, part in self.parts.items()
        ]
        return context


class GroupField(forms.Field):
    """Named parts, all of them or none; an error names its part. ``partial``: parts may be missing (the simulator)."""

    widget = GroupWidget
    partial = False

    def __init__(self, *, parts: Mapping[str, forms.Field], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parts = dict(parts)
        self.widget.parts = self.parts

    def to_python(self, value: Any) -> dict[str, Any] | None:
        if value in self.empty_values:
            return None
        if not isinstance(value, Mapping):
            raise ValidationError(f"Envoyez un objet avec : {', '.join(self.parts)}.")
        errors = [
            f"« {key} » n’est pas attendu. Données attendues : {', '.join(self.parts)}."
            for key in sorted(set(value) - set(self.parts), key=str)
        ]
        cleaned: dict[str, Any] = {}
        for key, part in self.parts.items():
            given = value.get(key)
            if self.partial and not str(given or "").strip():
                cleaned[key] = None
                continue
            try:
                if fault := json_fault(part, given):
                    raise ValidationError(fault)
                cleaned[key] = part.clean(given)
            except ValidationError as error:
                errors += [f"{part.label or key} : {message}" for message in error.messages]
        if errors:
            raise ValidationError(errors)
        return cleaned
