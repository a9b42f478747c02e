"""Reading the answers of pages in tests."""

import html
import re
from typing import Any

from django.test import Client

from cases.models import User
from tests.journeys import state_of_everything


def at_the_site(user: User | None, **options: Any) -> Client:
    """A client logged in as ``user``; nobody when None."""
    client = Client(**options)
    if user is not None:
        client.force_login(user)
    return client


def words(response: Any) -> str:
    """What a person reads: text without tags, every kind of space being one space."""
    content = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


def messages(response: Any) -> list[str]:
    """The messages shown at the head of the page."""
    context = response.context
    return [str(message) for message in context["messages"]] if context else []


def stored(reference: str = "") -> dict[str, Any]:
    """What a refused page must leave as it was: all rows but those of sessions, and what a person has seen."""
    found = state_of_everything(reference)
    found.pop("django_session")
    found.pop("cases_dossiervisit")
    found.pop("berline_cache", None)
    return found
