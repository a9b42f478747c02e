"""Rows in bulk: the same as one by one, and refused by the same constraints."""

import pytest
from django.db import IntegrityError, transaction

from cases import bulk
from cases.models import Facility
from tests.journeys import Cast

pytestmark = pytest.mark.django_db


def facilities(cast: Cast, *codes: str) -> list[Facility]:
    return [
        Facility(code=code, name=f"« {code} »\t\\N", town="é\n", organisation=cast.body["carmi-npdc"])
        for code in codes
    ]


def test_rows_are_inserted_with_their_keys_and_changed(cast: Cast) -> None:
    one, two = made = facilities(cast, "a", "b")
    bulk.insert(made)
    assert [
        (found.pk, found.name, found.town, found.finess) for found in Facility.objects.order_by("code")
    ] == [
        (one.pk, "« a »\t\\N", "é\n", None),
        (two.pk, "« b »\t\\N", "é\n", None),
    ]
    Facility.objects.create(code="c", name="c", town="c", organisation=cast.body["carmi-npdc"])
    one.name, one.town, two.name = "neuf", "gardée", "neuf aussi"
    bulk.update(made, ["name"])
    bulk.update(made, ["name"])  # the table that it parks rows in is gone
    assert list(Facility.objects.order_by("code").values_list("name", "town")) == [
        ("neuf", "é\n"),
        ("neuf aussi", "é\n"),
        ("c", "c"),
    ]
    bulk.insert([])
    bulk.update([], ["name"])


def test_constraints_and_triggers_hold(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="cases_facility_code"), transaction.atomic():
        bulk.insert(facilities(cast, "a", "a"))
    made = facilities(cast, "a")
    bulk.insert(made)
    made[0].finess = "x"
    with pytest.raises(IntegrityError, match="facility_finess_shape"), transaction.atomic():
        bulk.update(made, ["finess"])
    made[0].pk = 0
    with pytest.raises(LookupError, match="1 rows of Facility"), transaction.atomic():
        bulk.update(made, ["name"])
    assert Facility.objects.get().finess is None
