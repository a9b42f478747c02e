"""Imports confirmed at the same moment: one of two people loads a file, and two files do not load half of each."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from cases.errors import Conflict
from cases.models import Property, PropertyChange, RegisterImport
from cases.services.imports import abandon_import, load_import
from cases.services.property import create_property
from tests.imports import building, facility, preview
from tests.journeys import Cast
from tests.properties import facts
from tests.workflows.services.test_feed_races import together


def test_import_confirmed_twice_at_once_is_loaded_once(people: Cast) -> None:
    found = preview(people.reviewer, [building(f"a{n}") for n in range(50)])

    answers = together(
        lambda: load_import(public_id=found.public_id, actor=people.reviewer),
        lambda: load_import(public_id=found.public_id, actor=people.reviewer2),
        lambda: load_import(public_id=found.public_id, actor=people.reviewer),
    )
    assert sorted(type(one) is Conflict for one in answers) == [False, True, True]
    assert Property.objects.count() == PropertyChange.objects.count() == 50


def test_import_confirmed_and_given_up_at_once_is_one_of_the_two(people: Cast) -> None:
    found = preview(people.reviewer, [building("a")])
    answers = together(
        lambda: load_import(public_id=found.public_id, actor=people.reviewer),
        lambda: abandon_import(public_id=found.public_id, actor=people.reviewer2),
    )
    assert sorted(type(one) is Conflict for one in answers) == [False, True]
    state = RegisterImport.objects.get().state
    assert Property.objects.count() == {"loaded": 1, "abandoned": 0}[state]


def test_two_files_with_the_same_codes_load_one_after_the_other(people: Cast) -> None:
    one = preview(people.reviewer, [building(f"a{n}", Commune="Lens") for n in range(50)])
    two = preview(people.reviewer2, [building(f"a{n}", Commune="Douai") for n in reversed(range(50))])
    answers = together(
        lambda: load_import(public_id=one.public_id, actor=people.reviewer),
        lambda: load_import(public_id=two.public_id, actor=people.reviewer2),
    )
    assert sorted(type(one) is Conflict for one in answers) == [False, True]
    assert Property.objects.values("town").distinct().count() == 1
    assert PropertyChange.objects.count() == 50
    late = RegisterImport.objects.get(state="previewed")
    if (
        late.created
    ):  # it was told at once that another file was being loaded; else it saw what that had written
        with pytest.raises(Conflict, match="Le registre a changé"):
            load_import(public_id=late.public_id, actor=people.reviewer)
    load_import(public_id=late.public_id, actor=people.reviewer)
    assert PropertyChange.objects.count() == 100


def test_nobody_waits_for_a_file_that_is_being_loaded(people: Cast) -> None:
    one, two = preview(people.reviewer, [building("a")]), preview(people.reviewer, [building("b")])
    other = preview(people.reviewer, [facility("c")], "facility")

    def second() -> list[str]:
        said = []
        for act, found in (
            (load_import, one),
            (abandon_import, one),
            (load_import, two),
            (load_import, other),
        ):
            try:
                act(public_id=found.public_id, actor=people.reviewer2)
            except Conflict as refusal:
                said.append(refusal.message.split(" en ce moment")[0])
        connections.close_all()
        return said

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        load_import(public_id=one.public_id, actor=people.reviewer)
        said = pool.submit(second).result(timeout=30)
    assert said == [*["Quelqu’un charge ou abandonne ce fichier"] * 2, "Un autre fichier se charge"]
    assert Property.objects.get().code == "a"


def test_building_entered_by_hand_at_the_very_moment_is_seen(people: Cast) -> None:
    found = preview(people.reviewer, [building("a"), building("b")])
    entered = threading.Event()
    waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid())"

    def by_hand() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            create_property(code="b", facts=facts(people), actor=people.reviewer2)
            entered.set()
            until = time.monotonic() + 20
            while time.monotonic() < until:  # the import comes to this row, which is not yet committed
                cursor.execute(waits)
                if cursor.fetchone()[0]:
                    return
        raise AssertionError("the import did not wait")

    def load() -> None:
        entered.wait(timeout=20)
        load_import(public_id=found.public_id, actor=people.reviewer)

    answers = together(by_hand, load)
    assert [type(one) for one in answers] == [type(None), Conflict]
    found.refresh_from_db()
    assert (found.state, found.created, found.unchanged) == ("previewed", 1, 1)
    assert list(Property.objects.values_list("code", flat=True)) == ["b"]
