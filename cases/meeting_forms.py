"""The form of a meeting, to plan it and to change it. What its values must be the service says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from cases.forms import day_field
from cases.models import Meeting
from cases.register_terms import MeetingKind

#: Fields that hold what the service takes, besides the kind.
NAMES = ("held_on", "starts_at", "place", "label", "members", "remarks")


class MeetingForm(forms.Form):
    """A meeting: its kind among those that the person keeps, day, hour, place. ``meeting``: the one to change."""

    kind = forms.ChoiceField(
        label="Nature", error_messages={"required": "Choisissez la nature de la séance."}
    )
    held_on = day_field("Date de la séance")
    starts_at = forms.TimeField(
        label="Heure",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Écrivez l’heure comme 14:30."},
    )
    place = forms.CharField(label="Lieu", max_length=160, required=False)
    label = forms.CharField(
        label="Intitulé", max_length=120, required=False, help_text="Par exemple : séance extraordinaire."
    )
    members = forms.IntegerField(
        label="Membres du conseil en exercice",
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text="Pour une séance du conseil seulement.",
        error_messages={"invalid": "Écrivez un nombre entier."},
    )
    remarks = forms.CharField(
        label="Observations",
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Elles figurent sur l’ordre du jour et au procès-verbal.",
    )

    def __init__(
        self, *args: Any, kinds: Sequence[MeetingKind], meeting: Meeting | None = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("label_suffix", "")
        if meeting is not None:
            kwargs["initial"] = {name: getattr(meeting, name) for name in NAMES}
        super().__init__(*args, **kwargs)
        if meeting is not None:
            del self.fields["kind"]
            if meeting.kind != MeetingKind.BOARD:
                del self.fields["members"]
        else:
            self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
            if MeetingKind.BOARD not in kinds:
                del self.fields["members"]

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return {name: self.cleaned_data[name] for name in NAMES if name in self.cleaned_data}
