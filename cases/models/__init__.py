"""What a dossier is: organisations and people, dossiers, pieces, decisions, deadlines, journal."""

from cases.models.deadlines import Deadline, DeadlineEvent
from cases.models.decisions import Decision
from cases.models.documents import Document
from cases.models.dossiers import Dossier, ReferenceCounter
from cases.models.journal import AdministrationEntry, JournalEntry
from cases.models.organisations import (
    Facility,
    Organisation,
    OrganisationGroupObjectPermission,
    OrganisationUserObjectPermission,
)
from cases.models.people import ApiToken, RoleGrant, User

__all__ = [
    "AdministrationEntry",
    "ApiToken",
    "Deadline",
    "DeadlineEvent",
    "Decision",
    "Document",
    "Dossier",
    "Facility",
    "JournalEntry",
    "Organisation",
    "OrganisationGroupObjectPermission",
    "OrganisationUserObjectPermission",
    "ReferenceCounter",
    "RoleGrant",
    "User",
]
