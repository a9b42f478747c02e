"""The page of the register of notices: what it says to whom, at what cost, and what it refuses."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from cases import clock
from notifications.enums import Channel, OutboxState
from notifications.services import deliver
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast
from tests.mail_server import mail_sink
from tests.pages import at_the_site, stored, words
from tests.told import Told, tell
from tests.workflows.views.test_statements import count, warm

S = OutboxState
MORNING = datetime(2026, 3, 18, 9, tzinfo=UTC)
SENT = datetime(2026, 3, 2, 10, tzinfo=UTC)
EVERY_STATE = (
    Told(date(2026, 3, 10), "dss", mails=((S.UNADDRESSED, None),)),
    Told(date(2026, 3, 2), "db", mails=((S.FAILED, None),)),
    Told(date(2026, 3, 2), "cgefi", datetime(2026, 3, 5, 9, tzinfo=UTC), mails=((S.DELIVERED, SENT),)),
    Told(date(2026, 2, 2), "dss", datetime(2026, 3, 5, 9, tzinfo=UTC), fund="FNASS"),
)


@pytest.fixture
def told(cast: Cast) -> list[str]:
    """A notice in each state on 18 March 2026; their references."""
    return [one.dossier.reference for one in tell(cast, EVERY_STATE)]


def look(user: Any, query: str = "", *, at: datetime = MORNING, address: str = "/registre/") -> Any:
    """The page on that morning."""
    with clock.at(at):
        return at_the_site(user).get(f"{address}{query}")


def references(response: Any) -> list[str]:
    return [row.reference for row in response.context["rows"]]


def row_of(response: Any, reference: str) -> str:
    """The words of one row."""
    content = response.content.decode()
    (row,) = (part for part in content.split('<tr role="row"')[1:] if f"/dossiers/{reference}/" in part)
    return words(HttpResponse("<tr" + row.split("</tr>")[0]))


# -- what it says --------------------------------------------------------------------------------------


def test_row_says_what_was_told_when_and_how_it_was_received(cast: Cast, told: list[str]) -> None:
    page = look(cast.auditor)
    awaited, late, received, received_late = (row_of(page, one) for one in told)
    assert "Virement FNGA 2026 : postes de travail VIR-2026-0001 · FNGA · exercice 2026" in awaited
    assert "Direction de la sécurité sociale" in awaited
    assert "mardi 10 mars 2026 mercredi 25 mars 2026 mardi 10 mars 2026 à 10:00" in awaited
    assert "courriel : aucune adresse aucun en attente 8 jours" in awaited
    assert "courriel : en échec aucun en retard 16 jours" in late
    assert "courriel remis au serveur le lundi 2 mars 2026 à 11:00" in received
    assert "jeudi 5 mars 2026 à 10:00 Corinne Contrôle, Destinataire — Contrôle général" in received
    assert received.endswith("reçue dans le délai 3 jours")
    assert "aucun courriel" in received_late
    assert received_late.endswith("reçue après le délai 31 jours")


def test_page_leads_to_the_dossier_and_to_the_paper(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "10.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    client = at_the_site(cast.ministry)
    with clock.at(NOW):
        page = client.get("/registre/?addressee=dss")
        (row,) = page.context["rows"]
        content = page.content.decode()
        paper = f"/dossiers/{journey.reference}/pieces/{row.notice.document.public_id}/"
        assert f'href="/dossiers/{journey.reference}/"' in content
        assert f'href="{paper}"' in content
        assert b"".join(client.get(paper).streaming_content)[:5] == b"%PDF-"
        assert "courriel : aucune adresse" in words(page)  # the people of the ministry have none here


def test_mail_on_its_way_then_taken_by_the_server_is_told(people: Cast, settings: Any) -> None:
    people.ministry.email = "dss@tutelle.example"
    people.ministry.save(update_fields=["email"])
    journey = CreditJourney.file(people, "virement", transfers(("A-I-1", "A-I-2.autres", "10.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    query = "?addressee=dss"
    assert "courriel en cours d’envoi" in words(look(people.auditor, query, at=NOW))
    with mail_sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 5
        with clock.at(NOW + timedelta(minutes=5)):
            deliver(Channel.EMAIL)
        assert sink.addressees == ["dss@tutelle.example"]
    page = words(look(people.auditor, query, at=NOW + timedelta(days=1)))
    assert "courriel remis au serveur le lundi 2 mars 2026 à 10:05" in page


def test_late_notice_is_marked_by_a_word_and_at_the_edge(cast: Cast, told: list[str]) -> None:
    content = look(cast.auditor, "?state=late").content.decode()
    assert content.count('class="is-late"') == 1
    assert ">en retard</span>" in content


def test_totals_are_those_of_the_selection_whatever_the_page(cast: Cast, told: list[str]) -> None:
    page = words(look(cast.auditor))
    assert "Contrôle général économique et financier 1 0 0 1 0 100 % 3 jours 3 jours —" in page
    assert "Direction de la sécurité sociale 2 1 0 0 1 0 % 31 jours 31 jours 8 jours" in page
    assert "Ensemble 4 1 1 1 1 33,3 % 17 jours 31 jours 16 jours" in page
    assert "Toutes 4 En attente 1 En retard 1 Reçues dans le délai 1 Reçues après le délai 1" in page
    assert "4 informations" in page
    one = words(look(cast.auditor, "?state=late"))
    assert "Toutes 4 En attente 1 En retard 1" in one
    assert "Direction du budget 1 0 1 0 0 0 % — — 16 jours" in one
    assert "Ensemble" not in one
    assert "1 information " in one


def test_filters_stay_in_the_address_of_every_link(cast: Cast, told: list[str]) -> None:
    response = look(cast.auditor, "?fund=fnga&since=01/03/2026&state=late&color=red")
    content = response.content.decode()
    assert references(response) == [told[1]]
    query = "fund=FNGA&amp;state=late&amp;since=2026-03-01"
    assert f'href="/registre/export.xlsx?{query}"' in content
    assert f'href="/registre/export.pdf?{query}"' in content
    assert 'href="/registre/?fund=FNGA&amp;since=2026-03-01&amp;state=acknowledged"' in content
    assert 'href="/registre/?fund=FNGA&amp;since=2026-03-01"' in content
    assert '<input type="hidden" name="state" value="late">' in content
    assert '<option value="FNGA" selected>' in content
    assert 'value="2026-03-01"' in content


def test_pages_follow_each_other_and_keep_the_filters(cast: Cast) -> None:
    expected = [one.dossier.reference for one in tell(cast, [Told(fund="FNGA") for _ in range(30)])][::-1]
    tell(cast, [Told(fund="FNASS")])
    first = look(cast.auditor, "?fund=FNGA")
    cursor = first.context["page"].next_cursor
    assert f"?fund=FNGA&amp;cursor={cursor}" in first.content.decode()
    second = look(cast.auditor, f"?fund=FNGA&cursor={cursor}")
    assert references(first) + references(second) == expected
    assert "30 informations" in words(second)
    assert "Revenir au début" in words(second)


@pytest.mark.parametrize("cursor", ["x", "2026-03-02", "2026-99-02.1", "é"])
def test_broken_page_mark_is_refused_with_a_way_back(cast: Cast, cursor: str) -> None:
    response = look(cast.auditor, f"?cursor={cursor}")
    assert response.status_code == 422
    assert "reprenez la liste depuis le début" in words(response)


def test_empty_register_says_what_would_be_there(cast: Cast) -> None:
    assert "Aucune information pour le moment" in words(look(cast.auditor))
    page = look(cast.auditor, "?fund=FNMO")
    assert "Aucune information ne répond à ces critères" in words(page)
    assert "export.xlsx" not in page.content.decode()


def test_selection_too_large_for_a_file_says_so_instead_of_offering_one(
    cast: Cast, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.views.register.MOST_ROWS", 3)
    page = look(cast.auditor)
    assert "Un fichier porte 3 informations au plus" in words(page)
    assert "export.xlsx" not in page.content.decode()
    assert len(references(page)) == 4


# -- who reads it --------------------------------------------------------------------------------------


def test_each_role_finds_its_own_virements(cast: Cast) -> None:
    mine, theirs = (one.dossier.reference for one in tell(cast, [Told(), Told(body="carmi-est")]))
    assert references(look(cast.agent)) == [mine]
    assert references(look(cast.est_agent)) == [theirs]
    for who in ("auditor", "dg", "ministry", "ministry_db", "comptroller", "manager"):
        assert references(look(cast.people[who])) == [theirs, mine], who
    for who in ("admin", "nobody", "secretary"):
        page = look(cast.people[who])
        assert references(page) == [], who
        assert mine not in words(page)


def test_tab_is_there_for_those_who_may_read_dossiers(cast: Cast) -> None:
    def tab(user: Any) -> bool:
        navigation = look(user).content.decode().split("</nav>")[0]
        return '<a href="/registre/"' in navigation

    assert {name for name, user in cast.people.items() if not tab(user)} == {"admin", "nobody"}
    content = " ".join(look(cast.auditor).content.decode().split())
    assert '<a href="/registre/" aria-current="page">' in content


@pytest.mark.parametrize("address", ["/registre/", "/registre/export.xlsx", "/registre/export.pdf"])
def test_visitor_is_asked_to_log_in_and_nothing_but_reading_is_allowed(cast: Cast, address: str) -> None:
    assert look(None, address=address).status_code == 302
    assert at_the_site(cast.auditor).post(address).status_code == 405


def test_reading_the_register_writes_nothing(cast: Cast, told: list[str]) -> None:
    before = stored()
    for address in ("/registre/", "/registre/export.xlsx", "/registre/export.pdf"):
        assert look(cast.auditor, address=address).status_code == 200
    assert stored() == before


# -- what it refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/registre/", "/registre/export.xlsx", "/registre/export.pdf"])
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("exercise", "abc", "n’est pas un exercice"),
        ("fund", "FNXX", "n’est pas un fonds"),
        ("addressee", "personne", "« personne » est inconnu"),
        ("state", "perdue", "« perdue » est inconnu"),
        ("dossier", "V" * 50, "n’est pas une référence"),
        ("since", "31/02/2026", "n’est pas une date"),
        ("until", "hier", "« hier » n’est pas une date"),
    ],
)
def test_filter_that_makes_no_sense_is_told_at_its_field_and_nothing_is_listed(
    cast: Cast, told: list[str], address: str, name: str, value: str, says: str
) -> None:
    response = look(cast.auditor, f"?{name}={value}", address=address)
    assert response.status_code == 422
    page, content = words(response), response.content.decode()
    assert says in page
    assert f'href="#registre-{name}"' in content
    assert f'id="registre-{name}"' in content
    if name != "state":
        assert f'id="erreur-{name}"' in content
        assert f'aria-describedby="erreur-{name}"' in content
    assert not any(reference in page for reference in told)
    assert "Totaux" not in page
    assert "export." not in content


def test_period_upside_down_is_told_at_its_end(cast: Cast, told: list[str]) -> None:
    response = look(cast.auditor, "?since=2026-03-02&until=2026-03-01")
    assert response.status_code == 422
    assert "échangez les deux dates" in words(response)
    content = response.content.decode()
    assert 'value="2026-03-01"' in content
    assert 'aria-describedby="erreur-until"' in content


@pytest.mark.parametrize(
    "name", ["exercise", "fund", "addressee", "state", "dossier", "since", "until", "cursor"]
)
@pytest.mark.parametrize(
    "value", ["%00", "a%00b", "%ED%A0%80", "%F0%9F%92%A5" * 50, "%27%3B--", "%3Cscript%3E"]
)
def test_no_query_breaks_the_register(cast: Cast, name: str, value: str) -> None:
    response = look(cast.auditor, f"?{name}={value}")
    expected = {400} if "%00" in value else {422, 200} if name == "dossier" else {422}
    assert response.status_code in expected
    assert "<script>" not in response.content.decode()


# -- what it costs -------------------------------------------------------------------------------------


def test_page_and_files_cost_the_same_for_three_and_three_hundred_notices(cast: Cast) -> None:
    client = warm(cast.auditor)
    addresses = ("/registre/", "/registre/export.xlsx", "/registre/export.pdf")

    def costs() -> list[int]:
        with clock.at(MORNING):
            return [count(client, address) for address in addresses]

    tell(cast, [Told(mails=((S.DELIVERED, SENT),)) for _ in range(3)])
    assert costs() == [9, 6, 6]
    tell(cast, [Told(mails=((S.DELIVERED, SENT),)) for _ in range(297)])
    assert costs() == [9, 6, 6]
    query = "?exercise=2026&fund=FNGA&addressee=dss&since=2026-01-01&until=2026-12-31"
    with clock.at(MORNING):
        assert count(client, f"/registre/{query}&state=late") == 9
