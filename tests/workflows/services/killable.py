"""A process whose children do one act each and die before a given statement; run by test_crash.py.

It leaves the PDF compiler alone and holds no connection, so that each child starts clean. For each line
``{"act": {...}, "before": N}`` it prints the child's exit code: 9 when it died, 0 when the act was done.
"""

import contextlib
import json
import os
import signal
import sys
from typing import Any

import django
from django.conf import settings

DIED = 9


def main(name: str, media: str) -> None:
    django.setup()
    settings.DATABASES["default"]["NAME"] = name
    settings.MEDIA_ROOT = media
    from django.db import connections

    connections["default"].settings_dict["NAME"] = name
    _warm_up()
    connections.close_all()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            _act(order)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _warm_up() -> None:
    """Have everything imported and compiled once, not by each child."""
    from cases.errors import BusinessError
    from cases.models import User
    from workflows.services import perform

    for user in User.objects.order_by("pk"):
        with contextlib.suppress(BusinessError):
            perform(reference="FNMO-2015-0001", step="prepare", outcome="submit", actor=user)


def _act(order: dict[str, Any]) -> None:
    """Do the act; die before its statement number ``before``, or before the commit when that is 0."""
    from django.db import connection

    from cases.models import User
    from workflows.services import perform

    actor = User.objects.get(username=order["act"].pop("actor"))
    seen = 0

    def count(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == order["before"]:
            os._exit(DIED)
        return execute(sql, parameters, many, context)

    if order["before"] == 0:
        connection._commit = lambda: os._exit(DIED)  # type: ignore[attr-defined]
    code = 1
    try:
        with connection.execute_wrapper(count):
            perform(actor=actor, **order["act"])
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
