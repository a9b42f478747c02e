"""Links between dossiers: who links what, circles, both journals, nothing told of what one may not read."""

import hashlib
from typing import Any

import pytest

from cases.errors import Blocked, BusinessError, Conflict, Forbidden, Invalid, NotFound
from cases.models import Dossier, DossierLink, JournalEntry, User
from cases.permissions import holdings_of
from cases.selectors.exchanges import links_of
from cases.services import export_journal, verify_all
from tests.journeys import Cast, Journey, state_of_everything
from workflows.selectors.exchange_view import related_to
from workflows.services import link_dossiers, unlink_dossiers


def seen(user: User, journey: Journey) -> list[tuple[str, str]]:
    """Words and references of the links that a person sees on a dossier."""
    dossier = journey.dossier
    found = links_of(dossier, user, holdings_of(user))
    return [
        (one.words, one.dossier.reference)
        for one in (related_to(dossier, link) for link in found)
        if not one.removed
    ]


def link(source: Journey, kind: str, target: Journey, actor: User) -> DossierLink:
    return link_dossiers(reference=source.reference, other=target.reference, kind=kind, actor=actor)


def test_link_is_shown_on_both_and_journalled_without_naming_the_other(cast: Cast) -> None:
    a, b, c = Journey.start(cast), Journey.start(cast), Journey.start(cast)
    before = a.dossier, b.dossier
    made = link(a, "follows", b, cast.agent)
    link(a, "replaces", c, cast.reviewer)
    link(b, "same_operation", c, cast.director)
    assert seen(cast.agent, a) == [("fait suite à", b.reference), ("remplace", c.reference)]
    assert seen(cast.dg, b) == [("est suivi de", a.reference), ("même opération que", c.reference)]
    assert seen(cast.auditor, c) == [("est remplacé par", a.reference), ("même opération que", b.reference)]
    for former, now in zip(before, (a.dossier, b.dossier), strict=True):
        assert (former.version, former.updated_at) == (now.version, now.updated_at)
    told = f"{made.public_id}:follows:{a.dossier.public_id}:{b.dossier.public_id}"
    for journey in (a, b):
        entry = JournalEntry.objects.filter(dossier=journey.pk, action="link").earliest("sequence")
        assert entry.actor == cast.agent
        assert entry.changes == {
            "link": {"id": str(made.public_id), "sha256": hashlib.sha256(told.encode()).hexdigest()}
        }
    exported = str(export_journal(a.dossier))
    assert b.reference not in exported
    assert str(b.dossier.public_id) not in exported
    unlink_dossiers(reference=b.reference, link_id=made.public_id, actor=cast.agent2)
    assert seen(cast.agent, a) == [("remplace", c.reference)]
    assert JournalEntry.objects.filter(action="unlink").count() == 2
    stored = DossierLink.objects.get(pk=made.pk)
    assert (stored.removed_by, stored.removed_at is not None) == (cast.agent2, True)
    link(a, "follows", b, cast.agent)  # taken back, it may be made again
    assert not list(verify_all())


def test_link_is_seen_only_by_who_reads_both(cast: Cast) -> None:
    nord, est = Journey.start(cast), Journey.start(cast, body="carmi-est")
    made = link(nord, "same_operation", est, cast.reviewer)
    assert seen(cast.reviewer, est) == [("même opération que", nord.reference)]
    assert seen(cast.agent, nord) == []
    assert seen(cast.est_agent, est) == []
    before = state_of_everything()
    with pytest.raises(NotFound):
        unlink_dossiers(reference=nord.reference, link_id=made.public_id, actor=cast.agent)
    assert state_of_everything() == before


def test_what_is_not_a_link_is_refused_and_nothing_written(cast: Cast) -> None:
    a, b, est = Journey.start(cast), Journey.start(cast), Journey.start(cast, body="carmi-est")
    Dossier.objects.filter(pk__in=(a.pk, b.pk)).update(involved=[f"authority@{cast.body['dss'].pk}"])
    before = state_of_everything()
    cases: list[tuple[Journey, str, str, User, type[BusinessError]]] = [
        (a, "follows", est.reference, cast.agent, NotFound),
        (a, "follows", "FNMO-2015-9999", cast.agent, NotFound),
        (a, "follows", "\x00", cast.agent, NotFound),
        (a, "follows", a.reference, cast.agent, Invalid),
        (a, "precedes", b.reference, cast.agent, Invalid),
        (a, "follows", b.reference, cast.auditor, Forbidden),
        (a, "follows", b.reference, cast.ministry, Forbidden),
        (a, "follows", b.reference, cast.est_agent, NotFound),
        (a, "follows", b.reference, cast.admin, NotFound),
    ]
    for source, kind, other, actor, error in cases:
        with pytest.raises(error):
            link_dossiers(reference=source.reference, other=other, kind=kind, actor=actor)
    assert state_of_everything() == before


def test_no_circle_however_far_and_nothing_twice(cast: Cast) -> None:
    a, b, c, d = (Journey.start(cast, pieces=()) for _ in range(4))
    made = link(a, "follows", b, cast.agent)
    link(b, "replaces", c, cast.agent)
    link(c, "follows", d, cast.agent)
    link(a, "same_operation", d, cast.agent)
    before = state_of_everything()
    refused: list[tuple[Journey, str, Journey, type[BusinessError]]] = [
        (a, "follows", b, Conflict),
        (b, "follows", a, Blocked),
        (b, "replaces", a, Blocked),
        (d, "follows", a, Blocked),
        (d, "replaces", b, Blocked),
        (a, "same_operation", d, Conflict),
        (d, "same_operation", a, Conflict),
    ]
    for source, kind, target, error in refused:
        with pytest.raises(error):
            link(source, kind, target, cast.agent)
    assert state_of_everything() == before
    link(a, "follows", d, cast.agent)  # the same way round is no circle
    unlink_dossiers(reference=a.reference, link_id=made.public_id, actor=cast.agent)
    with pytest.raises(NotFound):  # twice
        unlink_dossiers(reference=a.reference, link_id=made.public_id, actor=cast.agent)
    other = DossierLink.objects.get(source=b.pk)
    with pytest.raises(NotFound):  # not a link of this dossier
        unlink_dossiers(reference=a.reference, link_id=other.public_id, actor=cast.agent)
    link(b, "follows", a, cast.agent)


def test_removed_link_needs_a_right_on_one_of_the_two(cast: Cast) -> None:
    a, b = Journey.start(cast), Journey.start(cast)
    made = link(a, "follows", b, cast.agent)
    outsiders: dict[str, Any] = {"auditor": Forbidden, "est_agent": NotFound, "nobody": NotFound}
    for who, error in outsiders.items():
        with pytest.raises(error):
            unlink_dossiers(reference=a.reference, link_id=made.public_id, actor=cast.people[who])
    unlink_dossiers(reference=a.reference, link_id=made.public_id, actor=cast.dg)
