"""Sessions in the database, whose renewal is one statement.

Django saves a session in a transaction of its own: three statements, once a minute for everybody who works. An existing
row needs one UPDATE.
"""

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore


class SessionStore(DatabaseStore):
    """As Django's; an existing session is written by a bare UPDATE. Raises ``UpdateError`` when it is gone."""

    def save(self, must_create: bool = False) -> None:
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        session = self.create_model_instance(self._get_session(no_load=False))
        changed = self.model.objects.filter(session_key=session.session_key).update(
            session_data=session.session_data, expire_date=session.expire_date
        )
        if not changed:
            raise UpdateError
