"""Plans, changes, cancels and closes meetings; writes their agendas, makes their papers.

Which dossiers fit a meeting is a question about paths: ``workflows.services.meetings`` answers it and calls
:func:`put_on_agenda`. Nobody is notified here: a recorded vote or opinion tells the people concerned, as any act does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from cases import clock
from cases.calendar import french_date
from cases.errors import Blocked, Conflict, Invalid, NotFound, Reason, Stale
from cases.meeting_papers import agenda_paper, minutes_paper
from cases.models import AgendaItem, Dossier, Meeting, MeetingPaper, User
from cases.permissions import Holding, holdings_of
from cases.register_terms import MeetingKind, MeetingState, PaperKind
from cases.selectors.meetings import (
    KEEPERS,
    UNSEEN,
    items_of,
    meetings_visible_to,
    refuse_unless_keeper,
)
from cases.services.locks import busy_is_conflict
from cases.text import fault_of
from cases.uploads import sha256_of

MAX_MEMBERS = 200
BUSY = "Une autre personne agit sur cette séance en ce moment. Réessayez dans quelques secondes."
FIRST_DAY = date(2000, 1, 1)
#: How far ahead a meeting is planned, in days.
MOST_AHEAD = 3 * 366
_LIMITS = {"place": 160, "label": 120, "remarks": 2_000}
_CHANGEABLE = ("held_on", "starts_at", "place", "label", "members", "remarks")


@transaction.atomic
def plan_meeting(
    *,
    kind: str,
    held_on: date,
    actor: User,
    starts_at: time | None = None,
    place: str = "",
    label: str = "",
    members: int | None = None,
    remarks: str = "",
) -> Meeting:
    """Plan a meeting of a kind on a day. ``members``: of the board in office, asked of a session and of nothing else.

    Raises ``NotFound`` (somebody who knows of no meeting), ``Forbidden``, ``Invalid``, ``Conflict`` (one is planned
    or was held on that day already).
    """
    holdings = holdings_of(actor)
    if kind not in MeetingKind.values:
        message = f"La nature « {kind} » n’existe pas. Choisissez : {', '.join(MeetingKind.values)}."
        raise Invalid(message, details={"kind": [message]})
    refuse_unless_keeper(holdings, kind)
    values = _checked(
        MeetingKind(kind),
        {
            "held_on": held_on,
            "starts_at": starts_at,
            "place": place,
            "label": label,
            "members": members,
            "remarks": remarks,
        },
    )
    meeting = Meeting(kind=kind, created_by=actor, created_at=clock.now(), **values)
    _save(meeting)
    return meeting


def _checked(kind: MeetingKind, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept. Raises ``Invalid``, each field with its sentence."""
    kept: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in values.items()
    }
    details: dict[str, list[str]] = {}
    for name, limit in _LIMITS.items():
        if fault := fault_of(kept[name], limit=limit):
            details[name] = [fault]
    if not kept["held_on"] >= FIRST_DAY or (kept["held_on"] - clock.today()).days > MOST_AHEAD:
        details["held_on"] = ["Choisissez une date à partir de 2000, et au plus trois ans à l’avance."]
    members = kept["members"]
    if kind is MeetingKind.BOARD and not (isinstance(members, int) and 1 <= members <= MAX_MEMBERS):
        details["members"] = [f"Indiquez le nombre de membres du conseil en exercice, de 1 à {MAX_MEMBERS}."]
    elif kind is MeetingKind.CONCERTATION and members is not None:
        details["members"] = [
            "Une rencontre de concertation ne compte pas de membres : laissez ce champ vide."
        ]
    if details:
        raise Invalid("La séance n’est pas enregistrée : corrigez les points signalés.", details=details)
    return kept


def _save(meeting: Meeting) -> None:
    try:
        with transaction.atomic():
            meeting.save()
    except IntegrityError as error:
        if "meeting_once_a_day" not in str(error):
            raise
        kind = MeetingKind(meeting.kind).label
        message = (
            f"Une séance « {kind} » est déjà inscrite le {french_date(meeting.held_on)}. "
            "Choisissez une autre date, ou complétez son ordre du jour."
        )
        raise Conflict(message, details={"held_on": [message]}) from error


