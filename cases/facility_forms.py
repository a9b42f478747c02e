"""Forms of the register of the œuvres: what one is, its agrément, its adhesion, its closing, its professionals."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from cases import clock
from cases.forms import day_field
from cases.models import Facility, Organisation
from cases.register_terms import APPROVAL_MOVES, ApprovalState, FacilityKind

MISSING_DAY = "Indiquez le jour où cela prend effet."


class _Form(forms.Form):
    """Labels without a colon; days begin with today."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name in ("on", "since", "until"):
            if name in self.fields:
                self.fields[name].initial = clock.today


class _VersionedForm(_Form):
    """A form that knows which version of the œuvre the person read."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, facility: Facility, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = facility.version


def _text(label: str, limit: int, missing: str = "", help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=limit,
        required=bool(missing),
        help_text=help_text,
        error_messages={
            "required": missing,
            "max_length": f"Ce texte dépasse {limit} caractères : résumez-le.",
        },
    )


def _motive(missing: str = "") -> forms.CharField:
    return forms.CharField(
        label="Motif",
        max_length=2000,
        required=bool(missing),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": missing},
    )


def _kind() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Nature",
        choices=[("", "Choisir…"), *FacilityKind.choices],
        error_messages={
            "required": "Choisissez une nature.",
            "invalid_choice": "Choisissez une nature dans la liste.",
        },
    )


_FINESS_HELP = "Neuf caractères, blancs admis : « 62 001 234 4 ». Laissez vide tant qu’il n’est pas attribué."


class FacilityForm(_VersionedForm):
    """What an œuvre is."""

    name = _text("Nom", 160, "Indiquez le nom de l’œuvre.")
    town = _text("Commune", 80, "Indiquez la commune.")
    kind = _kind()
    finess = _text("Numéro FINESS", 20, help_text=_FINESS_HELP)
    motive = _motive()

    def __init__(self, *args: Any, facility: Facility, **kwargs: Any) -> None:
        super().__init__(*args, facility=facility, **kwargs)
        for name in ("name", "town", "kind", "finess"):
            self.fields[name].initial = getattr(facility, name)


class NewFacilityForm(_Form):
    """An œuvre to enter in the register, for one of the bodies that the person may write."""

    organisation = forms.ModelChoiceField(
        label="Organisme gestionnaire",
        queryset=Organisation.objects.none(),
        to_field_name="code",
        empty_label="Choisir…",
        error_messages={
            "required": "Choisissez un organisme.",
            "invalid_choice": "Choisissez un organisme dans la liste.",
        },
    )
    name = _text("Nom", 160, "Indiquez le nom de l’œuvre.")
    town = _text("Commune", 80, "Indiquez la commune.")
    kind = _kind()
    finess = _text("Numéro FINESS", 20, help_text=_FINESS_HELP)
    code = _text(
        "Code",
        40,
        help_text="Minuscules, chiffres et tirets : « npdc-sante-lens ». Laissé vide, il est fait du nom et de la "
        "commune.",
    )

    def __init__(self, *args: Any, bodies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Organisation]", self.fields["organisation"])
        field.queryset = bodies
        known = list(bodies[:2])
        if len(known) == 1:
            field.initial = known[0].code


class ApprovalForm(_VersionedForm):
    """A move of the agrément: only those that the table allows from where it stands."""

    to = forms.ChoiceField(
        label="Nouvel état",
        error_messages={
            "required": "Choisissez un état.",
            "invalid_choice": "Choisissez un état dans la liste : les autres ne suivent pas l’état actuel.",
        },
    )
    on = day_field("Prend effet le", help_text="Aujourd’hui ou un jour passé.")
    provisional_until = day_field(
        "Provisoire jusqu’au", required=False, help_text="Pour un agrément provisoire qui a un terme."
    )
    act = _text("Acte de l’autorité", 160, help_text="Référence de l’arrêté ou de la décision.")
    motive = _motive()

    def __init__(self, *args: Any, facility: Facility, **kwargs: Any) -> None:
        super().__init__(*args, facility=facility, **kwargs)
        field = cast(forms.ChoiceField, self.fields["to"])
        field.choices = [("", "Choisir…"), *((one.value, one.label) for one in moves_of(facility))]


class AdhesionForm(_VersionedForm):
    """The day on which an œuvre joined the accord national."""

    on = day_field("Adhère depuis le", help_text="Jour de l’agrément ou jour postérieur.")
    act = _text("Pièce", 160, help_text="Référence du bulletin d’adhésion.")


class ClosingForm(_VersionedForm):
    """The closing of an œuvre."""

    on = day_field("Fermée le", help_text="Aujourd’hui ou un jour passé.")
    act = _text("Acte", 160, help_text="Référence de la décision.")
    motive = _motive("Indiquez pourquoi l’œuvre ferme (normes d’agrément, critères de maintien).")


class ProfessionalForm(_Form):
    """A professional who comes; no name is kept."""

    adeli = _text(
        "Numéro ADELI",
        20,
        "Indiquez le numéro ADELI.",
        "Neuf caractères, blancs admis. Aucun nom n’est tenu.",
    )
    profession = _text("Profession", 80, "Indiquez la profession.")
    since = day_field("Depuis le")


class LeavingForm(_Form):
    """The last day of a professional."""

    until = day_field("Dernier jour")


def moves_of(facility: Facility) -> list[ApprovalState]:
    """Where the agrément of an œuvre may go, in the order of the states; nowhere once it is closed."""
    if facility.closed_on is not None:
        return []
    return [one for one in ApprovalState if one in APPROVAL_MOVES[ApprovalState(facility.approval)]]
