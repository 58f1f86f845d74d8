"""How a page becomes HTML: a Jinja template, and a frozen dataclass whose fields are its
variables.
"""

import base64
import hashlib
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import TYPE_CHECKING

from fashion_nn.core.reading import packaged
from fashion_nn.core.text import duration
from fashion_nn.measures import columns
from fashion_nn.pages import palette

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from jinja2 import Environment

_TEMPLATES = "templates"


def render(template: str, context: "DataclassInstance") -> str:
    """Fill in a template.

    Args:
        template: file name of the template, such as `ledger.html`.
        context: a dataclass; its fields are the variables of the template.

    Raises:
        jinja2.UndefinedError: the template uses a variable, key or attribute that is not there.
    """
    variables = {field.name: getattr(context, field.name) for field in fields(context)}
    return _environment().get_template(template).render(variables)


@dataclass(frozen=True, slots=True)
class Script:
    """A script that is part of a page.

    Attributes:
        text: the script. It is written into the page without escaping, so no data may be in it.
        digest: what the content security policy of the page says about it, so that the browser runs
            no other script.
    """

    text: str
    digest: str


def script(name: str) -> Script:
    """The script of this file name among the templates."""
    text = packaged(__package__, _TEMPLATES, name).decode()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(text, f"sha256-{digest}")


def data_uri(png: bytes) -> str:
    """A PNG file as a data URI, for the `src` of an image."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fashion_nn.pages", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": columns.percent,
        "count": lambda number: f"{number:,}",
        "duration": partial(duration, digits=".3g"),
    }
    environment.globals |= {"light": palette.LIGHT, "dark": palette.DARK, "print": palette.PRINT}
    return environment
