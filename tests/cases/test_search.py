"""Search: which words find a dossier and which never do, the filters, the orders and their pages."""

import base64
import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cases import clock
from cases.errors import Invalid
from cases.models import Document, Dossier, DossierFindings, Organisation
from cases.permissions import holdings_of
from cases.selectors import normalise
from cases.selectors import search as module
from cases.selectors.dossiers import dossiers_visible_to
from cases.selectors.excerpts import hits_of
from cases.selectors.search import ORDERS, DossierFilters, Found, read_words, search
from tests.journeys import Cast, Journey
from tests.opening_journeys import OpeningJourney
from tests.pages import analyze
from workflows.services import post_message, post_note, update_draft


def found(user: Any, text: str = "", **more: Any) -> list[int]:
    """The keys of the dossiers found, in order."""
    return [one.pk for one in search(user, words=read_words(text), **more).items]


@pytest.fixture
def roof(cast: Cast) -> Journey:
    """A dossier with words in every place, and another without them."""
    Journey.start(cast, title="Fauteuils dentaires", facilities=["Centre de Douai"], nature="Achat")
    return Journey.start(
        cast,
        title="Rénovation des œuvres sociales, étanchéité rénovée",
        facilities=["Foyer d’Hénin-Beaumont"],
        nature="Chaufferie",
    )


#: What a clerk may type; 0002 and 2015 stand for the dossier's own number and year.
FINDING = (
    "renovation",
    "RÉNOVATIONS",
    "rénover étanchéité",
    "rénovées",
    "renovees",
    "œuvre",
    "oeuvres",
    "L’ŒUVRE",
    "à l’étanchéité des",
    "étanch",  # being typed
    "sociales étanchéi",
    "FNMO-2015-0002",
    "fnmo-2015-0002",
    "2015-0002",
    "2015-00",
    "0002",
    "hénin",
    "Hénin-Beaumont",
    "henin beaumont",
    "chaufferies",
    "25 000,50",
    "25000.50",
    "note",  # the piece « note.pdf »
    "e\u0301tanche\u0301ite\u0301",  # as macOS writes accents
)
FINDING_NOTHING = (
    "douai rénovation",
    "toiture",
    "0002-2015",
    *("%", "_", "de la", "à", "a\x00b", "\ud800", "'", "& | !", ":*", "''"),
)


def test_words_find_a_dossier_whatever_their_accents_case_and_ending(roof: Journey) -> None:
    for text in FINDING:
        typed = text.replace("0002", roof.reference[-4:])
        typed = re.sub("2015", roof.reference[5:9], typed)
        assert roof.pk in found(roof.cast.agent, typed), text


def test_other_words_and_words_without_meaning_find_nothing(roof: Journey) -> None:
    for text in FINDING_NOTHING:
        assert found(roof.cast.agent, text) == [], text


def test_words_joined_by_one_that_says_nothing_are_found(cast: Cast) -> None:
    journey = Journey.start(cast, title="Terrain vis-à-vis du centre")
    for text in ("vis-à-vis", "Vis-a-vis", "terrain vis-à-vi"):
        assert found(cast.agent, text) == [journey.pk], text
    for text in ("l’à-à-côté", "x-a-yy", "a--a", "«¨à¨ab»", "1,ª·_a（\ufeff)à"):
        assert found(cast.agent, text) == [], text


def test_words_follow_what_changes(cast: Cast) -> None:
    journey = Journey.start(cast, title="Toiture")
    post_message(reference=journey.reference, text="Le devis du couvreur suit.", actor=cast.agent)
    update_draft(
        reference=journey.reference,
        actor=cast.agent,
        data={"title": "Verrière", "nature": "Vitrage"},
        version=journey.dossier.version,
    )
    for text, there in (("verrière", True), ("vitrages", True), ("toiture", False), ("couvreurs", True)):
        assert (journey.pk in found(cast.agent, text)) is there, text
    journey.add(name="Plan masse.pdf")
    assert found(cast.agent, "masse") == [journey.pk]
    assert found(cast.agent, "note") == []  # superseded by the plan
    Document.objects.filter(dossier=journey.pk, current=True).update(current=False)
    assert found(cast.agent, "masse") == []
    with connection.cursor() as cursor:  # the reference, by whoever repairs one
        cursor.execute("UPDATE cases_dossier SET reference = 'REP-2015-7777' WHERE id = %s", [journey.pk])
    assert found(cast.agent, "7777") == [journey.pk]


