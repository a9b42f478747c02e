"""Funds, exercises, budget lines and the figures that the convention prints for them (inventory D.1–D.4)."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from cases import clock
from cases.budget_terms import (
    GROUPS_BY_FUND,
    FigureKind,
    FundCode,
    Group,
    LineFacts,
    Mark,
    Nature,
    Side,
)

_GROUP_FITS_FUND = Q(group="")
for _fund, _groups in GROUPS_BY_FUND.items():
    if _groups:
        _GROUP_FITS_FUND |= Q(fund=_fund.value, group__in=[group.value for group in _groups])

_PLAIN_TOTAL = Q(is_leaf=False, nature="", side="", group="", mark="")
_DESCRIBED_LEAF = Q(is_leaf=True, nature__in=Nature.values, side__in=Side.values)


class Fund(models.Model):
    """A national fund."""

    code = models.CharField("code", max_length=5, primary_key=True)
    name = models.CharField("nom", max_length=120)
    position = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "fonds"
        verbose_name_plural = "fonds"
        ordering = ("position",)
        default_permissions = ()
        constraints = (models.CheckConstraint(name="fund_known", condition=Q(code__in=FundCode.values)),)

    def __str__(self) -> str:
        return self.code


class Exercise(models.Model):
    """A budget year of all funds.

    ``carried_from`` names the year whose base was carried forward to open it, where no convention prints
    one; a page that shows such an exercise says so. From ``closed_on`` on, only carry-overs and
    cancellations touch its credits.
    """

    year = models.PositiveSmallIntegerField("année", unique=True)
    carried_from = models.PositiveSmallIntegerField("reconduit de", null=True, blank=True)
    closed_on = models.DateField("clos le", null=True, blank=True)

    class Meta:
        verbose_name = "exercice"
        ordering = ("year",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="exercise_year_plausible", condition=Q(year__gte=2000, year__lte=2100)
            ),
            models.CheckConstraint(
                name="exercise_carried_from_earlier",
                condition=Q(carried_from__isnull=True)
                | Q(carried_from__gte=2000, carried_from__lt=F("year")),
            ),
            models.CheckConstraint(
                name="exercise_closed_after_it_began",
                condition=Q(closed_on__isnull=True) | Q(closed_on__year__gte=F("year")),
            ),
        )
        triggers = (
            pgtrigger.ReadOnly(name="exercise_year_fixed", fields=["year", "carried_from"]),
            pgtrigger.Protect(name="exercise_never_deleted", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return str(self.year)

    @property
    def base_year(self) -> int:
        """The year whose printed base holds for this exercise."""
        return self.carried_from or self.year

    @property
    def is_closed(self) -> bool:
        """Whether it is closed today (Paris)."""
        return self.closed_on is not None and self.closed_on <= clock.today()

    @property
    def state(self) -> str:
        """``open`` or ``closed``, today."""
        return "closed" if self.is_closed else "open"


class BudgetLine(models.Model):
    """A line of a fund's budget, the same in every exercise. Leaves bear credits, the others are sums.

    ``nature``, ``side``, ``group`` and ``mark`` are those of a leaf (``cases.budget_terms``) and empty on
    sums. ``source_line`` is the line of the convention's text (001) where it stands.
    """

    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="lines", verbose_name="fonds")
    code = models.CharField("code", max_length=30)
    label = models.CharField("intitulé", max_length=150)
    section = models.CharField("section", max_length=80, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name="total"
    )
    position = models.PositiveSmallIntegerField("rang")
    is_leaf = models.BooleanField("porte des crédits")
    nature = models.CharField("nature", max_length=10, choices=Nature.choices, blank=True)
    side = models.CharField("côté", max_length=6, choices=Side.choices, blank=True)
    group = models.CharField("groupe de fongibilité", max_length=2, choices=Group.choices, blank=True)
    mark = models.CharField("marque", max_length=20, choices=Mark.choices, blank=True)
    source_line = models.PositiveIntegerField("ligne du texte")
    note = models.CharField("remarque", max_length=200, blank=True)

    class Meta:
        verbose_name = "ligne budgétaire"
        verbose_name_plural = "lignes budgétaires"
        ordering = ("fund", "position")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="budget_line_code_once", fields=("fund", "code")),
            models.CheckConstraint(
                name="budget_line_leaf_described", condition=_PLAIN_TOTAL | _DESCRIBED_LEAF
            ),
            models.CheckConstraint(name="budget_line_group_fits_fund", condition=_GROUP_FITS_FUND),
            models.CheckConstraint(
                name="budget_line_group_is_limitative_canssm",
                condition=Q(group="") | Q(nature=Nature.LIMITATIVE, side=Side.CANSSM, mark=""),
            ),
            models.CheckConstraint(
                name="budget_line_mark_known",
                condition=Q(mark="") | Q(mark__in=Mark.values, nature=Nature.LIMITATIVE),
            ),
            models.CheckConstraint(
                name="budget_line_root_is_a_sum", condition=Q(parent__isnull=False) | Q(is_leaf=False)
            ),
        )
        triggers = (
            pgtrigger.ReadOnly(
                name="budget_line_identity_fixed",
                fields=["fund", "code", "is_leaf", "nature", "side", "group", "mark"],
            ),
            pgtrigger.Protect(name="budget_line_never_deleted", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.label}"

    @property
    def facts(self) -> LineFacts:
        """What the rules on virements look at. No statement."""
        return LineFacts(
            fund=self.fund_id,
            code=self.code,
            label=self.label,
            nature=self.nature,
            side=self.side,
            group=self.group,
            mark=self.mark,
        )


class BaseFigure(models.Model):
    """What the convention prints for a line and a year, in EUR: the base COG (2014–2017), the past (2012,
    2013).

    Sums have their printed figure too: print and sum differ by rounding here and there.
    """

    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="figures")
    year = models.PositiveSmallIntegerField("année")
    kind = models.CharField("nature", max_length=10, choices=FigureKind.choices)
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = "montant imprimé"
        verbose_name_plural = "montants imprimés"
        ordering = ("line", "year")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="base_figure_once", fields=("line", "year")),
            models.CheckConstraint(name="base_figure_kind_known", condition=Q(kind__in=FigureKind.values)),
            models.CheckConstraint(name="base_figure_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="base_figure_year_plausible", condition=Q(year__gte=2000, year__lte=2100)
            ),
        )

    def __str__(self) -> str:
        return f"{self.line_id}/{self.year}"


class ReserveFigure(models.Model):
    """Reserves and retained earnings of the FNMO, printed « pour mémoire » (001:3456), EUR, may be
    negative.
    """

    key = models.CharField("poste", max_length=30)
    year = models.PositiveSmallIntegerField("année")
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = "réserve du FNMO"
        verbose_name_plural = "réserves du FNMO"
        ordering = ("key", "year")
        default_permissions = ()
        constraints = (models.UniqueConstraint(name="reserve_figure_once", fields=("key", "year")),)

    def __str__(self) -> str:
        return f"{self.key}/{self.year}"
