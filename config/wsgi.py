"""The web server's entry point."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
os.environ["BERLINE_PROCESS"] = "web"

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

from django.db import connections  # noqa: E402

from config.checks import refuse_demonstration_accounts  # noqa: E402

refuse_demonstration_accounts()
connections.close_all()
