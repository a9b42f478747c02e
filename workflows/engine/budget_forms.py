"""Forms of the paths that vote budgets: the lines put to the vote, what a rule of the convention computes, the
receptions by the ministries.

Every input of a rule (A10, A16, A17, A25, A28) is a field of its own, so that pages, API and journal show it. What the
inputs amount to is not judged here: ``workflows.engine.budget_lines`` computes it under the rules of the dossier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms

from cases import clock
from cases.enums import OrganisationKind
from cases.models import BudgetLine, Organisation
from workflows.credits import BudgetKind, FundCode, Ground
from workflows.credits.receipts import CATEGORIES, CATEGORY
from workflows.engine.credit_forms import (
    DayField,
    FundField,
    OpenedExerciseField,
    ReceivingForm,
    line_rows,
    long_text,
)
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import MoneyField, RowsField
from workflows.rulebook import rulebooks

CONVENTION: Final = "cog-2014-2017"

#: Rows of A10's table and their French names.
PAYROLL_ITEMS: Final = {
    "rmpp": "RMPP",
    "structure": "GVT négatif et effet de structure",
    "previous": "Écart de masse salariale de N-1",
}

#: Which inputs each ground computes with; those of ``OPTIONAL`` may be left out.
INPUTS: Final[Mapping[Ground, tuple[str, ...]]] = {
    Ground.ORDINARY: (),
    Ground.PAYROLL_UPDATE: ("payroll",),
    Ground.CHARGE_TRANSFERRED: ("ground_amount",),
    Ground.NEW_CHARGE: ("ground_amount",),
    Ground.MANDATE: ("ground_amount",),
    Ground.REVISION: ("ground_amount",),
    Ground.NON_CASH_RECEIPTS: ("ground_amount", "counterpart_class", "provision_reversal"),
    Ground.RECEIPTS_EXCESS: ("receipts",),
    Ground.RECEIPTS_SHORTFALL: ("receipts",),
    Ground.DISPOSAL: ("sale", "price", "net_book_value", "to_investment", "to_rents", "sale_year"),
}
ALL_INPUTS: Final = tuple(dict.fromkeys(name for names in INPUTS.values() for name in names))
OPTIONAL: Final = frozenset({"provision_reversal", "sale", "to_investment", "to_rents"})


class NamedField(forms.ChoiceField):
    """One of a few names, in a cell of rows: reads the code or the French name, keeps the code, shows the name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"required": "écrivez de quoi il s’agit."})
        super().__init__(**kwargs)

    @property
    def names(self) -> dict[str, str]:
        """Code → French name."""
        choices: Any = self.choices
        return {str(code): str(name) for code, name in choices}

    def to_python(self, value: Any) -> str:
        text = " ".join(str(super().to_python(value)).split())
        for code, name in self.names.items():
            if text.casefold() in (code.casefold(), name.casefold()):
                return code
        if text:
            known = " ; ".join(self.names.values())
            raise forms.ValidationError(f"« {text} » est inconnu. Écrivez l’un de ces mots : {known}.")
        return text

    def prepare_value(self, value: Any) -> Any:
        """The French name of a code."""
        return self.names.get(value, value) if isinstance(value, str) else value


def _categories() -> list[tuple[str, str]]:
    """The categories of receipts that the convention compares with their forecast (A25), from the rulebook."""
    book, today = rulebooks()[CONVENTION], clock.today()
    return [(key, book.rule(CATEGORY + key, today).text) for key in book.rule(CATEGORIES, today).items]


class ConformityField(forms.Field):
    """Yes, no, or as judged (None): a boolean for programs, a choice for people."""

    answers: ClassVar[Mapping[Any, bool | None]] = {
        "": None,
        None: None,
        True: True,
        "true": True,
        False: False,
        "false": False,
    }

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", "Comme jugé"), ("true", "Conforme"), ("false", "Non conforme")]
        super().__init__(required=False, widget=forms.Select(choices=choices), **kwargs)

    def to_python(self, value: Any) -> bool | None:
        if isinstance(value, bool | str | None) and value in self.answers:
            return self.answers[value]
        raise forms.ValidationError("Répondez par true ou false, ou ne répondez pas.")

    def prepare_value(self, value: Any) -> Any:
        """What the choice calls a stored answer."""
        return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


class VotedLinesForm(ReceivingForm):
    """Rows of lines and amounts, each line once and of the dossier's own fund."""

    def row_faults(
        self, fund: str, rows: Sequence[Mapping[str, Any]], known: Mapping[str, BudgetLine]
    ) -> list[tuple[int, str]]:
        """Besides: another fund's line."""
        faults = super().row_faults(fund, rows, known)
        for number, row in enumerate(rows, start=1):
            line = known.get(row.get("line") or "")
            if line is not None and line.fund_id != fund:
                fault = f"« {line} » est une ligne du {line.fund_id}, pas du {fund}. Choisissez une ligne de ce fonds."
                faults.append((number, fault))
        return faults


