"""An application that holds the bare flow; only the settings of the benchmark install it."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """viewflow names a flow by the application that contains it."""

    name = "tests.bench"
    label = "bench"
    default_auto_field = "django.db.models.BigAutoField"
