"""A lock that is not given in time is no fault: somebody else is acting this very moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from cases.errors import Conflict


@contextmanager
def busy_is_conflict(what: str = "ce dossier") -> Iterator[None]:
    """Turn PostgreSQL's lock time-out into ``Conflict``: somebody else is acting on ``what`` this very moment."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Conflict(
                f"Une autre personne agit sur {what} en ce moment. Réessayez dans quelques secondes."
            ) from error
        raise
