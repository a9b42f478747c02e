"""Motives that the desks of the demonstration write often."""

from collections.abc import Mapping

from cases.models import Organisation, User
from workflows.services.motives import Use, create_motive

#: Account, role, body, title, text, for which acts.
MOTIVES: tuple[tuple[str, str, str, str, str, Use], ...] = (
    (
        "budget.canssm",
        "reviewer",
        "canssm",
        "Devis manquant",
        "Le devis de l’opération « {objet} » manque. Joignez-le à la note de présentation, puis renvoyez le dossier.",
        Use("fnmo_investment", "check", "request_pieces"),
    ),
    (
        "budget.canssm",
        "reviewer",
        "canssm",
        "Montant à justifier",
        "Le montant de {montant} n’est pas expliqué. Indiquez comment il est calculé, poste par poste.",
        Use(),
    ),
    (
        "dg.canssm",
        "director_general",
        "canssm",
        "Crédits insuffisants",
        "Les crédits de l’exercice ne permettent pas de financer le dossier {reference} présenté par {organisme}.",
        Use("fnmo_investment", "decide", "refuse"),
    ),
    (
        "agent.npdc",
        "preparer",
        "carmi-npdc",
        "Pièce jointe",
        "La pièce demandée est jointe au dossier ce jour, {date}.",
        Use(),
    ),
)


def create_motives(organisations: Mapping[str, Organisation], people: Mapping[str, User]) -> None:
    """A few motives for each kind of desk."""
    for account, role, body, title, text, use in MOTIVES:
        create_motive(
            role=role,
            organisation_id=organisations[body].pk,
            title=title,
            text=text,
            use=use,
            actor=people[account],
        )
