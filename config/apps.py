"""The start-up as a Django application: system checks and operating commands."""

from django.apps import AppConfig


class BerlineConfig(AppConfig):
    name = "config"
    label = "berline"
    verbose_name = "Berline"

    def ready(self) -> None:
        from config import celery, checks  # noqa: F401  (the task application; the system checks)
