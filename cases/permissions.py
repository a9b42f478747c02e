"""What a person holds today: one statement reads it, and everything that asks «may they?» starts from it.

Guardian's direct-foreign-key table says which group holds which role on which body; the dated grant says from when
until when the person belongs to that group.

``holdings_of`` gives what a person holds in their own right. ``acting_holdings_of`` adds what they hold by delegation:
it is asked where one acts on a dossier (``perform``, taking a task), sees what one could do (actions, queue) and reads
the dossier itself; nowhere else. Registers, budgets, sessions, notes, messages and administration know own roles only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
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
#: Roles that a delegation may hand on: those that act on dossiers. An expert is asked in person, an auditor controls, a
#: manager and an administrator hold what is not an act on a dossier at all.
DELEGABLE = frozenset(Role) - {Role.EXPERT, Role.AUDITOR, Role.MANAGER, Role.ADMINISTRATOR}
#: The longest capacity that journal and decisions keep.
MAX_CAPACITY = 400


@dataclass(frozen=True, slots=True)
class Delegated:
    """The delegation under which a role is held: whose, by which act, on which paths (all when empty), up to how much.

    ``ceiling``: EUR HT, None without limit. ``valid_until``: its last day.
    """

    public_id: str
    delegator_id: int
    delegator: str
    delegator_name: str
    act: str
    paths: tuple[str, ...]
    ceiling: Decimal | None
    valid_until: date


@dataclass(frozen=True, slots=True)
class Holding:
    """A role held on a body on a given day; in one's own right, or under a ``delegation``."""

    role: Role
    organisation_id: int
    organisation_code: str
    organisation_name: str
    lineage: str
    delegation: Delegated | None = None

    @property
    def tag(self) -> str:
        """``role@organisation id``, as ``Dossier.involved`` keeps it."""
        return involved_tag(self.role, self.organisation_id)

    @property
    def capacity(self) -> str:
        """How the journal and the PDF name it: « Directeur général — CANSSM », or « Directeur général — CANSSM, par
        délégation de Gilles Général (décision n° 12) ».
        """
        return self.full_capacity[:MAX_CAPACITY]

    @property
    def full_capacity(self) -> str:
        """The same however long; a delegation whose words would not fit is refused when it is given."""
        own = f"{self.role.label} — {self.organisation_name}"
        return f"{own}, {self.on_behalf} ({self.delegation.act})" if self.delegation is not None else own

    @property
    def on_behalf(self) -> str:
        """« par délégation de Gilles Général »; nothing for a role held in one's own right."""
        return f"par délégation de {self.delegation.delegator_name}" if self.delegation else ""

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


# Own roles first, then those received: the delegator is active and holds the role on that body in their own right that
# day, so that a delegation never gives more than its giver has, and none goes on from one who received it.
_ACTING = """
WITH today_held AS NOT MATERIALIZED (
     SELECT granted.user_id, permission.codename, body.id, body.code, body.name, body.lineage
       FROM cases_rolegrant granted
       JOIN cases_organisationgroupobjectpermission held
         ON held.group_id = granted.group_id AND held.content_object_id = granted.organisation_id
       JOIN auth_permission permission ON permission.id = held.permission_id
       JOIN cases_organisation body ON body.id = held.content_object_id
      WHERE granted.valid_from <= %(day)s AND (granted.valid_until IS NULL OR granted.valid_until >= %(day)s)
)
SELECT codename, id, code, name, lineage, NULL::bigint AS delegation, NULL::uuid, NULL::bigint, NULL, NULL, NULL,
       NULL::text[], NULL::numeric, NULL::date
  FROM today_held WHERE user_id = %(user)s
 UNION ALL
SELECT own.codename, own.id, own.code, own.name, own.lineage, delegation.id, delegation.public_id, giver.id,
       giver.username, coalesce(nullif(giver.display_name, ''), giver.username), delegation.act, delegation.paths,
       delegation.ceiling, delegation.valid_until
  FROM cases_delegation delegation
  JOIN cases_user giver ON giver.id = delegation.delegator_id AND giver.is_active
  JOIN today_held own ON own.user_id = giver.id AND own.id = delegation.organisation_id
                     AND own.codename = 'hold_' || delegation.role
 WHERE delegation.delegate_id = %(user)s AND delegation.revoked_at IS NULL
   AND %(day)s BETWEEN delegation.valid_from AND delegation.valid_until
   AND delegation.role = ANY (%(delegable)s)
 ORDER BY delegation NULLS FIRST, id, codename
"""
_DELEGABLE = sorted(role.value for role in DELEGABLE)


def acting_holdings_of(user: User | AnonymousUser | Any, on: date | None = None) -> tuple[Holding, ...]:
    """Roles under which ``user`` may act on day ``on`` (today in Paris when left out): own ones, then delegated ones.

    For acts on dossiers, the queue and the dossier's read gate only (see the module). One statement.
    """
    if not user.is_authenticated or not user.is_active:
        return ()
    day = on or clock.today()
    with rows.cursor() as cursor:
        cursor.execute(_ACTING, {"user": user.pk, "day": day, "delegable": _DELEGABLE})
        found = cursor.fetchall()
    return tuple(dict.fromkeys(_acting(row) for row in found))  # two grants of one role may follow each other


def _acting(row: tuple[Any, ...]) -> Holding:
    codename, identifier, code, name, lineage, delegation, public_id, *rest, paths, ceiling, until = row
    role = Role(codename.removeprefix("hold_"))
    if delegation is None:
        return Holding(role, identifier, code, name, lineage)
    giver_id, giver, giver_name, act = rest
    received = Delegated(str(public_id), giver_id, giver, giver_name, act, tuple(paths), ceiling, until)
    return Holding(role, identifier, code, name, lineage, received)


def own_of(holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    """Those held in one's own right."""
    return tuple(held for held in holdings if held.delegation is None)


def covers(holding: Holding, path: str, amount: Decimal | None) -> bool:
    """Whether a holding reaches a dossier of that path and amount (EUR HT): always, but by the scope of a delegation.

    A dossier without amount is beyond any ceiling: nobody can say that it stays below.
    """
    given = holding.delegation
    if given is None:
        return True
    if given.paths and path not in given.paths:
        return False
    return given.ceiling is None or (amount is not None and abs(amount) <= given.ceiling)


def reaching(holdings: Iterable[Holding], dossier: Dossier) -> tuple[Holding, ...]:
    """The holdings whose scope a dossier lies in."""
    return tuple(held for held in holdings if covers(held, dossier.path, dossier.amount_ht))


def falling_short(holdings: Iterable[Holding], dossier: Dossier) -> tuple[Holding, ...]:
    """The delegated holdings whose scope a dossier lies outside."""
    return tuple(held for held in holdings if not covers(held, dossier.path, dossier.amount_ht))


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
            and covers(held, dossier.path, dossier.amount_ht)
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
