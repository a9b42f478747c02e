"""The search page: words, filters, columns, pages, mistakes; what it never shows."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from cases import clock
from cases.selectors import search as module
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, stored, words
from workflows.services import claim, post_message


def references(response: Any) -> list[str]:
    """References of the rows shown, in order."""
    return [row["dossier"].reference for row in response.context["rows"]]


def ask(user: Any, **query: str) -> Any:
    """The page with these filters."""
    return at_the_site(user).get("/dossiers/", query)


def test_words_come_by_relevance_with_where_they_were_found(cast: Cast) -> None:
    in_message = Journey.start(cast, title="Travaux")
    in_title = Journey.start(cast, title="Chaufferie")
    post_message(reference=in_message.reference, text="Et la chaufferie ?", actor=cast.agent)
    page = ask(cast.agent, q="chaufferies")
    assert references(page) == [in_title.reference, in_message.reference]
    assert "2 dossiers , les mots de la référence et de l’objet d’abord." in words(page)
    assert "<mark>Chaufferie</mark></a>" in page.content.decode()
    assert "Message : Et la chaufferie ?" in words(page)
    assert references(ask(cast.agent, q="chaufferies", sort="reference")) == [
        in_message.reference,
        in_title.reference,
    ]


def test_what_people_wrote_never_becomes_markup(cast: Cast) -> None:
    journey = Journey.start(cast, title="<script>alert(1)</script> toiture", nature='"><img src=x>devis')
    post_message(reference=journey.reference, text="<b>devis</b> & </mark><i>", actor=cast.agent)
    for query in ("toiture script", "devis", "img", '"><script>toiture'):
        content = ask(cast.agent, q=query).content.decode()
        assert journey.reference in re.sub("</?mark>", "", content) or "Aucun dossier" in content
        assert "<script>alert" not in re.sub("</?mark>", "", content)
        assert "<img src=x" not in re.sub("</?mark>", "", content)
        assert "<i>" not in re.sub("<i [^>]*>", "", content)


def test_filters_of_the_open_step_its_role_and_holder(cast: Cast) -> None:
    draft, review = Journey.start(cast), Journey.at(cast, "under_review")
    free = Journey.at(cast, "under_review")
    claim(task_id=review.task.pk, actor=cast.reviewer)
    for query, expected in (
        ({"step": "check"}, [free, review]),
        ({"step": "check", "path": "virement"}, []),
        ({"role": "reviewer"}, [free, review]),
        ({"role": "preparer"}, [draft]),
        ({"holder": "me"}, [review]),
        ({"holder": "taken"}, [review]),
        ({"holder": "free"}, [free, draft]),
        ({"holder": "free", "step": "check"}, [free]),
        ({"holder": "reviewer"}, [review]),
        ({"holder": "nobody-of-that-name"}, []),
    ):
        assert sorted(references(ask(cast.reviewer, **query))) == sorted(one.reference for one in expected), (
            query
        )


def test_how_much_a_person_has_in_hand_is_not_counted(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    claim(task_id=journey.task.pk, actor=cast.reviewer)
    page = ask(cast.reviewer2, holder="reviewer")
    assert references(page) == [journey.reference]
    assert "1 dossier" not in words(page)
    assert '<option value="reviewer" selected>Irène Instructrice</option>' in page.content.decode()
    assert "Irène Instructrice" not in words(ask(cast.agent))  # no desk in common


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("amount_from", "abc", "Montant, à partir de : "),
        ("amount_to", "-5", "Indiquez un montant positif"),
        ("submitted_from", "31/02/2015", "« 31/02/2015 » n’est pas une date"),
        ("updated_to", "9999-12-31", "« 9999-12-31 » n’est pas une date"),
        ("due_to", "hier", "« hier » n’est pas une date"),
        ("exercise", "20155", "Indiquez une année"),
        ("status", "nonsense", "« nonsense » est inconnu"),
        ("sort", "people", "« people » est inconnu"),
        ("q", "x" * 201, "gardez les mots qui comptent"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_kept(
    cast: Cast, name: str, typed: str, sentence: str
) -> None:
    Journey.start(cast)
    page = ask(cast.agent, **{name: typed})
    assert page.status_code == 200
    assert sentence in words(page)
    assert page.context["page"] is None
    content = page.content.decode()
    assert typed in content
    if name not in ("sort",):
        assert f'id="erreur-{name}"' in content
        assert f'aria-describedby="erreur-{name}"' in content


def test_reversed_ends_are_refused(cast: Cast) -> None:
    page = ask(cast.agent, updated_from="2015-03-03", updated_to="2015-03-01", amount_from="2", amount_to="1")
    assert words(page).count("Cette date est avant la première : intervertissez-les.") == 2
    assert words(page).count("Ce montant est inférieur au premier : intervertissez-les.") == 2
    assert 'value="2015-03-01"' in page.content.decode()


def test_filters_understood_are_kept_and_rare_ones_stay_open(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    page = ask(cast.agent, submitted_from="01/01/2014", amount_from="25 000,50", q="lens")
    assert references(page) == [journey.reference]
    content = page.content.decode()
    assert 'value="2014-01-01"' in content
    assert 'value="25 000,50"' in content
    assert '<details class="search__more" open>' in content
    assert '<details class="search__more" open>' not in ask(cast.agent, q="lens").content.decode()


def test_columns_sort_both_ways_and_say_so(cast: Cast) -> None:
    small, large = Journey.start(cast, "30000.00"), Journey.start(cast, "40000.00")
    page = ask(cast.agent, sort="-amount")
    assert references(page) == [large.reference, small.reference]
    content = page.content.decode()
    assert content.count("aria-sort") == 1
    assert 'class="number" aria-sort="descending"' in " ".join(content.split())
    assert 'href="?sort=amount"' in content
    page = ask(cast.agent, sort="amount", status="draft")
    assert references(page) == [small.reference, large.reference]
    assert 'href="?status=draft&amp;sort=-amount"' in page.content.decode()


def test_pages_keep_the_filters(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.search, "__kwdefaults__", module.search.__kwdefaults__ | {"size": 2})
    expected = [Journey.start(cast, title="Toiture", pieces=()).reference for _ in range(5)][::-1]
    client, seen, address = at_the_site(cast.agent), [], "/dossiers/?q=toiture&sort=-reference"
    while address:
        page = client.get(address)
        seen += references(page)
        following = re.search(r'rel="next"\s+href="([^"]+)"', page.content.decode())
        address = f"/dossiers/{following.group(1).replace('&amp;', '&')}" if following else ""
    assert seen == expected
    assert "Revenir au début" in words(page)


def test_nothing_found_says_which_filter_to_drop(cast: Cast) -> None:
    journey = Journey.start(cast)
    page = ask(cast.agent, q="lens", status="refused", sort="due")
    assert "Aucun dossier ne répond à cette recherche" in words(page)
    assert [one["label"] for one in page.context["drops"]] == ["Mots", "État"]
    (url,) = [one["url"] for one in page.context["drops"] if one["label"] == "État"]
    assert references(at_the_site(cast.agent).get(url)) == [journey.reference]
    assert "que des mots trop courants" in words(ask(cast.agent, q="de la"))
    assert "Aucun dossier pour le moment" in words(ask(cast.est_agent))


def test_dates_of_paris_bound_the_days(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    with connection.cursor() as cursor:  # one minute before midnight in Paris
        moment = clock.start_of(date(2015, 3, 4)) - timedelta(minutes=1)
        cursor.execute("UPDATE cases_dossier SET submitted_at = %s WHERE id = %s", [moment, journey.pk])
    assert references(ask(cast.agent, submitted_to="2015-03-03")) == [journey.reference]
    assert references(ask(cast.agent, submitted_from="2015-03-04")) == []


def test_reading_writes_nothing(cast: Cast) -> None:
    Journey.start(cast)
    client = at_the_site(cast.agent)
    before = stored()
    for query in ("", "?q=lens", "?holder=me&sort=due", "?amount_from=abc"):
        assert client.get(f"/dossiers/{query}").status_code == 200
    assert stored() == before
    assert client.post("/dossiers/").status_code == 405
