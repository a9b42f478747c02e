"""Writes the rows of the outbox, in the transaction of what they tell of."""

import json
from collections.abc import Iterable
from typing import Any

from cases import clock, rows
from cases.enums import DecisionKind, DossierStatus
from cases.errors import Quote
from cases.events import DossierMoved
from cases.models import Dossier
from cases.permissions import READS_NONE
from notifications.enums import CHOOSABLE, Cadence, NoticeKind, OutboxState
from notifications.schedule import digest_after
from notifications.wake import wake_after_commit

S = DossierStatus

#: What the creator of a dossier is told when it reaches one of these statuses.
TOLD_TO_CREATOR: dict[str, str] = {
    S.TO_COMPLETE.value: "Dossier à compléter",
    S.APPROVED.value: "Dossier validé",
    S.REFUSED.value: "Dossier refusé",
    S.EXECUTED.value: "Opération exécutée",
}

# One statement: what was asked for and has now been done is settled; who is awaited and the creator are told, by each
# channel that they want; subscribed programs are told too.
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
      WHERE dossier_id = %(dossier)s AND state IN ('delivered', 'pending')
        AND (channel = 'in_app' AND state = 'delivered'
             OR channel = 'email' AND state = 'pending' AND kind <> 'legal')
        AND step <> '' AND (step = %(left)s OR %(all_left)s::boolean)
        AND (%(answered_body)s::bigint IS NULL
             OR legal_notice_id IN (
                SELECT notice.id FROM cases_legalnotice notice
                 WHERE notice.dossier_id = %(dossier)s AND notice.organisation_id = %(answered_body)s::bigint)
             OR kind = 'reminder' AND (details ->> 'clock')::bigint IN (
                SELECT clock.id FROM cases_deadline clock
                 WHERE clock.dossier_id = %(dossier)s AND clock.step = %(left)s
                   AND clock.organisation_id = %(answered_body)s::bigint)
             OR legal_notice_id IS NULL AND recipient_id IN (
                SELECT user_id FROM day_grants
                 WHERE codename = %(answered_codename)s AND organisation_id = %(answered_body)s::bigint)
                AND NOT (kind = 'reminder' AND EXISTS (
                    SELECT FROM cases_deadline other
                     WHERE other.id = (details ->> 'clock')::bigint AND other.step = %(left)s
                       AND other.organisation_id <> %(answered_body)s::bigint)))
        FOR UPDATE SKIP LOCKED
), settled AS (
     UPDATE notifications_outboxrow SET state = 'settled', due_at = NULL WHERE id IN (SELECT id FROM done)
), awaited AS (
     SELECT opened.*, notice.id AS notice_id, CASE WHEN notice.id IS NULL THEN 'task' ELSE 'legal' END AS kind
       FROM unnest(
            %(codenames)s::text[], %(bodies)s::bigint[],
            %(steps)s::text[], %(titles)s::text[], %(texts)s::text[], %(quotes)s::text[]
            ) AS opened (codename, organisation_id, step, title, body, details)
       LEFT JOIN cases_legalnotice notice
         ON notice.dossier_id = %(dossier)s AND notice.step = opened.step
        AND notice.organisation_id = opened.organisation_id AND notice.acknowledged_at IS NULL
), told AS (
     SELECT grants.user_id, CASE WHEN awaited.notice_id IS NULL THEN 2 ELSE 0 END AS rank,
            awaited.kind, awaited.step, awaited.title, awaited.body, awaited.details, awaited.notice_id
       FROM awaited
       JOIN day_grants grants
         ON grants.codename = awaited.codename AND grants.organisation_id = awaited.organisation_id
      WHERE grants.user_id IS DISTINCT FROM %(actor)s::bigint OR awaited.notice_id IS NOT NULL
      UNION ALL
     SELECT %(creator)s::bigint, 1, 'news', ''::text, %(news_title)s::text, %(news_text)s::text, '{{}}', NULL
      WHERE %(news_title)s::text <> '' AND %(creator)s::bigint IS DISTINCT FROM %(actor)s::bigint AND EXISTS (
            SELECT FROM day_grants grants JOIN cases_organisation body ON body.id = grants.organisation_id
             WHERE grants.user_id = %(creator)s AND starts_with(%(lineage)s, body.lineage)
               AND grants.codename <> ALL (%(blind)s::text[])
            )
), chosen AS (
     SELECT DISTINCT ON (told.user_id, told.notice_id)
            told.user_id, person.email, told.kind, told.title, told.body, told.notice_id,
            coalesce(max(nullif(told.details, '{{}}')) OVER same, '{{}}') AS details, max(told.step) OVER same AS step
       FROM told
       JOIN cases_user person ON person.id = told.user_id AND person.is_active
      WHERE told.notice_id IS NOT NULL
         OR told.user_id NOT IN (SELECT legal.user_id FROM told legal WHERE legal.notice_id IS NOT NULL)
     WINDOW same AS (PARTITION BY told.user_id, told.notice_id)
      ORDER BY told.user_id, told.notice_id, told.rank, told.step
), happened AS (
     SELECT coalesce(array_agg(DISTINCT kind), '{{}}'::text[])
            || CASE WHEN %(news_title)s::text <> '' THEN '{{news}}'::text[] ELSE '{{}}'::text[] END AS kinds
       FROM awaited
){tail}
"""

# By which channels: always in the application, by mail as the person prefers, and to the programs subscribed.
_TAIL = """, mailed AS (
     SELECT chosen.*, CASE WHEN kind = 'legal' THEN 'now' ELSE coalesce((
            SELECT wish.cadence FROM notifications_preference wish
             WHERE wish.user_id = chosen.user_id AND wish.kind = chosen.kind), 'now') END AS cadence
       FROM chosen
), reached AS (
     SELECT user_id, NULL::bigint AS webhook_id, 'in_app' AS channel, kind, 'now' AS cadence, 'delivered' AS state,
            title, body, details::jsonb AS details, notice_id, step,
            NULL::timestamptz AS due_at, %(now)s::timestamptz AS delivered_at
       FROM chosen
      UNION ALL
     SELECT user_id, NULL, 'email', kind, cadence,
            CASE WHEN email = '' THEN 'unaddressed' ELSE 'pending' END,
            title, body, details::jsonb, notice_id, step,
            CASE cadence WHEN 'daily' THEN %(daily)s::timestamptz WHEN 'weekly' THEN %(weekly)s::timestamptz
                         ELSE %(now)s::timestamptz END, NULL
       FROM mailed WHERE cadence <> 'in_app'
      UNION ALL
     SELECT NULL, webhook.id, 'webhook', happened.kinds[1], 'now', 'pending',
            %(act)s::text, '', %(payload)s::jsonb || jsonb_build_object('kinds', happened.kinds), NULL, '',
            %(now)s::timestamptz, NULL
       FROM notifications_webhook webhook, happened
      WHERE webhook.active AND webhook.kinds::text[] && happened.kinds
)
INSERT INTO notifications_outboxrow
       (event, recipient_id, webhook_id, channel, kind, cadence, state, title, body, details, legal_notice_id,
        step, due_at, delivered_at, link, dossier_id, created_at)
