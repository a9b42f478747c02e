"""``manage.py settle_notices``: old notices stop being counted, recent ones stay."""

from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from cases import clock
from cases.models import Dossier
from notifications.selectors import unread_count

pytestmark = pytest.mark.django_db


def test_notices_of_the_day_itself_stay_unread(under_review: Dossier, people: SimpleNamespace) -> None:
    out = StringIO()
    call_command("settle_notices", "--before", clock.today().isoformat(), stdout=out)
    assert out.getvalue() == "0 avis classés.\n"
    assert unread_count(people.instructeur) == 1


def test_notices_of_the_day_before_are_settled(under_review: Dossier, people: SimpleNamespace) -> None:
    call_command("settle_notices", "--before", (clock.today() + timedelta(days=1)).isoformat(), verbosity=0)
    assert unread_count(people.instructeur) == 0


def test_date_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="écrivez-la comme 2026-01-31"):
        call_command("settle_notices", "--before", "hier")
