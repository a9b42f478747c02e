"""The only way to change a dossier: drafts, pieces, acts, claims; and the simulator, which changes nothing."""

from workflows.services.copies import Copy, copy_dossier
from workflows.services.documents import add_document
from workflows.services.drafts import create_draft, update_draft
from workflows.services.exchanges import post_message, post_note
from workflows.services.expiry import Expired, expire_deadlines
from workflows.services.extensions import extend_deadline
from workflows.services.links import link_dossiers, unlink_dossiers
from workflows.services.obligations import (
    Opened,
    open_due_obligations,
    open_obligations,
    open_obligations_of,
)
from workflows.services.perform import perform
from workflows.services.reminders import Reminders, send_reminders
from workflows.services.simulation import Simulation, simulate
from workflows.services.tallies import TallyFault, fold_tallies, rebuild_tallies, verify_tallies
from workflows.services.tasks import claim, reassign, release
from workflows.services.year_end import LapsedLine, YearEnd, lapse_credits

__all__ = [
    "Copy",
    "Expired",
    "LapsedLine",
    "Opened",
    "Reminders",
    "Simulation",
    "TallyFault",
    "YearEnd",
    "add_document",
    "claim",
    "copy_dossier",
    "create_draft",
    "expire_deadlines",
    "extend_deadline",
    "fold_tallies",
    "lapse_credits",
    "link_dossiers",
    "open_due_obligations",
    "open_obligations",
    "open_obligations_of",
    "perform",
    "post_message",
    "post_note",
    "reassign",
    "rebuild_tallies",
    "release",
    "send_reminders",
    "simulate",
    "unlink_dossiers",
    "update_draft",
    "verify_tallies",
]
