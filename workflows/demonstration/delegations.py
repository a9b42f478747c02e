"""The demonstration's delegation: the directeur général lets the budget desk decide small operations in his place."""

from datetime import timedelta
from decimal import Decimal

from cases import clock
from cases.enums import Role
from cases.models import Delegation, Organisation, User
from cases.services.delegations import delegate
from workflows.engine.registry import all_paths

ACT = "Décision n° 2015-07 (démonstration)"
#: EUR HT.
CEILING = Decimal("100000.00")
PATHS = ("fnmo_investment",)
#: Nearly a year from the day of the load.
DAYS = 364


def create_delegations(organisations: dict[str, Organisation], people: dict[str, User]) -> Delegation:
    """One delegation in force today, on one path and below a ceiling: what lies beyond is refused with a sentence."""
    today = clock.today()
    return delegate(
        delegator=people["dg.canssm"],
        to=people["budget.canssm"],
        role=Role.DIRECTOR_GENERAL,
        organisation=organisations["canssm"],
        paths=PATHS,
        ceiling=CEILING,
        valid_from=today,
        valid_until=today + timedelta(days=DAYS),
        act=ACT,
        known_paths=[path.key for path in all_paths()],
        created_by=people["dg.canssm"],
    )
