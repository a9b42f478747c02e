"""Acts on the dossier page: done, or refused with a status, a sentence that helps and what was typed, and no trace."""

from typing import Any

import pytest
from django.http import HttpResponse

from cases.models import JournalEntry
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, stored, words

pytestmark = pytest.mark.django_db


def post(cast: Cast, who: str, journey: Journey, what: str, **data: Any) -> HttpResponse:
    """Do ``step.outcome`` on the dossier page."""
    step, outcome = what.split(".")
    data.setdefault("version", str(journey.dossier.version))
    return at_the_site(cast.people[who]).post(
        f"/dossiers/{journey.reference}/agir/", {"step": step, "outcome": outcome, **data}
    )


def refused(response: Any, status: int, sentence: str) -> str:
    """The page says that nothing was done, and why."""
    assert response.status_code == status
    page = words(response)
    assert "L’acte n’a pas été fait" in page
    assert sentence in page
    return page


def test_act_moves_the_dossier_and_says_so(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    response = post(cast, "reviewer", journey, "check.complete", motive="Tout y est.")
    assert response.status_code == 302
    assert response["Location"] == f"/dossiers/{journey.reference}/"
    assert journey.status == "awaiting_decision"
    page = at_the_site(cast.reviewer).get(response["Location"])
    assert "« Tout y est. »" in words(page)
    entry = JournalEntry.objects.filter(dossier=journey.dossier).order_by("-sequence").first()
    assert entry is not None
    assert (entry.actor, entry.motive) == (cast.reviewer, "Tout y est.")


def test_success_is_told_once(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    data = {"step": "check", "outcome": "complete", "version": str(journey.dossier.version)}
    shown = client.post(f"/dossiers/{journey.reference}/agir/", data, follow=True)
    assert messages(shown) == ["C’est fait, et inscrit au journal."]
    assert messages(client.get(f"/dossiers/{journey.reference}/")) == []


def test_act_with_data_is_validated_and_recorded(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    response = post(
        cast,
        "director",
        journey,
        "commit.commit",
        committed_on=journey.commitment()["committed_on"],
        committed_amount_ht="25 000,50 €",
    )
    assert response.status_code == 302
    assert journey.status == "executed"
    assert "25 000,50 €" in words(at_the_site(cast.director).get(response["Location"]))


def test_missing_motive_is_refused_in_place(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    response = post(cast, "reviewer", journey, "check.request_pieces", motive="  ")
    refused(response, 422, "« Demander un complément » demande un motif : écrivez-le")
    assert stored(journey.reference) == before


def test_bad_data_of_an_act_stays_in_its_form(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    before = stored(journey.reference)
    response = post(
        cast,
        "director",
        journey,
        "commit.commit",
        committed_on="hier",
        committed_amount_ht="beaucoup",
        motive="Marché signé",
    )
    page = refused(response, 422, "Écrivez la date comme 31/12/2015.")
    content = response.content.decode()
    assert 'value="hier"' in content
    assert 'value="beaucoup"' in content
    assert "Marché signé" in page
    assert stored(journey.reference) == before


def test_blocked_act_gives_its_reason_with_the_quote(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    before = stored(journey.reference)
    response = post(
        cast,
        "director",
        journey,
        "commit.commit",
        committed_on=journey.commitment()["committed_on"],
        committed_amount_ht="25 000,51",
    )
    page = refused(response, 422, "dépasse le montant validé (25 000,50 €)")
    assert page.count("L’engagement de 25 000,51 € dépasse") == 1
    assert "Lire la règle fnmo.investment.commitment_ceiling" in page
    assert 'value="25 000,51"' in response.content.decode()
    assert stored(journey.reference) == before


def test_missing_piece_blocks_the_submission(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    before = stored(journey.reference)
    response = post(cast, "agent", journey, "prepare.submit")
    refused(response, 422, "Note de présentation")
    assert stored(journey.reference) == before


def test_act_of_another_role_is_forbidden_and_the_text_comes_back(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    before = stored(journey.reference)
    response = post(cast, "agent", journey, "decide.approve", motive="Je valide moi-même.")
    page = refused(response, 403, "revient au rôle « Directeur général »")
    assert "Votre texte n’a pas été enregistré : « Je valide moi-même. »" in page
    assert stored(journey.reference) == before


def test_whoever_reviewed_does_not_decide(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    cast.give(cast.reviewer, (cast.dg.role_grants.get().role, "canssm"))
    before = stored(journey.reference)
    response = post(cast, "reviewer", journey, "decide.approve")
    page = refused(response, 403, "Vous avez déjà participé à l’instruction de ce dossier")
    assert "Lire la règle separation.prepare_decide" in page
    assert stored(journey.reference) == before


def test_task_held_by_somebody_else_is_a_conflict(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    at_the_site(cast.reviewer2).post(f"/taches/{journey.task.pk}/prendre/")
    before = stored(journey.reference)
    response = post(cast, "reviewer", journey, "check.complete", motive="Vu.")
    page = refused(response, 409, "Igor Instructeur a pris cette tâche en charge. Demandez-lui de la libérer")
    assert "Votre texte n’a pas été enregistré : « Vu. »" in page
    assert stored(journey.reference) == before


def test_step_already_done_is_a_conflict(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    before = stored(journey.reference)
    response = post(cast, "reviewer2", journey, "check.complete")
    refused(response, 409, "L’étape « Instruire le dossier » a déjà été faite")
    assert stored(journey.reference) == before


def test_step_not_yet_open_says_what_comes_first(cast: Cast) -> None:
    journey = Journey.start(cast)
    before = stored(journey.reference)
    response = post(cast, "director", journey, "sign_off.transmit")
    refused(response, 422, "Il faut d’abord : Préparer le dossier (Agent préparateur)")
    assert stored(journey.reference) == before


@pytest.mark.parametrize("version", ["1", "", "abc", "-1", "99999999999999999999", "²"])
def test_stale_version_is_refused_and_keeps_the_motive(cast: Cast, version: str) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    response = post(
        cast, "reviewer", journey, "check.request_pieces", version=version, motive="Le devis\nmanque."
    )
    refused(response, 409, "Le dossier a changé depuis que vous l’avez ouvert")
    content = response.content.decode()
    assert "Le devis\nmanque.</textarea>" in content
    assert f'name="version" value="{journey.dossier.version}"' in content  # sending again will do
    assert stored(journey.reference) == before


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("check.vanish", "L’issue « vanish » n’existe pas à l’étape « Instruire le dossier »"),
        ("nothing.complete", "L’étape « nothing » n’existe pas dans ce circuit"),
        ("withdraw.complete", "L’issue « complete » n’existe pas pour le retrait"),
        (".", "L’étape « » n’existe pas"),
    ],
)
def test_unknown_step_or_outcome_is_refused(cast: Cast, what: str, sentence: str) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    refused(post(cast, "reviewer", journey, what), 422, sentence)
    assert stored(journey.reference) == before


@pytest.mark.parametrize(
    ("motive", "sentence"),
    [
        ("x" * 5_001, "Le motif dépasse 5000 caractères : résumez-le, et joignez le détail en pièce."),
        ("avec un \x00 dedans", "Un caractère ne peut pas être enregistré : retapez le texte."),
    ],
)
def test_motive_that_cannot_be_kept_is_refused(cast: Cast, motive: str, sentence: str) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    refused(post(cast, "reviewer", journey, "check.request_pieces", motive=motive), 422, sentence)
    assert stored(journey.reference) == before


def test_text_of_a_motive_never_becomes_markup(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    motive = "<script>alert(1)</script> & <b>gras</b>"
    post(cast, "reviewer", journey, "check.request_pieces", motive=motive)
    content = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;gras&lt;/b&gt;" in content
    assert "<script>alert" not in content


def test_withdrawal_asks_why_then_ends_the_dossier(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    refused(
        post(cast, "agent", journey, "withdraw.withdraw"), 422, "Indiquez pourquoi le dossier est retiré."
    )
    response = post(cast, "agent", journey, "withdraw.withdraw", motive="Projet abandonné.")
    assert response.status_code == 302
    assert journey.status == "withdrawn"
    page = words(at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/"))
    assert "Rien à faire de votre côté" in page


def test_act_without_csrf_token_is_refused(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    response = at_the_site(cast.reviewer, enforce_csrf_checks=True).post(
        f"/dossiers/{journey.reference}/agir/", {"step": "check", "outcome": "complete", "version": "3"}
    )
    assert response.status_code == 403
    assert "Ce formulaire a expiré" in words(response)
    assert stored(journey.reference) == before
