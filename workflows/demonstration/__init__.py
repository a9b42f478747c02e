"""The demonstration: accounts, facilities, and dossiers that real acts carried along their path.

Nothing is inserted that the services would not have written: each act is done by the person whose role it
is, at a moment of the past (``cases.clock.at``), under the rules of that day. Loaded on the same day, it
tells the same story with the same dates.
"""

from workflows.demonstration.loading import Loaded, has_dossiers, load
from workflows.demonstration.people import ACCOUNTS, PASSWORD
from workflows.demonstration.timetable import ClockTooEarly

__all__ = ["ACCOUNTS", "PASSWORD", "ClockTooEarly", "Loaded", "has_dossiers", "load"]
