"""Read gates and queries. No other module reads dossiers for a person."""

from cases.selectors.budget import (
    BudgetTree,
    LineMovement,
    TreeLine,
    budget_tree,
    exercise_of_year,
    fund_and_exercise,
    lines_by_code,
    movements_of_line,
)
from cases.selectors.credit_dossiers import (
    GivenCredits,
    credits_given,
    enforceable_budget,
    operations_of,
    released_amounts,
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
    similar_operations,
)
from cases.selectors.facilities import facilities_of, facilities_visible_to, facility_for
from cases.selectors.feeds import LiveFeed, live_feed, live_feeds_of, reads_the_register
from cases.selectors.ledger import (
    Balance,
    available,
    balance_faults,
    balance_of,
    balances,
    balances_among,
)
from cases.selectors.legal_notices import legal_notice_for, legal_notices_of, legal_notices_visible_to
from cases.selectors.organisations import (
    grants_administered_by,
    national_bodies,
    people_holding,
)

__all__ = [
    "Balance",
    "BudgetTree",
    "GivenCredits",
    "LineMovement",
    "LiveFeed",
    "TreeLine",
    "available",
    "balance_faults",
    "balance_of",
    "balances",
    "balances_among",
    "budget_tree",
    "credits_given",
    "current_documents",
    "current_kinds",
    "document_for",
    "dossier_for",
    "dossiers_visible_to",
    "enforceable_budget",
    "exercise_of_year",
    "facilities_of",
    "facilities_visible_to",
    "facility_for",
    "fund_and_exercise",
    "grants_administered_by",
    "legal_notice_for",
    "legal_notices_of",
    "legal_notices_visible_to",
    "lines_by_code",
    "live_feed",
    "live_feeds_of",
    "movements_of_line",
    "national_bodies",
    "normalise",
    "open_deadlines_of",
    "operations_of",
    "people_holding",
    "reads_the_register",
    "released_amounts",
    "running_deadlines",
    "similar_operations",
]