def lock_meeting(
    holdings: tuple[Holding, ...], public_id: UUID, *, keeper: bool = True, version: int | None = None
) -> Meeting:
    """Lock a planned meeting for whoever keeps it. One statement.

    ``keeper`` False: for whoever reads it. Raises ``NotFound``, ``Forbidden``, ``Conflict`` (closed, cancelled),
    ``Stale`` (changed since ``version`` was read). Needs the caller's transaction.
    """
    meeting = meetings_visible_to(holdings).select_for_update().filter(public_id=public_id).first()
    if meeting is None:
        raise NotFound(UNSEEN)
    if keeper:
        refuse_unless_keeper(holdings, meeting.kind)
    if meeting.state != MeetingState.PLANNED:
        state = MeetingState(meeting.state).label.lower()
        raise Conflict(f"La séance du {french_date(meeting.held_on)} est {state} : elle ne change plus.")
    if version is not None and version != meeting.version:
        raise Stale(
            "La séance a changé depuis que vous l’avez ouverte. Rechargez-la, vérifiez ce qui a changé, puis "
            "recommencez.",
            details={"version": meeting.version},
        )
    return meeting


def lock_agenda(meeting: Meeting) -> list[AgendaItem]:
    """The agenda once nobody acts any more on its open dossiers: what was being recorded is there. Two statements.

    An act holds its dossier from its start, so that its vote and a change of the agenda never cross.
    """
    open_items = {"agenda_items__removed_at__isnull": True, "agenda_items__settled_at__isnull": True}
    list(
        Dossier.objects.select_for_update(of=("self",))
        .filter(agenda_items__meeting=meeting, **open_items)
        .order_by("pk")
        .values_list("pk")
    )
    return items_of(meeting)


def touch(meeting: Meeting, *fields: str) -> None:
    """What readers hold of the meeting grows old."""
    meeting.version += 1
    meeting.save(update_fields=["version", *fields])


@busy_is_conflict(BUSY)
@transaction.atomic
def change_meeting(
    *, public_id: UUID, actor: User, version: int | None = None, changes: Mapping[str, Any]
) -> Meeting:
    """Change a planned meeting: ``held_on``, ``starts_at``, ``place``, ``label``, ``members``, ``remarks``.

    Raises besides ``plan_meeting``'s ``Blocked``: another day once something was recorded on this one.
    """
    meeting = lock_meeting(holdings_of(actor), public_id, version=version)
    if unknown := sorted(set(changes) - set(_CHANGEABLE)):
        raise Invalid(
            "La séance n’est pas modifiée.",
            details={name: ["Donnée inconnue : retirez-la."] for name in unknown},
        )
    values = _checked(
        MeetingKind(meeting.kind), {name: getattr(meeting, name) for name in _CHANGEABLE} | dict(changes)
    )
    if values["held_on"] != meeting.held_on:
        _refuse_if_recorded(meeting, "changer de date")
    for name, value in values.items():
        setattr(meeting, name, value)
    meeting.version += 1
    _save(meeting)
    return meeting


def _refuse_if_recorded(meeting: Meeting, what: str) -> None:
    """Raise ``Blocked`` when a vote or an opinion was recorded at the meeting. Two statements."""
    found = [item.dossier.reference for item in lock_agenda(meeting) if item.record or item.settled_at]
    if found:
        message = (
            f"La séance ne peut plus {what} : un vote ou un avis y est déjà enregistré ({', '.join(found[:5])}). "
            "Traitez ou retirez les autres dossiers, puis closez-la."
        )
        raise Blocked(message, reasons=[Reason("recorded", message, related=tuple(found))])


@busy_is_conflict(BUSY)
@transaction.atomic
def cancel_meeting(*, public_id: UUID, actor: User, motive: str, version: int | None = None) -> Meeting:
    """Cancel a meeting at which nothing was recorded; its dossiers wait for another one. ``motive`` is compulsory.

    Raises ``NotFound``, ``Forbidden``, ``Conflict``, ``Stale``, ``Invalid``, ``Blocked``.
    """
    meeting = lock_meeting(holdings_of(actor), public_id, version=version)
    if fault := fault_of(motive, limit=1_000, required="Indiquez pourquoi la séance est annulée."):
        raise Invalid(fault, details={"motive": [fault]})
    _refuse_if_recorded(meeting, "être annulée")
    now = clock.now()
    AgendaItem.objects.filter(meeting=meeting, removed_at__isnull=True).update(removed_at=now)
    meeting.remarks = "\n".join(part for part in (meeting.remarks, f"Annulée : {motive.strip()}") if part)
    meeting.state, meeting.closed_by, meeting.closed_at = MeetingState.CANCELLED, actor, now
    touch(meeting, "remarks", "state", "closed_by", "closed_at")
    return meeting


