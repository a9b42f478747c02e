"""Which packages' static files are served: those whose pages are."""

from typing import Any

from django.apps import apps
from django.contrib.staticfiles.finders import AppDirectoriesFinder

# viewflow's pages are not mounted; one of its style sheets names fonts that the package lacks.
UNUSED = ("viewflow",)


class UsedPackagesFinder(AppDirectoriesFinder):
    """The static folders of the installed applications but those of `UNUSED`."""

    def __init__(self, app_names: list[str] | None = None, *args: Any, **kwargs: Any) -> None:
        if app_names is None:
            app_names = [app.name for app in apps.get_app_configs() if not app.name.startswith(UNUSED)]
        super().__init__(app_names, *args, **kwargs)
