"""What stands in the feed behind an address, put into words; read only as far as the asking program needs it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid5

from django.conf import settings

from cases import clock
from cases.calendar import french_date
from cases.enums import AtExpiry, DeadlineKind, FeedKind
from cases.french import lowered
from cases.models import Deadline, FeedAddress, LegalNotice
from cases.selectors.feeds import LiveFeed
from workflows.engine.registry import get_path
from workflows.feeds.calendars import CalendarEntry, render_calendar
from workflows.feeds.news import NewsEntry, render_news
from workflows.rulebook import resolve
from workflows.selectors.feeds import (
    MOST_NEWS,
    Stamp,
    changed_at,
    deadlines_of,
    latest_notices,
    stamps_of,
)
from workflows.selectors.notices import NoticeState, state_of

#: Part of every ETag: to be raised when the words or the form of feeds change, so that programs read them anew.
FORM = 1

KINDS = {DeadlineKind.LEGAL: "Échéance légale", DeadlineKind.INTERNAL: "Échéance interne"}
OUTDATED = "Une date tenue, suspendue ou sans objet disparaît."


@dataclass(frozen=True, slots=True)
class Feed:
    """``version`` differs whenever the content does; ``changed_at`` is never before its latest change."""

    version: str
    changed_at: datetime
    render: Callable[[], bytes]


def feed_behind(live: LiveFeed) -> Feed:
    """The feed of an address. Two statements, and one more when it is rendered."""
    return _news(live) if live.address.kind == FeedKind.REGISTER else _calendar(live)


def feed_title(address: FeedAddress) -> str:
    """What an address shows, in words; its person and its body must be at hand."""
    if address.kind == FeedKind.ROLE and address.organisation is not None:
        return f"{address.get_role_display()} — {address.organisation.name}"
    return FeedKind(address.kind).label


# -- the calendar --------------------------------------------------------------------------------------


def _calendar(live: LiveFeed) -> Feed:
    role = live.address.kind == FeedKind.ROLE
    name = f"Berline — {feed_title(live.address)}" if role else f"Berline — échéances confiées à {live.user}"
    description = f"{'Ce qui attend ce rôle' if role else 'Ce que vous pouvez faire'}. {OUTDATED}"
    stamps = stamps_of(live.user, live.holdings, everybody=role)

    def render() -> bytes:
        found = deadlines_of(live.user, live.holdings, stamps)
        entries = [_entry(stamp, deadline) for stamp, deadline in found]
        return render_calendar(name=name, description=description, entries=entries)

    return Feed(_version(live, name, *stamps), changed_at(live.user, live.holdings), render)


def _entry(stamp: Stamp, deadline: Deadline) -> CalendarEntry:
    dossier, kind = deadline.dossier, KINDS[DeadlineKind(deadline.kind)]
    path = get_path(dossier.path)
    step = path.step(deadline.step)
    title = step.task_title if step else deadline.title
    quote = resolve(deadline.rule_ref).as_quote()
    lines = [
        f"Objet : {dossier.title}",
        f"Organisme : {dossier.organisation.name}",
        f"À faire : {title}",
        *([step.help] if step and step.help else []),
        f"{kind} : {french_date(stamp.due_on)}",
        f"{'Règle' if quote.status == 'text' else 'Règle déduite'} : « {quote.text} » ({quote.source})",
    ]
    if deadline.at_expiry != AtExpiry.ALERT:
        lines.append(f"À l’échéance : {lowered(AtExpiry(deadline.at_expiry).label)}")
    return CalendarEntry(
        # The row is the clock, whichever steps it goes through; its number is nobody's business.
        uid=str(uuid5(dossier.public_id, str(deadline.pk))),
        on=stamp.due_on,
        sequence=stamp.moves - 1,  # the first event is the start
        changed_at=stamp.changed_at,
        summary=f"{dossier.reference} — {title} · {lowered(kind)}",
        description="\n".join(lines),
        url=_address_of(dossier.reference),
        categories=(kind, path.title),
    )


# -- the register --------------------------------------------------------------------------------------


def _news(live: LiveFeed) -> Feed:
    notices = latest_notices(live.user, live.holdings)
    known = [
        (one.public_id, one.sent_at, one.acknowledged_at, one.dossier.updated_at, one.organisation.name)
        for one in notices
    ]
    moments = [moment for _, *times, _ in known for moment in times if isinstance(moment, datetime)]

    def render() -> bytes:
        in_order = sorted(notices, key=lambda one: one.pk, reverse=True)  # among those of one moment
        told = [entry for one in in_order for entry in _entries(one)]
        entries = sorted(told, key=lambda entry: entry.at, reverse=True)[:MOST_NEWS]
        created = live.address.created_at
        return render_news(
            key=_tag(created, f"flux/{live.address.public_id}"),
            title="Berline — registre des informations légales",
            subtitle="Les informations envoyées aux organismes et leurs accusés de réception.",
            url=f"{settings.BERLINE_BASE_URL.rstrip('/')}/registre/",
            updated=max((entry.at for entry in entries), default=created),
            entries=entries,
        )

    return Feed(_version(live, *known), changed_at(live.user, live.holdings, *moments), render)


def _entries(notice: LegalNotice) -> Iterator[NewsEntry]:
    """One entry for each thing that happened to a notice, so that each is news: it was sent, it was acknowledged."""
    subject = [
        f"Objet : {notice.dossier.title}",
        f"Destinataire : {notice.organisation.name}",
        f"Date de l’acte : {french_date(notice.happened_on)}",
        f"À informer au plus tard le {french_date(notice.due_on)}",
    ]
    sent = f"Information envoyée le {french_date(clock.paris_date(notice.sent_at))}"
    yield _of_notice(notice, "envoi", notice.sent_at, ("issued", "Envoyée"), "information envoyée", subject)
    if notice.acknowledged_at is not None:
        state = state_of(notice)
        given = f"Accusé de réception donné le {french_date(clock.paris_date(notice.acknowledged_at))}"
        judged = "dans le délai" if state == NoticeState.ACKNOWLEDGED else "après le délai"
        yield _of_notice(
            notice,
            "accuse",
            notice.acknowledged_at,
            (state.value, state.label.capitalize()),
            f"accusé de réception donné {judged}",
            [*subject, sent, f"{given}, {judged}"],
        )


def _of_notice(
    notice: LegalNotice, part: str, at: datetime, category: tuple[str, str], what: str, lines: list[str]
) -> NewsEntry:
    return NewsEntry(
        key=_tag(notice.sent_at, f"information/{notice.public_id}/{part}"),
        title=f"{notice.dossier.reference} — {notice.organisation.name} : {what}",
        at=at,
        url=_address_of(notice.dossier.reference),
        summary="\n".join(lines),
        category=category,
    )


# -- both ----------------------------------------------------------------------------------------------


def _version(live: LiveFeed, *parts: object) -> str:
    told = (FORM, settings.BERLINE_BASE_URL, live.address.public_id, *parts)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def _address_of(reference: str) -> str:
    return f"{settings.BERLINE_BASE_URL.rstrip('/')}/dossiers/{reference}/"


def _tag(moment: datetime, name: str) -> str:
    """A name that never changes (RFC 4151): the installation's, and a day on which it was ours."""
    host = urlsplit(settings.BERLINE_BASE_URL).hostname or "berline"
    return f"tag:{host},{moment.astimezone(UTC):%Y-%m-%d}:{name}"