# --- agenda -----------------------------------------------------------------------------------------------


def put_on_agenda(
    *, meeting: Meeting, dossiers: Sequence[tuple[Dossier, str]], actor: User
) -> list[AgendaItem]:
    """Put dossiers, each for a step, at the end of the agenda. Four statements whatever their number.

    Needs the caller's transaction and its lock on meeting and dossiers. Raises ``Conflict`` for one that waits on an
    agenda already, naming the meeting.
    """
    waiting = list(
        AgendaItem.objects.filter(
            dossier__in=[dossier.pk for dossier, _ in dossiers],
            removed_at__isnull=True,
            settled_at__isnull=True,
        ).select_related("meeting", "dossier")
    )
    taken = [one for one in waiting if (one.dossier_id, one.step) in {(d.pk, step) for d, step in dossiers}]
    if taken:
        named = " ; ".join(f"{one.dossier.reference}, {french_date(one.meeting.held_on)}" for one in taken)
        raise Conflict(
            f"Déjà à l’ordre du jour d’une séance : {named}. Un dossier n’attend qu’une séance à la fois ; "
            "retirez-le d’abord de l’autre.",
            details={"references": [one.dossier.reference for one in taken]},
        )
    last = (
        AgendaItem.objects.filter(meeting=meeting).order_by("-position").values_list("position", flat=True)
    ).first()
    now = clock.now()
    try:
        with transaction.atomic():
            found = AgendaItem.objects.bulk_create(
                AgendaItem(
                    meeting=meeting,
                    dossier=dossier,
                    step=step,
                    position=(last or 0) + number,
                    added_by=actor,
                    added_at=now,
                )
                for number, (dossier, step) in enumerate(dossiers, start=1)
            )
    except IntegrityError as error:
        raise Conflict(
            "L’un de ces dossiers est déjà passé à cette séance, ou vient d’être inscrit à une autre. "
            "Rechargez la page."
        ) from error
    touch(meeting)
    return found


@busy_is_conflict(BUSY)
@transaction.atomic
def remove_item(*, public_id: UUID, reference: str, actor: User, version: int | None = None) -> AgendaItem:
    """Take a dossier off an agenda: it waits for another meeting.

    Raises ``NotFound``, ``Forbidden``, ``Conflict``, ``Stale``, ``Blocked`` (something was recorded on it).
    """
    meeting = lock_meeting(holdings_of(actor), public_id, version=version)
    item = next((one for one in lock_agenda(meeting) if one.dossier.reference == reference), None)
    if item is None:
        raise NotFound(
            f"Le dossier {reference} n’est pas à l’ordre du jour de cette séance. Rechargez la page."
        )
    if item.settled_at is not None or item.record:
        message = f"Le dossier {reference} ne se retire plus de l’ordre du jour : un vote ou un avis y est enregistré."
        raise Blocked(
            message, reasons=[Reason("recorded", message, KEEPERS[MeetingKind(meeting.kind)].label)]
        )
    item.removed_at = clock.now()
    item.save(update_fields=["removed_at"])
    touch(meeting)
    return item


@busy_is_conflict(BUSY)
@transaction.atomic
def reorder_agenda(
    *, public_id: UUID, references: Sequence[str], actor: User, version: int | None = None
) -> Meeting:
    """Put the dossiers not dealt with yet into the order given; those dealt with keep their places.

    ``references`` names each of them once. Raises ``NotFound``, ``Forbidden``, ``Conflict``, ``Stale``, ``Invalid``.
    """
    meeting = lock_meeting(holdings_of(actor), public_id, version=version)
    waiting = [item for item in lock_agenda(meeting) if item.settled_at is None]
    by_reference = {item.dossier.reference: item for item in waiting}
    if sorted(references) != sorted(by_reference):
        message = "L’ordre doit nommer une fois chaque dossier qui reste à traiter. Rechargez la page."
        raise Invalid(message, details={"references": [message]})
    places = [item.position for item in waiting]
    moved = []
    for place, reference in zip(places, references, strict=True):
        item = by_reference[reference]
        if item.position != place:
            item.position = place
            moved.append(item)
    if moved:
        AgendaItem.objects.bulk_update(moved, ["position"])
        touch(meeting)
    return meeting


