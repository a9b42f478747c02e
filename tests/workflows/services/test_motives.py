"""Motives of a desk: who keeps them, for which acts, and what a text may leave open."""

from typing import Any
from uuid import uuid4

import pytest

from cases.errors import BusinessError, Conflict, Forbidden, Invalid, NotFound
from cases.models import MotiveTemplate, User
from cases.selectors.desk import templates_of
from tests.journeys import Cast, Journey
from workflows.services import motives
from workflows.services.motives import Use, change_motive, create_motive, filled, retire_motive

CHECK = Use("fnmo_investment", "check", "request_pieces")


def kept(cast: Cast, actor: User | None = None, **options: Any) -> MotiveTemplate:
    given: dict[str, Any] = {
        "role": "reviewer",
        "organisation_id": cast.body["canssm"].pk,
        "title": "Devis manquant",
        "text": "Le devis de {objet} ({reference}) manque.",
        "use": CHECK,
    }
    return create_motive(**given | options, actor=actor or cast.reviewer)


def test_a_desk_shares_its_motives(cast: Cast) -> None:
    motive = kept(cast, title="  Devis   manquant ", text=" Le devis manque. ")
    assert (motive.title, motive.text, motive.created_by) == (
        "Devis manquant",
        "Le devis manque.",
        cast.reviewer,
    )
    assert list(templates_of(cast.reviewer2)) == [motive]
    assert list(templates_of(cast.reviewer, path="virement")) == []
    for other in (cast.agent, cast.dg, cast.auditor, cast.admin, cast.manager):
        assert list(templates_of(other)) == []
    change_motive(
        public_id=motive.public_id, title="Devis", text="Joignez le devis.", use=Use(), actor=cast.reviewer2
    )
    motive.refresh_from_db()
    assert (motive.title, motive.path, motive.created_by) == ("Devis", "", cast.reviewer)
    retire_motive(public_id=motive.public_id, actor=cast.reviewer2)
    assert list(templates_of(cast.reviewer)) == []
    kept(cast, title="Devis")  # the title is free again


@pytest.mark.parametrize("who", ["agent", "dg", "auditor", "admin", "manager", "nobody"])
def test_nobody_else_touches_them(cast: Cast, who: str) -> None:
    motive, other = kept(cast), cast.people[who]
    with pytest.raises(Forbidden):
        kept(cast, actor=other, title="Autre")
    with pytest.raises(NotFound):
        change_motive(public_id=motive.public_id, title="x", text="y", actor=other)
    with pytest.raises(NotFound):
        retire_motive(public_id=motive.public_id, actor=other)


@pytest.mark.parametrize("who", ["auditor", "admin", "manager"])
def test_roles_that_do_no_act_have_no_motives(cast: Cast, who: str) -> None:
    held = cast.people[who].role_grants.get()
    with pytest.raises(Forbidden):
        kept(cast, actor=cast.people[who], role=held.role, organisation_id=held.organisation_id)


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"title": " "}, "title", "Donnez un intitulé"),
        ({"title": "x" * 81}, "title", "80 caractères"),
        ({"text": "\n"}, "text", "Écrivez le texte"),
        ({"text": "x" * 5001}, "text", "5000 caractères"),
        ({"text": "Voir {dossier.created_by}."}, "text", "n’est pas une donnée du dossier"),
        ({"text": "a\x00b"}, "text", "caractère"),
        ({"use": Use("fnmo_investment", "decide", "refuse")}, "use", "n’est pas de ceux"),
        ({"use": Use("fnmo_investment", "check", "approve")}, "use", "n’est pas de ceux"),
        ({"use": Use("", "check", "")}, "use", "n’est pas de ceux"),
        ({"use": Use("nowhere", "", "")}, "use", "n’est pas de ceux"),
    ],
    ids=str,
)
def test_what_cannot_be_kept_is_said(cast: Cast, wrong: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        kept(cast, **wrong)
    assert set(refused.value.details) == {field}
    assert sentence in refused.value.details[field][0]
    assert not MotiveTemplate.objects.exists()


def test_a_title_is_given_once_at_a_desk(cast: Cast) -> None:
    kept(cast)
    with pytest.raises(Invalid, match="déjà un motif") as refused:
        kept(cast, actor=cast.reviewer2)
    assert set(refused.value.details) == {"title"}
    other = kept(cast, title="Autre")
    with pytest.raises(Invalid):
        change_motive(public_id=other.public_id, title="Devis manquant", text="x", actor=cast.reviewer)


def test_a_desk_keeps_so_many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motives, "MAX_PER_DESK", 1)
    kept(cast)
    with pytest.raises(Conflict, match="retirez-en un"):
        kept(cast, title="Autre")


def test_gaps_are_filled_with_the_dossiers_own_facts(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review", title="Toiture {date} de Liévin")
    text = filled("{reference}, {objet}, {organisme}, {montant} ; {inconnu}", journey.dossier)
    assert text == (
        f"{journey.reference}, Toiture {{date}} de Liévin, CARMI Nord-Pas-de-Calais, 25\u202f000,50\xa0€ ; {{inconnu}}"
    )


def test_an_unknown_motive_is_not_found(cast: Cast) -> None:
    with pytest.raises(BusinessError):
        retire_motive(public_id=uuid4(), actor=cast.reviewer)
