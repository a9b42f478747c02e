"""The log-in form in the words of the other pages."""

from typing import Any

from allauth.account import forms


class LoginForm(forms.LoginForm):  # type: ignore[misc]
    """allauth's own, with the label that the administration of people uses and no text inside the fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Identifiant"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
