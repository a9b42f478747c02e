"""Logging in: by name, throttled, and only with an account that an administrator made."""

import pytest
from django.test import Client

from cases.models import User

LOGIN = "/compte/login/"
PASSWORD = "correct horse battery"


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("agent", password=PASSWORD)


def test_right_password_opens(client: Client, user: User) -> None:
    response = client.post(LOGIN, {"login": "agent", "password": PASSWORD})
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_sixth_failure_is_refused_even_with_the_right_password(client: Client, user: User) -> None:
    for _ in range(5):
        assert client.post(LOGIN, {"login": "agent", "password": "wrong"}).status_code == 200
    client.post(LOGIN, {"login": "agent", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_nobody_can_sign_up(client: Client, db: None) -> None:
    data = {"username": "intruder", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/compte/signup/", data)
    assert not User.objects.filter(username="intruder").exists()


def test_inactive_account_stays_closed(client: Client, user: User) -> None:
    user.is_active = False
    user.save()
    client.post(LOGIN, {"login": "agent", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_content_security_policy_allows_nothing_inline(client: Client, db: None) -> None:
    policy = client.get(LOGIN)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "nonce" not in policy
