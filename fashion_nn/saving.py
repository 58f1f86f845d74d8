"""A model as the bytes of a .keras file: the same model gives the same bytes."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fashion_nn.core import reading, scratch

if TYPE_CHECKING:
    import keras

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip archive can hold


def keras_file(model: "keras.Model") -> bytes:
    """`model` in Keras' own format, without the dates and memory addresses that would differ each
    time.

    Byte-equal files make a checksum say which model it is, and a resumed training provable.
    """
    with scratch.folder() as folder:
        path = folder / "model.keras"
        model.save(path)
        with reading.open_file(path) as saved, zipfile.ZipFile(saved) as source:
            return packed({name: source.read(name) for name in source.namelist()})


def packed(members: Mapping[str, bytes]) -> bytes:
    """The .keras file with these members, as Keras wrote them, but without dates and addresses."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as target:
        for name in sorted(members):
            target.writestr(zipfile.ZipInfo(name, _EPOCH), _lasting(name, members[name]))
    return result.getvalue()


def _lasting(name: str, content: bytes) -> bytes:
    if name == "metadata.json":
        return json.dumps(json.loads(content) | {"date_saved": "1980-01-01@00:00:00"}).encode()
    if name == "config.json":
        return json.dumps(_renumbered(json.loads(content), {})).encode()
    return content


def _renumbered(node: Any, seen: dict[int, int]) -> Any:
    """`node` with its shared_object_id values, which are memory addresses, counted from 1 as they
    come.
    """
    if isinstance(node, dict):
        return {
            key: (
                seen.setdefault(value, len(seen) + 1)
                if key == "shared_object_id"
                else _renumbered(value, seen)
            )
            for key, value in node.items()
        }
    return [_renumbered(value, seen) for value in node] if isinstance(node, list) else node
