"""What the rest of the system may listen to. One event for each act; receivers run in the same transaction."""

from dataclasses import dataclass
from datetime import date

from django.dispatch import Signal

from cases.enums import Role
from cases.errors import Quote
from cases.models import Absence, Deadline, Dossier, JournalEntry, Message, User


@dataclass(frozen=True, slots=True)
class Awaited:
    """A step that has just opened: its title, the role and the body that it waits for, the words of its delay."""

    step: str
    title: str
    role: Role
    organisation_id: int
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class DossierMoved:
    """An act was done on a dossier: its journal entry and the steps that it opened.

    ``answered``: the role and body whose answer this was, when other bodies still hold the step.
    """

    dossier: Dossier
    entry: JournalEntry
    opened: tuple[Awaited, ...]
    actor: User | None
    answered: Awaited | None = None


#: Sent once by each act with ``event: DossierMoved``, inside its transaction: a receiver that fails undoes the act.
dossier_moved = Signal()


def emit(event: DossierMoved) -> None:
    """Tell the receivers."""
    dossier_moved.send(sender=DossierMoved, event=event)


@dataclass(frozen=True, slots=True)
class InHand:
    """Who has a step in hand: people by name, their role and its body, and since when.

    ``claimed``: one person has taken the task; otherwise it is open to all of them (to nobody when ``names`` is empty).
    """

    names: tuple[str, ...]
    role: str
    body: str
    since: date
    claimed: bool


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom a reminder goes to, and why.

    ``part``: ``holder``, ``deputy`` (of somebody who is there), ``manager`` or ``director``. ``stands_in_for``: the
    name of the person in whose place they are told: who is away until ``until``, or the one whose usual deputy they are
    (``until`` None). ``instead``: told because nobody whom it was meant for can be.
    """

    user_id: int
    part: str
    stands_in_for: str = ""
    until: date | None = None
    instead: bool = False


@dataclass(frozen=True, slots=True)
class DeadlineReminded:
    """A rung of a clock's ladder has come. ``deadline`` comes with its dossier and that dossier's body.

    ``code`` (« J-7 ») and the date name the reminder among those of the clock. ``days_left`` is negative once the date
    has passed. ``quote``: the words of the rule that gives the delay.
    """

    deadline: Deadline
    code: str
    step_title: str
    days_left: int
    due_on: date
    in_hand: tuple[InHand, ...]
    recipients: tuple[Recipient, ...]
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class HolderAway:
    """The date of a clock falls inside the absence (``first_day`` to ``last_day``) of who alone has its step in hand.

    ``name``: of that person; ``deputy``: of who receives the reminders meanwhile, empty when nobody does.
    """

    deadline: Deadline
    absence_id: int
    first_day: date
    last_day: date
    step_title: str
    due_on: date
    name: str
    deputy: str
    recipients: tuple[Recipient, ...]
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class AbsenceDeclared:
    """An absence was declared."""

    absence: Absence


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message or an internal note was written on a dossier. ``recipients``: keys of those to tell, never its author.

    They may read it: who is told is decided where the message is written. ``files``: how many are attached.
    """

    dossier: Dossier
    message: Message
    files: int
    recipients: tuple[int, ...]


#: Sent with ``event: DeadlineReminded``, in the transaction that notes the reminder as done.
deadline_reminded = Signal()
#: Sent with ``event: HolderAway``; the same absence, clock and date may be told of again: receivers tell once.
holder_away = Signal()
#: Sent with ``event: AbsenceDeclared``, in the transaction of the declaration.
absence_declared = Signal()
#: Sent with ``event: MessagePosted``, in the transaction that writes the message.
message_posted = Signal()


def emit_reminder(event: DeadlineReminded) -> None:
    """Tell the receivers."""
    deadline_reminded.send(sender=DeadlineReminded, event=event)


def emit_holder_away(event: HolderAway) -> None:
    """Tell the receivers."""
    holder_away.send(sender=HolderAway, event=event)


def emit_absence(event: AbsenceDeclared) -> None:
    """Tell the receivers."""
    absence_declared.send(sender=AbsenceDeclared, event=event)


def emit_message(event: MessagePosted) -> None:
    """Tell the receivers."""
    message_posted.send(sender=MessagePosted, event=event)
