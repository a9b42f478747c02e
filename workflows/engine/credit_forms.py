"""Forms of the paths that move credits: fund, exercise, lines of a budget, the day of effect, the vote of the board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from cases import clock
from cases.budget_terms import FundCode
from cases.calendar import french_date
from cases.models import BudgetLine, Exercise
from cases.selectors import lines_by_code
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import MoneyField, RowChoices, RowsField
from workflows.engine.line_choices import line_choices

MAX_MEMBERS = 200


class FundField(forms.ChoiceField):
    """One of the four funds, or of those that a path is open to."""

    def __init__(self, funds: Sequence[FundCode] = tuple(FundCode), **kwargs: Any) -> None:
        kwargs.setdefault("label", "Fonds")
        super().__init__(
            choices=[
                ("", "Choisissez le fonds"),
                *[(one.value, f"{one.value} — {one.label}") for one in funds],
            ],
            error_messages={
                "required": "Choisissez le fonds.",
                "invalid_choice": f"Le fonds « %(value)s » ne convient pas. Choisissez : {', '.join(funds)}.",
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).strip().upper()


def _exercises() -> list[tuple[int, str]]:
    years = Exercise.objects.order_by("-year").values_list("year", flat=True)
    return [(year, str(year)) for year in years]


class OpenedExerciseField(forms.TypedChoiceField):
    """An exercise that has a budget. Whether it is closed is a rule of the path, not of the field."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Exercice")
        kwargs.setdefault("initial", lambda: clock.today().year)
        super().__init__(
            coerce=int,
            choices=_exercises,
            error_messages={
                "required": "Choisissez l’exercice budgétaire.",
                "invalid_choice": "L’exercice %(value)s n’a pas de budget ouvert. Choisissez-en un dans la liste.",
            },
            **kwargs,
        )


class LineCodeField(forms.CharField):
    """Code of a budget line, as « A-I-1 »; the form checks that the fund has it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("error_messages", {"required": "choisissez une ligne du budget."})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).strip()


class LinesForm(DossierForm):
    """Base of the forms with ``fund``, ``exercise`` and rows of budget lines: each line exists and bears credits.

    ``rows_name`` is the field of rows, ``line_columns`` its columns that hold a code of a line. ``fixed_fund``: for a
    path of one fund only, whose data names none.
    """

    rows_name: ClassVar[str] = "lines"
    line_columns: ClassVar[tuple[str, ...]] = ("line",)
    fixed_fund: ClassVar[str] = ""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, partial: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data, partial=partial, **kwargs)
        self.partial = partial
        for field in self.fields.values():
            if isinstance(field, RowsField):
                field.partial = partial
                named = {key for key, column in field.columns.items() if isinstance(column, LineCodeField)}
                field.widget.choice_columns = frozenset(named)
                field.widget.choices = self.line_choices

    def line_choices(self) -> RowChoices:
        """The lines of the fund chosen so far, with what is available in the exercise chosen. One statement."""
        fund = self.fixed_fund or (str(self["fund"].value() or "").upper() if "fund" in self.fields else "")
        year = str(self["exercise"].value() or "") if "exercise" in self.fields else ""
        return line_choices(fund, int(year) if year.isdecimal() and len(year) == 4 else None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        rows = cleaned.get(self.rows_name) or []
        fund = cleaned.get("fund") or self.fixed_fund
        if rows and fund and not self.errors and not self.partial:
            for fault in self.line_faults(fund, rows):
                self.add_error(self.rows_name, fault)
        return cleaned

    def line_faults(self, fund: str, rows: list[dict[str, Any]]) -> list[str]:
        """What is wrong with the codes of lines: unknown, a total. A line of another fund is a rule's affair.

        One statement.
        """
        codes = {row[column] for row in rows for column in self.line_columns if row.get(column)}
        known = lines_by_code(fund=fund, codes=codes)
        return [f"Ligne {number} : {fault}" for number, fault in self.row_faults(fund, rows, known)]

    def row_faults(
        self, fund: str, rows: Sequence[Mapping[str, Any]], known: Mapping[str, BudgetLine]
    ) -> list[tuple[int, str]]:
        """The same by number of row, from the lines already read: the simulator names them row by row."""
        faults = []
        for number, row in enumerate(rows, start=1):
            for column in self.line_columns:
                code = row.get(column)
                line = known.get(code) if code else None
                if code and line is None:
                    faults.append(
                        (
                            number,
                            f"« {code} » n’est pas une ligne du budget du {fund}. Choisissez-la dans la liste.",
                        )
                    )
                elif line is not None and not line.is_leaf:
                    faults.append(
                        (
                            number,
                            f"« {line} » est un total : choisissez l’une des lignes qui le composent.",
                        )
                    )
        return faults


class TransfersForm(LinesForm):
    """Rows « from, to, amount »; a row that leads to itself is a mistake of typing, refused at once."""

    line_columns = ("from", "to")

    def row_faults(
        self, fund: str, rows: Sequence[Mapping[str, Any]], known: Mapping[str, BudgetLine]
    ) -> list[tuple[int, str]]:
        """Besides: the same line on both sides, the same pair twice."""
        faults = super().row_faults(fund, rows, known)
        seen = set()
        for number, row in enumerate(rows, start=1):
            pair = (row.get("from"), row.get("to"))
            if not all(pair):
                continue
            if pair[0] == pair[1]:
                faults.append(
                    (
                        number,
                        f"« {pair[0]} » est à la fois l’origine et la destination. "
                        "Choisissez deux lignes différentes.",
                    )
                )
            elif pair in seen:
                faults.append(
                    (
                        number,
                        f"le mouvement de « {pair[0]} » vers « {pair[1]} » est déjà écrit. "
                        "Additionnez les montants.",
                    )
                )
            seen.add(pair)
        return faults


class ReceivingForm(LinesForm):
    """Rows of lines that receive credits, each once."""

    def row_faults(
        self, fund: str, rows: Sequence[Mapping[str, Any]], known: Mapping[str, BudgetLine]
    ) -> list[tuple[int, str]]:
        """Besides: the same line twice."""
        faults = super().row_faults(fund, rows, known)
        (column,) = self.line_columns
        seen = set()
        for number, row in enumerate(rows, start=1):
            code = row.get(column)
            if code and code in seen:
                faults.append((number, f"« {code} » est déjà écrite. Additionnez les montants."))
            seen.add(code)
        return faults


def transfer_rows(**kwargs: Any) -> RowsField:
    """The rows of a virement."""
    kwargs.setdefault("label", "Lignes du virement")
    kwargs.setdefault("error_messages", {"required": "Ajoutez au moins une ligne au virement."})
    return RowsField(
        columns={
            "from": LineCodeField(label="De"),
            "to": LineCodeField(label="Vers"),
            "amount": MoneyField(label="Montant (€)"),
        },
        **kwargs,
    )


def line_rows(*, signed: bool = False, **kwargs: Any) -> RowsField:
    """Rows of one line and its amount."""
    kwargs.setdefault("label", "Lignes budgétaires")
    kwargs.setdefault("error_messages", {"required": "Ajoutez au moins une ligne."})
    return RowsField(
        columns={
            "line": LineCodeField(label="Ligne"),
            "amount": MoneyField(label="Montant (€)", signed=signed),
        },
        **kwargs,
    )


def long_text(label: str, *, required: str, help_text: str = "", max_length: int = 2_000) -> forms.CharField:
    """A text of some lines."""
    return forms.CharField(
        label=label,
        min_length=3,
        max_length=max_length,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": required},
    )


class DayField(forms.DateField):
    """A day, at the latest today."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault(
            "error_messages",
            {"required": "Indiquez la date.", "invalid": "Écrivez la date comme 31/12/2015."},
        )
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y"], **kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and day > clock.today():
            raise ValidationError(
                f"Le {french_date(day)} est à venir : enregistrez l’acte quand il aura eu lieu."
            )
        return day


