"""The address that a person's mails go to: corrected by an administrator, journalled."""

from allauth.account.models import EmailAddress
from django.db import transaction

from cases.enums import Role
from cases.errors import Forbidden, Invalid, NotFound
from cases.models import User
from cases.permissions import administers, holdings_of
from cases.services import append_administration_entry
from notifications.channels.mail import has_valid_address

_MOST = 254


@transaction.atomic
def change_address(*, user_id: int, email: str, actor: User) -> User:
    """Write down another address for a person; the same changes nothing. What failed is sent again from « Envois ».

    Raises ``Forbidden``, ``NotFound``, ``Invalid``. The links of receipts that went to the former address die with it.
    """
    held = holdings_of(actor)
    if not administers(held):
        raise Forbidden("Seul un administrateur peut changer une adresse. Adressez-lui votre demande.")
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise NotFound("Aucune personne de ce numéro. Revenez à la liste des rôles.")
    email = email.strip()
    if len(email) > _MOST or not has_valid_address(email):
        message = "Indiquez une adresse électronique valable, par exemple prenom.nom@organisme.fr."
        raise Invalid(message, details={"email": [message]})
    if email != user.email:
        before, user.email = user.email, email
        user.save(update_fields=["email"])
        EmailAddress.objects.filter(user=user).exclude(
            email__iexact=email
        ).delete()  # renews no password any more
        append_administration_entry(
            actor=actor,
            capacity=next(one.capacity for one in held if one.role == Role.ADMINISTRATOR),
            action="change_address",
            subject=user,
            changes={"before": before, "after": email},
        )
    return user
