"""What acts and pages cost, in SQL statements; the same with ten dossiers and with ten thousand."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from cases.models import Dossier, User
from cases.selectors.search import read_words, search
from tests.budgets import may_let_triggers_rest
from tests.journeys import Cast, Journey, investment
from workflows.selectors import available_actions, dossier_view, queue
from workflows.selectors.queue import QueueFilters
from workflows.services import claim, create_draft, reassign, release, simulate, update_draft

#: An ordinary step may take 16 (design §7), permission, journal, clocks and notices included.
LIMIT, LIMIT_WITH_PAPER = 16, 18


def statements(act: Callable[[], object]) -> list[str]:
    """The statements that an act sends, without BEGIN, COMMIT and savepoints."""
    sent: list[str] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        act()
    return [" ".join(sql.split())[:70] for sql in sent if "SAVEPOINT" not in sql]


@pytest.mark.parametrize(
    ("status", "act", "count"),
    [
        ("draft", "prepare.submit", 10),
        ("submitted", "sign_off.transmit", 10),
        ("submitted", "sign_off.return", 10),
        ("under_review", "check.complete", 10),
        ("under_review", "check.request_pieces", 12),
        ("to_complete", "complete_file.resubmit", 12),
        ("awaiting_decision", "decide.approve", 14),
        ("awaiting_decision", "decide.refuse", 14),
        ("awaiting_decision", "decide.send_back", 10),
        ("approved", "commit.commit", 11),
        ("approved", "commit.revise_cost", 10),
        ("executed", "close.close", 10),
        ("submitted", "withdraw.withdraw", 10),
        ("to_complete", "withdraw.withdraw", 12),
    ],
)
def test_act_sends_so_many_statements(cast: Cast, status: str, act: str, count: int) -> None:
    journey = Journey.at(cast, status)
    options = {"data": {"amount_ht": "30000"}} if act == "commit.revise_cost" else {}
    if act == "commit.commit":
        options["data"] = journey.commitment()
    sent = statements(lambda: journey.act(act, **options))
    assert len(sent) == count, "\n".join(sent)
    assert count <= (LIMIT_WITH_PAPER if act.startswith("decide.") else LIMIT)


def test_dispense_with_its_paper_sends_so_many_statements(cast: Cast) -> None:
    journey = Journey.start(cast, "15000", pieces=()).follow("prepare.submit")
    sent = statements(lambda: journey.act("sign_off.transmit"))
    assert len(sent) == 14 <= LIMIT_WITH_PAPER, "\n".join(sent)


def test_other_writes_send_so_many_statements(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    task = journey.task
    counts = {
        "create": lambda: create_draft(
            path="fnmo_investment",
            organisation=cast.body["carmi-npdc"],
            actor=cast.agent,
            data=investment(),
        ),
        "edit": lambda: update_draft(
            reference=journey.reference, actor=cast.agent, data={"nature": "Mobilier"}, version=None
        ),
        "add_document": lambda: journey.add(),
        "claim": lambda: claim(task_id=task.pk, actor=cast.agent),
        "reassign": lambda: reassign(task_id=task.pk, actor=cast.manager, to=cast.agent2, motive="Absence"),
        "release": lambda: release(task_id=task.pk, actor=cast.agent2),
        "simulate": lambda: simulate(
            path="fnmo_investment", organisation=cast.body["carmi-npdc"], data={"amount_ht": "30000"}
        ),
    }
    found = {name: len(statements(act)) for name, act in counts.items()}
    assert found == {
        "create": 11,
        "edit": 6,
        "add_document": 8,
        "claim": 6,
        "reassign": 7,
        "release": 6,
        "simulate": 1,
    }
    assert max(found.values()) <= LIMIT


@pytest.fixture
def many(cast: Cast) -> Callable[[int], None]:
    """Make copies of the one dossier, its process, tasks, journal, clocks and pieces, by raw SQL."""

    def copy(count: int) -> None:
        columns = {
            table: ", ".join(
                f'"{field.column}"' for field in model._meta.concrete_fields if field.column not in special
            )
            for table, model, special in _TABLES
        }
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in ("cases_journalentry", "cases_dossier"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            if may_let_triggers_rest():  # nor need references be looked up a hundred thousand times
                cursor.execute("SET LOCAL session_replication_role = replica")
            for table, _, special in _TABLES:
                chosen = ", ".join(special.values())
                cursor.execute(
                    f"INSERT INTO {table} ({', '.join(special)}, {columns[table]}) "
                    f"SELECT {chosen}, {columns[table]} FROM {table}, generate_series(1, {count}) n "
                    f"WHERE {table}.id < 100000"
                )
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            for table, _, _ in _TABLES:
                cursor.execute(f"ANALYZE {table}")

    return copy


def _tables() -> list[tuple[str, Any, dict[str, str]]]:
    from viewflow.workflow.models import Process, Task

    from cases.models import Deadline, Document, JournalEntry

    own, of_dossier = "n * 100000 + id", {"id": "n * 100000 + id", "dossier_id": "n * 100000 + dossier_id"}
    return [
        ("viewflow_process", Process, {"id": own}),
        ("viewflow_task", Task, {"id": own, "process_id": "n * 100000 + process_id"}),
        (
            "cases_dossier",
            Dossier,
            {
                "id": own,
                "process_id": "n * 100000 + process_id",
                "public_id": "gen_random_uuid()",
                "reference": "'COPIE-' || n",
                "data": "jsonb_set(data, '{facilities}', jsonb_build_array('Œuvre ' || n))",
            },
        ),
        ("cases_deadline", Deadline, of_dossier),
        ("cases_journalentry", JournalEntry, of_dossier),
        ("cases_document", Document, of_dossier | {"public_id": "gen_random_uuid()"}),
    ]


_TABLES = _tables()


@pytest.mark.parametrize("count", [9, 9_999], ids=["ten dossiers", "ten thousand dossiers"])
def test_pages_send_as_many_statements_whatever_the_number_of_dossiers(
    cast: Cast, many: Callable[[int], None], count: int
) -> None:
    journey = Journey.at(cast, "under_review")
    many(count)
    assert Dossier.objects.count() == count + 1
    dossier = journey.dossier

    def read_queue(user: User, **filters: Any) -> int:
        page = queue(user, QueueFilters(**filters))
        for item in page.items:
            str((item.dossier.reference, item.organisation.name, item.owner, item.step_title))
        return len(page.items)

    pages: dict[str, tuple[Callable[[], object], int]] = {
        "queue": (lambda: read_queue(cast.reviewer), 2),
        "queue, filtered": (
            lambda: read_queue(
                cast.reviewer, path="fnmo_investment", organisation="carmi-npdc", text="renovation"
            ),
            2,
        ),
        "queue, mine": (lambda: read_queue(cast.reviewer, mine=True), 2),
        "dossier": (lambda: _read(dossier_view(cast.reviewer, journey.reference)), 9),
        "dossier, auditor": (lambda: _read(dossier_view(cast.auditor, journey.reference)), 9),
        "actions": (lambda: available_actions(dossier, cast.reviewer), 3),
    }
    found = {name: len(statements(read)) for name, (read, _) in pages.items()}
    assert found == {name: expected for name, (_, expected) in pages.items()}
    assert found["queue"] <= 8
    assert (
        len(statements(lambda: _list(cast.reviewer))) <= 7
    )  # gathered or walked, as the planner expects few or many
    assert found["dossier"] <= 20
    act = statements(lambda: journey.act("check.complete"))
    assert len(act) == 10


def _read(view: Any) -> None:
    """Touch what a page shows."""
    for entry in view.journal:
        str((entry.actor_name, entry.capacity, entry.rule_refs))
    for piece in view.pieces:
        for version in piece.versions:
            str((version.name, version.uploaded_by))
    for decision in view.decisions:
        str((decision.decided_by, decision.document))
    for deadline in view.deadlines:
        str(deadline.computation.lines)
    str(view.dossier.organisation.name)


def _list(user: User) -> None:
    for dossier in search(user, words=read_words("renovation lens")).items:
        str((dossier.reference, dossier.organisation.name))


def test_pages_of_the_queue_follow_each_other_without_holes(cast: Cast, many: Callable[[int], None]) -> None:
    Journey.at(cast, "under_review")
    many(60)
    seen: list[int] = []
    cursor = ""
    for _ in range(10):
        page = queue(cast.reviewer, QueueFilters(cursor=cursor))
        seen += [item.task_id for item in page.items]
        assert (page.count, page.count_is_exact) == (61, True)
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 61
