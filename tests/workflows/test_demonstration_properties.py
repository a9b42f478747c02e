"""The buildings of the demonstration: entered through the services, of every use, some vacant, some valued."""

from datetime import date

import pytest

from cases.models import Organisation, Property, PropertyChange
from cases.register_terms import PropertyUse
from cases.services.reference_data import load_organisations
from workflows.demonstration.people import create_people
from workflows.demonstration.properties import BUILDINGS, create_properties, value_properties

pytestmark = pytest.mark.django_db


def test_buildings_are_entered_once_and_valued() -> None:
    load_organisations()
    organisations = {one.code: one for one in Organisation.objects.select_related("parent").order_by("pk")}
    people = create_people(organisations)
    assert create_properties(organisations, people) == len(BUILDINGS) >= 18
    assert create_properties(organisations, people) == 0
    for _ in range(2):
        value_properties(people, today=date(2026, 3, 2))
    found = list(Property.objects.select_related("organisation").order_by("code"))
    assert {one.use for one in found} == set(PropertyUse.values)
    assert {one.fund for one in found} == {"FNGA", "FNASS", "FNMO"}
    assert {one.organisation.code for one in found} == {"canssm", "carmi-npdc", "carmi-est", "carmi-sud"}
    assert {one.state for one in found} == {"in_use", "vacant"}
    assert [one.code for one in found if one.health_housing] == ["npdc-bruay-maison-medecin"]
    valued = [one for one in found if one.market_value]
    assert {one.market_value_on for one in valued} == {date(2026, 1, 1)}
    assert len(valued) == len([one for one in BUILDINGS if one.market])
    assert PropertyChange.objects.count() == len(found) + len(valued) + sum(one.left for one in BUILDINGS)
