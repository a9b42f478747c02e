"""Form fields of the paths. Each reads what a person types (HTML form) and what a program sends (JSON) the same way.

``to_json`` gives the value as ``Dossier.data`` keeps it: amounts are decimal strings, dates are ISO.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cases import clock
from cases.money import AmountError, format_eur, parse_amount
from cases.text import FORBIDDEN, storable

#: An amount as ``to_json`` writes it; anything else in an input is a person's own text.
STORED_AMOUNT = re.compile(r"-?\d+\.\d{2}")


class MoneyField(forms.Field):
    """An amount in EUR: « 25 000,50 € » is understood. Positive unless ``signed``; at most two decimals, below 10¹²."""

    default_error_messages = {"required": "Indiquez un montant, par exemple 25 000,50 €."}

    def __init__(self, *, signed: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.signed = signed

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        if isinstance(value, bool | float):
            raise ValidationError("Envoyez le montant comme une chaîne décimale, par exemple « 25000.50 ».")
        try:
            return parse_amount(value, signed=self.signed)
        except AmountError as error:
            raise ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        """What the input shows again: a stored amount in French; what a person typed, exactly as they typed it."""
        if isinstance(value, Decimal):
            return format_eur(value)
        if isinstance(value, str) and STORED_AMOUNT.fullmatch(value):
            return format_eur(Decimal(value))
        return value


class ExerciseField(forms.TypedChoiceField):
    """A budget year, from the first one of the convention to the next one."""

    def __init__(self, *, first: int = 2014, **kwargs: Any) -> None:
        self.first = first
        kwargs.setdefault("label", "Exercice")
        kwargs.setdefault("initial", lambda: clock.today().year)
        super().__init__(
            coerce=int,
            choices=self._years,
            error_messages={
                "required": "Choisissez l’exercice budgétaire.",
                "invalid_choice": "L’exercice « %(value)s » n’est pas ouvert. Choisissez-en un dans la liste.",
            },
            **kwargs,
        )

    def _years(self) -> list[tuple[int, str]]:
        return [(year, str(year)) for year in range(clock.today().year + 1, self.first - 1, -1)]


class NamesWidget(forms.Textarea):
    """Several names: a list (JSON), repeated inputs, or one name a line (HTML)."""

    template_name = "components/widgets/names.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 2, **(attrs or {})})
        self.known: Sequence[tuple[str, str]] = ()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if hasattr(data, "getlist"):
            chosen = [value for value in data.getlist(name) if value]
            other = data.get(f"{name}-other", "").splitlines()
            return [*chosen, *other]
        return data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-other" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, "", attrs)
        values = [str(one) for one in value or []]
        keys = {key for key, _ in self.known}
        context["widget"]["known"] = [(key, label, key in values) for key, label in self.known]
        context["widget"]["other"] = "\n".join(one for one in values if one not in keys)
        return context


class NamesField(forms.Field):
    """A list of at least one name, each 1 to 160 characters, without repetition. ``known``: code and label pairs."""

    default_error_messages = {"required": "Indiquez au moins une œuvre concernée."}
    widget = NamesWidget

    def to_python(self, value: Any) -> list[str]:
        if value in self.empty_values:
            return []
        if isinstance(value, str):
            value = value.splitlines()
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise ValidationError("Envoyez une liste de noms.")
        names = [" ".join(one.split()) for one in value]
        names = list(dict.fromkeys(name for name in names if name))
        if any(len(name) > 160 for name in names):
            raise ValidationError("Un nom dépasse 160 caractères : raccourcissez-le.")
        if len(names) > 100:
            raise ValidationError("Plus de 100 noms : regroupez-les.")
        if any(not name.isprintable() for name in names):
            raise ValidationError("Un nom contient des caractères invisibles : retapez-le.")
        return names


@dataclass(frozen=True, slots=True)
class RowChoices:
    """What the selects of a table of rows offer: named groups of value and label.

    ``token`` tells for which case they were read (fund and exercise), so that a page knows when to read them anew;
    ``missing`` says what has to be chosen before there is anything to offer; ``unknown`` what is said of a value that
    was typed and is not offered.
    """

    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    token: str = ""
    missing: str = ""
    unknown: str = "n’est pas dans la liste"


class RowsWidget(forms.Widget):
    """A table of inputs ``name-0-column``; blank rows are always offered, so that no script is needed.

    ``choices`` gives what the columns ``choice_columns`` let choose from; it is called when the widget is drawn only.
    """

    template_name = "components/widgets/rows.html"
    blank_rows = 3
    most_in_a_line = 3  # more columns than that: each row is a block of named cells

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.columns: Mapping[str, forms.Field] = {}
        self.choice_columns: frozenset[str] = frozenset()
        self.choices: Callable[[], RowChoices] | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if name in data and not hasattr(data, "getlist"):
            return data[name]
        found: dict[int, dict[str, Any]] = {}
        for key in data:
            if not key.startswith(f"{name}-"):
                continue
            index, _, column = key.removeprefix(f"{name}-").partition("-")
            if index.isdecimal() and len(index) < 4 and column in self.columns:
                found.setdefault(int(index), {})[column] = data[key]
        return [found[index] for index in sorted(found) if not _blank(found[index])]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and not any(key.startswith(f"{name}-") for key in data)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        rows = [row for row in value or [] if isinstance(row, Mapping) and not _blank(row)]
        offered = self.choices() if self.choices and self.choice_columns else None
        context["widget"]["columns"] = [str(field.label or key) for key, field in self.columns.items()]
        context["widget"]["offered"] = offered
        context["widget"]["stacked"] = any(getattr(field, "options", ()) for field in self.columns.values())
        context["widget"]["many"] = len(self.columns) > self.most_in_a_line
        context["widget"]["rows"] = [
            [
                {
                    "name": f"{name}-{index}-{key}",
                    "id": f"id_{name}-{index}-{key}",
                    "column": str(field.label or key),
                    "label": f"{field.label or key}, ligne {index + 1}",
                    "value": field.prepare_value(row.get(key, "")),
                    "inputmode": field.widget.attrs.get("inputmode", "text"),
                    "chosen": key in self.choice_columns,
                    "options": getattr(field, "options", ()),
                    "known": offered is not None and _offers(offered, row.get(key)),
                }
                for key, field in self.columns.items()
            ]
            for index, row in enumerate([*rows, *[{}] * self.blank_rows])
        ]
        return context


def _blank(row: Mapping[str, Any]) -> bool:
    return not any(str(cell or "").strip() for cell in row.values())


def _offers(offered: RowChoices, value: Any) -> bool:
    return any(value == code for _, options in offered.groups for code, _ in options)


class RowsField(forms.Field):
    """A list of rows with typed columns. Blank rows are dropped; an error names its row and column.

    ``partial``: a cell that is not filled yet is None, no error (the simulator looks at what there is).
    """

    widget = RowsWidget
    max_rows = 200
    partial = False

    def __init__(self, *, columns: Mapping[str, forms.Field], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns = dict(columns)
        self.widget.columns = self.columns

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        if value in self.empty_values:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
            raise ValidationError("Envoyez une liste de lignes.")
        if len(value) > self.max_rows:
            raise ValidationError(f"Plus de {self.max_rows} lignes : regroupez-les.")
        rows, errors = [], []
        for number, row in enumerate(value, start=1):
            if not any(str(row.get(key) or "").strip() for key in self.columns) and not set(row) - set(
                self.columns
            ):
                continue
            cleaned: dict[str, Any] = {}
            unknown = sorted(set(row) - set(self.columns))
            if unknown:
                errors.append(f"Ligne {number} : « {', '.join(map(str, unknown))} » n’est pas attendu.")
            for key, field in self.columns.items():
                try:
                    fault = json_fault(field, row.get(key))
                    if fault:
                        raise ValidationError(fault)
                    if self.partial and not str(row.get(key) or "").strip():
                        cleaned[key] = None
                        continue
                    cleaned[key] = field.clean(row.get(key))
                except ValidationError as error:
                    errors += [
                        f"Ligne {number}, {field.label or key} : {message}" for message in error.messages
                    ]
            rows.append(cleaned)
        if errors:
            raise ValidationError(errors)
        return rows


#: What JSON may hold for a field that Django would otherwise turn into a text or a truth; the first class that fits.
_JSON_TYPES: tuple[tuple[type[forms.Field], tuple[type, ...], str], ...] = (
    (forms.BooleanField, (bool,), "Répondez par true ou false."),
    (forms.DateField, (str,), "Écrivez la date comme « 2015-12-31 »."),
    (forms.IntegerField, (int, str), "Envoyez un nombre entier."),
    (forms.TypedChoiceField, (int, str), "Envoyez un nombre entier."),
    (forms.CharField, (str,), "Envoyez un texte."),
    (forms.ChoiceField, (str,), "Envoyez un texte."),
)


def json_fault(field: forms.Field, value: Any) -> str:
    """Why a value sent as JSON is not of the field's type, empty when it is: « non » is no boolean, a list no title."""
    if isinstance(value, str) and not storable(value):
        return FORBIDDEN
    for kind, types, sentence in _JSON_TYPES:
        if isinstance(field, kind):
            fits = value is None or (
                isinstance(value, types) and (bool in types or not isinstance(value, bool))
            )
            return "" if fits else sentence
    return ""


def to_json(value: Any) -> Any:
    """A cleaned value as JSON keeps it."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value
