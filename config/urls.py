"""Addresses of the site. An application's own addresses lie in its `urls.py`."""

from importlib.util import find_spec

from django.urls import include, path

from config import health

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("compte/", include("allauth.urls")),
]
if find_spec("config.api"):
    from config.api import api  # type: ignore[import-not-found]

    urlpatterns.append(path("api/v1/", api.urls))
urlpatterns += [
    path("", include(f"{app}.urls"))
    for app in ("workflows", "cases", "notifications")
    if find_spec(f"{app}.urls")
]
