"""What a path needs of the calendar of the conventions: its form, the day that is due, whom it is owed to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from cases import clock
from cases.calendar import french_date
from cases.enums import DecisionKind, DossierStatus, OrganisationKind, Role
from cases.errors import Blocked, Quote, Reason
from cases.models import Decision, Dossier
from cases.text import storable
from workflows.calendar import Occurrence, occurrences
from workflows.engine.context import StepContext
from workflows.engine.credit_forms import DayField
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import ExerciseField
from workflows.engine.step import FixedDay, Predicate
from workflows.rulebook import Frequency, Obligation, ObligationKind, rulebooks

CONVENTION: Final = "cog-2014-2017"
PATH: Final = "obligation"
#: The index that lets an occurrence have one dossier that is not withdrawn (``Dossier.Meta``).
ONCE: Final = "obligation_once"
MAX_TITLE: Final = 200
_FIRST_EXERCISE: Final = 2014
#: Statuses in which a dossier runs: decided favourably and not closed. It owes what ``Obligation.per_path`` says.
RUNNING: Final = (DossierStatus.APPROVED, DossierStatus.ENFORCEABLE, DossierStatus.EXECUTED)


def documents_due() -> dict[str, Obligation]:
    """The obligations of the CANSSM to hand over a document, by key: those that a dossier can be filed for.

    What counts from an event is left to the path of that event (the notices of a virement are part of the virement).
    """
    return {
        key: one
        for key, one in rulebooks()[CONVENTION].obligations.items()
        if one.kind is ObligationKind.TRANSMISSION
        and one.frequency is not Frequency.EVENT
        and any(owner.organisation_kind is OrganisationKind.FUND for owner in one.owners)
    }


def _choices() -> list[tuple[str, str]]:
    return [
        ("", "Choisissez l’obligation"),
        *((key, f"{one.number} — {one.title}") for key, one in documents_due().items()),
    ]


def occurrence_in(data: Mapping[str, Any]) -> Occurrence | None:
    """The occurrence that a dossier's data name, ``None`` when they name none."""
    obligation = documents_due().get(str(data.get("obligation") or ""))
    exercise = data.get("exercise")
    if obligation is None or exercise is None:
        return None
    wanted = int(data.get("period") or 1)
    found = next((one for one in occurrences(obligation, int(exercise)) if one.position == wanted), None)
    about = str(data.get("about") or "")
    return replace(found, about=about) if found is not None and about else found


def running_dossiers(path: str) -> dict[str, date]:
    """The dossiers of a path that run today: reference → the day (Paris) of their first approval. One statement."""
    approvals = (
        Decision.objects.filter(
            kind=DecisionKind.APPROVAL, dossier__path=path, dossier__status__in=[one.value for one in RUNNING]
        )
        .order_by("-decided_at", "-pk")
        .values_list("dossier__reference", "decided_at")
    )
    return {reference: clock.paris_date(decided_at) for reference, decided_at in approvals}


def owing(occurrence: Occurrence, running: Mapping[str, date]) -> Iterator[Occurrence]:
    """The occurrence once for each running dossier that owes it: approved by its day at the latest.

    An occurrence that no dossier owes on its own stays as it is.
    """
    if not occurrence.obligation.per_path:
        yield occurrence
        return
    for reference, approved_on in sorted(running.items()):
        if occurrence.due_on is None or approved_on <= occurrence.due_on:
            yield replace(occurrence, about=reference)


class PeriodField(forms.TypedChoiceField):
    """Which half-year, for what is due twice in an exercise; 1 when nothing is said."""

    def __init__(self) -> None:
        super().__init__(
            label="Semestre",
            required=False,
            coerce=int,
            choices=[(1, "Premier, ou seul de l’exercice"), (2, "Second")],
            error_messages={"invalid_choice": "Choisissez le premier ou le second semestre."},
        )

    def clean(self, value: Any) -> int:
        return int(super().clean(value) or 1)


