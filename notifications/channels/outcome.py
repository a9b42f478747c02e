"""What became of one attempt to deliver a row."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """``LATER``: worth another attempt; ``NEVER``: another would end alike; ``POINTLESS``: nothing is left to say."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"
    UNADDRESSED = "unaddressed"
    POINTLESS = "pointless"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, and in French why.

    ``unreachable``: the server itself does not serve, others would fare alike. ``address``: it is the address that is
    refused for good.
    """

    verdict: Verdict
    error: str = ""
    unreachable: bool = False
    address: bool = False


DELIVERED = Outcome(Verdict.DELIVERED)
