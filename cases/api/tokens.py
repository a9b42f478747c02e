"""``auth/token``: log in and out of the API. The same throttle as the log-in page, the same second factor."""

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.core.internal.ratelimit import parse_rates
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import secret_of
from cases.api.errors import ErrorOut, Throttled, Unauthenticated
from cases.models import User
from cases.services import issue_token, revoke_token

router = Router(tags=["Identification"])


class Credentials(BaseModel):
    """Un nom d’utilisateur et son mot de passe ; « code » si la personne a un second facteur."""

    model_config = ConfigDict(extra="forbid", strict=True)

    username: str = Field(min_length=1, max_length=150)
    password: str = Field(min_length=1, max_length=1_000)
    code: str = Field(default="", max_length=50, description="Code du second facteur, s’il y en a un.")


class TokenOut(BaseModel):
    """Le jeton, montré une seule fois."""

    token: str


@router.post(
    "token",
    auth=None,
    summary="Demander un jeton",
    response={200: TokenOut, 401: ErrorOut, 422: ErrorOut, 429: ErrorOut},
)
def log_in(request: HttpRequest, credentials: Credentials) -> TokenOut:
    """Donne un jeton à envoyer dans l’en-tête « Authorization: Bearer … ».

    Les essais infructueux sont limités comme sur la page de connexion : au-delà, 429 et Retry-After.
    """
    user = _authenticate(request, credentials)
    if not user.is_active:  # allauth hands out inactive people whose password is right
        raise Unauthenticated("Votre accès est fermé. Adressez-vous à votre administrateur.")
    _check_second_factor(user, credentials.code)
    return TokenOut(token=issue_token(user=user))


@router.delete("token", summary="Rendre son jeton", response={204: None, 401: ErrorOut})
def log_out(request: HttpRequest) -> HttpResponse:
    """Le jeton envoyé ne vaut plus rien."""
    revoke_token(secret_of(request))
    return HttpResponse(status=204)


def _authenticate(request: HttpRequest, credentials: Credentials) -> User:
    if not ratelimit.consume(request, action="login"):
        raise _throttled("login")
    try:
        user = get_adapter(request).authenticate(
            request, username=credentials.username, password=credentials.password
        )
    except ValidationError:  # all that it raises: too many failed attempts
        raise _throttled("login_failed") from None
    if user is None:
        raise Unauthenticated("Nom d’utilisateur ou mot de passe incorrect. Vérifiez-les et recommencez.")
    return user  # type: ignore[no-any-return]


def _check_second_factor(user: User, code: str) -> None:
    if not is_mfa_enabled(user):
        return
    if not code:
        message = (
            "Cette personne a un second facteur : envoyez aussi, dans « code », celui de son application."
        )
        raise Unauthenticated(message, details={"code": [message]})
    form = AuthenticateForm({"code": code}, user=user)
    if form.is_valid():
        form.authenticator.record_usage()
        return
    if any(error.code == "too_many_login_attempts" for error in form.errors.as_data().get("code", [])):
        raise _throttled("login_failed")
    message = "Ce code est incorrect ou a déjà servi : attendez le suivant."
    raise Unauthenticated(message, details={"code": [message]})


def _throttled(action: str) -> Throttled:
    """Wait as long as the longest of the limits: what is left of it exactly is nobody's business."""
    seconds = int(max(rate.duration for rate in parse_rates(app_settings.RATE_LIMITS[action])))
    wait = (
        f"{seconds // 60} minute{'s' if seconds >= 120 else ''}" if seconds >= 60 else f"{seconds} secondes"
    )
    return Throttled(f"Trop de tentatives : attendez {wait}, puis recommencez.", retry_after=seconds)
