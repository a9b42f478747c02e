"""The application of notifications: who is told."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    label = "notifications"
    verbose_name = "Notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what happens to dossiers; check the settings."""
        from notifications import checks, receivers  # noqa: F401  (checks register themselves)

        receivers.connect()
