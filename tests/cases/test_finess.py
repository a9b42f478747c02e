"""FINESS and ADELI numbers as they are typed: shape, department, key, and sentences that help."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.finess import DEPARTMENTS, adeli_fault, finess_fault, finess_key, plain

#: Numbers of public establishments: mainland, both departments of Corsica, overseas.
KNOWN = (
    "010003820",
    "010003812",
    "2A0000014",
    "2A0000386",
    "2A0002606",
    "2B0000020",
    "2B0004246",
    "970100228",
    "980500003",
)

numbers = st.builds(
    lambda department, order: (first := f"{department}{order:06d}") + finess_key(first),
    st.sampled_from(sorted(DEPARTMENTS)),
    st.integers(0, 999_999),
)


@pytest.mark.parametrize("number", KNOWN)
def test_numbers_of_known_establishments_have_the_key_that_is_computed(number: str) -> None:
    assert finess_fault(number) == ""
    assert finess_key(number[:8]) == number[8]


@given(numbers, st.integers(0, 8), st.integers(1, 9))
def test_any_one_digit_changed_is_refused(number: str, place: int, step: int) -> None:
    if not number[place].isdigit():
        return
    changed = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert finess_fault(number) == ""
    assert finess_fault(changed)


@given(numbers, st.integers(0, 7))
def test_two_neighbours_exchanged_are_refused_but_for_0_and_9(number: str, place: int) -> None:
    left, right = number[place : place + 2]
    changed = number[:place] + right + left + number[place + 2 :]
    if {left, right} == {"0", "9"}:
        assert "La clé" not in finess_fault(changed), (
            "Luhn's formula cannot tell them apart, as the module says"
        )
    elif left != right:
        assert finess_fault(changed)


@given(numbers, st.sampled_from((" ", ".", "-", "\u00a0", "\u202f")))
def test_blanks_between_the_groups_do_not_matter(number: str, between: str) -> None:
    typed = between.join((number[:2].lower(), number[2:5], number[5:8], number[8]))
    assert plain(typed) == number
    assert finess_fault(typed) == ""


@given(st.text(max_size=14))
def test_whatever_is_typed_gets_a_sentence_and_never_an_error(text: str) -> None:
    fault = finess_fault(text)
    assert fault == "" or fault.endswith(".")
    assert (adeli_fault(text) == "") or adeli_fault(text).endswith(".")


def test_wrong_key_is_told_with_the_right_one() -> None:
    fault = finess_fault("62 001 234 5")
    key = finess_key("62001234")
    assert f"donnent la clé {key}, et non 5" in fault
    assert "« 620012345 »" in fault
    assert finess_fault(f"62001234{key}") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Indiquez le numéro"),
        ("7", "celui-ci en a un caractère"),
        ("62001234", "celui-ci en a 8 caractères"),
        ("6200123456", "celui-ci en a 10 caractères"),
        ("62O012345", "a un autre caractère"),
        ("٦٢٠٠١٢٣٤٥", "a un autre caractère"),
        ("2C0000014", "a un autre caractère"),
        ("200000014", "la Corse s’écrit 2A ou 2B"),
        ("960000014", "commence par « 96 »"),
        ("000000000", "commence par « 00 »"),
        ("3A0000014", "commence par « 3A »"),
    ],
)
def test_shape_and_department_are_told_apart(text: str, said: str) -> None:
    assert said in finess_fault(text)
    assert said in adeli_fault(text)


def test_adeli_has_its_shape_checked_and_no_key() -> None:
    assert [adeli_fault(f"6210123{last}4") for last in "0123456789"] == [""] * 10
    assert adeli_fault("2a 1 01234 5") == ""
    assert "FINESS" not in adeli_fault("62")


def test_key_of_anything_but_eight_characters_is_an_error_of_the_program() -> None:
    for text in ("", "6200123", "620012345", "62O01234"):
        with pytest.raises(ValueError, match="first eight"):
            finess_key(text)
