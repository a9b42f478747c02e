"""The demonstration's accounts: offices, not persons. Their password is known to all."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.hashers import make_password

from cases import clock
from cases.enums import Role
from cases.models import Organisation, User
from cases.services import create_person, grant_role

#: Design §13. Production refuses to start with an account that it opens.
PASSWORD = "berline"  # noqa: S105

#: Reserved by RFC 2606: no mail can ever leave for it.
MAIL_DOMAIN = "exemple.invalid"

ROLES_SINCE = date(2014, 1, 1)
ACT = "Décision de nomination n° 2014-{number:02d} (démonstration)"


@dataclass(frozen=True, slots=True)
class Account:
    """One account: its name, the office shown, and the role that it holds on a body."""

    username: str
    display_name: str
    role: Role
    organisation: str


ACCOUNTS = (
    Account("admin", "Administrateur, CANSSM", Role.ADMINISTRATOR, "canssm"),
    Account("agent.npdc", "Agent, CARMI Nord-Pas-de-Calais", Role.PREPARER, "carmi-npdc"),
    Account(
        "directeur.npdc", "Directeur régional, CARMI Nord-Pas-de-Calais", Role.REGIONAL_DIRECTOR, "carmi-npdc"
    ),
    Account("agent.est", "Agent, CARMI Est", Role.PREPARER, "carmi-est"),
    Account("directeur.est", "Directeur régional, CARMI Est", Role.REGIONAL_DIRECTOR, "carmi-est"),
    Account("agent.sud", "Agent, CARMI Sud", Role.PREPARER, "carmi-sud"),
    Account("directeur.sud", "Directeur régional, CARMI Sud", Role.REGIONAL_DIRECTOR, "carmi-sud"),
    Account("budget.canssm", "Bureau du budget, CANSSM", Role.REVIEWER, "canssm"),
    Account("sante.canssm", "Bureau de l’offre de santé, CANSSM", Role.REVIEWER, "canssm"),
    Account("immobilier.canssm", "Bureau de l’immobilier, CANSSM", Role.REVIEWER, "canssm"),
    Account("dg.canssm", "Directeur général, CANSSM", Role.DIRECTOR_GENERAL, "canssm"),
    Account("comptable.canssm", "Agent comptable, CANSSM", Role.ACCOUNTING_OFFICER, "canssm"),
    Account("secretariat.ca", "Secrétariat du conseil d’administration", Role.BOARD_SECRETARY, "ca"),
    Account("expert.un", "Premier expert, comité d’experts", Role.EXPERT, "comite-experts"),
    Account("expert.deux", "Deuxième expert, comité d’experts", Role.EXPERT, "comite-experts"),
    Account("expert.trois", "Troisième expert, comité d’experts", Role.EXPERT, "comite-experts"),
    Account("dss", "Direction de la sécurité sociale", Role.AUTHORITY, "dss"),
    Account("db", "Direction du budget", Role.AUTHORITY, "db"),
    Account("cgefi", "Contrôle général économique et financier", Role.COMPTROLLER, "cgefi"),
    Account("pilotage", "Pilotage, CANSSM", Role.MANAGER, "canssm"),
    Account("audit", "Audit interne, CANSSM", Role.AUDITOR, "canssm"),
)


def taken_names() -> list[str]:
    """Names of the demonstration that somebody already bears."""
    names = [account.username for account in ACCOUNTS]
    return list(
        User.objects.filter(username__in=names).order_by("username").values_list("username", flat=True)
    )


def create_people(organisations: dict[str, Organisation]) -> dict[str, User]:
    """Create every account with its role, granted by an act. The password is hashed once for all of them."""
    people: dict[str, User] = {}
    for number, account in enumerate(ACCOUNTS, start=1):
        user = create_person(
            username=account.username,
            display_name=account.display_name,
            email=f"{account.username}@{MAIL_DOMAIN}",
            password=None,
            created_by=people.get("admin"),
        )
        grant_role(
            user=user,
            role=account.role,
            organisation=organisations[account.organisation],
            valid_from=ROLES_SINCE,
            act=ACT.format(number=number),
            granted_by=people.get("admin"),
        )
        people[account.username] = user
    User.objects.filter(pk__in=[user.pk for user in people.values()]).update(
        password=make_password(PASSWORD), date_joined=clock.now()
    )
    return people
