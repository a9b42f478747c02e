"""The application of approval paths: who must act next."""

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    label = "workflows"
    verbose_name = "Circuits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read the rulebooks (a malformed one stops the start-up), register the paths and their checks, listen."""
        from workflows.engine import checks, registry
        from workflows.rulebook import rulebooks

        rulebooks()
        registry.autodiscover()
        checks.register_checks()

        from workflows import receivers

        receivers.connect()
