"""Settings of the benchmark: those of the tests, on an embedded PostgreSQL of its own that syncs to disk."""

from config import embedded
from config.settings.base import BERLINE_VAR, INSTALLED_APPS
from config.settings.test import *  # noqa: F403
from config.settings.test import DATABASES

INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench.apps.BenchConfig"]
if "EMBEDDED" in DATABASES["default"]:
    DATABASES["default"]["EMBEDDED"] = embedded.Cluster(BERLINE_VAR, "postgres-bench", durable=True)
DATABASES["default"]["NAME"] = "berline_bench"
MEDIA_ROOT = BERLINE_VAR / "bench-media"
LOGGING_CONFIG = None
