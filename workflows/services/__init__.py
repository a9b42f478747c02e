"""The only way to change a dossier: drafts, pieces, acts, claims; and the simulator, which changes nothing."""

from workflows.services.bulk import Pick, preview, recall, start_bulk
from workflows.services.bulk_work import Worked, run_due
from workflows.services.copies import Copy, copy_dossier
from workflows.services.documents import add_document
from workflows.services.drafts import create_draft, update_draft
from workflows.services.exchanges import post_message, post_note
from workflows.services.expiry import Expired, expire_deadlines
from workflows.services.extensions import extend_deadline
from workflows.services.links import link_dossiers, unlink_dossiers
from workflows.services.next_task import claim_next
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
    "Pick",
    "Reminders",
    "Simulation",
    "TallyFault",
    "Worked",
    "YearEnd",
    "add_document",
    "claim",
    "claim_next",
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
    "preview",
    "reassign",
    "rebuild_tallies",
    "recall",
    "release",
    "run_due",
    "send_reminders",
    "simulate",
    "start_bulk",
    "unlink_dossiers",
    "update_draft",
    "verify_tallies",
]
