"""Booking pages within other sites: who may show them, and what they need for it."""

from __future__ import annotations

from flask import Flask, Response, current_app, has_request_context, make_response, render_template, request
from flask.sessions import SecureCookieSessionInterface

from radicale_booking.web.current import adapters


def is_embedded() -> bool:
    """Whether the page is asked for to be shown within another."""
    return "embed" in request.args and bool(request.endpoint)


def frame_ancestors() -> str:
    """Who may show this page within theirs (CSP Level 3)."""
    return " ".join(("'self'", *adapters().settings.page.embed_origins)) if is_embedded() else "'none'"


def outside() -> str:
    """The target of a link to what may not be shown within another site's page."""
    return "_blank" if is_embedded() else "_self"


def script() -> Response:
    """``/embed.js``: its address stays, so that it may not be kept for long."""
    response = current_app.send_static_file("embed.js")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def show_demo() -> Response:
    """``/host/embed/?page=HOST/EVENT-TYPE``: each way to show the page, and what to copy for it."""
    return make_response(render_template("embed_demo.html", page=request.args.get("page", "").strip("/")[:200],
                                         server=f"{adapters().settings.public_url}/"))


class EmbeddableSession(SecureCookieSessionInterface):
    """A page within another site is a third party there, and gets its cookie for that site alone (CHIPS)."""

    def get_cookie_path(self, app: Flask) -> str:
        """Below a path of a proxy the cookie is for that path alone."""
        return (request.script_root if has_request_context() else "") or super().get_cookie_path(app)

    def get_cookie_samesite(self, app: Flask) -> str | None:
        return "None" if self._partitioned(app) else super().get_cookie_samesite(app)

    def get_cookie_partitioned(self, app: Flask) -> bool:
        return self._partitioned(app)

    def _partitioned(self, app: Flask) -> bool:
        return has_request_context() and is_embedded() and self.get_cookie_secure(app)
