"""What a path file needs to describe an approval path; built on ``viewflow.workflow``.

Path files import this module, ``cases.enums`` and ``cases.services``, nothing else of the project.
"""

from viewflow import this

from cases.calendar import add_months, french_date
from cases.errors import Quote, Reason
from cases.money import format_eur
from cases.selectors import similar_operations
from workflows import credits
from workflows.engine import (
    budget_forms,
    budget_lines,
    budget_sales,
    budget_steps,
    carry_over_lines,
    credit_effects,
    credit_forms,
    credit_lines,
    credit_sources,
    credit_steps,
    effects,
    guards,
    meetings,
    obligations,
    opening,
    opening_forms,
    proceeds_use,
    property_effects,
    property_forms,
    property_steps,
    restructuring,
    review_steps,
)
from workflows.engine.consultation import Consultation, OpinionForm, consultation
from workflows.engine.context import StepContext
from workflows.engine.data_form import DossierForm
from workflows.engine.fields import ExerciseField, MoneyField, NamesField, RowsField
from workflows.engine.path import Begin, Description, Finish, Path
from workflows.engine.registry import all_paths, get_path, register
from workflows.engine.seats import Place, Seat
from workflows.engine.step import Clock, FixedDay, Outcome, Piece, Route, Step, Within, outcome

__all__ = [
    "Begin",
    "Clock",
    "Consultation",
    "Description",
    "DossierForm",
    "ExerciseField",
    "Finish",
    "FixedDay",
    "MoneyField",
    "NamesField",
    "OpinionForm",
    "Outcome",
    "Path",
    "Piece",
    "Place",
    "Quote",
    "Reason",
    "Route",
    "RowsField",
    "Seat",
    "Step",
    "StepContext",
    "Within",
    "add_months",
    "all_paths",
    "budget_forms",
    "budget_lines",
    "budget_sales",
    "budget_steps",
    "carry_over_lines",
    "consultation",
    "credit_effects",
    "credit_forms",
    "credit_lines",
    "credit_sources",
    "credit_steps",
    "credits",
    "effects",
    "format_eur",
    "french_date",
    "get_path",
    "guards",
    "meetings",
    "obligations",
    "opening",
    "opening_forms",
    "outcome",
    "proceeds_use",
    "property_effects",
    "property_forms",
    "property_steps",
    "register",
    "restructuring",
    "review_steps",
    "similar_operations",
    "this",
]
