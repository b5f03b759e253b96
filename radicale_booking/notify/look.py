"""What mail looks like: templates that a sysadmin may replace, in the site's own colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    select_autoescape,
)
from jinja2.loaders import BaseLoader

from radicale_booking.colours import OURS, palettes
from radicale_booking.errors import DeliveryFailed


@dataclass(frozen=True, slots=True)
class Look:
    """Files in the folder ``templates``, if any, go before ours; ``colour`` (``#rrggbb``) is that of buttons."""

    templates: str = ""
    colour: str = ""

    def fill(self, names: tuple[str, ...], values: Mapping[str, object]) -> str:
        """The first of the templates ``names`` that there is, with ``values``. Raises ``DeliveryFailed``."""
        try:
            return _environment(self).select_template(names).render(values)
        except (TemplateError, OSError, TypeError, ValueError) as error:
            raise DeliveryFailed(f"mail template {' or '.join(names)}: {error or type(error).__name__}") from error


@cache
def _environment(look: Look) -> Environment:
    ours = PackageLoader("radicale_booking.notify")
    loader: BaseLoader = ChoiceLoader([FileSystemLoader(look.templates), ours]) if look.templates else ours
    made = Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True,
                       undefined=StrictUndefined)
    made.globals["light"], made.globals["dark"] = palettes(look.colour) if look.colour else OURS
    return made
