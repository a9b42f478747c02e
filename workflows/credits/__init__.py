"""What the convention says of budgets and credits: pure functions, no database, no engine.

Each takes the rules that govern (``Rules``: key → version) and answers with sentences and quotes.
"""

from workflows.credits.virements import RULES as VIREMENT_RULES
from workflows.credits.virements import Classification, Rules, VirementClass, Way, classify, strictest

__all__ = [
    "VIREMENT_RULES",
    "Classification",
    "Rules",
    "VirementClass",
    "Way",
    "classify",
    "strictest",
]
