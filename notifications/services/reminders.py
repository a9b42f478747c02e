"""Writes reminders: what is to be done, by when, why this person is told, who has the step in hand."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from cases.calendar import french_date
from cases.enums import AtExpiry, DeadlineKind
from cases.events import DeadlineReminded, HolderAway, InHand, Recipient
from cases.french import lowered, of
from cases.models import Deadline
from notifications.enums import Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow
from notifications.services.announce import tell

#: What each part is asked to do.
TO_DO = {
    "holder": "Ouvrez le dossier et faites l’étape attendue, ou demandez qu’elle soit confiée à une autre personne.",
    "deputy": "Voyez avec la personne que vous suppléez si elle fera l’étape à temps, ou faites-la vous-même si vous "
    "en tenez le rôle.",
    "manager": "Voyez avec la personne qui tient l’étape ce qui la retient ; au besoin, ouvrez le dossier et confiez "
    "la tâche à une autre.",
    "director": "Faites faire l’étape : voyez avec la personne qui la tient, ou demandez au pilotage de la confier à "
    "une autre.",
}
#: The code of a reminder that tells of a breach just reported.
BREACH = AtExpiry.REPORT_BREACH.value
#: What the system does by itself when nobody has acted by the date.
_BY_ITSELF = (AtExpiry.TACIT_APPROVAL, AtExpiry.ENFORCEABLE, AtExpiry.LAPSE, AtExpiry.REPORT_BREACH)


def remind(event: DeadlineReminded) -> int:
    """Tell the people of a rung; how many rows were written. Needs the caller's transaction.

    One statement for each group who are told the same. An earlier reminder of the same clock that one of them has not
    read yet gives way to this one: one statement more.
    """
    deadline = event.deadline
    key = f"reminder:{deadline.pk}:{event.code}:{event.due_on.isoformat()}"
    _replace(deadline, [one.user_id for one in event.recipients])
    written = 0
    for why, people in _groups(event.recipients):
        facts = [_subject(deadline), _state(event), _why(why), *_who(event.in_hand, why)]
        written += tell(
            event=key,
            people=people,
            kind=NoticeKind.REMINDER,
            title=_title(event),
            body=" ".join(fact for fact in facts if fact),
            dossier=deadline.dossier,
            step=deadline.step,
            quote=event.quote,
            to_do=TO_DO[why.part],
            clock_id=deadline.pk,
        )
    return written


def tell_holder_away(event: HolderAway) -> int:
    """Tell superiors that a date falls inside an absence, once for the absence, the clock and its date.

    How many rows were written. One statement for each group who are told the same; needs the caller's transaction.
    """
    deadline = event.deadline
    key = f"absence:{deadline.pk}:{event.absence_id}:{event.due_on.isoformat()}"
    deputy = (
        f"{event.deputy} reçoit les rappels à sa place."
        if event.deputy
        else "Aucun suppléant ne peut recevoir les rappels : ils vous seront adressés."
    )
    written = 0
    for why, people in _groups(event.recipients):
        facts = (
            _subject(deadline),
            f"L’étape « {event.step_title} » dépend {of(event.name)}, dont l’absence est déclarée "
            f"{_span(event.first_day, event.last_day)} ; {_kind(deadline)} tombe le {french_date(event.due_on)}.",
            deputy,
            _why(why),
        )
        written += tell(
            event=key,
            people=people,
            kind=NoticeKind.REMINDER,
            title=f"Échéance du {french_date(event.due_on)} pendant une absence : {event.step_title}",
            body=" ".join(fact for fact in facts if fact),
            dossier=deadline.dossier,
            step=deadline.step,
            quote=event.quote,
            to_do="Si l’étape ne peut attendre, ouvrez le dossier et confiez la tâche à une autre personne.",
            clock_id=deadline.pk,
        )
    return written


def _replace(deadline: Deadline, people: Iterable[int]) -> None:
    """Earlier reminders of a clock that their readers have not read have nothing left to say."""
    earlier = OutboxRow.objects.filter(
        dossier=deadline.dossier_id,
        kind=NoticeKind.REMINDER,
        recipient__in=list(people),
        event__startswith=f"reminder:{deadline.pk}:",
        read_at__isnull=True,
    )
    unsent = earlier.filter(channel=Channel.EMAIL, state=OutboxState.PENDING)
    unread = earlier.filter(channel=Channel.IN_APP, state=OutboxState.DELIVERED)
    (unsent | unread).update(state=OutboxState.SETTLED, due_at=None)


def _groups(recipients: Iterable[Recipient]) -> list[tuple[Recipient, list[int]]]:
    """People who are told the same, together."""
    found: dict[tuple[object, ...], list[Recipient]] = defaultdict(list)
    for one in recipients:
        found[one.part, one.stands_in_for, one.until, one.instead].append(one)
    return [(group[0], [one.user_id for one in group]) for group in found.values()]


def _title(event: DeadlineReminded) -> str:
    if event.days_left < 0:
        return f"En retard de {_days(-event.days_left)} : {event.step_title}"
    return f"Rappel : {event.step_title}, au plus tard le {french_date(event.due_on)}"


def _subject(deadline: Deadline) -> str:
    dossier = deadline.dossier
    return f"{dossier.title} ({dossier.organisation.name})."


def _state(event: DeadlineReminded) -> str:
    """By when, and what follows if nothing is done."""
    day, kind = french_date(event.due_on), _kind(event.deadline)
    if event.days_left < 0:
        noted = " Le dépassement est consigné au journal du dossier." if event.code == BREACH else ""
        return f"L’étape « {event.step_title} » devait être faite au plus tard le {day} ({kind} est dépassée).{noted}"
    when = {0: "c’est aujourd’hui", 1: "c’est demain"}.get(
        event.days_left, f"il reste {_days(event.days_left)}"
    )
    text = f"L’étape « {event.step_title} » est à faire au plus tard le {day} : {when} ({kind})."
    at_expiry = AtExpiry(event.deadline.at_expiry)
    if at_expiry in _BY_ITSELF:
        text += f" À défaut, Berline enregistre d’office : {lowered(at_expiry.label)}."
    return text


def _kind(deadline: Deadline) -> str:
    return "l’échéance légale" if deadline.kind == DeadlineKind.LEGAL else "l’échéance interne"


def _why(why: Recipient) -> str:
    """Why this person is told, in words."""
    parts = []
    if why.part == "deputy":
        parts.append(
            f"Ce rappel vous est adressé comme suppléant habituel {of(why.stands_in_for)}, qui le reçoit aussi."
        )
    elif why.stands_in_for and why.until is not None:
        parts.append(
            f"Ce rappel vous est adressé comme suppléant {of(why.stands_in_for)}, dont l’absence dure jusqu’au "
            f"{french_date(why.until)}."
        )
    if why.part == "manager":
        parts.append("Ce rappel s’adresse au pilotage.")
    elif why.part == "director":
        parts.append("Ce rappel s’adresse à la direction.")
    if why.instead:
        parts.append("Il vous revient parce que personne d’autre ne peut être averti.")
    return " ".join(parts)


def _who(in_hand: Iterable[InHand], why: Recipient) -> list[str]:
    """Who has the step in hand and since when, for those above."""
    if why.part not in ("manager", "director"):
        return []
    return [_one_in_hand(one) for one in in_hand]


def _one_in_hand(one: InHand) -> str:
    since = f"depuis le {french_date(one.since)}"
    role = f"« {one.role} » ({one.body})"
    if one.claimed and one.names:
        return f"La tâche est prise par {one.names[0]} {since}."
    if one.claimed:
        return f"La tâche est prise {since} par une personne qui ne tient plus le rôle {role} : confiez-la à une autre."
    if one.names:
        return f"La tâche attend le rôle {role} {since} ; le tiennent : {', '.join(one.names)}."
    return f"La tâche attend le rôle {role} {since}, que personne ne tient."


def _span(first: date, last: date) -> str:
    if first == last:
        return f"le {french_date(first)}"
    return f"du {french_date(first)} au {french_date(last)}"


def _days(count: int) -> str:
    return f"{count} jours" if count > 1 else "un jour"
