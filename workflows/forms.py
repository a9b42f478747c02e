"""Forms of the work itself; the forms of the paths' data live with the paths."""

from collections.abc import Iterable
from typing import Any

from django import forms

from cases import clock
from cases.deadlines import Unit
from cases.forms import day_field
from cases.models import User
from cases.permissions import Holding
from cases.register_terms import LinkKind
from cases.services.delegations import MAX_ACT
from cases.services.exchanges import MAX_FILES, MAX_TEXT
from workflows.engine.fields import MoneyField
from workflows.services.extensions import MAX_EXTENSION
from workflows.services.locking import MAX_MOTIVE
from workflows.services.motives import MAX_TITLE, PLACEHOLDERS, Use, uses_of


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


class ExtendForm(forms.Form):
    """How much time a deadline is given, in its own unit, and why."""

    amount = forms.IntegerField(
        min_value=1,
        max_value=MAX_EXTENSION,
        error_messages={
            "required": "Indiquez de combien l’échéance est prolongée.",
            "invalid": "Indiquez un nombre entier.",
            "min_value": f"Indiquez un nombre de 1 à {MAX_EXTENSION}.",
            "max_value": f"Indiquez un nombre de 1 à {MAX_EXTENSION}.",
        },
    )
    motive = forms.CharField(
        label="Motif",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Il est inscrit au journal et dans le calcul de l’échéance.",
        error_messages={
            "required": "Indiquez pourquoi l’échéance est prolongée.",
            "max_length": "Le motif tient en 300 caractères : résumez-le.",
        },
    )

    def __init__(self, unit: Unit, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = {
            Unit.CALENDAR_DAYS: "Jours à ajouter",
            Unit.WORKING_DAYS: "Jours ouvrés à ajouter",
            Unit.MONTHS: "Mois à ajouter",
        }[unit]


class FeedForm(forms.Form):
    """What a new address of a feed shows."""

    what = forms.ChoiceField(
        label="Ce que l’adresse doit montrer",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez ce que l’adresse doit montrer.",
            "invalid_choice": "Choisissez dans la liste ce que l’adresse doit montrer.",
        },
    )

    def __init__(self, choices: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = list(choices)  # type: ignore[attr-defined]


class _FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Any number of files, looked at by the service."""

    widget = _FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        return list(given)


class MessageForm(forms.Form):
    """A message, or an internal note, with files. What is wrong with them the service says."""

    text = forms.CharField(
        label="Votre message",
        max_length=MAX_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": "Écrivez votre message avant de l’envoyer.",
            "max_length": f"Ce texte dépasse {MAX_TEXT} caractères : résumez-le.",
        },
    )
    files = _FilesField(  # type: ignore[assignment]  # a field, as all of them are
        label="Fichiers à joindre",
        required=False,
        help_text=f"{MAX_FILES} au plus, des mêmes formats que les pièces.",
    )

    def __init__(self, *args: Any, label: str = "Votre message", **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label


class LinkForm(forms.Form):
    """How a dossier relates to another, and which."""

    kind = forms.ChoiceField(
        label="Ce dossier",
        choices=LinkKind.choices,
        error_messages={
            "required": "Choisissez comment ce dossier se rapporte à l’autre.",
            "invalid_choice": "Choisissez dans la liste comment ce dossier se rapporte à l’autre.",
        },
    )
    other = forms.CharField(
        label="Référence de l’autre dossier",
        max_length=40,
        help_text="Par exemple FNMO-2015-0042.",
        error_messages={
            "required": "Indiquez la référence de l’autre dossier.",
            "max_length": "Une référence tient en 40 caractères : vérifiez-la.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class SnoozeForm(forms.Form):
    """Until when a task is put aside. The service judges the day."""

    until = day_field("Remettre dans ma file le")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class MotiveForm(forms.Form):
    """A motive of a desk: where it belongs, for which acts it is offered, its title and text."""

    desk = forms.ChoiceField(
        label="Bureau",
        error_messages={
            "required": "Choisissez le bureau qui garde ce motif.",
            "invalid_choice": "Choisissez dans la liste l’un de vos bureaux.",
        },
    )
    title = forms.CharField(
        label="Intitulé",
        max_length=MAX_TITLE,
        help_text="Ce que montre la liste, par exemple : devis manquant.",
        error_messages={
            "required": "Donnez un intitulé : c’est lui qui paraît dans la liste.",
            "max_length": f"L’intitulé tient en {MAX_TITLE} caractères.",
        },
    )
    text = forms.CharField(
        label="Texte",
        max_length=MAX_MOTIVE,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Vous pouvez laisser à remplir : "
        + " ; ".join(f"<code>{{{name}}}</code>, {words}" for name, words in PLACEHOLDERS.items())
        + ".",
        error_messages={
            "required": "Écrivez le texte du motif.",
            "max_length": f"Le texte tient en {MAX_MOTIVE} caractères.",
        },
    )
    use = forms.ChoiceField(
        label="Proposé pour",
        required=False,
        error_messages={
            "invalid_choice": "Choisissez dans la liste l’acte pour lequel ce motif est proposé."
        },
    )

    def __init__(self, desks: Iterable[Holding], *args: Any, desk: str = "", **kwargs: Any) -> None:
        """``desk``: the one that keeps the motive already, which then stays."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        held = {one.tag: one for one in desks}
        roles = frozenset(one.role for one in held.values())
        if desk:
            del self.fields["desk"]
            roles = frozenset({held[desk].role}) if desk in held else roles
        else:
            choices = [(tag, one.capacity) for tag, one in held.items()]
            self.fields["desk"].choices = choices if len(choices) == 1 else [("", "Choisir…"), *choices]  # type: ignore[attr-defined]
        groups: list[Any] = [("", "Tous les actes de ce bureau")]
        for path, acts in uses_of(roles):
            whole = (path.key, "Tous les actes de ce circuit")
            groups.append((path.title, [whole, *((use.key, words) for use, words in acts)]))
        self.fields["use"].choices = groups  # type: ignore[attr-defined]

    def asked_use(self) -> Use:
        """The acts for which the motive is offered."""
        return Use(*self.cleaned_data["use"].split("/")) if self.cleaned_data["use"] else Use()


class DelegationForm(forms.Form):
    """A delegation to give: which of the roles, to whom, on what, up to how much, when, by which act."""

    office = forms.ChoiceField(
        label="Rôle délégué",
        error_messages={
            "required": "Choisissez le rôle à déléguer.",
            "invalid_choice": "Choisissez un rôle dans la liste.",
        },
    )
    to = forms.ChoiceField(
        label="Délégataire",
        help_text="La personne qui agira à votre place, en disant au nom de qui.",
        error_messages={
            "required": "Choisissez une personne.",
            "invalid_choice": "Choisissez une personne dans la liste.",
        },
    )
    valid_from = day_field("À compter du")
    valid_until = day_field("Jusqu’au", help_text="Ce jour est compris. Une délégation dure un an au plus.")
    ceiling = MoneyField(
        label="Plafond HT",
        required=False,
        help_text="Le plus haut montant d’un dossier ; vide, sans limite. "
        "Un dossier sans montant dépasse tout plafond.",
    )
    act = forms.CharField(
        label="Acte",
        max_length=MAX_ACT,
        help_text="Décision, arrêté ou note de service ; il figure sur chaque acte fait par délégation.",
        error_messages={
            "required": "Indiquez l’acte qui donne cette délégation (décision, arrêté, note de service)."
        },
    )
    paths = forms.MultipleChoiceField(
        label="Circuits",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Aucun coché : tous les circuits.",
        error_messages={"invalid_choice": "Choisissez les circuits dans la liste."},
    )

    def __init__(
        self,
        *args: Any,
        offices: Iterable[Holding],
        people: Iterable[User],
        paths: Iterable[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.offices = {f"{one.role.value}@{one.organisation_code}": one for one in offices}
        self.people = {one.username: one for one in people}
        choices = [(key, one.capacity) for key, one in self.offices.items()]
        self.fields["office"].choices = choices if len(choices) == 1 else [("", "Choisir…"), *choices]  # type: ignore[attr-defined]
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", "Choisir…"),
            *((key, f"{one} ({key})") for key, one in self.people.items()),
        ]
        self.fields["paths"].choices = list(paths)  # type: ignore[attr-defined]
        self.fields["valid_from"].initial = clock.today

    def clean_office(self) -> Holding:
        return self.offices[self.cleaned_data["office"]]

    def clean_to(self) -> User:
        return self.people[self.cleaned_data["to"]]
