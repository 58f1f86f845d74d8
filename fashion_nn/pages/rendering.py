"""How a page becomes HTML: a Jinja template, and a frozen dataclass whose fields are its
variables.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
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
_IMPORT = re.compile(r'^import [^;]* from "\./[\w-]+\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=\w)", re.MULTILINE)


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
    return _with_digest(_template(name))


def modules(names: Sequence[str]) -> Script:
    """Several ES modules among the templates as one script, for a page that loads no files.

    A module may import names from modules before it, on lines that begin with `import` and end with
    `from "./FILE";`, and export declarations. Both words are left out, so no two modules may
    declare the same name.
    """
    texts = [_EXPORT.sub("", _IMPORT.sub("", _template(name))) for name in names]
    return _with_digest("".join(texts))


def _template(name: str) -> str:
    return packaged(__package__, _TEMPLATES, name).decode()


def _with_digest(text: str) -> Script:
    if "</script" in text.lower():
        raise ValueError("the script would end the element that holds it")
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
