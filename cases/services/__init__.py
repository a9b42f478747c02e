"""Write functions: keyword-only, each owns its transaction or says that it needs the caller's.

A dossier itself is only changed by ``workflows.services``; what stands here are the records that such an act leaves.
"""

from cases.papers import Column, PaperOptions, PaperTable, Vote, money_table
from cases.services import ledger
from cases.services.absences import cancel_absence, declare_absence, may_declare_for, set_deputy
from cases.services.budgets import close_exercise, load_budgets, open_exercise
from cases.services.deadlines import DossierClocks, computation_of
from cases.services.decisions import facility_names, record_decision
from cases.services.documents import CheckedUpload, check_upload, store_document
from cases.services.facilities import (
    adhere,
    adhesion_reason,
    change_facility,
    close_facility,
    create_facility,
    move_approval,
)
from cases.services.facility_professionals import add_professional, end_professional
from cases.services.facility_records import writing_capacity
from cases.services.feeds import create_feed, note_feed_read, revoke_feed, revoke_feeds_of
from cases.services.journal import (
    append_administration_entry,
    append_entry,
    compare_heads,
    export_journal,
    journal_heads,
    verify_all,
)
from cases.services.legal_notices import acknowledge_notice, issue_notices
from cases.services.papers import Paper, notice_paper, store_paper, store_papers, store_statement
from cases.services.receipts import Receipt, read_receipt_token, receipt_expires_on, receipt_token
from cases.services.references import next_reference
from cases.services.roles import create_person, deactivate_person, end_role, ensure_role_group, grant_role
from cases.services.tokens import issue_token, revoke_token, user_of_token

__all__ = [
    "CheckedUpload",
    "Column",
    "DossierClocks",
    "Paper",
    "PaperOptions",
    "PaperTable",
    "Receipt",
    "Vote",
    "acknowledge_notice",
    "add_professional",
    "adhere",
    "adhesion_reason",
    "append_administration_entry",
    "append_entry",
    "cancel_absence",
    "change_facility",
    "check_upload",
    "close_exercise",
    "close_facility",
    "compare_heads",
    "computation_of",
    "create_facility",
    "create_feed",
    "create_person",
    "deactivate_person",
    "declare_absence",
    "end_professional",
    "end_role",
    "ensure_role_group",
    "export_journal",
    "facility_names",
    "grant_role",
    "issue_notices",
    "issue_token",
    "journal_heads",
    "ledger",
    "load_budgets",
    "may_declare_for",
    "money_table",
    "move_approval",
    "next_reference",
    "note_feed_read",
    "notice_paper",
    "open_exercise",
    "read_receipt_token",
    "receipt_expires_on",
    "receipt_token",
    "record_decision",
    "revoke_feed",
    "revoke_feeds_of",
    "revoke_token",
    "set_deputy",
    "store_document",
    "store_paper",
    "store_papers",
    "store_statement",
    "user_of_token",
    "verify_all",
    "writing_capacity",
]