def test_notes_and_sealed_opinions_are_never_found(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    journey.opinion("expert1", text="Avis xylophone scellé")
    journey.do("expert_opinions.recuse", "expert2", motive="Motif clavecin")
    post_note(reference=journey.reference, text="Note hautbois", actor=cast.reviewer)
    post_message(reference=journey.reference, text="Message violoncelle", actor=cast.agent)
    people = [cast.agent, cast.reviewer, cast.auditor, cast.people["expert1"], cast.people["expert3"]]
    for user in people:
        assert found(user, "violoncelles") == [journey.pk]
        for secret in ("xylophone", "hautbois", "clavecin"):
            assert found(user, secret) == []
    assert not DossierFindings.objects.filter(vector__icontains="xylophon").exists()


def test_outsiders_find_nothing_and_each_reader_what_they_read(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review", title="Rénovation")
    for user in (cast.est_agent, cast.ministry, cast.nobody, cast.admin):
        assert found(user, "rénovation") == found(user, journey.reference) == found(user) == []
    for user in (cast.agent, cast.carmi_manager, cast.reviewer, cast.auditor, cast.manager):
        assert found(user, "rénovation") == found(user) == [journey.pk]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_dossier SET involved = involved || %s WHERE id = %s",
            [[f"authority@{cast.body['dss'].pk}"], journey.pk],
        )
    assert found(cast.ministry, "rénovation") == [journey.pk]
    assert found(cast.ministry_db, "rénovation") == []


def test_scope_follows_the_place_of_a_body(cast: Cast) -> None:
    journey = Journey.start(cast)
    body = cast.body["carmi-npdc"]
    Organisation.objects.filter(pk=body.pk).update(lineage="/canssm/carmi-est/carmi-npdc/")
    assert "/canssm/carmi-est/" in DossierFindings.objects.get(dossier=journey.pk).scope
    assert found(cast.est_agent, "lens") == [journey.pk]


def test_an_act_that_changes_no_source_leaves_the_words_alone(cast: Cast) -> None:
    journey = Journey.start(cast)
    before = _row_version(journey.pk)
    journey.act("prepare.submit")
    assert _row_version(journey.pk) != before  # the director reads it from now on
    before = _row_version(journey.pk)
    post_note(reference=Journey.at(cast, "under_review").reference, text="Note", actor=cast.reviewer)
    Dossier.objects.filter(pk=journey.pk).update(updated_at=clock.now(), results={"x": 1})
    assert _row_version(journey.pk) == before


def _row_version(pk: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xmin, ctid, md5(vector::text) FROM cases_dossierfindings WHERE dossier_id = %s", [pk]
        )
        return cursor.fetchone()[1:]


def test_long_texts_do_not_stop_an_act(cast: Cast) -> None:
    journey = Journey.start(cast)
    long = " ".join(f"mot{number}" for number in range(60_000))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_dossier SET data = data || jsonb_build_object('reason', %s::text) WHERE id = %s",
            [long, journey.pk],
        )
    assert found(cast.agent, "mot12") == [journey.pk]


