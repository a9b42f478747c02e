"""The only way to change a dossier: drafts, pieces, acts, claims; and the simulator, which changes nothing."""

from workflows.services.documents import add_document
from workflows.services.drafts import create_draft, update_draft
from workflows.services.expiry import Expired, expire_deadlines
from workflows.services.extensions import extend_deadline
from workflows.services.obligations import Opened, open_due_obligations, open_obligations
from workflows.services.perform import perform
from workflows.services.reminders import Reminders, send_reminders
from workflows.services.simulation import Simulation, simulate
from workflows.services.tasks import claim, reassign, release
from workflows.services.year_end import LapsedLine, YearEnd, lapse_credits

__all__ = [
    "Expired",
    "LapsedLine",
    "Opened",
    "Reminders",
    "Simulation",
    "YearEnd",
    "add_document",
    "claim",
    "create_draft",
    "expire_deadlines",
    "extend_deadline",
    "lapse_credits",
    "open_due_obligations",
    "open_obligations",
    "perform",
    "reassign",
    "release",
    "send_reminders",
    "simulate",
    "update_draft",
]
