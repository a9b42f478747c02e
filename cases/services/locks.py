"""A lock that is not given in time is no fault: somebody else is acting this very moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from cases.errors import Conflict

DOSSIER_BUSY = "Une autre personne agit sur ce dossier en ce moment. Réessayez dans quelques secondes."


@contextmanager
def busy_is_conflict(message: str = DOSSIER_BUSY) -> Iterator[None]:
    """Turn PostgreSQL's lock time-out into ``Conflict`` with this French ``message``."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Conflict(message) from error
        raise
