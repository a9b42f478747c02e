"""Questions asked of dossiers: lists, pieces. Search has tests of its own."""

import uuid

import pytest

from cases.errors import Invalid, NotFound
from cases.models import Document, Facility
from cases.selectors import (
    current_documents,
    current_kinds,
    document_for,
    dossiers_visible_to,
    facilities_of,
    grants_administered_by,
    normalise,
    people_holding,
)
from cases.selectors.organisations import organisation_for
from tests.journeys import Cast, Journey
from workflows.selectors import queue
from workflows.selectors.dossier_list import page_of
from workflows.selectors.queue import QueueFilters, decode_cursor, encode_cursor


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Rénovation", "renovation"),
        ("  ŒUVRE   Sœur ", "oeuvre soeur"),
        ("Straße", "strasse"),
        ("", ""),
        ("FNMO-2015-0001", "fnmo-2015-0001"),
    ],
)
def test_normalise_forgets_case_accents_and_blanks(text: str, plain: str) -> None:
    assert normalise(text) == plain


@pytest.mark.parametrize(
    "cursor",
    ["x", "%%%", "é", "MjAxNS0wMS0wMXwx", "MjAxNS0wMS0wMVQwMDowMDowMCswMDowMHx4", "=", "\x00", "A" * 999],
)
def test_broken_cursor_is_invalid(cast: Cast, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        queue(cast.agent, QueueFilters(cursor=cursor))
    assert list(refused.value.details) == ["cursor"]
    with pytest.raises(Invalid):
        page_of(dossiers_visible_to(cast.agent), cursor)


def test_cursor_beyond_every_number_finds_nothing_more(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    moment, _ = decode_cursor(encode_cursor(journey.task.created, 1))
    far = encode_cursor(moment, 10**30)
    assert queue(cast.agent, QueueFilters(cursor=far)).items == ()
    assert page_of(dossiers_visible_to(cast.agent), far).items is not None


# -- pieces ----------------------------------------------------------------------------------------


def test_superseded_pieces_are_for_auditors(cast: Cast) -> None:
    journey = Journey.start(cast)
    journey.add(name="deuxième.pdf")
    old, new = Document.objects.filter(kind="presentation_note").order_by("version")
    assert (old.current, new.current, new.version) == (False, True, 2)
    assert [one.pk for one in current_documents(journey.dossier)] == [new.pk]
    assert current_kinds(journey.dossier) == {"presentation_note"}
    for user in (cast.agent, cast.reviewer):
        assert document_for(user, journey.reference, new.public_id) == new
        with pytest.raises(NotFound):
            document_for(user, journey.reference, old.public_id)
    assert document_for(cast.auditor, journey.reference, old.public_id) == old


def test_pieces_are_given_to_readers_of_their_dossier_only(cast: Cast) -> None:
    journey, other = Journey.start(cast), Journey.start(cast)
    piece = Document.objects.get(dossier=journey.pk)
    for user in (cast.est_agent, cast.admin, cast.ministry, cast.nobody):
        with pytest.raises(NotFound):
            document_for(user, journey.reference, piece.public_id)
    for reference in (other.reference, "", "a\x00b"):
        with pytest.raises(NotFound):
            document_for(cast.agent, reference, piece.public_id)
    with pytest.raises(NotFound):
        document_for(cast.agent, journey.reference, uuid.uuid4())


# -- bodies and people -----------------------------------------------------------------------------


def test_bodies_are_for_those_who_read_their_dossiers(cast: Cast) -> None:
    def readers(code: str) -> set[str]:
        found = set()
        for name, user in cast.people.items():
            try:
                organisation_for(user, code)
            except NotFound:
                continue
            found.add(name)
        return found

    fund = {"reviewer", "reviewer2", "accountant", "dg", "dg2", "manager", "auditor"}
    assert readers("carmi-est") == fund | {"est_agent", "est_director"}
    assert readers("canssm") == fund
    assert readers("dss") == {"ministry", "auditor"}
    assert readers("nulle-part") == readers("a\x00b") == set()
    cast.body["carmi-est"].active = False
    cast.body["carmi-est"].save()
    assert readers("carmi-est") == set()


def test_facilities_are_the_bodys_own_in_activity(cast: Cast) -> None:
    own, closed, foreign = (
        Facility.objects.create(
            code=code, name=code, town="Lens", organisation=cast.body[body], active=active
        )
        for code, body, active in (
            ("a", "carmi-npdc", True),
            ("b", "carmi-npdc", False),
            ("c", "carmi-est", True),
        )
    )
    assert list(facilities_of(cast.body["carmi-npdc"].pk)) == [own]
    assert closed.active is False
    assert foreign.organisation == cast.body["carmi-est"]


def test_grants_are_listed_for_administrators_only(cast: Cast) -> None:
    assert grants_administered_by(cast.admin).count() == 18
    assert not grants_administered_by(cast.dg).exists()
    assert not grants_administered_by(cast.auditor).exists()


def test_people_holding_a_role_are_those_of_today(cast: Cast) -> None:
    body = cast.body["carmi-npdc"].pk
    assert [user.username for user in people_holding("preparer", body)] == ["agent2", "agent"]
    cast.agent2.is_active = False
    cast.agent2.save()
    assert [user.username for user in people_holding("preparer", body)] == ["agent"]
    grant = cast.agent.role_grants.get()
    grant.valid_until = grant.valid_from
    grant.save()
    assert not people_holding("preparer", body).exists()
