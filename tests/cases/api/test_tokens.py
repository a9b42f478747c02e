"""``auth/token``: who gets in, who does not, and how often one may try."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from cases import clock
from cases.models import ApiToken, User
from cases.services import deactivate_person
from tests.api_client import Api
from tests.journeys import Cast

PASSWORD = "une longue phrase de passe"


@pytest.fixture
def agent(cast: Cast) -> User:
    """Somebody with a password."""
    cast.agent.set_password(PASSWORD)
    cast.agent.save(update_fields=["password"])
    return cast.agent


def log_in(**more: Any) -> Any:
    """Ask for a token as the agent."""
    return Api().post("auth/token", {"username": "agent", "password": PASSWORD} | more)


def test_token_opens_the_api_and_is_stored_hashed(agent: User) -> None:
    token = log_in().ok()["token"]
    assert Api(token=token).get("paths").status == 200
    stored = ApiToken.objects.get()
    assert stored.user == agent
    assert token not in (stored.digest, str(stored))
    assert len(stored.digest) == 64


def test_token_is_worth_nothing_once_given_back(agent: User) -> None:
    api = Api(token=log_in().ok()["token"])
    assert api.delete("auth/token").status == 204
    api.get("paths").refused(401, "unauthenticated")
    assert ApiToken.objects.count() == 0


def test_giving_back_a_token_leaves_the_others(agent: User) -> None:
    first, second = (Api(token=log_in().ok()["token"]) for _ in range(2))
    first.delete("auth/token")
    assert second.get("paths").status == 200


def test_token_expires(agent: User) -> None:
    token = log_in().ok()["token"]
    with clock.at(clock.now() + timedelta(hours=11, minutes=59)):
        assert Api(token=token).get("paths").status == 200
    with clock.at(clock.now() + timedelta(hours=12, minutes=1)):
        Api(token=token).get("paths").refused(401, "unauthenticated")


def test_expired_tokens_are_swept_when_one_is_issued(agent: User) -> None:
    log_in().ok()
    with clock.at(clock.now() + timedelta(days=2)):
        log_in().ok()
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{"password": "faux"}, {"username": "personne.inconnue"}, {"username": "admin"}],
    ids=["wrong password", "unknown person", "no password set"],
)
def test_wrong_credentials_say_the_same_whatever_is_wrong(agent: User, body: dict[str, str]) -> None:
    error = log_in(**body).refused(401, "unauthenticated")
    assert error["message"] == "Nom d’utilisateur ou mot de passe incorrect. Vérifiez-les et recommencez."
    assert ApiToken.objects.count() == 0


def test_inactive_person_gets_no_token(agent: User) -> None:
    agent.is_active = False
    agent.save(update_fields=["is_active"])
    log_in().refused(401, "unauthenticated")
    assert ApiToken.objects.count() == 0


def test_deactivation_ends_tokens_at_once(agent: User, cast: Cast) -> None:
    api = Api(token=log_in().ok()["token"])
    deactivate_person(user=agent, motive="Départ", deactivated_by=cast.admin)
    api.get("paths").refused(401, "unauthenticated")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "agent"},
        {"username": "agent", "password": ""},
        {"username": 1, "password": "x"},
        {"username": "agent", "password": "x" * 1_001},
        {"username": "agent", "password": "x", "remember": True},
    ],
)
def test_incomplete_credentials_are_invalid(agent: User, body: dict[str, Any]) -> None:
    assert Api().post("auth/token", body).refused(422, "invalid")["details"]


def test_failed_attempts_are_throttled(agent: User) -> None:
    for _ in range(5):
        log_in(password="faux").refused(401, "unauthenticated")
    answer = log_in()
    error = answer.refused(429, "throttled")
    assert answer.headers["Retry-After"] == "300"
    assert error["details"] == {"retry_after": 300}
    assert "5 minutes" in error["message"]
    assert ApiToken.objects.count() == 0


def test_failures_on_the_page_count_for_the_api(agent: User) -> None:
    page = Client()
    for _ in range(5):
        page.post("/compte/login/", {"login": "agent", "password": "faux"})
    log_in().refused(429, "throttled")


def test_right_password_does_not_use_up_attempts(agent: User) -> None:
    for _ in range(8):
        log_in().ok()


def test_many_log_ins_are_throttled_too(agent: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "3/m/ip"}
    for _ in range(3):
        log_in().ok()
    answer = log_in()
    answer.refused(429, "throttled")
    assert answer.headers["Retry-After"] == "60"


class TestSecondFactor:
    @pytest.fixture
    def secret(self, agent: User) -> str:
        secret: str = generate_totp_secret()
        TOTP.activate(agent, secret)
        return secret

    @staticmethod
    def code(secret: str) -> str:
        counter = next(iter(yield_hotp_counters_from_time()))
        code: str = format_hotp_value(hotp_value(secret, counter))
        return code

    def test_password_alone_is_not_enough(self, secret: str) -> None:
        error = log_in().refused(401, "unauthenticated")
        assert set(error["details"]) == {"code"}
        assert ApiToken.objects.count() == 0

    def test_right_code_opens(self, secret: str) -> None:
        assert log_in(code=self.code(secret)).ok()["token"]
        assert Authenticator.objects.get().last_used_at is not None

    def test_wrong_code_does_not(self, secret: str) -> None:
        log_in(code="000000" if self.code(secret) != "000000" else "111111").refused(401, "unauthenticated")
        assert ApiToken.objects.count() == 0

    def test_codes_are_throttled(self, secret: str) -> None:
        for _ in range(5):
            log_in(code="abc").refused(401, "unauthenticated")
        log_in(code=self.code(secret)).refused(429, "throttled")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer inconnu", "Basic YTpi", "bearer\tx", "Bearer é"]
)
def test_no_or_wrong_token_is_unauthenticated(cast: Cast, header: str) -> None:
    api = Api()
    response = api.client.get("/api/v1/dossiers", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "unauthenticated"


def test_session_of_the_pages_does_not_open_the_api(cast: Cast) -> None:
    api = Api()
    api.client.force_login(cast.agent, "django.contrib.auth.backends.ModelBackend")
    api.get("dossiers").refused(401, "unauthenticated")
