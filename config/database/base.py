"""Django's PostgreSQL backend, which starts the embedded server before the first connection.

Settings that name this backend cost nothing until somebody connects: commands that need no database
start none. When the server has gone meanwhile, the next connection starts it again.
"""

from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import OperationalError

from config.embedded import SUPERUSER, Cluster


class DatabaseWrapper(base.DatabaseWrapper):
    """The PostgreSQL backend on the cluster that the setting EMBEDDED holds."""

    _ready: set[tuple[Cluster, str]] = set()

    def get_connection_params(self) -> dict[str, Any]:
        cluster: Cluster = self.settings_dict["EMBEDDED"]
        name = self.settings_dict["NAME"] or "postgres"
        self._ensure(cluster, name)
        params: dict[str, Any] = super().get_connection_params()
        return params | {"host": str(cluster.sockets), "user": SUPERUSER}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            if not self.settings_dict["EMBEDDED"].ensure_running():
                raise
            return super().get_new_connection(conn_params)

    def _ensure(self, cluster: Cluster, name: str) -> None:
        if (cluster, name) not in self._ready:
            cluster.ensure_running()
            if cluster.durable:  # test databases are made by the tests themselves
                cluster.ensure_database(name)
            self._ready.add((cluster, name))
