"""``manage.py forecast``: one queue in words, and what the back-test prints."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.journeys import Cast, Journey

pytestmark = pytest.mark.django_db


def said(*words: str) -> str:
    out = StringIO()
    call_command("forecast", *words, stdout=out)
    return out.getvalue()


def test_a_queue_of_too_little_history_is_refused_in_words(cast: Cast) -> None:
    Journey.at(cast, "under_review")
    text = said("queue", "reviewer", "canssm", "fnmo_investment", "check")
    assert "1 dossier(s) en attente, 2 personne(s) tiennent le rôle." in text
    assert "Trop peu d’historique pour prévoir." in text
    with pytest.raises(CommandError, match="Aucune file de ce nom"):
        said("queue", "reviewer", "canssm", "fnmo_investment", "nowhere")


def test_a_backtest_of_thin_history_says_that_it_proves_nothing(cast: Cast) -> None:
    Journey.at(cast, "under_review")
    text = said("backtest", "--weeks", "3", "--path", "fnmo_investment")
    assert "0 prévision(s) jugée(s)" in text
    assert "l’historique est trop mince pour dire si elles sont justes" in text
    assert said("backtest", "--path", "nowhere").startswith("0 file(s)")
    with pytest.raises(CommandError, match="au moins 1"):
        said("backtest", "--weeks", "0")


def test_invented_queues_come_with_their_calibration() -> None:
    text = said("backtest", "--simulated", "--queues", "1")
    assert text.count("environ 80\u00a0%") == 3
    assert "File peu chargée, souvent vide" in text
    assert text.count("Score de Brier") == 3
