"""``manage.py paths``: what a reader must find in the table, whatever its layout."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from workflows.engine import all_paths, get_path
from workflows.management.commands.paths import STEP_COLUMNS, WIDTH


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("paths", *arguments, stdout=out)
    return out.getvalue()


def words(text: str) -> str:
    """The text without its layout."""
    return " ".join(text.split())


def test_paths_fit_the_usable_width() -> None:
    lines = printed().splitlines()
    assert max(map(len, lines)) == WIDTH
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("key", [path.key for path in all_paths()])
def test_paths_tell_every_step_outcome_and_piece(key: str) -> None:
    path, text = get_path(key), printed()
    outcomes = " ".join(line[WIDTH - STEP_COLUMNS[-1] :].strip() for line in text.splitlines())
    assert f"{path.title} ({path.key})" in text
    for step in path.steps():
        assert f"\n{step.name}" in text
        for outcome in step.outcomes.values():
            assert f" {outcome.key} «" in text
            for route in outcome.routes:
                assert f"→ {route.to.name} : {route.status.label}" in outcomes
    for piece in path.pieces:
        assert f"\n{piece.key}" in text
        assert piece.rule in text


def block(step: str, following: str) -> str:
    text = printed("fnmo_investment")
    return text[text.index(f"\n{step} ") : text.index(f"\n{following} ")]


def test_paths_tell_role_place_delay_and_its_nature() -> None:
    sign_off = words(block("sign_off", "check"))
    for said in ("Directeur régional", "organisation du", "5 jours ouvrés", "sign_off_delay", "interne"):
        assert said in sign_off
    assert "CANSSM" in block("check", "complete_file")
    assert "30 jours" in block("complete_file", "decide")


def test_paths_tell_motives_data_conditions_and_suspension() -> None:
    check, commit = words(block("check", "complete_file")), words(block("commit", "close"))
    assert "motif obligatoire" in check
    assert "suspendu" in check
    assert "données : committed_on," in commit
    assert "committed_amount_ht" in commit
    assert "dispense de validation" in words(block("sign_off", "check"))
    assert "motif" not in words(block("close", "Retrait"))


def test_paths_quote_the_rule_of_each_piece() -> None:
    text = words(printed("fnmo_investment"))
    assert "«\u00a0accompagnée d'une note de présentation" in printed()
    assert "justifiant cet investissement" in text
    assert "(texte de la convention)" in text
    assert "ligne 3874" in text


def test_withdrawal_names_only_the_states_of_the_path() -> None:
    line = words(printed("fnmo_investment"))
    assert "Brouillon, Soumis, En instruction, À compléter, En attente de décision." in line
    assert "En consultation" not in line


def test_unknown_path_names_the_known_ones() -> None:
    with pytest.raises(CommandError, match="Circuits connus : .*fnmo_investment"):
        printed("inconnu")
