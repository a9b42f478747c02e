"""A dossier that is withdrawn while it stands on an agenda: the session is neither stuck nor silent about it."""

from __future__ import annotations

import pytest
from django.test import Client

from cases import clock
from cases.errors import BusinessError
from cases.models import AgendaItem, Meeting
from cases.services.meetings import cancel_meeting, close_meeting, remove_item
from tests.credit_journeys import NOW
from tests.journeys import Cast
from tests.opening_journeys import OpeningJourney

pytestmark = pytest.mark.django_db


def test_withdrawn_dossier_is_taken_off_the_agenda_before_the_minutes(cast: Cast, client: Client) -> None:
    journey = OpeningJourney.at_the_board(cast)
    meeting = journey.session()
    journey.on_agenda(meeting)
    with clock.at(NOW):
        journey.act("withdraw.withdraw", "director")
        client.force_login(cast.secretary)
        page = client.get(f"/seances/{meeting.public_id}/")
        assert page.status_code == 200
        assert "n’attend plus" in page.content.decode()
        with pytest.raises(BusinessError) as refused:
            close_meeting(public_id=meeting.public_id, actor=cast.secretary)
        assert journey.reference in refused.value.message
        remove_item(public_id=meeting.public_id, reference=journey.reference, actor=cast.secretary)
        cancel_meeting(public_id=meeting.public_id, actor=cast.secretary, motive="Plus aucun dossier.")
    assert Meeting.objects.get(pk=meeting.pk).state == "cancelled"
    assert AgendaItem.objects.get(dossier=journey.pk).removed_at is not None
