"""Forms of the work itself; the forms of the paths' data live with the paths."""

from collections.abc import Iterable
from typing import Any

from django import forms

from cases.models import User


class ReassignForm(forms.Form):
    """To whom a task is handed over, and why."""

    to = forms.ChoiceField(
        label="Personne",
        error_messages={
            "required": "Choisissez la personne à qui confier la tâche.",
            "invalid_choice": "Cette personne ne tient pas ce rôle : choisissez-en une dans la liste.",
        },
    )
    motive = forms.CharField(
        label="Motif",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Indiquez pourquoi la tâche change de mains."},
    )

    def __init__(self, people: Iterable[User], *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.people = {str(one.pk): one for one in people}
        self.fields["to"].choices = [("", "Choisir…"), *((key, str(one)) for key, one in self.people.items())]  # type: ignore[attr-defined]
