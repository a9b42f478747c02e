"""Sessions in a browser: no fault that axe finds, nothing sticks out at 360 px; the same vote for all."""

from collections.abc import Callable

from django.db import transaction

from cases import clock
from cases.services.meetings import close_meeting, make_agenda
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.credit_journeys import NOW
from tests.journeys import Cast
from tests.meetings import adopted, awaiting, enter, record, rejected, session

Open = Callable[..., Person]


def test_pages_of_sessions_have_no_fault_and_do_not_scroll_sideways(
    cast: Cast, person: Open, watch: Watch
) -> None:
    watch.allow(422)
    with transaction.atomic():
        first, second, third, _ = awaiting(cast, 4)
        meeting = session(cast, label="ordinaire", remarks="Rapport moral.")
        enter(cast, meeting, first, second, third)
        with clock.at(NOW):
            make_agenda(public_id=meeting.public_id, actor=cast.secretary)
        record(cast, meeting, adopted(first))
    secretary = person("secretary")
    address = f"/seances/{meeting.public_id}/"
    pages = (
        ("seances", "/seances/"),
        ("seance-nouvelle", "/seances/nouvelle/"),
        ("seance-modifier", f"{address}modifier/"),
        ("seance", address),
    )
    faults = {}
    for name, one in pages:
        secretary.go(one)
        if found := look(secretary, name):
            faults[name] = found
    secretary.go(address)
    secretary.page.get_by_label("Voix pour").last.fill("30")
    secretary.button("Enregistrer les résultats remplis").click()
    secretary.sees("Choisissez l’issue de ce dossier")
    if found := look(secretary, "seance-refus"):
        faults["seance-refus"] = found
    with transaction.atomic():
        record(cast, meeting, adopted(second), rejected(third))
        with clock.at(NOW):
            close_meeting(public_id=meeting.public_id, actor=cast.secretary)
    secretary.go(address)
    if found := look(secretary, "seance-close"):
        faults["seance-close"] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_the_same_vote_for_all_without_script_on_a_narrow_screen(cast: Cast, person: Open) -> None:
    with transaction.atomic():
        journeys = awaiting(cast, 2)
        meeting = session(cast)
        enter(cast, meeting, *journeys)
    secretary = person("secretary", script=False, viewport=NARROW)
    secretary.go(f"/seances/{meeting.public_id}/")
    secretary.page.get_by_text("Même vote pour tous").click()
    everywhere = secretary.page.locator(".agenda-all")
    everywhere.get_by_label("Adopté").check()
    everywhere.get_by_label("Voix pour").fill("12")
    everywhere.get_by_label("Voix contre").fill("5")
    secretary.button("Reporter sur les dossiers laissés vides").click()
    secretary.sees("2 dossiers remplis, rien n’est encore enregistré")
    assert [one.status for one in journeys] == ["submitted"] * 2
    secretary.button("Enregistrer les résultats remplis").click()
    secretary.sees("2 résultats enregistrés")
    assert [one.status for one in journeys] == ["awaiting_authority"] * 2
