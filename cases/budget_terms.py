"""The words of budgets and credits: funds, lines, groups of fungibility, movements. Pure: no database.

``LineFacts`` is what the rules on virements look at; :class:`cases.models.BudgetLine` gives its own.
"""

from dataclasses import dataclass

from django.db import models


class FundCode(models.TextChoices):
    """The four national funds of the convention."""

    FNGA = "FNGA", "Fonds national de gestion administrative"
    FNASS = "FNASS", "Fonds national d’action sanitaire et sociale"
    FNPPS = "FNPPS", "Fonds national de prévention et de promotion de la santé"
    FNMO = "FNMO", "Fonds national de modernisation des œuvres"


class Nature(models.TextChoices):
    """Whether the credits of a line are a limit or an indication (001:3612-3641)."""

    LIMITATIVE = "limitative", "limitatif"
    EVALUATIVE = "evaluative", "évaluatif"


class Side(models.TextChoices):
    """Whose expenditure a line pays for."""

    CANSSM = "canssm", "CANSSM"
    ANGDM = "angdm", "ANGDM"
    CDC = "cdc", "Caisse des dépôts"


class Group(models.TextChoices):
    """Groups inside which credits are fungible (inventory A18, A21)."""

    G1 = "G1", "Dépenses de personnel"
    G2 = "G2", "Dépenses de gestion courante"
    G3 = "G3", "Dépenses de fonctionnement informatique"
    G4 = "G4", "Dépenses d’investissement informatique"
    G5 = "G5", "Dépenses d’investissement non informatique"
    FA = "FA", "Prestations et fonctionnement de la CANSSM"
    FB = "FB", "Opérations en capital de la CANSSM"


GROUPS_BY_FUND: dict[FundCode, tuple[Group, ...]] = {
    FundCode.FNGA: (Group.G1, Group.G2, Group.G3, Group.G4, Group.G5),
    FundCode.FNASS: (Group.FA, Group.FB),
    FundCode.FNPPS: (),
    FundCode.FNMO: (),
}
"""Which groups each fund has; a line may be in none."""


class Mark(models.TextChoices):
    """What sets a line apart from all rules on groups."""

    MENTON = "menton", "Menton : ni fongible, ni reportable"
    NATIONAL_RESERVE = "national_reserve", "Réserve nationale"


class FigureKind(models.TextChoices):
    """What a printed figure is: the FNPPS prints a forecast, not a budget, for 2017."""

    EXECUTED = "executed", "réalisé"
    BUDGET = "budget", "budget"
    FORECAST = "forecast", "prévision"


class MovementKind(models.TextChoices):
    """Why credits move."""

    INITIAL = "initial", "Ouverture"
    AMENDMENT = "amendment", "Budget rectificatif"
    VIREMENT = "virement", "Virement"
    CARRY_OVER = "carry_over", "Report"
    RECEIPT = "receipt", "Recette"
    DISPOSAL = "disposal", "Produit de cession"
    COMMITMENT = "commitment", "Engagement"
    CANCELLATION = "cancellation", "Annulation"


class Account(models.TextChoices):
    """Where the two sides of a movement stand.

    A line has three accounts: credits available for anything, credits earmarked (« ne peuvent donner lieu à
    un autre usage »: they can be committed or cancelled, never moved), credits committed. ``SOURCE`` is the
    fund's own counterpart for what comes from outside the lines (a vote, a receipt) or leaves them (a
    cancellation).
    """

    AVAILABLE = "available", "Crédits disponibles"
    EARMARKED = "earmarked", "Crédits fléchés"
    COMMITTED = "committed", "Crédits engagés"
    SOURCE = "source", "Contrepartie du fonds"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A budget line as the rules see it. ``group`` and ``mark`` are empty when it has none."""

    fund: str
    code: str
    label: str
    nature: str
    side: str
    group: str = ""
    mark: str = ""

    @property
    def limitative(self) -> bool:
        """Whether its credits are a limit."""
        return self.nature == Nature.LIMITATIVE

    def __str__(self) -> str:
        return f"{self.code} {self.label}"
