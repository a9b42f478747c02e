"""Imports confirmed at the same moment: one of two people loads a file, and two files do not load half of each."""

from cases.errors import Conflict
from cases.models import Property, PropertyChange, RegisterImport
from cases.services.imports import abandon_import, load_import
from tests.imports import building, preview
from tests.journeys import Cast
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
