"""Reading the answers of pages in tests."""

import html
import re
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils.crypto import get_random_string

from cases.models import User
from config.sessions import SessionStore
from tests.journeys import state_of_everything


def analyze() -> None:
    """Let the planner expect what there is: other tests have left it large files of rows that are gone."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_dossier, cases_dossierfindings")


def at_the_site(user: User | None, **options: Any) -> Client:
    """A client logged in as ``user``; nobody when None. The session is as the log-in leaves it, in one statement."""
    client = Client(**options)
    if user is not None:
        key, store = get_random_string(32, VALID_KEY_CHARS), SessionStore()
        Session.objects.create(
            session_key=key,
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
            expire_date=store.get_expiry_date(),
        )
        client.cookies[settings.SESSION_COOKIE_NAME] = key
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
