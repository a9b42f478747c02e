"""Read gates and queries. No other module reads dossiers for a person."""

from cases.selectors.dossiers import (
    current_documents,
    current_kinds,
    document_for,
    dossier_for,
    dossiers_visible_to,
    normalise,
    open_deadlines_of,
    running_deadlines,
    search_dossiers,
    similar_operations,
)
from cases.selectors.organisations import facilities_of, grants_administered_by, people_holding

__all__ = [
    "current_documents",
    "current_kinds",
    "document_for",
    "dossier_for",
    "dossiers_visible_to",
    "facilities_of",
    "grants_administered_by",
    "normalise",
    "open_deadlines_of",
    "people_holding",
    "running_deadlines",
    "search_dossiers",
    "similar_operations",
]
