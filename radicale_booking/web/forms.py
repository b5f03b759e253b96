"""The forms an invitee fills in."""

from __future__ import annotations

import re

from flask import request
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.exceptions import BadRequest
from wtforms import EmailField, Field, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

#: The name of a field that people do not see.
HONEYPOT = "website"

_ADDRESS = re.compile(r"[^@\s<>\"(),:;\\\[\]]{1,64}@[^@\s<>\"(),:;\\\[\]]+\.[^@\s<>\"(),:;\\\[\].]+")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _line(value: str | None) -> str | None:
    return " ".join(_UNSEEN.sub(" ", value).split()) if value else value


def _lines(value: str | None) -> str | None:
    return _UNSEEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip() if value else value


def refuse_files() -> None:
    """Before a request: none of our forms takes a file, and one in the place of a text is no text. Raises
    ``BadRequest``."""
    if request.files:
        raise BadRequest


class _OurPage(FlaskForm.Meta.csrf_class):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Whether a form was sent from our own page."""

    def validate_csrf_token(self, form: FlaskForm, field: Field) -> None:
        # Within another site many browsers keep no cookie for us to compare with; but they say themselves whose page
        # has sent a form, which no page can forge (W3C Fetch Metadata).
        if request.headers.get("Sec-Fetch-Site") != "same-origin":
            super().validate_csrf_token(form, field)


class _OurForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf_class = _OurPage


class DetailsForm(_OurForm):
    """Who books; ``start`` as ``wording.instant`` writes it, ``key`` makes a repeated submission harmless."""

    start = HiddenField(validators=[InputRequired()])
    tz = HiddenField()
    key = HiddenField(validators=[Length(max=64)])
    name = StringField(lazy_gettext("Your name"), filters=[_line], validators=[
        InputRequired(lazy_gettext("Enter your name.")),
        Length(max=200, message=lazy_gettext("This is too long.")),
    ])
    email = EmailField(lazy_gettext("E-mail"), filters=[_lines], validators=[
        InputRequired(lazy_gettext("Enter your e-mail address.")),
        Length(max=254, message=lazy_gettext("This is too long.")),
    ])
    note = TextAreaField(lazy_gettext("Note"), filters=[_lines], validators=[
        Length(max=2000, message=lazy_gettext("This is too long.")),
    ])

    def validate_name(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(gettext("Enter your name."))

    def validate_email(self, field: Field) -> None:
        if field.data and not _ADDRESS.fullmatch(field.data):
            raise ValidationError(gettext("Enter an address such as ada@example.org."))


class MoveForm(_OurForm):
    """The new start of a booking, as ``wording.instant`` writes it."""

    start = HiddenField(validators=[InputRequired()])


class ConfirmForm(_OurForm):
    """Nothing but that it was sent from our page."""


class CancelForm(_OurForm):
    """Why a reservation is cancelled."""

    reason = StringField(lazy_gettext("Reason (the host will read it)"), filters=[_line], validators=[
        Length(max=500, message=lazy_gettext("This is too long.")),
    ])