class ObligationForm(DossierForm):
    """Data of a dossier of the calendar: which obligation, for which exercise, its title when one is wanted.

    ``period`` is 1, or 2 for the second half-year of an obligation that is due twice. ``about``: the reference of the
    running dossier that owes it, for what each dossier of a path owes on its own.
    """

    obligation = forms.ChoiceField(
        label="Obligation",
        choices=_choices,
        error_messages={
            "required": "Choisissez l’obligation.",
            "invalid_choice": "L’obligation « %(value)s » n’est pas un document dû par la CANSSM. "
            "Choisissez-en une dans la liste.",
        },
    )
    exercise = ExerciseField(help_text="L’exercice N du texte : le TBB 6 de 2025 est dû en 2026.")
    period = PeriodField()
    about = forms.CharField(
        label="Dossier concerné",
        required=False,
        max_length=40,
        help_text="Sa référence, pour une obligation que chaque opération en cours doit : FNASS-2015-0001.",
    )
    title = forms.CharField(
        label="Objet",
        required=False,
        max_length=MAX_TITLE,
        help_text="Celui du calendrier si rien n’est écrit.",
        error_messages={"max_length": f"L’objet tient en {MAX_TITLE} caractères."},
    )

    def clean(self) -> dict[str, Any]:
        """The obligation holds for that exercise; the title is the calendar's when none was given."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("obligation") or not data.get("exercise"):
            return data
        found = occurrence_in(data)
        if found is None:
            obligation = documents_due()[data["obligation"]]
            twice = obligation.covers(data["exercise"])
            field, message = (
                ("period", "Cette obligation n’est due qu’une fois par exercice : choisissez le premier.")
                if twice
                else (
                    "exercise",
                    f"L’obligation {obligation.number} ne vaut pas pour {data['exercise']}. Choisissez un autre "
                    "exercice.",
                )
            )
            raise ValidationError({field: message})
        if fault := _fault_of_about(found):
            raise ValidationError({"about": fault})
        title = str(data.get("title") or "").strip()
        if not title or title.removesuffix(f" ({found.about})") in _titles_of_calendar():
            title = found.title[:MAX_TITLE]
        data["title"] = title
        return data


def _fault_of_about(occurrence: Occurrence) -> str:
    """Why the dossier that an occurrence names does not owe it; empty when it does. One statement at most."""
    path, about, number = occurrence.obligation.per_path, occurrence.about, occurrence.obligation.number
    if not path:
        return (
            f"L’obligation {number} ne se rattache à aucun dossier : laissez ce champ vide." if about else ""
        )
    if not about:
        return f"L’obligation {number} est due par chaque opération en cours : indiquez la référence de la sienne."
    known = storable(about) and Dossier.objects.filter(
        path=path, reference=about, status__in=[one.value for one in RUNNING]
    )
    return "" if known else f"« {about} » n’est pas une opération en cours qui doive l’obligation {number}."


def _titles_of_calendar() -> set[str]:
    """The calendar's own titles: one that was filled in for another exercise gives way to that of the new one."""
    years = range(_FIRST_EXERCISE, clock.today().year + 2)
    return {one.title[:MAX_TITLE] for due in documents_due().values() for one in occurrences(due, years)}


class ReceptionForm(DossierForm):
    """The day on which the addressee had the document: today when nothing is said."""

    received_on = DayField(label="Reçu le", required=False, help_text="Aujourd’hui si rien n’est indiqué.")

    def clean_received_on(self) -> date:
        """Today by default."""
        return self.cleaned_data["received_on"] or clock.today()


def legal_day(context: StepContext) -> FixedDay | None:
    """The day that the calendar fixes for this dossier, ``None`` when the text gives none."""
    found = occurrence_in(context.data)
    return FixedDay(found.due_on, found.key) if found is not None and found.due_on is not None else None


def addressed_to(kind: OrganisationKind) -> Predicate:
    """Whether the document is owed to bodies of ``kind`` and to nobody else."""

    def predicate(context: StepContext) -> bool:
        obligation = documents_due().get(str(context.data.get("obligation") or ""))
        return (
            obligation is not None
            and bool(obligation.addressees)
            and all(party.organisation_kind is kind for party in obligation.addressees)
        )

    predicate.__name__ = f"addressed_to_{kind.value}"  # what the BPMN export calls the condition
    return predicate


def same_occurrence(data: Mapping[str, Any]) -> dict[str, Any]:
    """The lookups that find the dossiers of the occurrence that ``data`` name."""
    about = data.get("about")
    return {
        "path": PATH,
        "exercise": int(data["exercise"]),
        "data__obligation": data["obligation"],
        "data__period": int(data.get("period") or 1),
        **({"data__about": about} if about else {}),
    }


@contextmanager
def already_open_is_blocked() -> Iterator[dict[str, Any]]:
    """Turn PostgreSQL's refusal of a second dossier of one occurrence into ``Blocked``, which names the first one.

    Gives a dictionary, in which the caller leaves the data that are about to be written. To be opened outside the
    transaction: the first dossier is looked up when it has been rolled back.
    """
    asked: dict[str, Any] = {}
    try:
        yield asked
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", None) != ONCE:
            raise
        reason = _already_open(
            _dossier_of(asked), rulebooks()[CONVENTION].rule("obligation.opening", clock.today()).as_quote()
        )
        raise Blocked(reason.message, reasons=[reason]) from error


def _dossier_of(data: Mapping[str, Any]) -> str | None:
    """The reference of the dossier that has the occurrence, if one is left."""
    live = Dossier.objects.filter(**same_occurrence(data)).exclude(status=DossierStatus.WITHDRAWN)
    return live.order_by("pk").values_list("reference", flat=True).first()


def _already_open(other: str | None, quote: Quote) -> Reason:
    message = (
        f"Le dossier {other} porte déjà cette obligation pour cet exercice : continuez celui-là, ou retirez-le "
        "avant d’en déposer un autre."
        if other
        else "Un autre dossier vient de prendre cette obligation pour cet exercice. Réessayez."
    )
    return Reason("already_open", message, Role.REVIEWER.label, quote, (other,) if other else ())


def note_transmission(context: StepContext) -> None:
    """Keep the day of the transmission on the dossier and in the journal."""
    noted = {"transmitted_on": context.today.isoformat()}
    context.dossier.results = context.dossier.results | {"transmit": noted}
    context.changes["transmitted_on"] = noted["transmitted_on"]


def reception_fits(context: StepContext) -> Iterator[Reason]:
    """Nothing is received before it was handed over."""
    received = context.act["received_on"]
    sent = date.fromisoformat(context.dossier.results["transmit"]["transmitted_on"])
    if received < sent:
        yield Reason(
            "received_before_sent",
            f"Le {french_date(received)} précède la transmission, le {french_date(sent)} : corrigez la date.",
            Role.REVIEWER.label,
            context.quote("obligation.reception"),
        )
