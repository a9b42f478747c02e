"""The bodies of the installation in a test's database: loaded by the service once in each process, then inserted."""

from django.contrib.auth.models import Group

from cases.models import Organisation, OrganisationGroupObjectPermission
from cases.services.reference_data import load_organisations
from tests.numbered import Numbered

_MADE: list[Numbered] = []


def have_organisations() -> None:
    """What ``load_organisations`` leaves in a database without bodies."""
    if Organisation.objects.exists() or Group.objects.exists():
        load_organisations()
    elif _MADE:
        _MADE[0].insert()
    else:
        load_organisations()
        _MADE.append(_as_loaded())


def _as_loaded() -> Numbered:
    bodies = {one.pk: one for one in Organisation.objects.order_by("pk")}
    groups = {one.pk: one for one in Group.objects.order_by("pk")}
    held = list(OrganisationGroupObjectPermission.objects.select_related("permission").order_by("pk"))
    for body in bodies.values():
        body.parent = bodies.get(body.parent_id or 0)
    for one in held:
        one.group, one.content_object = groups[one.group_id], bodies[one.content_object_id]
    return Numbered([*bodies.values(), *groups.values(), *held])
