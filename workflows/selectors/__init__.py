"""Questions asked of dossiers on their path."""

from workflows.selectors.actions import Action, available_actions
from workflows.selectors.dossier_list import DossierPage, page_of
from workflows.selectors.dossier_view import DossierView, StepState, dossier_view
from workflows.selectors.queue import QueueFilters, QueueItem, QueuePage, queue

__all__ = [
    "Action",
    "DossierPage",
    "DossierView",
    "QueueFilters",
    "QueueItem",
    "QueuePage",
    "StepState",
    "available_actions",
    "dossier_view",
    "page_of",
    "queue",
]
