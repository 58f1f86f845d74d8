"""Read the JSON files that the package wrote earlier, as typed and checked objects.

Such a file can come from a newer or older version, be cut short, or be edited by hand. Every fault
becomes one InputError, a single line that names the file, the fault and the remedy.
"""

from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from fashion_nn.core import strict_json
from fashion_nn.core.reading import read_text
from fashion_nn.core.strict_json import JsonError, JsonObject
from fashion_nn.core.writing import FORMAT
from fashion_nn.errors import InputError


class Stored(BaseModel):
    """Base class of what a JSON file holds: immutable, without type coercion, numbers finite.

    Keys that the class does not declare are kept, so that a file of another version survives being
    read and written again.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="allow",
        allow_inf_nan=False,
        protected_namespaces=(),
        ser_json_inf_nan="constants",
    )

    def to_json(self) -> JsonObject:
        """The content as plain Python values: only the keys that were given, unknown ones last."""
        return self.model_dump(mode="json", exclude_unset=True)

    def completed_by(self, other: Self) -> Self:
        """A copy in which the keys that are not given have their values in `other`."""
        return self.model_validate({**other.to_json(), **self.to_json()})


S = TypeVar("S", bound=Stored)

# A split of a million rows; NaN and Infinity, because a training can have such losses.
_LIMITS = strict_json.Limits(values=1_000_000, constants=True)
_LONGEST = 100


def read_json(
    path: Path, *, expected: str, mend: str, follow_links: bool = False
) -> dict[str, Any]:
    """The JSON object in the file `path`.

    Args:
        path: of the file.
        expected: the end of the message about a file that cannot be read.
        mend: the end of the message about a damaged file.
        follow_links: whether `path` itself may be a link, because the user has named it.

    Raises:
        InputError: the file cannot be read, or it holds no JSON object.
    """
    text = read_text(path, expected=expected, follow_links=follow_links)
    try:
        content = strict_json.parse(text, _LIMITS)
    except JsonError as error:
        raise InputError(f"{path}: damaged ({error}): {mend}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: damaged (expected a JSON object): {mend}")
    return content


def read_stored(
    path: Path,
    schema: type[S],
    *,
    expected: str,
    mend: str,
    versioned: bool = False,
) -> S:
    """The content of the JSON file `path` as an object of the class `schema`.

    Args:
        expected: the end of the message about a file that cannot be read.
        mend: the end of the message about a damaged file.
        versioned: whether the file must state the current format.

    Raises:
        InputError: the file cannot be read, is damaged, or has another format.
    """
    content = read_json(path, expected=expected, mend=mend)
    if versioned and content.get("format") != FORMAT:
        found = ascii(content.get("format"))[:_LONGEST]
        raise InputError(f"{path}: format {found}, expected {FORMAT}: another version wrote it")
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        # The keys of the file may hold anything, control sequences of a terminal too.
        place = ascii(".".join(map(str, first["loc"])))[1:-1][:_LONGEST]
        fault = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{path}: damaged ({place}: {fault}): {mend}") from None