# --- papers and closing -----------------------------------------------------------------------------------


@busy_is_conflict(BUSY)
@transaction.atomic
def make_agenda(*, public_id: UUID, actor: User) -> MeetingPaper:
    """Make the agenda as PDF/A, under the version of the meeting that it shows; the one in force when nothing changed.

    Raises ``NotFound``, ``Forbidden``, ``Conflict``, ``Blocked`` (nothing on it).
    """
    holdings = holdings_of(actor)
    meeting = lock_meeting(holdings, public_id)
    known = MeetingPaper.objects.filter(
        meeting=meeting, kind=PaperKind.AGENDA, version=meeting.version
    ).first()
    if known is not None:
        return known
    items = items_of(meeting)
    if not items:
        raise _nothing_on(meeting)
    held = refuse_unless_keeper(holdings, meeting.kind)
    content = agenda_paper(meeting, items, keeper=held.role.label, version=meeting.version)
    return _store(meeting, PaperKind.AGENDA, meeting.version, content, actor)


def _nothing_on(meeting: Meeting) -> Blocked:
    message = (
        "Aucun dossier n’est à l’ordre du jour : inscrivez ceux qui attendent une séance, ou annulez celle du "
        f"{french_date(meeting.held_on)}."
    )
    return Blocked(message, reasons=[Reason("empty_agenda", message)])


def _store(meeting: Meeting, kind: PaperKind, version: int, content: bytes, actor: User) -> MeetingPaper:
    name = (
        f"{kind.label} {meeting.held_on.isoformat()}{f' v{version}' if kind is PaperKind.AGENDA else ''}.pdf"
    )
    file = ContentFile(content, name=f"{kind.value}.pdf")
    return MeetingPaper.objects.create(
        meeting=meeting,
        kind=kind,
        version=version,
        name=name,
        size=len(content),
        sha256=sha256_of(file),
        file=file,
        made_by=actor,
        made_at=clock.now(),
    )


@busy_is_conflict(BUSY)
@transaction.atomic
def close_meeting(*, public_id: UUID, actor: User, version: int | None = None) -> Meeting:
    """Close a meeting and make its minutes: nothing of it changes afterwards.

    Raises ``NotFound``, ``Forbidden``, ``Conflict``, ``Stale``, ``Blocked``: its day has not come, nothing is on its
    agenda, or a dossier is neither dealt with nor taken off; the reason names those.
    """
    holdings = holdings_of(actor)
    meeting = lock_meeting(holdings, public_id, version=version)
    held = refuse_unless_keeper(holdings, meeting.kind)
    items = items_of(meeting)
    if not items:
        raise _nothing_on(meeting)
    if meeting.held_on > clock.today():
        message = f"La séance du {french_date(meeting.held_on)} n’a pas encore eu lieu : attendez ce jour."
        raise Blocked(message, reasons=[Reason("not_held", message)])
    left = [item.dossier.reference for item in items if item.settled_at is None]
    if left:
        many = len(left) > 1
        message = (
            f"Il reste {len(left)} dossier{'s' if many else ''} de l’ordre du jour ni traité{'s' if many else ''} ni "
            f"retiré{'s' if many else ''} : {', '.join(left[:10])}{'…' if len(left) > 10 else ''}. "  # noqa: PLR2004
            "Enregistrez le résultat, ou retirez-le."
        )
        raise Blocked(
            message,
            reasons=[
                Reason("open_items", message, KEEPERS[MeetingKind(meeting.kind)].label, None, tuple(left))
            ],
        )
    now = clock.now()
    meeting.state, meeting.closed_by, meeting.closed_at = MeetingState.CLOSED, actor, now
    content = minutes_paper(meeting, items, keeper=held.role.label)
    _store(meeting, PaperKind.MINUTES, 1, content, actor)
    touch(meeting, "state", "closed_by", "closed_at")
    return meeting
