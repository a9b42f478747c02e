"""What a dossier is: organisations and people, dossiers, pieces, decisions, deadlines, journal."""

from cases.models.absences import Absence
from cases.models.budget import BaseFigure, BudgetLine, Exercise, Fund, ReserveFigure
from cases.models.deadlines import Deadline, DeadlineEvent
from cases.models.decisions import Decision
from cases.models.documents import Document
from cases.models.dossiers import Dossier, ReferenceCounter
from cases.models.feeds import FeedAddress
from cases.models.journal import AdministrationEntry, JournalEntry
from cases.models.ledger import CreditBalance, CreditMovement, CreditPosting
from cases.models.notices import LegalNotice
from cases.models.organisations import (
    Facility,
    Organisation,
    OrganisationGroupObjectPermission,
    OrganisationUserObjectPermission,
)
from cases.models.people import ApiToken, RoleGrant, User

__all__ = [
    "Absence",
    "AdministrationEntry",
    "ApiToken",
    "BaseFigure",
    "BudgetLine",
    "CreditBalance",
    "CreditMovement",
    "CreditPosting",
    "Deadline",
    "DeadlineEvent",
    "Decision",
    "Document",
    "Dossier",
    "Exercise",
    "Facility",
    "FeedAddress",
    "Fund",
    "JournalEntry",
    "LegalNotice",
    "Organisation",
    "OrganisationGroupObjectPermission",
    "OrganisationUserObjectPermission",
    "ReferenceCounter",
    "ReserveFigure",
    "RoleGrant",
    "User",
]