class PlainText(TestCase):
    """PostgreSQL drops accents, case and ligatures as Python does."""

    @given(
        st.text(
            st.one_of(
                st.characters(min_codepoint=1, max_codepoint=0x24F),
                st.sampled_from("œŒæÆßẞ’«»…–—ﬁﬂ½€\u0301\u0327\u00a0\u202f"),
            ),
            max_size=60,
        )
    )
    def test_sql_and_python_agree(self, text: str) -> None:
        """The query is made plain by one, the words by the other."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT cases_plain(%s)", [text])
            (plain,) = cursor.fetchone()
        assert " ".join(plain.split()) == normalise(text)

    @given(
        st.lists(
            st.sampled_from(
                [
                    "Rénovée",
                    "œuvres",
                    "Hénin-Beaumont",
                    "l’été",
                    "12,50",
                    "A-42",
                    "mot_clé",
                    "v1.2",
                    "1e5",
                    "été2015x",
                ]
            ),
            min_size=1,
        )
    )
    def test_what_is_written_is_found_as_it_is_written(self, words: list[str]) -> None:
        """Each word of a text finds it, alone and together."""
        text = " ".join(words)
        with connection.cursor() as cursor:
            for typed in (text, *words):
                cursor.execute(
                    "SELECT numnode(cases_query(%s)) = 0 OR cases_lexemes(%s) @@ cases_query(%s)",
                    [typed, text, typed],
                )
                assert cursor.fetchone() == (True,), typed


# -- filters -----------------------------------------------------------------------------------------


@pytest.fixture
def set_of(cast: Cast) -> dict[str, int]:
    """Four dossiers that differ in everything that is filtered."""
    made = {}
    for number, name in enumerate("abcd"):
        with clock.at(clock.start_of(date(2015, 3, 1) + timedelta(days=number))):
            body = "carmi-est" if name == "d" else "carmi-npdc"
            made[name] = Journey.start(
                cast, f"{number + 1}0000.00", pieces=(), body=body, exercise=2015 + number % 2
            ).pk
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for number, name in enumerate("abc"):
            cursor.execute(
                "UPDATE cases_dossier SET submitted_at = %s, next_due_on = %s, status = 'under_review' WHERE id = %s",
                [clock.start_of(date(2015, 4, 1 + number)), date(2015, 5, 1 + number), made[name]],
            )
        cursor.execute(
            "UPDATE cases_dossier SET path = 'virement', amount_ht = NULL WHERE id = %s", [made["d"]]
        )
        cursor.execute(
            "UPDATE cases_dossierfindings SET blocked_rules = '{x.y}', checked_length = 1, checked_on = '2015-03-05' "
            "WHERE dossier_id IN (%s, %s)",
            [made["a"], made["b"]],
        )
        cursor.execute("UPDATE cases_dossier SET journal_length = 2 WHERE id = %s", [made["b"]])
        cursor.execute("SET session_replication_role = DEFAULT")
    return made


FILTERS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "abcd"),
    ({"path": "virement"}, "d"),
    ({"path": "\x00"}, ""),
    ({"status": "under_review"}, "abc"),
    ({"organisation": "carmi-est"}, "d"),
    ({"exercise": 2016}, "bd"),
    ({"amount_from": Decimal(20000)}, "bc"),
    ({"amount_to": Decimal(20000)}, "ab"),
    ({"submitted_from": date(2015, 4, 2)}, "bc"),
    ({"submitted_to": date(2015, 4, 2)}, "ab"),
    ({"updated_from": date(2015, 3, 2), "updated_to": date(2015, 3, 3)}, "bc"),
    ({"due_from": date(2015, 5, 2)}, "bc"),
    ({"due_to": date(2015, 5, 2)}, "ab"),
    ({"rule": "x.y"}, "a"),  # what was found of b is of before its last act
)


def test_each_filter(cast: Cast, set_of: dict[str, int]) -> None:
    for asked, expected in FILTERS:
        page = search(cast.auditor, DossierFilters(**asked))
        names = sorted(name for name, key in set_of.items() if key in [one.pk for one in page.items])
        assert "".join(names) == expected, asked
        assert (page.count, page.count_is_exact) == (len(expected), True)


# -- orders and pages ---------------------------------------------------------------------------------


@pytest.fixture
def shuffled(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[Dossier]:
    """Twelve dossiers with equal and missing values in every order; few are gathered or walked at a time."""
    keys = [
        Journey.start(cast, pieces=(), title=f"Toiture {n % 3}" if n % 2 else "Verrière").pk
        for n in range(12)
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for n, key in enumerate(keys):
            gone = n % 4 == 0
            cursor.execute(
                "UPDATE cases_dossier SET updated_at = %s, submitted_at = %s, next_due_on = %s, amount_ht = %s "
                "WHERE id = %s",
                [
                    clock.start_of(date(2015, 3, 1 + n * 5 % 3)),
                    None if gone else clock.start_of(date(2015, 2, 1 + n * 7 % 5)),
                    None if gone else date(2015, 6, 1 + n % 3),
                    None if gone else 1000 + n * 11 % 3,
                    key,
                ],
            )
        cursor.execute("SET session_replication_role = DEFAULT")
    return list(Dossier.objects.filter(pk__in=keys))


@pytest.mark.parametrize(
    ("gathered", "walked", "counted"),
    [(0, 2, 0), (0, 5, 0), (0, 100, 0), (3, 5, 3), (3, 5, 1), (1000, 5, 1000)],
)
def test_pages_put_together_are_the_whole_in_order(
    cast: Cast,
    shuffled: list[Dossier],
    monkeypatch: pytest.MonkeyPatch,
    gathered: int,
    walked: int,
    counted: int,
) -> None:
    """However a page is found: by gathering, walking or both."""
    monkeypatch.setattr(module, "WALKED", walked)
    monkeypatch.setattr(module, "GATHERED", gathered)
    monkeypatch.setattr(module, "COUNT_LIMIT", counted)
    held = holdings_of(cast.agent)
    for sort in ORDERS:
        words = read_words("toiture" if sort == "relevance" else "lens")
        seen, cursor = [], ""
        for _ in range(20):
            page = search(cast.agent, words=words, holdings=held, sort=sort, cursor=cursor, size=2)
            seen += [one.pk for one in page.items]
            cursor = page.next_cursor
            if not cursor:
                break
        assert seen == [one.pk for one in _in_order(shuffled, sort)], sort


def _in_order(dossiers: Iterable[Dossier], sort: str) -> list[Dossier]:
    """What an order means, said once more in Python."""
    order = ORDERS[sort]
    if order.by_words:
        dossiers = [one for one in dossiers if "Toiture" in one.title]
    plain = sorted(dossiers, key=lambda one: one.pk, reverse=order.descending)
    valued = [one for one in plain if getattr(one, order.column) is not None]
    valued.sort(key=lambda one: getattr(one, order.column), reverse=order.descending)
    others = [one for one in plain if getattr(one, order.column) is None]
    return valued + sorted(others, key=lambda one: one.updated_at, reverse=order.descending)


def test_relevance_puts_reference_and_title_first(cast: Cast) -> None:
    in_title = Journey.start(cast, title="Chaufferie")
    in_data = Journey.start(cast, title="Travaux", nature="Chaufferie")
    assert found(cast.agent, "chaufferie", sort="relevance") == [in_title.pk, in_data.pk]
    assert found(cast.agent, "chaufferie") == [in_data.pk, in_title.pk]


def test_count_is_exact_up_to_a_thousand(
    cast: Cast, shuffled: list[Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(limit: int) -> Found:
        monkeypatch.setattr(module, "COUNT_LIMIT", limit)
        return search(cast.agent)

    assert (told(12).count, told(12).count_is_exact) == (12, True)
    assert (told(11).count, told(11).count_is_exact) == (11, False)
    every = search(cast.agent, words=read_words("lens"))  # gathered beyond what is counted
    assert (every.count, every.count_is_exact) == (11, False)


def test_count_is_a_lower_bound_where_dossiers_were_walked(
    cast: Cast, shuffled: list[Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNT_LIMIT", 10)
    monkeypatch.setattr(module, "SEEN", 6)
    analyze()
    page = search(cast.agent, words=read_words("lens"), size=2)
    assert (len(page.items), page.count, page.count_is_exact) == (2, 7, False)


@pytest.mark.parametrize("few", [0, 12_000])
def test_each_reader_finds_what_the_gate_opens_whatever_leads_there(
    cast: Cast, shuffled: list[Dossier], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(module, "FEW", few)
    asked = OpeningJourney.consulted(cast)
    for user in cast.people.values():
        readable = set(dossiers_visible_to(user).values_list("pk", flat=True))
        assert set(found(user, size=50)) == readable, user
        for path in ("fnmo_investment", "opening_plan"):
            of_path = set(dossiers_visible_to(user).filter(path=path).values_list("pk", flat=True))
            for sort in ("-updated", "due"):
                assert set(found(user, asked=DossierFilters(path=path), sort=sort, size=50)) == of_path, (
                    user,
                    path,
                )
    assert asked.pk in found(cast.people["expert1"])


BROKEN = (
    *("x", "é", "A" * 290),
    *('["{s}", false, null, 1]', '["{s}", 0, "1", 1]', '["{s}", true, "1"]', '["other", false, "1", 1]'),
    *('["{s}", false, "1", "1"]', '["{s}", false, "1", 18446744073709551616]', '["{s}", true, "\\u0000", 1]'),
    *('["{s}", false, 1, 1]', "[[]]", "null"),
)
BROKEN_KEYS = {
    "-updated": ("x", "2015-01-01", "1e99"),
    "due": ("x", "2015-13-01"),
    "amount": ("NaN", "1e99", "x", "1E-999999", "0.001"),
}


def test_broken_cursor_is_invalid(cast: Cast) -> None:
    held = holdings_of(cast.agent)
    broken = [
        (sort, text.replace("{s}", sort)) for sort in ("-updated", "due", "reference") for text in BROKEN
    ]
    broken += [(sort, f'["{sort}", false, "{key}", 1]') for sort, keys in BROKEN_KEYS.items() for key in keys]
    for sort, text in broken:
        cursor = base64.urlsafe_b64encode(text.encode()).decode() if text[0] in "[n" else text
        with pytest.raises(Invalid) as refused:
            search(cast.agent, holdings=held, sort=sort, cursor=cursor)
        assert list(refused.value.details) == ["cursor"], text
    with pytest.raises(Invalid):
        search(cast.agent, holdings=held, cursor=base64.urlsafe_b64encode(b"[" * 5_000).decode())


def test_unknown_order_is_invalid(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        search(cast.agent, sort="people")
    assert list(refused.value.details) == ["sort"]


def test_statements_stay_the_same_whatever_is_found(
    cast: Cast, shuffled: list[Dossier], monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    held = holdings_of(cast.agent)
    words = read_words("toiture")
    analyze()
    with django_assert_num_queries(4):
        search(cast.agent, words=words, holdings=held)
    monkeypatch.setattr(module, "GATHERED", 1)
    monkeypatch.setattr(module, "COUNT_LIMIT", 1)
    monkeypatch.setattr(module, "WALKED", 1)
    with django_assert_num_queries(10):  # the longest way: gathered in vain, twice walked, twice gathered
        search(cast.agent, words=words, holdings=held, sort="relevance")


# -- where the words are ------------------------------------------------------------------------------


def test_excerpts_say_where_and_keep_the_text_as_written(cast: Cast) -> None:
    journey = Journey.start(
        cast, title="<b>Œuvre</b> & toiture rénovée", nature="Réfection de la <i>chaufferie</i>"
    )
    post_message(
        reference=journey.reference,
        text="Bonjour. " * 40 + "Le <script>devis</script> suit.",
        actor=cast.agent,
    )
    post_note(reference=Journey.at(cast, "under_review").reference, text="devis secret", actor=cast.reviewer)
    one = [journey.dossier]

    def marked(pieces: Iterable[Any]) -> str:
        return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)

    hit = hits_of(one, read_words("oeuvres renovees"))[journey.pk]
    assert (marked(hit.title), hit.excerpts) == ("<b>[Œuvre]</b> & toiture [rénovée]", ())
    hit = hits_of(one, read_words("chaufferies devis"))[journey.pk]
    assert marked(hit.title) == "<b>Œuvre</b> & toiture rénovée"
    (data, message) = hit.excerpts
    assert (data.place, marked(data.pieces)) == ("Données", "Réfection de la <i>[chaufferie]</i>")
    assert message.place == "Message"
    assert marked(message.pieces).startswith("… ")
    assert marked(message.pieces).endswith("Le <script>[devis]</script> suit.")
    hit = hits_of(one, read_words("note"))[journey.pk]
    assert [(each.place, marked(each.pieces)) for each in hit.excerpts] == [("Pièce", "[note].pdf")]
    hit = hits_of(one, read_words(journey.reference[-4:]))[journey.pk]
    assert marked(hit.reference) == f"{journey.reference[:-4]}[{journey.reference[-4:]}]"


def test_no_words_no_excerpts(cast: Cast, django_assert_num_queries: Any) -> None:
    one = [Journey.start(cast).dossier]
    with django_assert_num_queries(0):
        assert hits_of(one, read_words("")) == hits_of([], read_words("")) == {}
