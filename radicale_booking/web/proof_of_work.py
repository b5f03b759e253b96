"""A form that costs whoever sends it some computing: challenges of ALTCHA (https://altcha.org), solved by ``prove.js``.

A solution is good for the one form that it was asked for, and a form books once, so that none needs to be remembered.
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import timedelta

import altcha

from radicale_booking.web.current import adapters, now

#: The name of the field that carries the solution, as ALTCHA's own widget calls it.
FIELD = "altcha"
_LIFETIME = timedelta(hours=12)


def challenge(form: str) -> str:
    """What the browser has to solve for the form with the key ``form``, as JSON; '' where nothing is asked.

    It tries as many counters as the settings say, at least a half and on average three quarters of them.
    """
    most = adapters().settings.guard.proof_of_work
    if not most:
        return ""
    # The library would compare its own time with the real one; ours stands in the data.
    made = altcha.create_challenge(
        "SHA-256", 1, counter=most - secrets.randbelow(most // 2 + 1), hmac_secret=_secret(),
        data={"form": form, "until": int((now() + _LIFETIME).timestamp())})
    return json.dumps(made.to_dict(), separators=(",", ":"))


def is_proven(solution: str, form: str) -> bool:
    """Whether ``solution``, base64 of JSON, is right for the form with the key ``form``; True where none is asked."""
    if not adapters().settings.guard.proof_of_work:
        return True
    if not altcha.verify_solution(solution, _secret()).verified:
        return False
    # Signed by us, as the line above has seen.
    data = json.loads(base64.b64decode(solution))["challenge"]["parameters"]["data"]
    return bool(data["form"] == form and data["until"] > now().timestamp())


def _secret() -> str:
    return adapters().links.sign("proof of work", "")