class BudgetForm(VotedLinesForm):
    """Data of a budget. Amounts in EUR: whole appropriations of a primitive budget, signed changes of an amending one.

    ``conforms_to_cog`` empty: as judged. The fields after ``reason`` are the inputs of the ground.
    """

    rows_of_inputs: ClassVar[Mapping[str, str]] = {"payroll": "item", "receipts": "category"}

    fund = FundField()
    exercise = OpenedExerciseField()
    kind = forms.ChoiceField(
        label="Nature du budget",
        choices=[("", "Choisissez la nature du budget"), *[(one.value, one.label) for one in BudgetKind]],
        error_messages={
            "required": "Choisissez la nature du budget.",
            "invalid_choice": "« %(value)s » n’est pas une nature de budget : primitif (primitive) ou rectificatif "
            "(amending).",
        },
    )
    lines = line_rows(
        signed=True,
        label="Lignes du budget",
        help_text="Budget primitif : le montant entier de chaque ligne ; une ligne qui n’est pas nommée garde ses "
        "crédits. Budget rectificatif : ce qui change, négatif pour retirer.",
    )
    reason = long_text("Présentation du budget", required="Présentez le budget en quelques lignes.")
    conforms_to_cog = ConformityField(
        label="Conforme à la COG",
        help_text="Berline en juge ligne par ligne. Ne décidez autrement qu’avec un motif.",
    )
    conformity_motive = forms.CharField(
        label="Motif, si vous décidez autrement",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    ground = forms.ChoiceField(
        label="Règle appliquée",
        required=False,
        initial=Ground.ORDINARY.value,
        choices=[(one.value, one.label) for one in Ground],
        error_messages={
            "invalid_choice": "« %(value)s » n’est pas une règle connue : choisissez-la dans la liste."
        },
        help_text="Ce que la convention elle-même fait changer. Les champs qui suivent servent au calcul de la règle "
        "choisie ; laissez vides ceux des autres.",
    )
    ground_amount = MoneyField(
        label="Montant de la charge, du produit ou de la révision",
        required=False,
        signed=True,
        help_text="Transfert de charge, nouvelle charge, produit sans trésorerie : positif. Révision convenue entre "
        "les parties : signé.",
    )
    counterpart_class = forms.IntegerField(
        label="Classe de la contrepartie du produit", required=False, min_value=1, max_value=9
    )
    provision_reversal = forms.BooleanField(label="Le produit est une reprise de provisions", required=False)
    payroll = RowsField(
        label="Tableau de la masse salariale",
        required=False,
        initial=[{"item": code} for code in PAYROLL_ITEMS],
        columns={
            "item": NamedField(choices=list(PAYROLL_ITEMS.items()), label="Élément"),
            "found": MoneyField(label="Arrêté ou constaté (€)", signed=True, required=False),
            "retained": MoneyField(label="Retenu (€)", signed=True, required=False),
        },
    )
    receipts = RowsField(
        label="Recettes comparées à la prévision",
        required=False,
        initial=lambda: [{"category": code} for code, _ in _categories()],
        columns={
            "category": NamedField(choices=_categories, label="Catégorie"),
            "programmed": MoneyField(label="Programmé (€)", signed=True, required=False),
            "realised": MoneyField(label="Réalisé (€)", signed=True, required=False),
        },
    )
    sale = forms.CharField(
        label="Vente dont viennent les crédits",
        required=False,
        max_length=40,
        help_text="La référence de son dossier de cession, par exemple CESSION-2015-0001. Vide pour une vente faite "
        "avant le registre du patrimoine.",
    )
    price = MoneyField(label="Prix de vente", required=False, signed=True)
    net_book_value = MoneyField(label="Valeur nette comptable", required=False, signed=True)
    to_investment = MoneyField(label="Part affectée aux investissements", required=False, signed=True)
    to_rents = MoneyField(label="Part affectée aux loyers et charges locatives", required=False, signed=True)
    sale_year = forms.IntegerField(label="Année de la vente", required=False, min_value=2000, max_value=2100)

    def __init__(self, data: Any = None, *, partial: bool = False, **kwargs: Any) -> None:
        initial = kwargs.get("initial")
        if initial:  # rows that a stored budget left out are offered again
            kwargs["initial"] = {
                name: value for name, value in initial.items() if value or name not in self.rows_of_inputs
            }
        super().__init__(data, partial=partial, **kwargs)

    def clean_ground(self) -> str:
        """The ordinary ground by default."""
        return self.cleaned_data["ground"] or Ground.ORDINARY.value

    def clean_sale(self) -> str:
        """References are in capitals."""
        return str(self.cleaned_data["sale"]).strip().upper()

    def clean_conformity_motive(self) -> str:
        """Without the blanks around it."""
        return str(self.cleaned_data["conformity_motive"]).strip()

    def clean_payroll(self) -> list[dict[str, Any]]:
        """Without the rows that hold no amount."""
        return self._filled("payroll")

    def clean_receipts(self) -> list[dict[str, Any]]:
        """Without the rows that hold no amount."""
        return self._filled("receipts")

    def _filled(self, name: str) -> list[dict[str, Any]]:
        key = self.rows_of_inputs[name]
        rows = [
            row
            for row in self.cleaned_data[name]
            if any(value is not None for column, value in row.items() if column != key)
        ]
        named = [row.get(key) for row in rows]
        if len(set(named)) < len(named):
            raise forms.ValidationError("Un même élément est écrit deux fois : gardez une seule ligne.")
        return rows

    def clean(self) -> dict[str, Any]:
        """The amounts fit the kind, the ground the fund, the inputs the ground."""
        cleaned = super().clean()
        for name, fault in self._faults(cleaned):
            if name not in self.errors:
                self.add_error(name, fault)
        return cleaned

    def _faults(self, cleaned: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        rows: Sequence[Mapping[str, Any]] = cleaned.get("lines") or ()
        ground = Ground(cleaned.get("ground") or Ground.ORDINARY)
        fund, kind = cleaned.get("fund"), cleaned.get("kind")
        if kind == BudgetKind.PRIMITIVE:
            if negative := next((row for row in rows if (row["amount"] or 0) < 0), None):
                yield (
                    "lines",
                    f"« {negative['line']} » : un budget primitif donne à chaque ligne un montant positif ou nul.",
                )
            if ground not in (Ground.ORDINARY, Ground.PAYROLL_UPDATE):
                yield (
                    "ground",
                    f"« {ground.label} » se vote par un budget rectificatif : choisissez cette nature de budget.",
                )
        elif kind and (
            zero := next((row for row in rows if row["amount"] is not None and not row["amount"]), None)
        ):
            yield "lines", f"« {zero['line']} » : retirez cette ligne, elle ne change pas."
        if fund and ground is not Ground.ORDINARY and fund not in ground.funds:
            yield (
                "ground",
                f"« {ground.label} » n’existe pas pour le {fund} : choisissez « {Ground.ORDINARY.label} ».",
            )
        used = INPUTS[ground]
        for name in ALL_INPUTS:
            value = cleaned.get(name)
            given = value is not None and value is not False and value not in ("", [])  # zero is an amount
            if given and name not in used:
                yield name, f"« {ground.label} » ne se calcule pas avec cette donnée : videz ce champ."
            elif not given and name in used and name not in OPTIONAL and not self.partial:
                yield name, f"« {ground.label} » se calcule avec cette donnée : indiquez-la."


def inputs_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of the ground as numbers, from stored data: EUR in ``Decimal``, zero for an amount left out."""
    ground = Ground(data.get("ground") or Ground.ORDINARY)
    amounts = ("ground_amount", "price", "net_book_value", "to_investment", "to_rents")
    found: dict[str, Any] = {}
    for name in INPUTS[ground]:
        value = data.get(name)
        if name in amounts:
            found[name] = amount_in(value)
        elif name in BudgetForm.rows_of_inputs:
            key = BudgetForm.rows_of_inputs[name]
            found[name] = {
                row[key]: {column: amount_in(cell) for column, cell in row.items() if column != key}
                for row in value or ()
            }
        else:
            found[name] = value
    return found


def amount_in(value: Any) -> Decimal:
    """A stored amount, zero when there is none."""
    return Decimal(value) if value else Decimal("0.00")


def _ministries() -> list[dict[str, str]]:
    """A row for each ministry in activity. One statement."""
    codes = Organisation.objects.filter(kind=OrganisationKind.MINISTRY, active=True).order_by("code")
    return [{"authority": code} for code in codes.values_list("code", flat=True)]


class ReceptionsForm(DossierForm):
    """When each ministry received the decision of the board; those without a date wait for another record."""

    receptions = RowsField(
        label="Réceptions par les ministères",
        initial=_ministries,
        error_messages={"required": "Datez au moins une réception."},
        columns={
            "authority": forms.CharField(
                label="Ministère", max_length=60, error_messages={"required": "indiquez le ministère."}
            ),
            "received_on": DayField(label="Reçue le", required=False),
        },
    )

    def clean_receptions(self) -> list[dict[str, Any]]:
        """Dated rows only, each ministry once, codes in lower case."""
        rows = [row for row in self.cleaned_data["receptions"] if row["received_on"]]
        if not rows:
            raise forms.ValidationError("Datez au moins une réception.")
        for row in rows:
            row["authority"] = row["authority"].strip().lower()
        codes = [row["authority"] for row in rows]
        if twice := next((code for code in codes if codes.count(code) > 1), None):
            raise forms.ValidationError(f"« {twice} » est écrit deux fois : gardez une seule date.")
        return rows


def kind_of(data: Mapping[str, Any]) -> BudgetKind:
    """The kind of a budget; primitive while none is chosen."""
    return BudgetKind(data.get("kind") or BudgetKind.PRIMITIVE)


def ground_of(data: Mapping[str, Any]) -> Ground:
    """The ground of a budget; ordinary while none is chosen."""
    return Ground(data.get("ground") or Ground.ORDINARY)


def is_fnmo(data: Mapping[str, Any]) -> bool:
    """Whether the budget is that of the FNMO, enforceable by the delay alone."""
    return data.get("fund") == FundCode.FNMO
