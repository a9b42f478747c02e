"""The bare viewflow flow of the same shape: a person's step, open to a role on a body, then the next one."""

from functools import cache

from viewflow import this
from viewflow.workflow import flow, lock

from cases.enums import Role
from cases.models import Organisation


@cache
def _body(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


class BareFlow(flow.Flow):
    """What one writes with viewflow alone, with the lock that does not lose tasks."""

    process_title = "Étalon"
    lock_impl = lock.SelectForUpdateLock(nowait=False, attempts=1)

    start = flow.StartHandle(this.begin).Next(this.sign_off)
    sign_off = (
        flow.View(None)
        .Permission(Role.REGIONAL_DIRECTOR.permission, obj=lambda process: _body("carmi-npdc"))
        .Next(this.check)
    )
    check = (
        flow.View(None)
        .Permission(Role.REVIEWER.permission, obj=lambda process: _body("canssm"))
        .Next(this.decide)
    )
    decide = (
        flow.View(None)
        .Permission(Role.DIRECTOR_GENERAL.permission, obj=lambda process: _body("canssm"))
        .Next(this.end)
    )
    end = flow.End()

    def begin(self, activation: object) -> object:
        """Start by a program."""
        return activation
