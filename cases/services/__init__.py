"""Write functions: keyword-only, each owns its transaction or says that it needs the caller's.

A dossier itself is only changed by ``workflows.services``; what stands here are the records that such an act leaves.
"""

from cases.services.deadlines import (
    cancel_deadlines,
    computation_of,
    meet_deadlines,
    next_due_on,
    open_deadline,
    resume_deadline,
    suspend_deadline,
)
from cases.services.decisions import record_decision
from cases.services.documents import CheckedUpload, check_upload, store_document
from cases.services.journal import append_administration_entry, append_entry, export_journal, verify_all
from cases.services.references import next_reference
from cases.services.roles import create_person, deactivate_person, end_role, ensure_role_group, grant_role
from cases.services.tokens import issue_token, revoke_token, user_of_token

__all__ = [
    "CheckedUpload",
    "append_administration_entry",
    "append_entry",
    "cancel_deadlines",
    "check_upload",
    "computation_of",
    "create_person",
    "deactivate_person",
    "end_role",
    "ensure_role_group",
    "export_journal",
    "grant_role",
    "issue_token",
    "meet_deadlines",
    "next_due_on",
    "next_reference",
    "open_deadline",
    "record_decision",
    "resume_deadline",
    "revoke_token",
    "store_document",
    "suspend_deadline",
    "user_of_token",
    "verify_all",
]
