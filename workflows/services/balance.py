"""Shares the tasks of a queue out among people: a plan first, then a run of reassignments like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cases.errors import Invalid
from cases.models import BulkRun, User
from cases.work_terms import BulkKind
from workflows.selectors.balance import Place, Share
from workflows.selectors.bulk_forecast import Act, Chosen
from workflows.services.bulk import Pick, start_bulk


@dataclass(frozen=True, slots=True)
class Portion:
    """One task to share out: who holds it (key; None: nobody), and who may not receive it."""

    task: int
    holder: int | None = None
    barred: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Gift:
    """One task of a plan: to whom it would go; None: it stays, or nobody chosen may receive it (``stuck``)."""

    chosen: Chosen
    to: User | None
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change hands, in the order of the queue, and what each person would have in hand then (by key)."""

    gifts: tuple[Gift, ...]
    loads: Mapping[int, int]


def even_out(
    portions: Sequence[Portion], loads: Mapping[int, int], *, taken_too: bool = False
) -> dict[int, int]:
    """Who receives which task, so that what people have in hand is as even as it can be; by task, moves only.

    ``loads``: what each person who may receive something has in hand now. The first portions go first, each to whoever
    has least; then the last ones move on while that makes two people more even, because nobody may have been barred
    from the first. Tasks that somebody holds stay, unless ``taken_too``: then as many move as it takes, the last ones
    first, and all of a holder who is not among ``loads``. Pure, and the same for the same question.
    """
    if not loads:
        return {}
    now = dict(loads)
    ranks = {person: rank for rank, person in enumerate(loads)}
    places: dict[int, int] = {}
    movable = [one for one in portions if one.holder is None or taken_too]
    for one in movable:
        if one.holder in now and one.holder not in one.barred:
            places[one.task] = one.holder
    for one in movable:
        able = [person for person in now if person not in one.barred]
        if one.task in places or not able:
            continue
        least = min(able, key=lambda person: (now[person], ranks[person]))
        places[one.task] = least
        now[least] += 1
        if one.holder in now:
            now[one.holder] -= 1
    while (move := _evener(movable, places, now, ranks)) is not None:
        task, to = move
        now[places[task]] -= 1
        now[to] += 1
        places[task] = to
    holders = {one.task: one.holder for one in movable}
    return {task: person for task, person in places.items() if person != holders[task]}


def _evener(
    movable: Sequence[Portion], places: Mapping[int, int], now: Mapping[int, int], ranks: Mapping[int, int]
) -> tuple[int, int] | None:
    """A task that makes two people more even when it goes from one to the other; the last one of the widest gap."""
    best: tuple[tuple[int, int, int], int, int] | None = None
    for rank, one in enumerate(movable):
        holder = places.get(one.task)
        if holder is None:
            continue
        for person, load in now.items():
            gap = now[holder] - load
            if gap >= 2 and person not in one.barred:
                weight = (gap, rank, -ranks[person])
                if best is None or weight > best[0]:
                    best = (weight, one.task, person)
    return None if best is None else best[1:]


def propose(share: Share, people: Sequence[int], *, taken_too: bool = False) -> Plan:
    """Who would receive what, among ``people`` (keys; those who are away or do not hold the role are left out)."""
    present = {one.user.pk: one for one in share.people if one.away is None and one.user.pk in people}
    barred = share.barred()
    portions = [Portion(one.task.pk, one.task.owner_id, barred[one.task.pk]) for one in share.tasks]
    moves = even_out(portions, {key: one.load for key, one in present.items()}, taken_too=taken_too)
    loads = {one.user.pk: one.load for one in share.people}
    gifts = []
    for one in share.tasks:
        to = present[moves[one.task.pk]].user if one.task.pk in moves else None
        if to is not None:
            loads[to.pk] += 1
            if one.task.owner_id in loads:
                loads[one.task.owner_id] -= 1
        stuck = to is None and bool(present) and present.keys() <= barred[one.task.pk]
        gifts.append(Gift(one, to, stuck and (one.task.owner_id is None or taken_too)))
    return Plan(tuple(gifts), loads)


def start_balance(
    *, actor: User, place: Place, picks: Sequence[Pick], shares: Mapping[int, User], motive: str
) -> BulkRun:
    """Write down the reassignments of a plan as a bulk run; each is journalled with its motive. Starts at once.

    Raises what ``start_bulk`` raises, and ``Invalid`` when a task has nobody to go to.
    """
    if any(pick.task_id not in shares for pick in picks):
        message = "Une tâche du plan n’a plus de destinataire : proposez de nouveau la répartition."
        raise Invalid(message, details={"item": [message]})
    act = Act(BulkKind.REASSIGN, place.path.key, place.step.name, shares=shares)
    return start_bulk(actor=actor, act=act, picks=picks, motive=motive)
