"""Forms of the administration of roles, and of absences."""

from typing import Any

from django import forms

from cases import clock
from cases.enums import Role
from cases.models import Organisation, User
from cases.selectors.absences import possible_deputies


class DateInput(forms.DateInput):
    """A day; browsers show a calendar, and « 31/12/2015 » is understood too."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day_field(label: str, **options: Any) -> forms.DateField:
    """A day with French error messages."""
    return forms.DateField(
        label=label,
        widget=DateInput(),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            "required": "Indiquez une date.",
            "invalid": "Écrivez la date comme 31/12/2015.",
        },
        **options,
    )


def motive_field(missing: str) -> forms.CharField:
    """Why something is done; ``missing`` is said when it is left blank."""
    return forms.CharField(
        label="Motif",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": missing},
    )


class GrantForm(forms.Form):
    """A role to grant to a person."""

    role = forms.ChoiceField(
        label="Rôle",
        choices=[("", "Choisir…"), *Role.choices],
        error_messages={
            "required": "Choisissez un rôle.",
            "invalid_choice": "Choisissez un rôle dans la liste.",
        },
    )
    organisation = forms.ModelChoiceField(
        label="Organisation",
        queryset=Organisation.objects.filter(active=True).order_by("lineage"),
        to_field_name="code",
        empty_label="Choisir…",
        error_messages={
            "required": "Choisissez une organisation.",
            "invalid_choice": "Choisissez une organisation dans la liste.",
        },
    )
    valid_from = day_field("À compter du")
    valid_until = day_field("Jusqu’au", required=False, help_text="Laissez vide pour un rôle sans terme.")
    act = forms.CharField(
        label="Acte",
        max_length=200,
        help_text="Décision, arrêté ou note de service qui attribue ce rôle.",
        error_messages={
            "required": "Indiquez l’acte qui attribue ce rôle (décision, arrêté, note de service)."
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].initial = clock.today


class EndForm(forms.Form):
    """The end of a role."""

    last_day = day_field("Dernier jour")
    motive = motive_field("Indiquez pourquoi ce rôle prend fin.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = clock.today


class PersonForm(forms.Form):
    """A person to create; roles are granted next."""

    username = forms.CharField(label="Identifiant", max_length=150, help_text="Par exemple : agent.npdc")
    display_name = forms.CharField(label="Nom affiché", max_length=120)
    email = forms.EmailField(label="Adresse électronique", required=False)
    password = forms.CharField(
        label="Mot de passe provisoire",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Au moins 12 caractères. La personne le changera.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class MotiveForm(forms.Form):
    """Why an access is closed."""

    motive = motive_field("Indiquez pourquoi cet accès est fermé.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


def deputy_field(label: str, help_text: str, user: User) -> forms.ModelChoiceField:
    """One of those who may stand in for a person, or nobody."""
    return forms.ModelChoiceField(
        label=label,
        queryset=possible_deputies(user),
        to_field_name="username",
        required=False,
        empty_label="Aucun",
        help_text=help_text,
        error_messages={"invalid_choice": "Choisissez une personne dans la liste."},
    )


class AbsenceForm(forms.Form):
    """From when to when somebody is away, and who stands in."""

    first_day = day_field("Premier jour d’absence")
    last_day = day_field("Dernier jour d’absence")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["first_day"].initial = clock.today
        self.fields["deputy"] = deputy_field(
            "Suppléant pendant cette absence",
            "Reçoit les rappels de ces jours-là. Sans choix, c’est le suppléant habituel ; à défaut, le pilotage.",
            user,
        )


class DeputyForm(forms.Form):
    """The usual deputy of a person."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["deputy"] = deputy_field(
            "Suppléant habituel",
            "Reçoit les rappels à trois jours de l’échéance, et tous pendant une absence sans suppléant désigné.",
            user,
        )
        self.fields["deputy"].initial = user.deputy.username if user.deputy else None
