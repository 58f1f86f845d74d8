"""What a command did as text that is the same on every machine, and the keys of a JSON as lines."""

import json
import re
from typing import Any

# Pattern → what stands for it. Words, columns and keys stay, and the number of decimals.
_DIFFERS = {
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00": "<time>",
    r"\b(?=[0-9]*[a-f])[0-9a-f]{12,64}\b": "<hexadecimal>",
    r"best epoch \d+": "best epoch #",
    r"  best so far": "",
    r"\d[\d,.]* (?:s|min|h)\b": "# s",
    r"\d+(?= of \d+ (?:images|labels))": "#",
}
_FIGURE = re.compile(r"-?\d[\d,]*\.(\d+)(e[-+]\d+)?")
# JSON: these values are those of the machine, or whole numbers that a model's answers decide.
_MACHINE = ("python", "versions", "processor", "cores", "machine", "commit", "command")
_COUNTED = ("correct", "confusion", "count", "only_first", "only_second")


def plain(text: str, *, exact: bool = False, hide: str = "") -> str:
    """`text` without what differs between machines: times, checksums, and unless `exact` the digits
    of figures.
    """
    for pattern, stands_for in _DIFFERS.items():
        text = re.sub(pattern, stands_for, text)
    if not exact:
        text = _FIGURE.sub(
            lambda found: "#." + "#" * len(found[1]) + ("e#" if found[2] else ""), text
        )
    # A column of figures may be a digit wider elsewhere.
    text = re.sub(r"(?<=\S) {2,}", "  ", text)
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(hide, "#", text, flags=re.MULTILINE) if hide else text


def plain_json(text: str, *, exact: bool = False) -> str:
    """The same of JSON. `exact` keeps six significant digits; several equal neighbours in a list
    are one with a count.

    The text must be laid out as all JSON of this project, with an indent of two spaces.
    """
    found = json.loads(text)
    assert text == json.dumps(found, indent=2) + "\n", "JSON in another layout"
    return json.dumps(_shown(found, exact), indent=2, ensure_ascii=False) + "\n"


def _shown(value: Any, exact: bool, key: str = "") -> Any:
    if isinstance(value, dict):
        if key == "versions":
            return dict.fromkeys(value, "<version>")
        return {name: _shown(inner, exact, name) for name, inner in value.items()}
    if isinstance(value, list):
        return _folded([_shown(inner, exact, key) for inner in value])
    if key in _MACHINE:
        return f"<{key}>"
    if isinstance(value, float):
        return float(f"{value:.6g}") if exact else "<number>"
    if isinstance(value, int) and key in _COUNTED and not exact:
        return "<integer>"
    return plain(value, exact=exact) if isinstance(value, str) else value


def _folded(values: list[Any]) -> list[Any]:
    """`values` with a run of more than two equal ones as the first and how often it is there."""
    shown: list[Any] = []
    for value in values:
        if shown and shown[-1][0] == value:
            shown[-1][1] += 1
        else:
            shown.append([value, 1])
    return [
        each
        for value, count in shown
        for each in ([value, f"× {count}"] if count > 2 else [value] * count)
    ]


def keys(values: list[Any], maps: tuple[str, ...] = ()) -> str:
    """The dotted paths of all keys in the JSON `values` with their types, a line each.

    `[]` is each item of a list, `*` each key of an object whose path is in `maps`. A `?` follows a
    path that not every object around it has.
    """
    found: dict[str, set[str]] = {}
    seen: dict[str, int] = {}
    _collect(values, "", maps, found, seen)
    lines = []
    for path, types in found.items():
        if path:
            parent = path.rpartition(".")[0]
            optional = (
                "?"
                if not path.endswith(("[]", "*")) and seen[path] < seen.get(f"{parent}|object", 0)
                else ""
            )
            lines.append(f"{path}{optional}: {' | '.join(sorted(types))}")
    return "\n".join(lines) + "\n"


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def _collect(
    values: list[Any],
    path: str,
    maps: tuple[str, ...],
    found: dict[str, set[str]],
    seen: dict[str, int],
) -> None:
    """Put the types of `values`, all found under `path`, into `found`, and how many there are into
    `seen`.
    """
    seen[path] = len(values)
    objects = [value for value in values if isinstance(value, dict)]
    lists = [value for value in values if isinstance(value, list)]
    seen[f"{path}|object"] = len(objects)
    found[path] = {_TYPES[type(value)] for value in values if not isinstance(value, dict | list)}
    found[path] |= ({"object"} if objects else set()) | ({"array"} if lists else set())
    if path.endswith("commit"):
        found[path].add("null")  # outside a checkout
    inner = [item for each in lists for item in each]
    if inner:
        _collect(inner, f"{path}[]", maps, found, seen)
    if path in maps:
        of_all = [value for each in objects for value in each.values()]
        if of_all:
            _collect(of_all, f"{path}.*".lstrip("."), maps, found, seen)
        return
    for key in dict.fromkeys(key for each in objects for key in each):
        _collect(
            [each[key] for each in objects if key in each],
            f"{path}.{key}".lstrip("."),
            maps,
            found,
            seen,
        )