SELECT %(event)s::text || coalesce(':n' || notice_id, ''), user_id, webhook_id, channel, kind, cadence, state,
       title, body, details, notice_id, step, due_at, delivered_at, %(link)s::text, %(dossier)s::bigint,
       %(now)s::timestamptz
  FROM reached
 ORDER BY channel DESC, user_id, notice_id
    ON CONFLICT DO NOTHING
RETURNING id, channel, cadence, state
"""
_ANNOUNCE = _ANNOUNCE.format(tail=_TAIL)

_TELL = f"""
WITH chosen AS (
     SELECT person.id AS user_id, person.email, %(kind)s::text AS kind, %(title)s::text AS title,
            %(body)s::text AS body, %(details)s::text AS details, NULL::bigint AS notice_id, %(step)s::text AS step
       FROM cases_user person WHERE person.id = ANY (%(people)s::bigint[]) AND person.is_active
), happened AS (SELECT '{{}}'::text[] AS kinds){_TAIL}
"""  # noqa: S608


def announce(event: DossierMoved) -> None:
    """Tell those whom an act concerns, by each channel that they want. One statement, none when it concerns nobody.

    Everybody who holds today the role that a newly opened step awaits, on its body; and the creator of the
    dossier, if they may still read it, when it is to be completed, approved, refused or executed. Active
    people only, each once by each channel, and never who did the act. Notices that asked for the step just left are
    settled; where other bodies still hold it, only those of the body that answered. Where the step is the receipt of a
    legal notice, mail goes to everybody who holds the role, whatever they prefer, one for each addressee for whom they
    hold it: the number of the notice ends the event of such rows.
    Needs the act's transaction; workers are woken once it is committed.
    """
    dossier, entry = event.dossier, event.entry
    news_title, news_text = _news(event)
    if not (event.opened or news_title or entry.action in ("perform", "withdraw")):
        return
    _insert(
        _ANNOUNCE,
        {
            "event": event_key(event),
            "dossier": dossier.pk,
            "link": f"/dossiers/{dossier.reference}/",
            "actor": event.actor.pk if event.actor else None,
            "today": clock.today(),
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
            "quotes": [_details(one.quote) for one in event.opened],
            "creator": dossier.created_by_id,
            "news_title": news_title,
            "news_text": news_text,
            "lineage": dossier.organisation.lineage,
            "blind": [role.codename for role in sorted(READS_NONE)],
            "act": f"{dossier.reference} : {entry.action} {entry.step}.{entry.outcome}"[:160],
            "payload": json.dumps(_payload(event)),
        },
    )


def tell(
    *,
    event: str,
    people: Iterable[int],
    kind: NoticeKind,
    title: str,
    body: str,
    dossier: Dossier,
    step: str = "",
    quote: Quote | None = None,
    to_do: str = "",
    clock_id: int | None = None,
    fragment: str = "",
) -> int:
    """Tell people (their keys) something about a dossier that is no act on it: a reminder, a message.

    How many rows were written.

    Each by the channels that they prefer for ``kind``, once for an ``event`` (60 characters at most), active people
    only. ``to_do``: what the mail asks of them, where the usual sentence of the kind does not suit; ``clock_id``: the
    clock that a reminder is about, whose date the mail shows and whose end settles it; ``fragment``: the place of the
    dossier's page that the notice opens.
    The caller answers for their right to read the dossier. One statement; needs the caller's transaction.
    """
    if kind not in CHOOSABLE:
        raise ValueError(f"{kind} is not told so")
    return _insert(
        _TELL,
        {
            "event": event,
            "people": sorted(set(people)),
            "kind": kind.value,
            "title": title[:160],
            "body": body,
            "details": _details(quote, to_do, clock_id),
            "step": step,
            "dossier": dossier.pk,
            "link": f"/dossiers/{dossier.reference}/{'#' if fragment else ''}{fragment}",
            "act": "",
            "payload": "{}",
        },
    )


def _insert(statement: str, parameters: dict[str, Any]) -> int:
    now = clock.now()
    with rows.cursor() as cursor:
        cursor.execute(
            statement,
            parameters
            | {
                "now": now,
                "daily": digest_after(Cadence.DAILY, now),
                "weekly": digest_after(Cadence.WEEKLY, now),
            },
        )
        written = cursor.fetchall()
    wake_after_commit(
        [
            pk
            for pk, _, cadence, state in written
            if cadence == Cadence.NOW.value and state == OutboxState.PENDING.value
        ]
    )
    return len(written)


def _details(quote: Quote | None, to_do: str = "", clock_id: int | None = None) -> str:
    details: dict[str, Any] = {}
    if quote is not None:
        details["quote"] = {"text": quote.text, "source": quote.source, "status": quote.status}
    if to_do:
        details["to_do"] = to_do
    if clock_id is not None:
        details["clock"] = clock_id
    return json.dumps(details)


def _payload(event: DossierMoved) -> dict[str, Any]:
    """What a program is told: where the dossier stands. Title, amount and motive are for people with a role."""
    dossier, entry = event.dossier, event.entry
    return {
        "event": event_key(event),
        "at": entry.at.isoformat(),
        "reference": dossier.reference,
        "path": dossier.path,
        "organisation": dossier.organisation.code,
        "action": entry.action,
        "step": entry.step,
        "outcome": entry.outcome,
        "status": entry.status_after,
        "opened": [{"step": one.step, "role": one.role.value} for one in event.opened],
    }


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
