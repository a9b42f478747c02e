"""Write functions of notices: keyword-only; each owns its transaction or says that it needs the caller's."""

from notifications.services.addresses import change_address
from notifications.services.administration import (
    create_webhook,
    renew_webhook,
    resume_webhook,
    retry_deliveries,
    retry_delivery,
    suspend_webhook,
)
from notifications.services.announce import TOLD_TO_CREATOR, announce, event_key, tell
from notifications.services.bounces import Received, UnknownMail, receive_bounce, sweep_maildir
from notifications.services.delivery import Delivered, channels_of, deliver
from notifications.services.digests import bundle_digests
from notifications.services.messages import tell_of_message
from notifications.services.preferences import set_preferences
from notifications.services.reading import mark_all_read, mark_read, settle_before, settle_unsent
from notifications.services.reminders import remind, tell_holder_away

__all__ = [
    "TOLD_TO_CREATOR",
    "Delivered",
    "Received",
    "UnknownMail",
    "announce",
    "bundle_digests",
    "change_address",
    "channels_of",
    "create_webhook",
    "deliver",
    "event_key",
    "mark_all_read",
    "mark_read",
    "receive_bounce",
    "remind",
    "renew_webhook",
    "resume_webhook",
    "retry_deliveries",
    "retry_delivery",
    "set_preferences",
    "settle_before",
    "settle_unsent",
    "suspend_webhook",
    "sweep_maildir",
    "tell",
    "tell_holder_away",
    "tell_of_message",
]
