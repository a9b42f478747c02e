"""Read gates and queries. No other module reads dossiers for a person."""

from cases.selectors.budget import (
    BudgetTree,
    LineMovement,
    TreeLine,
    budget_tree,
    fund_and_exercise,
    movements_of_line,
)
from cases.selectors.dossiers import (
    current_documents,
    current_kinds,
    document_for,
    dossier_for,
    dossiers_visible_to,
    normalise,
    open_deadlines_of,
    running_deadlines,
    search_dossiers,
    similar_operations,
)
from cases.selectors.ledger import Balance, available, balance_faults, balance_of, balances
from cases.selectors.organisations import (
    facilities_of,
    grants_administered_by,
    national_bodies,
    people_holding,
)

__all__ = [
    "Balance",
    "BudgetTree",
    "LineMovement",
    "TreeLine",
    "available",
    "balance_faults",
    "balance_of",
    "balances",
    "budget_tree",
    "current_documents",
    "current_kinds",
    "document_for",
    "dossier_for",
    "dossiers_visible_to",
    "facilities_of",
    "fund_and_exercise",
    "grants_administered_by",
    "movements_of_line",
    "national_bodies",
    "normalise",
    "open_deadlines_of",
    "people_holding",
    "running_deadlines",
    "search_dossiers",
    "similar_operations",
]
