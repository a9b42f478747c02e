"""Saves, renames, shares and deletes views: the filters of a page under a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import QueryDict

from cases import clock
from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.models import SavedView, User
from cases.permissions import Holding, holdings_of
from cases.text import fault_of
from cases.work_terms import ListPage

#: Longest name and longest query string, in characters.
MAX_NAME: Final = 80
MAX_QUERY: Final = 2_000
#: So many views has one person on one page.
MAX_VIEWS: Final = 50

#: The filters of each page; the place in the list (« cursor ») is none.
PARAMETERS: Final[Mapping[ListPage, frozenset[str]]] = {
    ListPage.SEARCH: frozenset(
        {
            "q",
            "status",
            "path",
            "organisation",
            "exercise",
            "step",
            "role",
            "holder",
            "rule",
            "amount_from",
            "amount_to",
            "submitted_from",
            "submitted_to",
            "updated_from",
            "updated_to",
            "due_from",
            "due_to",
            "sort",
        }
    ),
    ListPage.QUEUE: frozenset({"mine", "free", "overdue", "snoozed", "path", "organisation", "q", "sort"}),
    ListPage.BACKLOG: frozenset({"role", "body", "path", "step", "organisation", "state", "weeks"}),
}


def save_view(*, actor: User, page: str, name: str, query: str, share: str = "") -> SavedView:
    """Keep the filters of a page under a name. ``share``: "" or ``role@body code``, a role that the person holds.

    Raises ``Invalid`` (name empty, too long or taken; filters unknown or none; too many views), ``Forbidden`` (a role
    that the person does not hold).
    """
    details: dict[str, list[str]] = {}
    of_page = ListPage(page) if page in ListPage.values else None
    if of_page is None:
        details["page"] = ["Cette page n’a pas de vues : enregistrez depuis une liste."]
    name = _name(name, details)
    kept = _query(of_page, query, details) if of_page is not None else ""
    if details:
        raise Invalid("La vue n’a pas été enregistrée : corrigez les points signalés.", details=details)
    role = _shareable(actor, share) if share else None
    if SavedView.objects.filter(owner=actor, page=page).count() >= MAX_VIEWS:
        message = f"Vous avez déjà {MAX_VIEWS} vues de cette page : supprimez-en une dans « Mes vues »."
        raise Invalid(message, details={"name": [message]})
    now = clock.now()
    view = SavedView(
        owner=actor,
        page=page,
        name=name,
        query=kept,
        shared_role=role.role.value if role else "",
        shared_organisation_id=role.organisation_id if role else None,
        created_at=now,
        updated_at=now,
    )
    _write(view)
    return view


@transaction.atomic
def rename_view(*, actor: User, public_id: UUID, name: str) -> SavedView:
    """Give one's own view another name. Raises ``NotFound``, ``Invalid``."""
    view = _own(actor, public_id)
    details: dict[str, list[str]] = {}
    view.name = _name(name, details)
    if details:
        raise Invalid("La vue garde son nom : corrigez le point signalé.", details=details)
    view.updated_at = clock.now()
    _write(view)
    return view


@transaction.atomic
def share_view(*, actor: User, public_id: UUID, share: str) -> SavedView:
    """Share one's own view with all who hold a role on a body (``role@body code``), or with nobody ("").

    The role has to be one's own: a view is a tool of a desk. Raises ``NotFound``, ``Forbidden``.
    """
    view = _own(actor, public_id)
    role = _shareable(actor, share) if share else None
    view.shared_role = role.role.value if role else ""
    view.shared_organisation_id = role.organisation_id if role else None
    view.updated_at = clock.now()
    view.save(update_fields=["shared_role", "shared_organisation", "updated_at"])
    return view


@transaction.atomic
def delete_view(*, actor: User, public_id: UUID) -> str:
    """Delete one's own view; its name. Raises ``NotFound``."""
    view = _own(actor, public_id)
    view.delete()
    return view.name


def share_key(holding: Holding) -> str:
    """How a role on a body is named in a form."""
    return f"{holding.role.value}@{holding.organisation_code}"


def _own(actor: User, public_id: UUID) -> SavedView:
    view = SavedView.objects.select_for_update().filter(owner=actor, public_id=public_id).first()
    if view is None:
        raise NotFound(
            "Cette vue n’est pas des vôtres. Seule la personne qui l’a enregistrée peut la changer."
        )
    return view


def _shareable(actor: User, share: str) -> Holding:
    found = next((held for held in holdings_of(actor) if share_key(held) == share), None)
    if found is None:
        raise Forbidden("Une vue se partage avec un rôle que vous tenez : choisissez-le dans la liste.")
    return found


def _name(name: str, details: dict[str, list[str]]) -> str:
    cleaned = " ".join(name.split())
    fault = fault_of(cleaned, limit=MAX_NAME, required="Donnez un nom à la vue.")
    if fault:
        details["name"] = [fault]
    return cleaned


def _query(page: ListPage, query: str, details: dict[str, list[str]]) -> str:
    """The query string as it is kept: the filters of that page that say something, each once."""
    fault = fault_of(query, limit=MAX_QUERY)
    try:
        given = QueryDict(query.lstrip("?")) if not fault else QueryDict()
    except ValueError:  # far too many parameters
        fault, given = "Ces filtres sont illisibles : choisissez-les de nouveau.", QueryDict()
    unknown = sorted(set(given) - PARAMETERS[page] - {"cursor"})
    if unknown:
        fault = f"Filtres inconnus sur cette page : {', '.join(unknown)}. Choisissez-les de nouveau."
    kept = QueryDict(mutable=True)
    for name in given:
        value = str(given[name]).strip()
        if name != "cursor" and value:
            kept[name] = value
    found = kept.urlencode()
    if not fault and not kept:
        fault = "Choisissez d’abord des filtres : cette vue montrerait toute la liste."
    if not fault:
        fault = fault_of("".join(_texts(kept)), limit=MAX_QUERY) or fault_of(found, limit=MAX_QUERY)
    if fault:
        details["query"] = [fault]
    return found


def _texts(query: QueryDict) -> Iterable[str]:
    return (str(query[name]) for name in query)


def _write(view: SavedView) -> None:
    """Write a view; a name that the person has given already on that page is refused."""
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "view_name_once" not in str(error):
            raise
        message = f"Vous avez déjà une vue « {view.name} » sur cette page : choisissez un autre nom."
        raise Conflict(message, details={"name": [message]}) from None
