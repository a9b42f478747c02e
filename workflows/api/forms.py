"""Says in JSON what a form of a path expects, so that a program can build its own."""

from typing import Any

from django import forms
from pydantic import BaseModel

from workflows.engine.fields import ExerciseField, MoneyField, NamesField, RowsField
from workflows.engine.group_field import GroupField


class ChoiceOut(BaseModel):
    """Une valeur admise."""

    value: str
    label: str


class FieldOut(BaseModel):
    """Une donnée attendue.

    « type » : text, money (chaîne décimale en euros), integer, boolean, date (AAAA-MM-JJ), choice, names
    (liste de textes),
    rows (liste d’objets, voir « columns »), group (un objet, voir « columns »).
    """

    name: str
    label: str
    type: str
    required: bool
    help: str
    choices: list[ChoiceOut] = []
    columns: list["FieldOut"] = []


#: The first class that fits gives the type; the more specific ones come first.
TYPES: tuple[tuple[type[forms.Field], str], ...] = (
    (MoneyField, "money"),
    (ExerciseField, "integer"),
    (NamesField, "names"),
    (RowsField, "rows"),
    (GroupField, "group"),
    (forms.BooleanField, "boolean"),
    (forms.DateField, "date"),
    (forms.IntegerField, "integer"),
    (forms.ChoiceField, "choice"),
    (forms.CharField, "text"),
)


def fields_of(form: type[forms.Form] | None) -> list[FieldOut]:
    """What ``form`` expects, in its order; nothing without a form."""
    return [_field(name, field) for name, field in form.base_fields.items()] if form else []


def _field(name: str, field: forms.Field) -> FieldOut:
    choices: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
    columns = field.columns if isinstance(field, RowsField) else {}
    if isinstance(field, GroupField):
        columns = field.parts
    return FieldOut(
        name=name,
        label=str(field.label or name),
        type=next((kind for known, kind in TYPES if isinstance(field, known)), "text"),
        required=field.required,
        help=str(field.help_text),
        choices=[ChoiceOut(value=str(value), label=str(label)) for value, label in choices],
        columns=[_field(key, column) for key, column in columns.items()],
    )
