"""Forms of preferences and of subscriptions."""

from typing import Any

from django import forms

from notifications.enums import CALLABLE, CHOOSABLE, Cadence


class PreferencesForm(forms.Form):
    """For each kind of notice, when mail is wanted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for kind in CHOOSABLE:
            self.fields[kind.value] = forms.ChoiceField(
                label=kind.label,
                choices=Cadence.choices,
                widget=forms.RadioSelect,
                error_messages={
                    "required": "Choisissez un rythme.",
                    "invalid_choice": "Choisissez un rythme dans la liste.",
                },
            )


class AddressForm(forms.Form):
    """The address that a person's mails go to."""

    email = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        error_messages={
            "required": "Indiquez une adresse électronique.",
            "invalid": "Indiquez une adresse électronique valable, par exemple prenom.nom@organisme.fr.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class WebhookForm(forms.Form):
    """A subscription."""

    name = forms.CharField(
        label="Nom",
        max_length=80,
        help_text="Le programme qui sera averti.",
        error_messages={"required": "Donnez un nom à cet abonnement."},
    )
    url = forms.CharField(
        label="Adresse",
        max_length=500,
        help_text="Elle commence par https:// et n’est pas celle d’un réseau privé.",
        error_messages={"required": "Indiquez l’adresse à appeler."},
    )
    kinds = forms.MultipleChoiceField(
        label="Événements",
        choices=[
            (one.value, label)
            for one, label in zip(
                CALLABLE,
                (
                    "Une étape s’ouvre",
                    "Un dossier est validé, refusé, exécuté ou à compléter",
                    "Une information légale part",
                ),
                strict=True,
            )
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choisissez au moins un événement.",
            "invalid_choice": "Choisissez des événements dans la liste.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
