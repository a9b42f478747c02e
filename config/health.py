"""Two addresses for the operators: is the process alive, can it serve."""

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications.tasks import HEARTBEAT_KEY


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, every migration is applied and a worker is alive; 503 otherwise."""
    checks = {name: _ask(check) for name, check in _CHECKS.items()}
    ready = all(answer == "ok" for answer in checks.values())
    response = JsonResponse({"status": "ok" if ready else "unavailable", "checks": checks})
    if not ready:
        response.status_code = 503
        response._has_been_logged = True  # type: ignore[attr-defined]  # each probe would log it again
    return response


def _ask(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  (a check that breaks is a check that fails)
        return type(error).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} missing" if missing else "ok"


def _worker() -> str:
    beat = cache.get(HEARTBEAT_KEY)
    if beat is None:
        return "no heartbeat"
    age = max(0, int(time.time() - beat))
    return "ok" if age <= settings.BERLINE_HEARTBEAT_SECONDS else f"last heartbeat {age} s ago"


_CHECKS = {"database": _database, "migrations": _migrations, "worker": _worker}
