"""What a dossier is: organisations and people, dossiers, pieces, decisions, deadlines, journal."""

from cases.models.absences import Absence
from cases.models.budget import BaseFigure, BudgetLine, Exercise, Fund, ReserveFigure
from cases.models.bulk import BulkItem, BulkRun
from cases.models.deadlines import Deadline, DeadlineEvent
from cases.models.decisions import Decision
from cases.models.delegations import Delegation
from cases.models.desk import DossierVisit, MotiveTemplate, SavedView, Snooze
from cases.models.documents import Document
from cases.models.dossiers import Dossier, ReferenceCounter
from cases.models.exchanges import DossierLink, Message, MessageFile
from cases.models.facilities import Facility, FacilityChange, FacilityProfessional
from cases.models.feeds import FeedAddress
from cases.models.findings import DossierFindings
from cases.models.imports import RegisterImport
from cases.models.journal import AdministrationEntry, JournalEntry
from cases.models.ledger import CreditBalance, CreditMovement, CreditPosting
from cases.models.meetings import AgendaItem, Meeting, MeetingPaper
from cases.models.notices import LegalNotice
from cases.models.opinions import Consultation, Opinion
from cases.models.organisations import (
    Organisation,
    OrganisationGroupObjectPermission,
    OrganisationUserObjectPermission,
)
from cases.models.people import ApiToken, RoleGrant, User
from cases.models.property import ProceedsAllocation, ProceedsBudget, Property, PropertyChange, PropertySale
from cases.models.tallies import QueueDelta, QueueTally, QueueWeek, WorkQueue

__all__ = [
    "Absence",
    "AdministrationEntry",
    "AgendaItem",
    "ApiToken",
    "BaseFigure",
    "BudgetLine",
    "BulkItem",
    "BulkRun",
    "Consultation",
    "CreditBalance",
    "CreditMovement",
    "CreditPosting",
    "Deadline",
    "DeadlineEvent",
    "Decision",
    "Delegation",
    "Document",
    "Dossier",
    "DossierFindings",
    "DossierLink",
    "DossierVisit",
    "Exercise",
    "Facility",
    "FacilityChange",
    "FacilityProfessional",
    "FeedAddress",
    "Fund",
    "JournalEntry",
    "LegalNotice",
    "Meeting",
    "MeetingPaper",
    "Message",
    "MessageFile",
    "MotiveTemplate",
    "Opinion",
    "Organisation",
    "OrganisationGroupObjectPermission",
    "OrganisationUserObjectPermission",
    "ProceedsAllocation",
    "ProceedsBudget",
    "Property",
    "PropertyChange",
    "PropertySale",
    "QueueDelta",
    "QueueTally",
    "QueueWeek",
    "ReferenceCounter",
    "RegisterImport",
    "ReserveFigure",
    "RoleGrant",
    "SavedView",
    "Snooze",
    "User",
    "WorkQueue",
]
