"""Production refuses to start when something is missing or dangerous, with one sentence that says what."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from cases.models import User
from config.checks import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD, refuse_demonstration_accounts
from workflows.demonstration import ACCOUNTS, PASSWORD

COMPLETE = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "f2c9a4b17de05836" * 4,
    "DATABASE_URL": "postgresql://berline@db.example/berline",
    "ALLOWED_HOSTS": "berline.example",
    "CELERY_BROKER_URL": "amqp://broker.example",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "BERLINE_VAR", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_complete_production_settings_pass_the_deployment_checks() -> None:
    result = manage("check", "--deploy", "--fail-level", "WARNING", **COMPLETE)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS", "CELERY_BROKER_URL"])
def test_production_without_a_needed_variable_names_it(name: str) -> None:
    result = manage("check", **(COMPLETE | {name: " "}))
    assert result.returncode == 1
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"DEBUG": "1"}, "DEBUG is on"),
        ({"BERLINE_DEBUG": "true"}, "BERLINE_DEBUG is on"),
        ({"SECRET_KEY": "short"}, "at least 50 random characters"),
        ({"SECRET_KEY": "a" * 60}, "at least 50 random characters"),
        ({"ALLOWED_HOSTS": "berline.example,*"}, "ALLOWED_HOSTS must list the host names"),
        ({"DATABASE_URL": "sqlite:///berline.db"}, "no other database serves"),
        ({"BERLINE_SESSION_MINUTES": "soon"}, "BERLINE_SESSION_MINUTES must be a whole number"),
        ({"BERLINE_MAX_UPLOAD_MB": "0"}, "BERLINE_MAX_UPLOAD_MB must be at least 1"),
        ({"BERLINE_STORAGE_OPTIONS": "[1]"}, "BERLINE_STORAGE_OPTIONS must be a JSON object"),
        ({"BERLINE_SSL_REDIRECT": "maybe"}, "BERLINE_SSL_REDIRECT must be 1 or 0"),
    ],
)
def test_production_with_a_dangerous_or_wrong_value_is_refused(change: dict[str, str], sentence: str) -> None:
    result = manage("check", **(COMPLETE | change))
    assert result.returncode == 1
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_run_refuses_production() -> None:
    result = manage("run", **COMPLETE)
    assert result.returncode == 1
    assert "this machine only" in result.stderr


@pytest.mark.parametrize(
    ("port", "sentence"),
    [("http", "PORT must be a whole number"), ("70000", "at most 65535"), ("0", "PORT must be at least 1")],
)
def test_run_with_an_impossible_port_says_so(port: str, sentence: str, tmp_path: Path) -> None:
    result = manage("run", PORT=port, BERLINE_VAR=str(tmp_path))
    assert result.returncode == 1
    assert sentence in result.stderr


def test_static_files_of_production_are_complete(tmp_path: Path) -> None:
    """The manifest storage refuses a style sheet that names a file which is not there."""
    result = manage("collectstatic", "--no-input", **(COMPLETE | {"BERLINE_VAR": str(tmp_path)}))
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "static" / "staticfiles.json").is_file()


@pytest.fixture
def production(settings: Any) -> Iterator[None]:
    settings.BERLINE_PRODUCTION = True
    return


def test_demonstration_makes_exactly_the_accounts_that_production_refuses() -> None:
    assert {account.username for account in ACCOUNTS} == set(DEMONSTRATION_ACCOUNTS)
    assert PASSWORD == DEMONSTRATION_PASSWORD


@pytest.mark.django_db
@pytest.mark.usefixtures("production")
class TestDemonstrationAccounts:
    @pytest.mark.parametrize("name", DEMONSTRATION_ACCOUNTS)
    def test_open_account_stops_the_web_server_and_the_check(self, name: str) -> None:
        User.objects.create_user(name, password=DEMONSTRATION_PASSWORD)
        with pytest.raises(ImproperlyConfigured, match=name):
            refuse_demonstration_accounts()
        with pytest.raises(SystemCheckError, match="berline.E001"):
            call_command("check", databases=["default"])

    @pytest.mark.parametrize("change", ["password", "unusable", "inactive", "name"])
    def test_account_that_nobody_can_open_with_the_known_password_is_let_be(self, change: str) -> None:
        user = User.objects.create_user("admin", password=DEMONSTRATION_PASSWORD)
        if change == "password":
            user.set_password("a quite different one")
        elif change == "unusable":
            user.set_unusable_password()
        elif change == "inactive":
            user.is_active = False
        else:
            user.username = "somebody"
        user.save()
        refuse_demonstration_accounts()
        call_command("check", databases=["default"])


def test_production_web_server_does_not_start_with_a_demonstration_account(spare_database: str) -> None:
    def serve() -> subprocess.CompletedProcess[str]:
        inherited = {name: os.environ[name] for name in ("PATH", "BERLINE_VAR", "HOME") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-c", "import config.wsgi"],
            cwd=settings.BASE_DIR,
            env=inherited | COMPLETE | {"DATABASE_URL": spare_database},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert serve().returncode == 0
    account = {"DJANGO_SUPERUSER_PASSWORD": DEMONSTRATION_PASSWORD, "DATABASE_URL": spare_database}
    made = manage(
        "createsuperuser", "--noinput", "--username", "dg.canssm", "--email", "dg@example.org", **account
    )
    assert made.returncode == 0, made.stderr
    refused = serve()
    assert refused.returncode == 1
    assert (
        "Demonstration accounts are open with the password that everybody knows: dg.canssm." in refused.stderr
    )


@pytest.mark.django_db
def test_database_limits_waiting() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        assert cursor.fetchone() == ("10s", "1min")


def test_web_server_waits_less_than_a_script_and_keeps_a_pool(tmp_path: Path) -> None:
    code = (
        "from django.conf import settings; options = settings.DATABASES['default']['OPTIONS']; "
        "print(options['options'], '| pool' if 'pool' in options else '| no pool')"
    )
    script = manage("shell", "--no-imports", "-c", code, BERLINE_VAR=str(tmp_path)).stdout
    web = manage("shell", "--no-imports", "-c", code, BERLINE_VAR=str(tmp_path), BERLINE_PROCESS="web").stdout
    assert "statement_timeout=15000 -c lock_timeout=3000" in web
    assert "| pool" in web
    assert "statement_timeout=900000 -c lock_timeout=30000" in script
    assert "| no pool" in script
    assert not (tmp_path / "postgres").exists()
