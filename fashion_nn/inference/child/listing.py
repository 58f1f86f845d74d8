"""Lists what is in an HDF5 file, for people who inspect a model file. Confined process only.

Nothing is built, and Keras is not imported. Every answer is bounded, because the file decides how
many arrays, attributes and names there are, and how long they are.
"""

import json

import numpy as np

from fashion_nn.inference.child.hdf5 import ArrayInfo, Store
from fashion_nn.inference.child.reply import Reply
from fashion_nn.inference.shared.refusal import Refusal, quoted

MAX_LISTED_BYTES = 2 << 20
"""JSON with the descriptions of arrays, in bytes."""
MAX_SHOWN_NUMBERS = 1 << 14
"""Numbers in all arrays whose values are asked for at once."""
MAX_SHOWN_ATTRIBUTES = 100
_LONGEST_PATH = 300


class ListedFile:
    """One HDF5 file that is looked at. Call `look` first."""

    def look(self, content: bytearray) -> Reply:
        """What is in the file.

        The payload is a JSON object: `arrays` with [path, shape, dtype, bytes] of each, `left_out`
        with the number of arrays that are not listed, `faults` with what is wrong with single
        objects, `attributes` with the names of the texts of the file, and `layers` with the layers
        for which a file of the older kind lists weights.
        """
        faults: list[Refusal] = []
        self._store = Store(content, faults)
        arrays = self._store.arrays()
        listed = _listed(arrays)
        attributes = self._store.attributes()[:MAX_SHOWN_ATTRIBUTES]
        found = {
            "arrays": listed,
            "left_out": len(arrays) - len(listed),
            "faults": [str(fault) for fault in faults],
            "attributes": [_escaped(name[:_LONGEST_PATH]) for name in attributes],
            "layers": self._layers(),
        }
        return Reply(payload=json.dumps(found).encode())

    def _layers(self) -> list[str]:
        root = "model_weights" if self._store.is_group("model_weights") else ""
        names = self._store.names(root, "layer_names")
        kept: list[str] = []
        left = MAX_LISTED_BYTES // 4
        for name in names:
            left -= len(json.dumps(name)) + 2
            if left < 0:
                break
            kept.append(_escaped(name))
        return kept

    def text(self, _content: bytearray, name: str) -> Reply:
        """The text in the attribute `name` of the file; the header says whether there is one."""
        text = self._store.text(name)
        return Reply({"there": text is not None}, text or b"")

    def numbers(self, _content: bytearray, paths: list[str]) -> Reply:
        """The values of the arrays at `paths`, each as a flat list, in JSON."""
        sizes = {array.path: int(np.prod(array.shape)) for array in self._store.arrays()}
        total = sum(sizes.get(path, 0) for path in paths)
        if total > MAX_SHOWN_NUMBERS:
            raise Refusal(f"{quoted(paths[0])}: more than {MAX_SHOWN_NUMBERS} numbers")
        values = [np.ravel(self._store.array(path)).astype(float).tolist() for path in paths]
        return Reply(payload=json.dumps(values).encode())


def _listed(arrays: list[ArrayInfo]) -> list[list[object]]:
    """The arrays that fit into an answer: path, shape, dtype and bytes of each."""
    listed: list[list[object]] = []
    left = MAX_LISTED_BYTES
    for array in arrays:
        if len(array.path) > _LONGEST_PATH:
            continue
        entry = [_escaped(array.path), array.shape, array.dtype, array.size]
        left -= len(json.dumps(entry)) + 2
        if left < 0:
            break
        listed.append(entry)
    return listed


def _escaped(name: str) -> str:
    """`name`, with bytes that are not UTF-8 escaped: they would not be read as JSON."""
    return name.encode("utf-8", "backslashreplace").decode()
