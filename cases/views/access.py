"""What every page needs of the person who asks: the roles held, read once for a request."""

from typing import Any, cast

from django.http import HttpRequest

from cases.enums import Role
from cases.models import User
from cases.permissions import Holding, acting_holdings_of, administers, own_of, reads_budgets
from cases.selectors.facilities import reads_facilities
from cases.selectors.meetings import kinds_read
from cases.selectors.property import reads_properties


def person_of(request: HttpRequest) -> User:
    """The person who is logged in; pages are behind ``login_required``."""
    return cast(User, request.user)


def acting_of_request(request: HttpRequest) -> tuple[Holding, ...]:
    """Roles under which the person who asks may act on dossiers, delegated ones too (see ``cases.permissions``).

    One statement for a request.
    """
    found: tuple[Holding, ...] | None = getattr(request, "berline_holdings", None)
    if found is None:
        found = acting_holdings_of(request.user)
        request.berline_holdings = found  # type: ignore[attr-defined]
    return found


def holdings_of_request(request: HttpRequest) -> tuple[Holding, ...]:
    """Roles that the person who asks holds in their own right. One statement for a request, with the others."""
    return own_of(acting_of_request(request))


#: Section of the navigation that each page belongs to.
SECTIONS = {
    "home": "home",
    "queue": "queue",
    "bulk_runs": "queue",
    "bulk_new": "queue",
    "bulk_run": "queue",
    "bulk_recall": "queue",
    "balance": "backlog",
    "task_snooze": "queue",
    "motives": "queue",
    "motive_new": "queue",
    "motive": "queue",
    "search": "search",
    "views": "search",
    "view_save": "search",
    "view_rename": "search",
    "dossier": "search",
    "dossier_new": "new",
    "dossier_new_path": "new",
    "roles": "roles",
    "person": "roles",
    "person_new": "roles",
    "role_grant": "roles",
    "role_end": "roles",
    "person_close": "roles",
    "person_feeds_revoke": "roles",
    "dossier_edit": "search",
    "dossier_act": "search",
    "motive_insert": "search",
    "piece_versions": "search",
    "dossier_upload": "search",
    "message_post": "search",
    "note_post": "search",
    "link_add": "search",
    "dossier_copy": "search",
    "dossier_simulate": "new",
    "notices": "notices",
    "calendar": "calendar",
    "backlog": "backlog",
    "backlog_queue": "backlog",
    "backlog_xlsx": "backlog",
    "backlog_pdf": "backlog",
    "bottlenecks": "backlog",
    "forecast": "backlog",
    "bottlenecks_path": "backlog",
    "bottlenecks_xlsx": "backlog",
    "register": "register",
    "register_xlsx": "register",
    "register_pdf": "register",
    "notice_preferences": "notices",
    "deliveries": "roles",
    "webhooks": "roles",
    "webhook_new": "roles",
    "facilities": "facilities",
    "facility": "facilities",
    "facility_new": "facilities",
    "facility_do": "facilities",
    "facility_professional_add": "facilities",
    "facility_professional_end": "facilities",
    "facility_import": "facilities",
    "meetings": "meetings",
    "meeting": "meetings",
    "meeting_new": "meetings",
    "meeting_change": "meetings",
    "meeting_record": "meetings",
    "budgets": "budgets",
    "budget": "budgets",
    "budget_line": "budgets",
    "properties": "property",
    "property": "property",
    "property_new": "property",
    "property_change": "property",
    "property_move": "property",
    "property_boards": "property",
    "property_import": "property",
}

#: What the frame of the pages asks of the person, all false for a visitor.
ABILITIES = (
    "can_prepare",
    "can_read_budgets",
    "can_read_register",
    "can_read_meetings",
    "can_read_property",
    "can_read_facilities",
    "can_manage",
    "can_administer",
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the frame of the pages shows for this person."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        nobody = {"capacity": "", "section": ""}
        return {"nav": nobody | dict.fromkeys(ABILITIES, False)}
    held = holdings_of_request(request)
    match = request.resolver_match
    capacity = held[0].capacity if held else "Aucun rôle"
    if len(held) > 1:
        capacity = f"{capacity} (+ {len(held) - 1})"
    return {
        "nav": {
            "capacity": capacity,
            "can_prepare": any(one.role == Role.PREPARER for one in held),
            "can_read_budgets": reads_budgets(held),
            "can_read_meetings": bool(kinds_read(held)),
            "can_read_register": reads_budgets(held),  # any role that lets its owner read dossiers
            "can_read_property": reads_properties(held),
            "can_read_facilities": reads_facilities(held),
            "can_manage": any(one.role == Role.MANAGER for one in held),
            "can_administer": administers(held),
            "section": SECTIONS.get(match.url_name or "", "") if match else "",
        }
    }
