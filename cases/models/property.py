"""The register of property (Plan National Immobilier, A30): buildings, what changed, sales, use of the proceeds."""

import uuid
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q

from cases.budget_terms import FundCode
from cases.models.dossiers import Dossier
from cases.models.journal import APPEND_ONLY, not_truncated
from cases.models.organisations import Organisation
from cases.models.people import User
from cases.register_terms import (
    PROPERTY_MOVES,
    Occupation,
    PlannedFuture,
    ProceedsUse,
    PropertyState,
    PropertyUse,
    ValueSource,
)

#: Uses of the proceeds that may not go beyond Δ = price − net book value (A28).
WITHIN_GAIN = (ProceedsUse.INVESTMENT.value, ProceedsUse.RENTS.value)


def _money(label: str, **options: Any) -> Any:
    return models.DecimalField(label, max_digits=14, decimal_places=2, **options)


class Property(models.Model):
    """A building. Amounts in EUR, surfaces in m². ``fund`` owns it and decides what its proceeds become (A28, A29).

    ``health_housing``: a dwelling without which health professionals could not be housed: it is not sold (A31).
    """

    code = models.SlugField("code", max_length=40, unique=True)
    name = models.CharField("désignation", max_length=160)
    address = models.CharField("adresse", max_length=200, blank=True)
    town = models.CharField("commune", max_length=80)
    use = models.CharField("usage", max_length=20, choices=PropertyUse.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="properties", verbose_name="propriétaire"
    )
    fund = models.CharField("fonds", max_length=10, choices=FundCode.choices)
    surface = models.DecimalField("surface (m²)", max_digits=10, decimal_places=2)
    vacant_surface = models.DecimalField("dont vacante (m²)", max_digits=10, decimal_places=2, default=0)
    occupants = models.PositiveIntegerField("agents qui l’occupent", null=True, blank=True)
    occupation = models.CharField("occupation", max_length=10, choices=Occupation.choices)
    health_housing = models.BooleanField("logement nécessaire aux professionnels de santé", default=False)
    net_book_value = _money("valeur nette comptable")
    book_value_on = models.DateField("valeur comptable au")
    market_value = _money("valeur de marché", null=True, blank=True)
    market_value_source = models.CharField(
        "source de la valeur de marché", max_length=10, choices=ValueSource.choices, blank=True
    )
    market_value_on = models.DateField("valeur de marché au", null=True, blank=True)
    future = models.CharField("devenir prévisionnel", max_length=10, choices=PlannedFuture.choices)
    future_year = models.PositiveSmallIntegerField("année prévue", null=True, blank=True)
    expected_receipts = _money("recettes attendues", default=0)
    expected_expenditure = _money("dépenses attendues", default=0)
    state = models.CharField(
        "situation", max_length=20, choices=PropertyState.choices, default=PropertyState.IN_USE
    )
    version = models.PositiveIntegerField("version", default=1)
    created_at = models.DateTimeField("inscrit le")
    updated_at = models.DateTimeField("modifié le")

    class Meta:
        verbose_name = "bien immobilier"
        verbose_name_plural = "biens immobiliers"
        ordering = ("organisation", "code")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="property_use_known", condition=Q(use__in=PropertyUse.values)),
            models.CheckConstraint(name="property_state_known", condition=Q(state__in=PropertyState.values)),
            models.CheckConstraint(name="property_fund_known", condition=Q(fund__in=FundCode.values)),
            models.CheckConstraint(
                name="property_occupation_known", condition=Q(occupation__in=Occupation.values)
            ),
            models.CheckConstraint(
                name="property_future_known", condition=Q(future__in=PlannedFuture.values)
            ),
            models.CheckConstraint(
                name="property_market_source_known",
                condition=Q(market_value_source__in=["", *ValueSource.values]),
            ),
            models.CheckConstraint(name="property_surface_positive", condition=Q(surface__gt=0)),
            models.CheckConstraint(
                name="property_vacant_surface_within",
                condition=Q(vacant_surface__gte=0, vacant_surface__lte=F("surface")),
            ),
            models.CheckConstraint(
                name="property_amounts_not_negative",
                condition=Q(net_book_value__gte=0, expected_receipts__gte=0, expected_expenditure__gte=0),
            ),
            models.CheckConstraint(
                name="property_market_value_complete",
                condition=Q(market_value__isnull=True, market_value_source="", market_value_on__isnull=True)
                | (Q(market_value__gt=0, market_value_on__isnull=False) & ~Q(market_value_source="")),
            ),
            models.CheckConstraint(
                name="property_health_housing_is_housing",
                condition=Q(health_housing=False) | Q(use=PropertyUse.HOUSING),
            ),
        )
        indexes = (
            models.Index(fields=("organisation", "code"), name="property_by_owner"),
            models.Index(fields=("state", "code"), name="property_by_state"),
        )
        triggers = (
            pgtrigger.FSM(
                name="property_moves",
                field="state",
                transitions=[
                    (source.value, target.value)
                    for source, targets in PROPERTY_MOVES.items()
                    for target in sorted(targets)
                ],
            ),
            pgtrigger.Protect(name="property_never_deleted", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.code} — {self.name} ({self.town})"


class PropertyChange(models.Model):
    """One change of the register, never changed itself: ``before`` and ``after`` are states, ``changes`` the fields."""

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="history")
    at = models.DateTimeField("enregistré le")
    action = models.CharField("acte", max_length=20)
    before = models.CharField("situation avant", max_length=20, blank=True)
    after = models.CharField("situation après", max_length=20)
    changes = models.JSONField("changements", default=dict)
    motive = models.TextField("motif", blank=True)
    dossier = models.ForeignKey(
        Dossier, on_delete=models.PROTECT, null=True, blank=True, related_name="property_changes"
    )
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    capacity = models.CharField("qualité", max_length=400)

    class Meta:
        verbose_name = "changement du registre du patrimoine"
        ordering = ("-at", "-pk")
        default_permissions = ()
        triggers = (
            pgtrigger.Protect(name="property_change_append_only", operation=APPEND_ONLY),
            not_truncated("property_change_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.property_id} {self.action}"


class PropertySale(models.Model):
    """The sale of a building: once, by one dossier. ``gain`` is Δ = price − net book value, in EUR (A28)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    property = models.OneToOneField(Property, on_delete=models.PROTECT, related_name="sale")
    dossier = models.OneToOneField(Dossier, on_delete=models.PROTECT, related_name="sale")
    price = _money("prix de vente")
    net_book_value = _money("valeur nette comptable à la vente")
    gain = _money("différence")
    surface = models.DecimalField("surface vendue (m²)", max_digits=10, decimal_places=2)
    buyer = models.CharField("acquéreur", max_length=160)
    deed_on = models.DateField("acte signé le")
    recorded_at = models.DateTimeField("enregistrée le")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "vente"
        ordering = ("deed_on", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="sale_amounts_fit", condition=Q(price__gt=0, net_book_value__gte=0, surface__gt=0)
            ),
            models.CheckConstraint(
                name="sale_gain_is_the_difference", condition=Q(gain=F("price") - F("net_book_value"))
            ),
        )
        triggers = (
            pgtrigger.Protect(name="sale_append_only", operation=APPEND_ONLY),
            not_truncated("sale_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.property_id} {self.deed_on}"


class ProceedsAllocation(models.Model):
    """A part of the proceeds of a sale, given to one use in one exercise. EUR.

    Investments and rents together never go beyond Δ (A28), no use beyond the price: a trigger adds them up, under a
    lock on the sale.
    """

    sale = models.ForeignKey(PropertySale, on_delete=models.PROTECT, related_name="allocations")
    use = models.CharField("usage", max_length=20, choices=ProceedsUse.choices)
    exercise = models.PositiveSmallIntegerField("exercice")
    amount = _money("montant")
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="proceeds")
    recorded_at = models.DateTimeField("enregistrée le")

    class Meta:
        verbose_name = "affectation du produit d’une vente"
        ordering = ("sale", "use", "exercise")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="allocation_use_known", condition=Q(use__in=ProceedsUse.values)),
            models.CheckConstraint(name="allocation_amount_positive", condition=Q(amount__gt=0)),
            models.UniqueConstraint(name="allocation_once_per_exercise", fields=("sale", "use", "exercise")),
        )
        triggers = (
            pgtrigger.Protect(name="allocation_append_only", operation=APPEND_ONLY),
            not_truncated("allocation_not_truncated"),
            pgtrigger.Trigger(
                name="allocation_within_proceeds",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[
                    ("sold", "cases_propertysale%ROWTYPE"),
                    ("given", "numeric"),
                    ("credited", "numeric"),
                ],
                func=f"""
                    SELECT * INTO sold FROM cases_propertysale WHERE id = NEW.sale_id FOR UPDATE;
                    SELECT coalesce(sum(amount), 0), coalesce(sum(amount) FILTER (WHERE use IN {WITHIN_GAIN}), 0)
                      INTO given, credited FROM cases_proceedsallocation WHERE sale_id = NEW.sale_id;
                    IF NEW.use IN {WITHIN_GAIN} AND credited + NEW.amount > greatest(sold.gain, 0) THEN
                        RAISE EXCEPTION 'proceeds of sale % allocated beyond the gain', NEW.sale_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'allocation_within_gain';
                    END IF;
                    IF given + NEW.amount > sold.price THEN
                        RAISE EXCEPTION 'proceeds of sale % allocated beyond the price', NEW.sale_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'allocation_within_price';
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 (our own words)
            ),
        )

    def __str__(self) -> str:
        return f"{self.sale_id} {self.use} {self.exercise}"


class ProceedsBudget(models.Model):
    """A budget that opens credits of a sale's allocations: one live budget for a sale and an exercise at a time (A28).

    Rents are spread over ten exercises, so that a sale feeds a budget of each. ``released_at``: that budget was
    refused, withdrawn or lapsed, and another one may name the sale for the exercise.
    """

    sale = models.ForeignKey(PropertySale, on_delete=models.PROTECT, related_name="budgets")
    exercise = models.PositiveSmallIntegerField("exercice")
    dossier = models.OneToOneField(Dossier, on_delete=models.PROTECT, related_name="proceeds_budget")
    at = models.DateTimeField("inscrit le")
    released_at = models.DateTimeField("libéré le", null=True, blank=True)

    class Meta:
        verbose_name = "budget du produit d’une vente"
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                name="proceeds_in_one_budget",
                fields=("sale", "exercise"),
                condition=Q(released_at__isnull=True),
            ),
        )
        triggers = (
            pgtrigger.Protect(name="proceeds_budget_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="proceeds_budget_released_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__released_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.sale_id} {self.exercise} → {self.dossier_id}"
