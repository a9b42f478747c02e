"""What the convention says of budgets and credits: pure functions, no database, no engine.

Each takes the rules that govern (``Rules``: key → version) and answers with sentences, amounts and quotes.
"""

from cases.budget_terms import FundCode
from workflows.credits.carry_overs import RULES as CARRY_OVER_RULES
from workflows.credits.carry_overs import CarryOver, Lapse, carryable, lapsing
from workflows.credits.charges import RULES as CHARGE_RULES
from workflows.credits.charges import charge_transferred, mandate_2015, new_charge, revision_2017
from workflows.credits.conformity import RULES as CONFORMITY_RULES
from workflows.credits.conformity import BudgetKind, Conformity, Ground, Proposal, Verdict, judge
from workflows.credits.disposals import RULES as DISPOSAL_RULES
from workflows.credits.disposals import allocate_proceeds
from workflows.credits.payroll import RULES as PAYROLL_RULES
from workflows.credits.payroll import Levels, Occasion, payroll_update
from workflows.credits.preview import Preview, Rules, Share, SumLine
from workflows.credits.receipts import RULES as RECEIPT_RULES
from workflows.credits.receipts import excess_of_receipts, non_cash_receipts, own_receipts, reuse_of_receipts
from workflows.credits.virements import RULES as VIREMENT_RULES
from workflows.credits.virements import Classification, VirementClass, Way, classify, strictest

__all__ = [
    "CARRY_OVER_RULES",
    "CHARGE_RULES",
    "CONFORMITY_RULES",
    "DISPOSAL_RULES",
    "PAYROLL_RULES",
    "RECEIPT_RULES",
    "VIREMENT_RULES",
    "BudgetKind",
    "CarryOver",
    "Classification",
    "Conformity",
    "FundCode",
    "Ground",
    "Lapse",
    "Levels",
    "Occasion",
    "Preview",
    "Proposal",
    "Rules",
    "Share",
    "SumLine",
    "Verdict",
    "VirementClass",
    "Way",
    "allocate_proceeds",
    "carryable",
    "charge_transferred",
    "classify",
    "excess_of_receipts",
    "judge",
    "lapsing",
    "mandate_2015",
    "new_charge",
    "non_cash_receipts",
    "own_receipts",
    "payroll_update",
    "reuse_of_receipts",
    "revision_2017",
    "strictest",
]
