"""What administrators do about deliveries: try again, keep the subscriptions of programs. All of it is journalled."""

import secrets
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from cases import clock
from cases.enums import Role
from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.models import User
from cases.permissions import administers, holdings_of
from cases.services import append_administration_entry
from cases.text import fault_of
from notifications.channels.calls import BadAddress, checked_address, secret_of
from notifications.enums import CALLABLE, TROUBLED, OutboxState
from notifications.models import OutboxRow, Webhook
from notifications.wake import wake_after_commit

MAX_ADDRESS = 500


def _capacity(actor: User) -> str:
    held = holdings_of(actor)
    if not administers(held):
        raise Forbidden("Seul un administrateur peut faire cela. Adressez-lui votre demande.")
    return next(one.capacity for one in held if one.role == Role.ADMINISTRATOR)


@transaction.atomic
def retry_delivery(*, row_id: int, actor: User) -> OutboxRow:
    """Send a row again that failed or came back, or whose person has an address now, with all its attempts.

    Raises ``Forbidden``, ``NotFound``, ``Conflict`` (it is not in trouble any more).
    """
    capacity = _capacity(actor)
    row = (
        OutboxRow.objects.select_for_update(of=("self",))
        .select_related("recipient", "webhook")
        .filter(pk=row_id)
        .first()
    )
    if row is None:
        raise NotFound("Aucun envoi de ce numéro. Revenez à la liste des envois.")
    if row.state not in TROUBLED:
        raise Conflict("Cet envoi n’est plus en échec. Rechargez la liste.")
    before = row.error
    _again(OutboxRow.objects.filter(pk=row.pk))
    append_administration_entry(
        actor=actor,
        capacity=capacity,
        action="retry_delivery",
        subject=row.recipient or actor,
        changes={"row": row.pk, "event": row.event, "error": before},
    )
    wake_after_commit([row.pk])
    row.refresh_from_db()
    return row


@transaction.atomic
def retry_deliveries(*, actor: User) -> int:
    """Send again everything that failed or came back; how many rows. Raises ``Forbidden``."""
    capacity = _capacity(actor)
    failed = OutboxRow.objects.filter(state__in=(OutboxState.FAILED, OutboxState.BOUNCED)).order_by("pk")
    keys = list(failed.select_for_update(skip_locked=True).values_list("pk", flat=True))
    if keys:
        _again(OutboxRow.objects.filter(pk__in=keys))
        append_administration_entry(
            actor=actor,
            capacity=capacity,
            action="retry_delivery",
            subject=actor,
            changes={"rows": len(keys), "first": keys[0], "last": keys[-1]},
        )
        wake_after_commit(keys)
    return len(keys)


def _again(rows: QuerySet[OutboxRow]) -> None:
    """The only way back into the queue: the table refuses it without one more of ``retries``."""
    rows.update(
        state=OutboxState.PENDING, due_at=clock.now(), attempts=0, retries=F("retries") + 1, refused_at=None
    )


@transaction.atomic
def create_webhook(*, name: str, url: str, kinds: Iterable[str], actor: User) -> tuple[Webhook, str]:
    """Subscribe an address to events; the subscription and its secret, which is never shown again.

    Raises ``Forbidden``, ``Invalid`` (address that is never called, unknown event), ``Conflict`` (name taken).
    """
    capacity = _capacity(actor)
    name, url, chosen = name.strip(), url.strip(), sorted(set(kinds))
    details: dict[str, list[str]] = {}
    if fault := fault_of(name, limit=80, required="Donnez un nom à cet abonnement."):
        details["name"] = [fault]
    if fault := fault_of(url, limit=MAX_ADDRESS, required="Indiquez l’adresse à appeler."):
        details["url"] = [fault]
    else:
        try:
            checked_address(url)
        except BadAddress as error:
            details["url"] = [f"{error} Corrigez-la."]
    if not chosen or not set(chosen) <= {one.value for one in CALLABLE}:
        details["kinds"] = ["Choisissez au moins un événement de la liste."]
    if details:
        raise Invalid("L’abonnement n’a pas été créé : corrigez les points signalés.", details=details)
    webhook = Webhook(
        name=name,
        url=url,
        kinds=chosen,
        salt=secrets.token_hex(16),
        created_at=clock.now(),
        created_by=actor,
    )
    try:
        with transaction.atomic():
            webhook.save(force_insert=True)
    except IntegrityError:
        message = "Un abonnement porte déjà ce nom : choisissez-en un autre."
        raise Conflict(message, details={"name": [message]}) from None
    _journal(webhook, actor, capacity, "create_webhook", url=url, kinds=chosen)
    return webhook, secret_of(webhook)


@transaction.atomic
def suspend_webhook(*, webhook_id: int, actor: User) -> Webhook:
    """Call an address no more. Raises ``Forbidden``, ``NotFound``."""
    capacity = _capacity(actor)
    webhook = _locked(webhook_id)
    if webhook.active:
        webhook.active = False
        webhook.save(update_fields=["active"])
        _journal(webhook, actor, capacity, "suspend_webhook")
    return webhook


@transaction.atomic
def resume_webhook(*, webhook_id: int, actor: User) -> Webhook:
    """Call an address again, from now on; what failed meanwhile is tried again from the list of deliveries.

    Raises ``Forbidden``, ``NotFound``.
    """
    capacity = _capacity(actor)
    webhook = _locked(webhook_id)
    if not webhook.active:
        webhook.active, webhook.failures, webhook.last_error = True, 0, ""
        webhook.save(update_fields=["active", "failures", "last_error"])
        _journal(webhook, actor, capacity, "resume_webhook")
    return webhook


@transaction.atomic
def renew_webhook(*, webhook_id: int, actor: User) -> tuple[Webhook, str]:
    """Give a subscription a new secret; the former signs nothing any more. Raises ``Forbidden``, ``NotFound``."""
    capacity = _capacity(actor)
    webhook = _locked(webhook_id)
    webhook.salt = secrets.token_hex(16)
    webhook.save(update_fields=["salt"])
    _journal(webhook, actor, capacity, "renew_webhook")
    return webhook, secret_of(webhook)


def _locked(webhook_id: int) -> Webhook:
    webhook = Webhook.objects.select_for_update().filter(pk=webhook_id).first()
    if webhook is None:
        raise NotFound("Aucun abonnement de ce numéro. Revenez à la liste des abonnements.")
    return webhook


def _journal(webhook: Webhook, actor: User, capacity: str, action: str, **changes: object) -> None:
    append_administration_entry(
        actor=actor,
        capacity=capacity,
        action=action,
        subject=actor,
        changes={"webhook": str(webhook.public_id), "name": webhook.name} | changes,
    )
