"""Writes notices and marks them as read."""

from datetime import datetime

from cases import clock, rows
from cases.enums import DecisionKind, DossierStatus
from cases.errors import NotFound
from cases.events import DossierMoved
from cases.models import User
from cases.permissions import READS_NONE
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from notifications.selectors import notices_of, unread_notices_of

S = DossierStatus

#: What the creator of a dossier is told when it reaches one of these statuses.
TOLD_TO_CREATOR: dict[str, str] = {
    S.TO_COMPLETE.value: "Dossier à compléter",
    S.APPROVED.value: "Dossier validé",
    S.REFUSED.value: "Dossier refusé",
    S.EXECUTED.value: "Opération exécutée",
}

# One statement: what was asked for and has now been done is settled; who is awaited and the creator are told.
# The joins are those of ``cases.permissions.holdings_of``: a dated grant, and the permission of its group.
# Notices that their reader is marking at this very moment are skipped rather than waited for.
_ANNOUNCE = """
WITH day_grants AS NOT MATERIALIZED (
     SELECT granted.user_id, granted.organisation_id, permission.codename
       FROM cases_rolegrant granted
       JOIN cases_organisationgroupobjectpermission held
         ON held.group_id = granted.group_id AND held.content_object_id = granted.organisation_id
       JOIN auth_permission permission ON permission.id = held.permission_id
      WHERE granted.valid_from <= %(today)s
        AND (granted.valid_until IS NULL OR granted.valid_until >= %(today)s)
), done AS (
     SELECT id FROM notifications_outboxrow
      WHERE dossier_id = %(dossier)s AND channel = %(channel)s AND state = %(delivered)s
        AND step <> '' AND (step = %(left)s OR %(all_left)s::boolean)
        AND (%(answered_body)s::bigint IS NULL OR recipient_id IN (
            SELECT user_id FROM day_grants
             WHERE codename = %(answered_codename)s AND organisation_id = %(answered_body)s::bigint))
        FOR UPDATE SKIP LOCKED
), settled AS (
     UPDATE notifications_outboxrow SET state = %(settled)s WHERE id IN (SELECT id FROM done)
), told AS (
     SELECT grants.user_id, 2 AS rank, awaited.step, awaited.title, awaited.body
       FROM unnest(
            %(codenames)s::text[], %(bodies)s::bigint[],
            %(steps)s::text[], %(titles)s::text[], %(texts)s::text[]
            ) AS awaited (codename, organisation_id, step, title, body)
       JOIN day_grants grants
         ON grants.codename = awaited.codename AND grants.organisation_id = awaited.organisation_id
      UNION ALL
     SELECT %(creator)s::bigint, 1, ''::text, %(news_title)s::text, %(news_text)s::text
      WHERE %(news_title)s::text <> '' AND EXISTS (
            SELECT FROM day_grants grants JOIN cases_organisation body ON body.id = grants.organisation_id
             WHERE grants.user_id = %(creator)s AND starts_with(%(lineage)s, body.lineage)
               AND grants.codename <> ALL (%(blind)s::text[])
            )
)
INSERT INTO notifications_outboxrow
       (event, recipient_id, channel, state, title, body, link, dossier_id, step, created_at)
SELECT DISTINCT ON (told.user_id)
       %(event)s, told.user_id, %(channel)s, %(delivered)s, told.title, told.body, %(link)s,
       %(dossier)s::bigint, max(told.step) OVER (PARTITION BY told.user_id), %(now)s::timestamptz
  FROM told
  JOIN cases_user person ON person.id = told.user_id AND person.is_active
 WHERE told.user_id IS DISTINCT FROM %(actor)s::bigint
 ORDER BY told.user_id, told.rank, told.step
    ON CONFLICT ON CONSTRAINT outbox_once DO NOTHING
"""


def announce(event: DossierMoved) -> None:
    """Tell, in the application, those whom an act concerns. One statement, none when it concerns nobody.

    Everybody who holds today the role that a newly opened step awaits, on its body; and the creator of the
    dossier, if they may still read it, when it is to be completed, approved, refused or executed. Active
    people only, each once, and never who did the act. Notices that asked for the step just left are settled; where
    other bodies still hold it, only those of the body that answered.
    Needs the act's transaction.
    """
    dossier, entry = event.dossier, event.entry
    news_title, news_text = _news(event)
    if not (event.opened or news_title or entry.action in ("perform", "withdraw")):
        return
    with rows.cursor() as cursor:
        cursor.execute(
            _ANNOUNCE,
            {
                "event": event_key(event),
                "dossier": dossier.pk,
                "link": f"/dossiers/{dossier.reference}/",
                "actor": event.actor.pk if event.actor else None,
                "today": clock.today(),
                "now": clock.now(),
                "channel": Channel.IN_APP.value,
                "delivered": OutboxState.DELIVERED.value,
                "settled": OutboxState.SETTLED.value,
                "left": entry.step,
                "all_left": entry.action == "withdraw",
                "answered_body": event.answered.organisation_id if event.answered else None,
                "answered_codename": event.answered.role.codename if event.answered else "",
                "codenames": [one.role.codename for one in event.opened],
                "bodies": [one.organisation_id for one in event.opened],
                "steps": [one.step for one in event.opened],
                "titles": [f"À faire : {one.title}"[:160] for one in event.opened],
                "texts": [
                    f"{_subject(event)} L’étape attend le rôle «\u00a0{one.role.label}\u00a0»."
                    for one in event.opened
                ],
                "creator": dossier.created_by_id,
                "news_title": news_title,
                "news_text": news_text,
                "lineage": dossier.organisation.lineage,
                "blind": [role.codename for role in sorted(READS_NONE)],
            },
        )


def event_key(event: DossierMoved) -> str:
    """The dossier and the number of the journal entry: one act, one event."""
    return f"{event.dossier.public_id}:{event.entry.sequence}"


def _subject(event: DossierMoved) -> str:
    return f"{event.dossier.title} ({event.dossier.organisation.name})."


def _news(event: DossierMoved) -> tuple[str, str]:
    """Title and text for the creator; empty when the act brings no news."""
    entry = event.entry
    if entry.status_after == entry.status_before or entry.status_after not in TOLD_TO_CREATOR:
        return "", ""
    title = TOLD_TO_CREATOR[entry.status_after]
    if entry.changes.get("decision", {}).get("kind") == DecisionKind.DISPENSE:
        title = "Dossier dispensé de validation"
    motive = f" Motif\u00a0: {entry.motive}" if entry.motive else ""
    return title, f"{_subject(event)}{motive}"


def mark_read(*, user: User, notice_id: int) -> OutboxRow:
    """Mark one's own notice as read; doing it again keeps the first moment. Raises ``NotFound``."""
    notice = notices_of(user).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound("Aucun avis de ce numéro ne vous est adressé. Revenez à la liste de vos avis.")
    if notice.read_at is None:
        notice.read_at = clock.now()
        notices_of(user).filter(pk=notice.pk, read_at__isnull=True).update(read_at=notice.read_at)
    return notice


def mark_all_read(*, user: User, up_to: int) -> int:
    """Mark one's own notices as read, up to the newest shown: one that came since stays. Returns how many."""
    return unread_notices_of(user).filter(pk__lte=up_to).update(read_at=clock.now())


def settle_before(moment: datetime) -> int:
    """Settle what was told before ``moment`` and not read, without pretending it was. Returns how many."""
    return OutboxRow.objects.filter(
        channel=Channel.IN_APP, state=OutboxState.DELIVERED, read_at__isnull=True, created_at__lt=moment
    ).update(state=OutboxState.SETTLED)
