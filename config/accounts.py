"""Accounts are made by an administrator, never by their holder."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's own adapter without sign-up, and without the « pseudo » of its French sentences."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": (
            "L’identifiant ou le mot de passe n’est pas le bon. Vérifiez-les, puis recommencez."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """An identity of the organisation's OIDC server opens an existing account and never makes one."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False
