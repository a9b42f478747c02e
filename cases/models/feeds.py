"""Addresses of feeds: who reads which dates or register from a calendar or a news reader, without logging in."""

import uuid

from django.db import models
from django.db.models import Q

from cases.enums import FeedKind, Role
from cases.models.organisations import Organisation
from cases.models.people import User


class FeedAddress(models.Model):
    """A secret address that ``user`` gave out to a program of theirs. Only the SHA-256 of its secret is kept.

    It shows what ``user`` may read on the day it is read, never more: revoked, or once the person is deactivated or has
    lost ``role`` on ``organisation`` (feeds of a role), it shows nothing.
    """

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="feed_addresses", verbose_name="personne"
    )
    kind = models.CharField("contenu", max_length=10, choices=FeedKind.choices)
    role = models.CharField("rôle", max_length=30, choices=Role.choices, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="organisation",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField("créée le")
    revoked_at = models.DateTimeField("révoquée le", null=True, blank=True)
    last_read_at = models.DateTimeField("lue le", null=True, blank=True)

    class Meta:
        verbose_name = "adresse de flux"
        verbose_name_plural = "adresses de flux"
        ordering = ("-created_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="feed_kind_known", condition=Q(kind__in=FeedKind.values)),
            models.CheckConstraint(
                name="feed_of_a_role_names_it",
                condition=(Q(kind=FeedKind.ROLE, role__in=Role.values, organisation__isnull=False))
                | (~Q(kind=FeedKind.ROLE) & Q(role="", organisation__isnull=True)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"
