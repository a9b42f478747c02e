"""Saved views: kept, renamed, shared with a role that one holds, never wider than what one may read."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from cases import clock
from cases.enums import Role
from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.models import RoleGrant, SavedView
from cases.permissions import holdings_of
from cases.selectors.views import view_for, views_for
from cases.services import views as module
from cases.services.views import delete_view, rename_view, save_view, share_view
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, words

SHARE = "preparer@carmi-npdc"


def save(user: Any, name: str = "Toitures", query: str = "q=toiture&status=draft", **more: Any) -> SavedView:
    """A view of the search page."""
    return save_view(actor=user, page=more.pop("page", "search"), name=name, query=query, **more)


def names(user: Any) -> list[tuple[str, str]]:
    """The views that a person may open, and who shared each."""
    return [(one.name, one.owner) for one in views_for(user, holdings_of(user))]


def test_view_keeps_the_filters_that_say_something(cast: Cast) -> None:
    view = save(cast.agent, "  Mes   toitures ", "?q=toiture%20neuve&status=&cursor=abc&sort=-due")
    assert (view.name, view.query) == ("Mes toitures", "q=toiture+neuve&sort=-due")
    assert names(cast.agent) == [("Mes toitures", "")]
    assert names(cast.agent2) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"query": ""}, "query"),
        ({"query": "status=&cursor=x"}, "query"),
        ({"query": "q=x&people=agent"}, "query"),
        ({"query": "q=" + "x" * 2_000}, "query"),
        ({"query": "q=%00"}, "query"),
        ({"query": "&".join(f"q{n}=1" for n in range(400))}, "query"),
        ({"page": "budgets"}, "page"),
        ({"page": "queue", "query": "rule=x"}, "query"),
    ],
    ids=str,
)
def test_what_cannot_be_kept_is_refused(cast: Cast, more: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        save(cast.agent, **more)
    assert list(refused.value.details) == [field]
    assert not SavedView.objects.exists()


def test_name_is_given_once_on_a_page(cast: Cast) -> None:
    first = save(cast.agent)
    save(cast.agent, page="queue", query="mine=1")
    save(cast.agent2)
    other = save(cast.agent, "Autre")
    for again in (
        lambda: save(cast.agent),
        lambda: rename_view(actor=cast.agent, public_id=other.public_id, name="Toitures"),
    ):
        with pytest.raises(Conflict) as refused:
            again()
        assert list(refused.value.details) == ["name"]
    assert rename_view(actor=cast.agent, public_id=first.public_id, name="Toitures").name == "Toitures"


def test_number_of_views_is_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VIEWS", 1)
    save(cast.agent)
    with pytest.raises(Invalid):
        save(cast.agent, "Autre")


def test_view_is_shared_with_all_who_hold_the_role_while_they_hold_it(cast: Cast) -> None:
    view = save(cast.agent, share=SHARE)
    assert names(cast.agent2) == [("Toitures", "Anne Agent")]
    for stranger in (cast.director, cast.est_agent, cast.carmi_manager, cast.reviewer, cast.nobody):
        assert names(stranger) == []
        with pytest.raises(NotFound):
            view_for(stranger, view.public_id, holdings_of(stranger))
    RoleGrant.objects.filter(user=cast.agent2).update(valid_until=clock.today().replace(year=2014, month=2))
    assert names(cast.agent2) == []
    share_view(actor=cast.agent, public_id=view.public_id, share="")
    cast.give(cast.agent2, (Role.PREPARER, "carmi-est"))
    assert names(cast.agent2) == []


def test_a_role_that_one_does_not_hold_cannot_be_shared_with(cast: Cast) -> None:
    view = save(cast.agent)
    for share in ("reviewer@canssm", "preparer@carmi-est", "nonsense"):
        with pytest.raises(Forbidden):
            share_view(actor=cast.agent, public_id=view.public_id, share=share)
        with pytest.raises(Forbidden):
            save(cast.agent, "Autre", share=share)


def test_only_the_owner_changes_a_view(cast: Cast) -> None:
    view = save(cast.agent, share=SHARE)
    for what in (
        lambda who: rename_view(actor=who, public_id=view.public_id, name="Autre"),
        lambda who: share_view(actor=who, public_id=view.public_id, share=""),
        lambda who: delete_view(actor=who, public_id=view.public_id),
    ):
        for who in (cast.agent2, cast.auditor):
            with pytest.raises(NotFound):
                what(who)
    with pytest.raises(NotFound):
        delete_view(actor=cast.agent, public_id=uuid.uuid4())
    assert delete_view(actor=cast.agent, public_id=view.public_id) == "Toitures"
    assert names(cast.agent) == names(cast.agent2) == []


def test_shared_view_never_widens_what_one_reads(cast: Cast) -> None:
    cast.give(cast.est_agent, (Role.MANAGER, "carmi-est"))
    cast.give(cast.agent, (Role.MANAGER, "carmi-est"))
    here = Journey.start(cast, title="Toiture d’ici")
    view = save(cast.agent, query="q=toiture", share="manager@carmi-est")
    answer = at_the_site(cast.est_agent).get(f"/vues/{view.public_id}/", follow=True)
    assert answer.redirect_chain == [("/dossiers/?q=toiture", 302)]
    assert here.reference not in words(answer)
    assert here.reference in words(at_the_site(cast.agent).get(f"/vues/{view.public_id}/", follow=True))


# -- constraints --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("view_page_known", {"page": "other"}),
        ("view_has_name", {"name": ""}),
        ("view_name_once", {"name": "Toitures"}),
        ("view_sharing_complete", {"shared_role": "preparer"}),
    ],
)
def test_constraint(cast: Cast, name: str, change: dict[str, str]) -> None:
    save(cast.agent)
    row = SavedView(
        owner=cast.agent,
        page="search",
        name="Autre",
        query="q=x",
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    for field, value in change.items():
        setattr(row, field, value)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        row.save()


# -- pages --------------------------------------------------------------------------------------------


def test_a_clerk_saves_opens_renames_shares_and_deletes(cast: Cast) -> None:
    client, colleague = at_the_site(cast.agent), at_the_site(cast.agent2)
    assert "Enregistrer cette vue" not in words(client.get("/dossiers/"))
    assert "Enregistrer cette vue" in words(client.get("/dossiers/?q=toiture"))
    answer = client.post(
        "/vues/enregistrer/",
        {"page": "search", "query": "q=toiture", "name": "Mes toitures", "share": ""},
        follow=True,
    )
    assert answer.redirect_chain == [("/dossiers/?q=toiture", 302)]
    assert messages(answer) == ["La vue « Mes toitures » est enregistrée."]
    assert 'href="/dossiers/?q=toiture"\n               aria-current="true"' in answer.content.decode()
    view = SavedView.objects.get()
    answer = client.post(f"/vues/{view.public_id}/renommer/", {"name": "Toits <b>"}, follow=True)
    assert "Toits &lt;b&gt;" in answer.content.decode()
    client.post(f"/vues/{view.public_id}/partager/", {"share": SHARE})
    assert "Toits <b> (Anne Agent)" in words(colleague.get("/dossiers/"))
    assert "Toits <b>" in words(colleague.get("/vues/"))
    client.post(f"/vues/{view.public_id}/partager/", {"share": ""})
    assert "Toits" not in words(colleague.get("/dossiers/"))
    assert colleague.post(f"/vues/{view.public_id}/supprimer/").status_code == 404
    answer = client.post(f"/vues/{view.public_id}/supprimer/", follow=True)
    assert "Aucune vue enregistrée" in words(answer)


def test_a_mistake_keeps_what_was_typed(cast: Cast) -> None:
    client = at_the_site(cast.agent)
    view = save(cast.agent)
    typed = {"page": "search", "query": "q=toiture", "name": "Toitures", "share": SHARE}
    answer = client.post("/vues/enregistrer/", typed)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Vous avez déjà une vue « Toitures » sur cette page" in words(answer)
    assert 'value="Toitures"' in page
    assert f'value="{SHARE}" selected' in page
    answer = client.post("/vues/enregistrer/", typed | {"name": "Autre", "share": "reviewer@canssm"})
    assert answer.status_code == 403
    assert "choisissez-le dans la liste" in words(answer)
    answer = client.post(f"/vues/{view.public_id}/renommer/", {"name": " "})
    assert answer.status_code == 422
    assert "Donnez un nom à la vue." in words(answer)
    answer = client.post(f"/vues/{view.public_id}/partager/", {"share": "reviewer@canssm"}, follow=True)
    assert messages(answer) == [
        "Une vue se partage avec un rôle que vous tenez : choisissez-le dans la liste."
    ]


def test_reading_views_writes_nothing_and_posts_are_not_gets(cast: Cast) -> None:
    view = save(cast.agent)
    client = at_the_site(cast.agent)
    for address in (
        "enregistrer",
        *(f"{view.public_id}/{act}" for act in ("renommer", "partager", "supprimer")),
    ):
        assert client.get(f"/vues/{address}/").status_code == 405
    assert client.post("/vues/").status_code == 405
    assert at_the_site(None).get("/vues/").status_code == 302


def test_every_list_shows_its_own_views(cast: Cast) -> None:
    for page, query in (("queue", "free=1"), ("backlog", "weeks=26")):
        save(cast.carmi_manager, f"Vue {page}", query, page=page)
    client = at_the_site(cast.carmi_manager)
    for page, address in (("queue", "/taches/?free=1"), ("backlog", "/charge/?weeks=26")):
        shown = words(client.get(address))
        assert f"Vue {page} Mes vues" in shown
        assert "Enregistrer cette vue" in shown
        view = SavedView.objects.get(page=page)
        answer = client.get(f"/vues/{view.public_id}/", follow=True)
        assert answer.redirect_chain == [(address, 302)]
        assert answer.status_code == 200
