"""The bodies that the conventions name (design §13). Loading them again changes nothing but their names."""

from dataclasses import dataclass

from django.db import transaction

from cases.enums import ROLES_BY_KIND, OrganisationKind, Role
from cases.models import Organisation
from cases.services.roles import ensure_role_group

K = OrganisationKind


@dataclass(frozen=True, slots=True)
class Body:
    """A body to load: code, name, kind and the code of the body that it is attached to."""

    code: str
    name: str
    kind: OrganisationKind
    parent: str = ""


#: Parents come before their children. Ministries and the comptroller are attached to nobody: they see what awaits them.
BODIES = (
    Body("canssm", "CANSSM", K.FUND),
    Body("carmi-npdc", "CARMI Nord-Pas-de-Calais", K.CARMI, "canssm"),
    Body("carmi-est", "CARMI Est", K.CARMI, "canssm"),
    Body("carmi-sud", "CARMI Sud", K.CARMI, "canssm"),
    Body("ca", "Conseil d’administration de la CANSSM", K.BOARD, "canssm"),
    Body("comite-experts", "Comité d’experts", K.COMMITTEE, "canssm"),
    Body("dss", "Direction de la sécurité sociale", K.MINISTRY),
    Body("db", "Direction du budget", K.MINISTRY),
    Body("cgefi", "Contrôle général économique et financier", K.COMPTROLLER),
    Body("hfm", "Hôpitaux de Freyming-Merlebach", K.ESTABLISHMENT, "canssm"),
    Body("psb", "Polyclinique Sainte-Barbe", K.ESTABLISHMENT, "canssm"),
)


@transaction.atomic
def load_organisations() -> int:
    """Create or bring up to date every body, and the group of each role that it can hold. Returns how many bodies."""
    for body in BODIES:
        parent = Organisation.objects.get(code=body.parent) if body.parent else None
        organisation, _ = Organisation.objects.update_or_create(
            code=body.code,
            defaults={
                "name": body.name,
                "kind": body.kind,
                "parent": parent,
                "lineage": f"{parent.lineage if parent else '/'}{body.code}/",
            },
        )
        for role in sorted(ROLES_BY_KIND[body.kind], key=Role.values.index):
            ensure_role_group(role=Role(role), organisation=organisation)
    return len(BODIES)
