"""The application of dossiers: what a dossier is."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"
    label = "cases"
    verbose_name = "Dossiers"
    default_auto_field = "django.db.models.BigAutoField"
