"""What a person holds today: one statement reads it, and everything that asks «may they?» starts from it.

Guardian's direct-foreign-key table says which group holds which role on which body; the dated grant says from when
until when the person belongs to that group.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser

from cases import clock, rows
from cases.enums import Duty, Role
from cases.models import Dossier, Organisation, User

#: Roles that read every dossier, whatever its body.
READS_ALL = frozenset({Role.AUDITOR})
#: Roles that give no access to dossiers at all: administering people is no reason to read files.
READS_NONE = frozenset({Role.ADMINISTRATOR})
#: Roles of the desks and of the direction of the national fund, who write internal notes to each other.
DESK = frozenset({Role.REVIEWER, Role.DIRECTOR_GENERAL, Role.ACCOUNTING_OFFICER, Role.MANAGER})
#: Roles of those who are asked from outside: whoever holds one never reads internal notes.
ASKED = frozenset({Role.EXPERT, Role.AUTHORITY, Role.COMPTROLLER})


@dataclass(frozen=True, slots=True)
class Holding:
    """A role held on a body on a given day."""

    role: Role
    organisation_id: int
    organisation_code: str
    organisation_name: str
    lineage: str

    @property
    def tag(self) -> str:
        """``role@organisation id``, as ``Dossier.involved`` keeps it."""
        return involved_tag(self.role, self.organisation_id)

    @property
    def capacity(self) -> str:
        """How the journal and the PDF name it: « Directeur général — CANSSM »."""
        return f"{self.role.label} — {self.organisation_name}"

    def covers(self, lineage: str) -> bool:
        """Whether a body with that lineage is this one or below it."""
        return lineage.startswith(self.lineage)


def involved_tag(role: str, organisation_id: int) -> str:
    """The mark left on a dossier once a step awaited ``role`` on that body."""
    return f"{role}@{organisation_id}"


_HOLDINGS = """
SELECT permission.codename, body.id, body.code, body.name, body.lineage
  FROM cases_rolegrant granted
  JOIN cases_organisationgroupobjectpermission held
    ON held.group_id = granted.group_id AND held.content_object_id = granted.organisation_id
  JOIN auth_permission permission ON permission.id = held.permission_id
  JOIN cases_organisation body ON body.id = held.content_object_id
 WHERE granted.user_id = %s AND granted.valid_from <= %s
   AND (granted.valid_until IS NULL OR granted.valid_until >= %s)
 ORDER BY body.id, permission.codename
"""


def holdings_of(user: User | AnonymousUser | Any, on: date | None = None) -> tuple[Holding, ...]:
    """Roles held by ``user`` on day ``on`` (today in Paris when left out), in a stable order. One statement."""
    if not user.is_authenticated or not user.is_active:
        return ()
    day = on or clock.today()
    with rows.cursor() as cursor:
        cursor.execute(_HOLDINGS, [user.pk, day, day])
        held = dict.fromkeys(cursor.fetchall())  # two grants of one role may follow each other
    return tuple(Holding(Role(row[0].removeprefix("hold_")), *row[1:]) for row in held)


def holding_for(holdings: tuple[Holding, ...], role: str, organisation_id: int) -> Holding | None:
    """The holding that lets its owner act as ``role`` on that very body, if any."""
    return next(
        (held for held in holdings if held.role == role and held.organisation_id == organisation_id), None
    )


def may_read(holdings: tuple[Holding, ...], dossier: Dossier) -> bool:
    """The read gate for one dossier already in hand; ``dossiers_visible_to`` is the same rule in SQL."""
    involved = set(dossier.involved)
    return any(
        held.role in READS_ALL
        or (
            held.role not in READS_NONE
            and (held.covers(dossier.organisation.lineage) or held.tag in involved)
        )
        for held in holdings
    )


def fund_of(organisation: Organisation) -> int:
    """The key of the national fund that a body is attached to; the fund's own for itself."""
    return organisation.parent_id or organisation.pk


def prepared(dossier: Dossier, user_id: int | None) -> bool:
    """Whether a person took part in preparing a dossier."""
    return user_id in dossier.participants.get(Duty.PREPARE.value, ())


def writing_holding(
    holdings: tuple[Holding, ...], dossier: Dossier, user_id: int | None
) -> tuple[Holding | None, bool]:
    """The holding under which a person writes on a dossier, and whether it is the submitter's side who writes.

    First a role on the dossier's own body, then on the national fund, then one that is or was awaited. Where the fund
    itself files, its preparers and whoever prepared the dossier are the submitter's side.
    """
    able = [held for held in holdings if held.role not in READS_ALL | READS_NONE]
    own, fund = dossier.organisation_id, fund_of(dossier.organisation)
    of_body = [held for held in able if held.organisation_id == own]
    if of_body and own == fund:
        desk = [held for held in of_body if held.role in DESK]
        others = [held for held in of_body if held.role not in DESK]
        mine = prepared(dossier, user_id) or not desk
        return ((others or desk) if mine else desk)[0], mine
    if of_body:
        return of_body[0], True
    of_fund = next((held for held in able if held.organisation_id == fund), None)
    return of_fund or next((held for held in able if held.tag in set(dossier.involved)), None), False


def may_relate(holdings: tuple[Holding, ...], dossier: Dossier, user_id: int | None) -> bool:
    """Whether a person may link a dossier to others: a role on its body or on the fund, not one asked from outside."""
    held, _ = writing_holding(holdings, dossier, user_id)
    return held is not None and held.organisation_id in (
        dossier.organisation_id,
        fund_of(dossier.organisation),
    )


def reads_notes(holdings: tuple[Holding, ...], dossier: Dossier, user_id: int | None) -> bool:
    """Whether a person reads the internal notes of a dossier that they may read: the fund's desks, and auditors.

    Never who prepared the dossier, who holds any role on the body that files it (or below), or a role that is asked
    from outside: the same person may hold a role on both sides.
    """
    fund, body = fund_of(dossier.organisation), dossier.organisation
    if prepared(dossier, user_id):
        return False
    if any(
        held.role in ASKED or (body.pk != fund and held.lineage.startswith(body.lineage)) for held in holdings
    ):
        return False
    return any(
        held.role in READS_ALL or (held.role in DESK and held.organisation_id == fund) for held in holdings
    )


def noting_holding(holdings: tuple[Holding, ...], dossier: Dossier, user_id: int | None) -> Holding | None:
    """The holding under which a person writes internal notes, if any: auditors only read them."""
    if not reads_notes(holdings, dossier, user_id):
        return None
    fund = fund_of(dossier.organisation)
    return next((held for held in holdings if held.role in DESK and held.organisation_id == fund), None)


def reads_budgets(holdings: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings lets its owner read budgets: any role but the administration of people."""
    return any(held.role not in READS_NONE for held in holdings)


def administers(holdings: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings lets its owner administer people: the role is held on the CANSSM, for all bodies."""
    return any(held.role == Role.ADMINISTRATOR for held in holdings)
