"""Filing anew from a copy: what may be copied, by whom, what is taken over and what is not."""

import hashlib
from pathlib import Path

import pytest

from cases.enums import Role
from cases.errors import Blocked, Forbidden, Invalid, NotFound
from cases.models import Document, Dossier, DossierLink, JournalEntry
from cases.register_terms import LinkKind
from cases.services import verify_all
from tests.journeys import PDF, ROUTE_TO, Cast, Journey, state_of_everything
from tests.workflows.test_statements import statements
from workflows.services import copy_dossier, unlink_dossiers


def entries(dossier_id: int) -> list[str]:
    return list(
        JournalEntry.objects.filter(dossier=dossier_id).order_by("sequence").values_list("action", flat=True)
    )


def test_refused_dossier_is_filed_anew(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    before = journey.dossier
    copy = copy_dossier(reference=journey.reference, actor=cast.agent2)
    draft = Dossier.objects.get(pk=copy.dossier.pk)
    source = journey.dossier
    assert (draft.status, draft.path, draft.organisation_id) == ("draft", source.path, source.organisation_id)
    assert (draft.data, draft.title, draft.amount_ht) == (source.data, source.title, source.amount_ht)
    assert draft.participants == {"prepare": [cast.agent2.pk]}
    assert draft.created_by == cast.agent2
    assert (copy.pieces, copy.left_out) == (("Note de présentation",), ())
    piece = Document.objects.get(dossier=draft)
    original = Document.objects.get(dossier=source, kind="presentation_note")
    assert (piece.sha256, piece.name, piece.version, piece.current) == (
        hashlib.sha256(PDF).hexdigest(),
        original.name,
        1,
        True,
    )
    assert (piece.uploaded_by, piece.file.name != original.file.name) == (cast.agent2, True)
    assert Path(piece.file.path).read_bytes() == PDF
    assert entries(draft.pk) == ["create", "add_document", "link"]
    kept = JournalEntry.objects.get(dossier=draft, action="add_document")
    assert (kept.changes["document"]["copied"], kept.changes["document"]["sha256"]) == (True, piece.sha256)
    assert entries(source.pk)[-1] == "link"
    assert (source.version, source.updated_at, source.status) == (
        before.version,
        before.updated_at,
        before.status,
    )
    link = DossierLink.objects.get()
    assert (link.source, link.target, link.kind) == (draft, source, LinkKind.REPLACES)
    assert not list(verify_all())
    again = Journey(cast, draft)
    again.follow(*ROUTE_TO["approved"])  # it travels as any other


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        ("draft", False),
        ("submitted", False),
        ("to_complete", False),
        ("approved", False),
        ("executed", False),
        ("closed", False),
        ("withdrawn", True),
        ("refused", True),
    ],
)
def test_only_what_came_to_nothing_is_copied(cast: Cast, status: str, allowed: bool) -> None:
    journey = Journey.at(cast, status)
    if allowed:
        assert copy_dossier(reference=journey.reference, actor=cast.agent).dossier.status == "draft"
        return
    before = state_of_everything(journey.reference)
    with pytest.raises(Blocked) as caught:
        copy_dossier(reference=journey.reference, actor=cast.agent)
    assert caught.value.reasons[0].code == "not_copyable"
    assert state_of_everything(journey.reference) == before


def test_closed_after_a_refusal_is_copied(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    journey.act("close.close")
    assert journey.status == "closed"
    assert copy_dossier(reference=journey.reference, actor=cast.agent).dossier.status == "draft"


def test_who_may_not_file_may_not_copy(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    before = state_of_everything(journey.reference)
    for who, error in {
        "director": Forbidden,
        "reviewer": Forbidden,
        "auditor": Forbidden,
        "est_agent": NotFound,
        "ministry": NotFound,
        "admin": NotFound,
        "nobody": NotFound,
    }.items():
        with pytest.raises(error):
            copy_dossier(reference=journey.reference, actor=cast.people[who])
    assert state_of_everything(journey.reference) == before


def test_replaced_dossier_is_not_copied_twice_unless_its_copy_came_to_nothing(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    first = copy_dossier(reference=journey.reference, actor=cast.agent).dossier
    with pytest.raises(Blocked, match=first.reference) as caught:
        copy_dossier(reference=journey.reference, actor=cast.agent2)
    assert caught.value.reasons[0].related == (first.reference,)
    Journey(cast, first).follow("prepare.submit", "withdraw.withdraw")
    second = copy_dossier(reference=journey.reference, actor=cast.agent).dossier
    unlink_dossiers(
        reference=second.reference, link_id=DossierLink.objects.get(source=second).public_id, actor=cast.agent
    )
    assert copy_dossier(reference=journey.reference, actor=cast.agent).dossier.pk != second.pk


def test_data_that_no_longer_fit_are_refused_and_may_be_given_anew(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    stale = journey.dossier.data | {"facilities": [], "former_field": "x"}
    Dossier.objects.filter(pk=journey.pk).update(data=stale)
    before = state_of_everything(journey.reference)
    with pytest.raises(Invalid) as caught:
        copy_dossier(reference=journey.reference, actor=cast.agent)
    assert "facilities" in caught.value.details
    with pytest.raises(Invalid):
        copy_dossier(reference=journey.reference, actor=cast.agent, data={"amount_ht": "x", "nope": 1})
    assert state_of_everything(journey.reference) == before
    copy = copy_dossier(
        reference=journey.reference,
        actor=cast.agent,
        data={"facilities": ["Centre de santé de Lens"], "amount_ht": "12000.00"},
    )
    assert (str(copy.dossier.amount_ht), copy.dossier.data["nature"]) == ("12000.00", "Travaux")
    assert copy.left_out == (
        "La donnée « former_field » n’est plus demandée par ce circuit : elle n’est pas reprise.",
    )


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_damaged_piece_is_left_out_and_told(cast: Cast, damage: str) -> None:
    journey = Journey.at(cast, "refused")
    stored = Path(Document.objects.get(dossier=journey.pk, kind="presentation_note").file.path)
    if damage == "gone":
        stored.unlink()
    else:
        stored.write_bytes(PDF + b"\n%%EOF\n")
    copy = copy_dossier(reference=journey.reference, actor=cast.agent)
    assert copy.pieces == ()
    assert "« Note de présentation » n’est pas reprise" in copy.left_out[0]
    assert not Document.objects.filter(dossier=copy.dossier).exists()
    assert entries(copy.dossier.pk) == ["create", "link"]


def test_papers_of_decisions_and_superseded_pieces_stay_behind(cast: Cast) -> None:
    journey = Journey.start(cast)
    journey.add(content=PDF + b"\n%%EOF\n", name="note2.pdf")
    journey.follow(*ROUTE_TO["refused"])
    assert Document.objects.filter(dossier=journey.pk).count() == 3
    copy = copy_dossier(reference=journey.reference, actor=cast.agent)
    assert list(Document.objects.filter(dossier=copy.dossier).values_list("name", flat=True)) == ["note2.pdf"]


def test_fund_s_reviewer_copies_nothing_of_a_carmi_and_costs_are_bounded(cast: Cast) -> None:
    journey = Journey.at(cast, "withdrawn")
    cast.give(cast.reviewer, (Role.PREPARER, "carmi-est"))
    with pytest.raises(Forbidden):
        copy_dossier(reference=journey.reference, actor=cast.reviewer)
    sent = statements(lambda: copy_dossier(reference=journey.reference, actor=cast.agent))
    assert len(sent) == 24, "\n".join(sent)  # one more for each further piece