class EffectForm(DossierForm):
    """The day on which credits move: today when nothing is said."""

    effected_on = DayField(
        label="Date d’effet", required=False, help_text="Aujourd’hui si rien n’est indiqué."
    )

    def clean_effected_on(self) -> date:
        """Today by default."""
        return self.cleaned_data["effected_on"] or clock.today()


def _count(label: str, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=MAX_MEMBERS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": "Indiquez un nombre de voix, zéro s’il n’y en a pas.",
            "invalid": "Écrivez un nombre entier.",
            "min_value": "Un nombre de voix n’est pas négatif.",
            "max_value": f"Au plus {MAX_MEMBERS}.",
        },
        **kwargs,
    )


class VoteForm(DossierForm):
    """The vote of the board: day of the session, members in office, votes."""

    voted_on = DayField(label="Date de la séance")
    members = _count("Membres en exercice")
    votes_for = _count("Voix pour")
    votes_against = _count("Voix contre")
    abstentions = _count("Abstentions", required=False, initial=0)

    def clean_abstentions(self) -> int:
        """None means zero."""
        return self.cleaned_data["abstentions"] or 0

    def clean(self) -> dict[str, Any]:
        """No more votes than members, and at least one vote."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names = ("members", "votes_for", "votes_against", "abstentions")
        if all(isinstance(cleaned.get(name), int) for name in names):
            votes = cleaned["votes_for"] + cleaned["votes_against"] + cleaned["abstentions"]
            if votes > cleaned["members"]:
                self.add_error(
                    "members",
                    f"{votes} voix pour {cleaned['members']} membres : corrigez le nombre de voix ou de membres.",
                )
            elif not votes:
                self.add_error("votes_for", "Personne n’a voté : indiquez le nombre de voix.")
        return cleaned


def budget_lines(fund: str, rows: Sequence[Mapping[str, Any]], *columns: str) -> dict[str, BudgetLine]:
    """The lines that stored rows name, by code. One statement."""
    return lines_by_code(
        fund=fund, codes={row[column] for row in rows for column in columns if row.get(column)}
    )
