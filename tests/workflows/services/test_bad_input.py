"""Whatever is sent, the answer is the right refusal in a French sentence, and nothing is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cases.enums import Role
from cases.errors import Blocked, BusinessError, Conflict, Forbidden, Invalid, NotFound, Stale
from cases.models import Dossier
from tests.journeys import PDF, Cast, Journey, file, investment, state_of_everything
from workflows.services import (
    add_document,
    claim,
    create_draft,
    perform,
    reassign,
    release,
    simulate,
    update_draft,
)

LONE = "abc\ud800def"
NUL = "abc\x00def"


@contextmanager
def refused(error: type[BusinessError], *fields: str) -> Iterator[None]:
    """The block is refused with ``error``, naming ``fields``, and the database stays as it was."""
    before = state_of_everything()
    with pytest.raises(BusinessError) as caught:
        yield
    found = caught.value
    assert type(found) is error, f"{type(found).__name__}: {found.message}"
    sentences = [found.message, *(reason.message for reason in found.reasons)]
    if fields:
        assert sorted(set(found.details) - {"reasons", "reason"}) == sorted(fields)
        for name in fields:
            assert found.details[name]
            sentences += found.details[name]
    for sentence in sentences:
        assert sentence.strip()
        assert sentence[0].isupper() or sentence[0] in "«"
        assert sentence.rstrip()[-1] in ".:»", sentence
    assert state_of_everything() == before


# -- create_draft ----------------------------------------------------------------------------------------------

FIELD_FAULTS: list[tuple[str, Any]] = [
    ("amount_ht", "vingt mille"),
    ("amount_ht", "-1"),
    ("amount_ht", "0"),
    ("amount_ht", "0,00"),
    ("amount_ht", "1,234"),
    ("amount_ht", "25.000"),
    ("amount_ht", "1000000000000"),
    ("amount_ht", "1e4"),
    ("amount_ht", "NaN"),
    ("amount_ht", "Infinity"),
    ("amount_ht", 25000.5),
    ("amount_ht", True),
    ("amount_ht", None),
    ("amount_ht", ["25000"]),
    ("amount_ht", {"value": "1"}),
    ("amount_ht", NUL),
    ("title", ""),
    ("title", "   "),
    ("title", "ab"),
    ("title", "x" * 201),
    ("title", NUL),
    ("title", LONE),
    ("title", ["Toiture"]),
    ("title", {"fr": "Toiture"}),
    ("title", True),
    ("title", None),
    ("exercise", "2013"),
    ("exercise", "deux mille quinze"),
    ("exercise", 10**30),
    ("exercise", None),
    ("exercise", [2015]),
    ("facilities", []),
    ("facilities", [" "]),
    ("facilities", [1]),
    ("facilities", {"a": "b"}),
    ("facilities", 7),
    ("facilities", ["x" * 161]),
    ("facilities", [f"Œuvre {n}" for n in range(101)]),
    ("facilities", [NUL]),
    ("facilities", [LONE]),
    ("nature", ""),
    ("nature", LONE),
    ("nature", "x" * 101),
    ("is_restructuring", "peut-être"),
    ("is_restructuring", ["false"]),
    ("is_restructuring", 3),
    ("impact", "beaucoup"),
    ("impact", [1]),
    ("impact", [{"gestion": "Soins"}]),
    ("impact", [{"gestion": "Soins", "year": 2016, "amount": "x"}]),
    ("impact", [{"gestion": "Soins", "year": "l’an prochain", "amount": "1"}]),
    ("impact", [{"gestion": LONE, "year": 2016, "amount": "1"}]),
    ("impact", [{"gestion": ["Soins"], "year": 2016, "amount": "1"}]),
    ("impact", [{"gestion": "Soins", "year": 2016, "amount": "1", "note": "?"}]),
    (
        "impact",
        [
            {"gestion": "Soins", "year": 2016, "amount": "1"},
            {"gestion": "Soins", "year": 2016, "amount": "2"},
        ],
    ),
    ("impact", [{"gestion": f"Gestion {n}", "year": 2016, "amount": "1"} for n in range(201)]),
    ("commentaire", "inattendu"),
]


def test_data_of_a_draft_are_refused_field_by_field(cast: Cast) -> None:
    for name, value in FIELD_FAULTS:
        with refused(Invalid, name):
            create_draft(
                path="fnmo_investment",
                organisation=cast.body["carmi-npdc"],
                actor=cast.agent,
                data=investment(**({"amount": value} if name == "amount_ht" else {name: value})),
            )
    assert not Dossier.objects.exists()


def test_data_of_a_draft_report_every_fault_at_once(cast: Cast) -> None:
    with refused(Invalid, "amount_ht", "title", "exercise", "facilities", "nature"):
        create_draft(
            path="fnmo_investment",
            organisation=cast.body["carmi-npdc"],
            actor=cast.agent,
            data={"amount_ht": "0"},
        )


@pytest.mark.parametrize("data", [None, [], "x", 3, [("title", "x")]])
def test_data_that_are_no_object_are_refused(cast: Cast, data: Any) -> None:
    journey = Journey.at(cast, "approved")
    with refused(Invalid):
        create_draft(
            path="fnmo_investment", organisation=cast.body["carmi-npdc"], actor=cast.agent, data=data
        )
    with refused(Invalid):
        simulate(path="fnmo_investment", organisation=cast.body["carmi-npdc"], data=data)
    draft = Journey.start(cast, pieces=())
    with refused(Invalid):
        update_draft(reference=draft.reference, actor=cast.agent, data=data, version=None)
    with refused(Invalid):
        journey.act("commit.commit", data=data)


@pytest.mark.parametrize(
    ("path", "body", "who", "error"),
    [
        ("fnmo_investissement", "carmi-npdc", "agent", NotFound),
        ("", "carmi-npdc", "agent", NotFound),
        ("fnmo_investment\x00", "carmi-npdc", "agent", NotFound),
        ("fnmo_investment", "carmi-est", "agent", NotFound),
        ("fnmo_investment", "carmi-npdc", "est_agent", NotFound),
        ("fnmo_investment", "carmi-npdc", "nobody", NotFound),
        ("fnmo_investment", "carmi-npdc", "director", Forbidden),
        ("fnmo_investment", "carmi-npdc", "reviewer", Forbidden),
        ("fnmo_investment", "carmi-npdc", "auditor", Forbidden),
        ("fnmo_investment", "canssm", "reviewer", Blocked),
        ("fnmo_investment", "dss", "ministry", Blocked),
    ],
)
def test_draft_needs_a_path_a_body_and_the_role(
    cast: Cast, path: str, body: str, who: str, error: type[BusinessError]
) -> None:
    with refused(error):
        create_draft(path=path, organisation=cast.body[body], actor=cast.people[who], data=investment())


def test_an_administrator_files_nothing_and_learns_nothing(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    with refused(Forbidden):
        create_draft(
            path="fnmo_investment",
            organisation=cast.body["carmi-npdc"],
            actor=cast.admin,
            data=investment(),
        )
    with refused(NotFound):
        journey.act("prepare.submit", actor="admin")


def test_somebody_whose_role_has_ended_or_whose_access_is_closed_does_nothing(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    grant = cast.agent2.role_grants.get()
    grant.valid_until = grant.valid_from
    grant.save()
    with refused(NotFound):
        journey.act("prepare.submit", actor="agent2")
    cast.agent.is_active = False
    with refused(NotFound):
        journey.act("prepare.submit", actor="agent")


# -- update_draft ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status", "version", "error"),
    [
        ("agent", "draft", 99, Stale),
        ("agent", "submitted", None, Blocked),
        ("agent", "under_review", None, Blocked),
        ("agent", "closed", None, Blocked),
        ("agent", "withdrawn", None, Blocked),
        ("director", "draft", None, Forbidden),
        ("auditor", "draft", None, Forbidden),
        ("est_agent", "draft", None, NotFound),
        ("nobody", "draft", None, NotFound),
    ],
)
def test_edit_is_refused_to_others_and_at_other_times(
    cast: Cast, who: str, status: str, version: int | None, error: type[BusinessError]
) -> None:
    journey = Journey.at(cast, status)
    with refused(error):
        update_draft(
            reference=journey.reference, actor=cast.people[who], data={"nature": "Mobilier"}, version=version
        )


def test_edit_refuses_each_faulty_field_and_keeps_the_rest(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    for name, value in FIELD_FAULTS:
        if value is None:
            continue
        with refused(Invalid, name):
            update_draft(reference=journey.reference, actor=cast.agent, data={name: value}, version=1)


def test_edit_that_changes_nothing_writes_nothing(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    before = state_of_everything()
    dossier = update_draft(
        reference=journey.reference, actor=cast.agent, data={"amount_ht": "25 000,50 €"}, version=1
    )
    assert dossier.version == 1
    assert state_of_everything() == before


@pytest.mark.parametrize("reference", ["", "FNMO-2015-0002", "x" * 5000, NUL, LONE, "' OR 1=1 --", "%"])
def test_unknown_references_are_not_found(cast: Cast, reference: str) -> None:
    Journey.start(cast, pieces=())
    attempts: list[Callable[[], object]] = [
        lambda: update_draft(reference=reference, actor=cast.agent, data={}, version=None),
        lambda: perform(reference=reference, step="prepare", outcome="submit", actor=cast.agent),
        lambda: add_document(reference=reference, kind="presentation_note", file=file(), actor=cast.agent),
    ]
    for attempt in attempts:
        with refused(NotFound):
            attempt()


# -- perform ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "fields"),
    [
        ("prepare.approve", Invalid, ()),
        ("prepare.", Invalid, ()),
        ("prepare.\x00", Invalid, ()),
        ("nothing.submit", Invalid, ()),
        (".submit", Invalid, ()),
        ("end.close", Invalid, ()),
        ("start.submit", Invalid, ()),
        ("withdraw.submit", Invalid, ()),
    ],
)
def test_unknown_steps_and_outcomes_are_invalid(
    cast: Cast, act: str, error: type[BusinessError], fields: tuple[str, ...]
) -> None:
    journey = Journey.at(cast, "draft")
    with refused(error, *fields):
        journey.act(act)


@pytest.mark.parametrize(
    ("status", "act", "who", "error"),
    [
        ("draft", "sign_off.transmit", "director", Blocked),
        ("draft", "check.complete", "reviewer", Blocked),
        ("draft", "prepare.submit", "director", Forbidden),
        ("submitted", "prepare.submit", "agent", Conflict),
        ("submitted", "prepare.submit", "director", Forbidden),
        ("submitted", "sign_off.transmit", "agent", Forbidden),
        ("submitted", "sign_off.transmit", "est_director", NotFound),
        ("submitted", "decide.approve", "dg", Blocked),
        ("submitted", "decide.approve", "ministry", NotFound),
        ("under_review", "check.complete", "dg", Forbidden),
        ("under_review", "sign_off.transmit", "director", Conflict),
        ("under_review", "complete_file.resubmit", "agent", Blocked),
        ("awaiting_decision", "decide.approve", "reviewer", Forbidden),
        ("awaiting_decision", "decide.approve", "carmi_manager", Forbidden),
        ("approved", "decide.approve", "dg2", Conflict),
        ("approved", "decide.refuse", "dg", Conflict),
        ("closed", "close.close", "reviewer", Conflict),
        ("withdrawn", "sign_off.transmit", "director", Blocked),
        ("withdrawn", "prepare.submit", "agent", Conflict),
    ],
)
def test_act_out_of_turn_or_by_the_wrong_person_is_refused(
    cast: Cast, status: str, act: str, who: str, error: type[BusinessError]
) -> None:
    journey = Journey.at(cast, status)
    with refused(error):
        journey.act(act, actor=who)


def test_stale_version_is_refused_with_the_current_one(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    version = journey.dossier.version
    for given in (version - 1, version + 1, 0, -5):
        with refused(Stale):
            journey.act("sign_off.transmit", version=given)
    with pytest.raises(Stale) as caught:
        journey.act("withdraw.withdraw", version=version - 1)
    assert caught.value.details["version"] == version
    journey.act("sign_off.transmit", version=version)


@pytest.mark.parametrize("motive", ["x" * 5001, NUL, LONE])
def test_motive_that_cannot_be_kept_is_invalid(cast: Cast, motive: str) -> None:
    journey = Journey.at(cast, "under_review")
    with refused(Invalid, "motive"):
        journey.act("check.request_pieces", motive=motive)
    with refused(Invalid, "motive"):
        journey.act("withdraw.withdraw", motive=motive)
    with refused(Invalid, "motive"):
        reassign(task_id=journey.task.pk, actor=cast.manager, to=cast.reviewer, motive=motive)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({}, ("committed_on", "committed_amount_ht")),
        ({"committed_on": "2015-02-30", "committed_amount_ht": "1"}, ("committed_on",)),
        ({"committed_on": "demain", "committed_amount_ht": "1"}, ("committed_on",)),
        ({"committed_on": 20150302, "committed_amount_ht": "1"}, ("committed_on",)),
        ({"committed_on": NUL, "committed_amount_ht": "1"}, ("committed_on",)),
        ({"committed_on": "2015-03-02", "committed_amount_ht": "-1"}, ("committed_amount_ht",)),
        ({"committed_on": "2015-03-02", "committed_amount_ht": "1", LONE: 1}, (LONE,)),
        ({"committed_on": "2015-03-02", "committed_amount_ht": "1", "note": "?"}, ("note",)),
    ],
)
def test_data_of_an_act_are_refused_field_by_field(
    cast: Cast, data: dict[str, Any], fields: tuple[str, ...]
) -> None:
    journey = Journey.start(cast, "15000", pieces=()).follow("prepare.submit", "sign_off.transmit")
    with refused(Invalid, *fields):
        journey.act("commit.commit", data=data)


def test_act_without_data_refuses_data(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    with refused(Invalid, "amount_ht"):
        journey.act("sign_off.transmit", data={"amount_ht": "1"})


# -- add_document ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content", "name", "fields"),
    [
        ("photo", PDF, "note.pdf", ("kind",)),
        ("decision", PDF, "note.pdf", ("kind",)),
        ("", PDF, "note.pdf", ("kind",)),
        (NUL, PDF, "note.pdf", ("kind",)),
        (LONE, PDF, "note.pdf", ("kind",)),
        ("presentation_note", b"", "note.pdf", ("file",)),
        ("presentation_note", b"MZ\x90\x00" + b"\x00" * 200, "note.pdf", ("file",)),
        ("presentation_note", b"\x7fELF" + b"\x00" * 200, "note.pdf", ("file",)),
        ("presentation_note", b"<html><script>alert(1)</script></html>", "note.pdf", ("file",)),
        ("presentation_note", PDF, "note.docx", ("file",)),
    ],
)
def test_piece_of_the_wrong_kind_or_content_is_invalid(
    cast: Cast, kind: str, content: bytes, name: str, fields: tuple[str, ...]
) -> None:
    journey = Journey.start(cast, pieces=())
    with refused(Invalid, *fields):
        journey.add(kind, content=content, name=name)


def test_piece_that_is_too_large_is_invalid(cast: Cast, settings: Any) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 1
    journey = Journey.start(cast, pieces=())
    with refused(Invalid, "file"):
        journey.add(content=PDF[:9] + b"%" * 1024 * 1024 + b"\n" + PDF[9:])


@pytest.mark.parametrize(
    ("who", "status", "error"),
    [
        ("agent", "submitted", Blocked),
        ("agent", "approved", Blocked),
        ("reviewer", "under_review", Forbidden),
        ("est_agent", "draft", NotFound),
        ("admin", "draft", NotFound),
    ],
)
def test_piece_is_refused_to_others_and_at_other_times(
    cast: Cast, who: str, status: str, error: type[BusinessError]
) -> None:
    journey = Journey.at(cast, status)
    with refused(error):
        journey.add(actor=cast.people[who])


# -- claim, release, reassign ----------------------------------------------------------------------------------


@pytest.mark.parametrize("task_id", [0, -1, 10**9, 2**63, 10**30])
def test_unknown_tasks_are_not_found(cast: Cast, task_id: int) -> None:
    for attempt in (
        lambda: claim(task_id=task_id, actor=cast.agent),
        lambda: release(task_id=task_id, actor=cast.agent),
        lambda: reassign(task_id=task_id, actor=cast.agent, to=cast.agent2, motive="Absence"),
    ):
        with refused(NotFound):
            attempt()


def test_events_are_no_tasks_to_claim(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    start = journey.dossier.process.task_set.order_by("pk")[0]
    assert start.flow_task_type != "HUMAN"
    with refused(NotFound):
        claim(task_id=start.pk, actor=cast.agent)


@pytest.mark.parametrize(
    ("who", "status", "error"),
    [
        ("director", "draft", Forbidden),
        ("auditor", "draft", Forbidden),
        ("est_agent", "draft", NotFound),
        ("dg", "draft", Forbidden),
        ("ministry", "draft", NotFound),
        ("manager", "awaiting_decision", Forbidden),
    ],
)
def test_claim_needs_the_role(cast: Cast, who: str, status: str, error: type[BusinessError]) -> None:
    journey = Journey.at(cast, status)
    with refused(error):
        claim(task_id=journey.task.pk, actor=cast.people[who])


def test_claim_of_a_finished_task_is_a_conflict(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    task = journey.task
    journey.act("prepare.submit")
    for attempt in (
        lambda: claim(task_id=task.pk, actor=cast.agent),
        lambda: release(task_id=task.pk, actor=cast.agent),
        lambda: reassign(task_id=task.pk, actor=cast.agent, to=cast.agent2, motive="Absence"),
    ):
        with refused(Conflict):
            attempt()


def test_a_task_held_by_another_person_is_a_conflict(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    claim(task_id=journey.task.pk, actor=cast.agent2)
    with refused(Conflict):
        claim(task_id=journey.task.pk, actor=cast.agent)
    with refused(Conflict):
        journey.act("prepare.submit", actor="agent")
    with refused(Forbidden):
        release(task_id=journey.task.pk, actor=cast.agent)
    with refused(Forbidden):
        reassign(task_id=journey.task.pk, actor=cast.agent, to=cast.agent, motive="Je m’en charge")
    journey.act("prepare.submit", actor="agent2")


@pytest.mark.parametrize("to", ["director", "est_agent", "nobody", "auditor", "admin"])
def test_reassignment_goes_to_holders_of_the_role_only(cast: Cast, to: str) -> None:
    journey = Journey.at(cast, "draft")
    with refused(Invalid, "to"):
        reassign(task_id=journey.task.pk, actor=cast.manager, to=cast.people[to], motive="Absence")


def test_reassignment_needs_a_motive(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    with refused(Invalid, "motive"):
        reassign(task_id=journey.task.pk, actor=cast.manager, to=cast.agent, motive=" ")


def test_reassignment_by_a_manager_of_a_body_below_is_refused(cast: Cast) -> None:
    """A regional manager moves the work of the region, not that of the directeur général."""
    journey = Journey.at(cast, "awaiting_decision")
    claim(task_id=journey.task.pk, actor=cast.dg)
    with refused(Forbidden):
        release(task_id=journey.task.pk, actor=cast.carmi_manager)
    with refused(Forbidden):
        reassign(task_id=journey.task.pk, actor=cast.carmi_manager, to=cast.dg2, motive="Absence")
    reassign(task_id=journey.task.pk, actor=cast.manager, to=cast.dg2, motive="Absence")
    assert journey.task.owner == cast.dg2


def test_a_manager_without_the_role_of_the_step_does_not_act(cast: Cast) -> None:
    cast.give(cast.nobody, (Role.MANAGER, "canssm"))
    journey = Journey.at(cast, "submitted")
    with refused(Forbidden):
        journey.act("sign_off.transmit", actor="nobody")
