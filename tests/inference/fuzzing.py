"""Mutates model files past the first checks and looks for anything but an answer or a one-line
refusal.

    python tests/inference/fuzzing.py [--inputs 100000] [--seed 0] [--only config|archive|hdf5]

Three kinds, each started from valid files of every generation of Keras (tests/inference/files) and
from ours:

    config   the architecture, changed as a tree: every input is valid JSON for the allow-list
    archive  a .keras whose members and directory are changed, with the checksums made right again
    hdf5     an .h5 or the weights of a .keras: bytes behind the superblock changed, or links,
             shapes, types and attributes by h5py; looked through in a forked process with the
             resource limits of the child

It prints how many inputs got past the parsing of JSON, of the archive's end or of the HDF5
superblock, what came of them, and stops at any other exception than a refusal, at a hang that no
limit ends, at a line that is none, or a marker. Crashes inside HDF5, and loops that the limit on
processor time ends (SIGXCPU), happen to the child alone: they are counted.
"""

import argparse
import collections
import contextlib
import copy
import functools
import io
import json
import os
import random
import resource
import select
import signal
import struct
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import hostile
import numpy as np

from fashion_nn.inference.allowlist import model_config, objects, operations, tensorflow
from fashion_nn.inference.allowlist.layers import ACTIVATIONS, ALIASES, LAYERS
from fashion_nn.inference.allowlist.layers.refused import REFUSED
from fashion_nn.inference.child.hdf5 import Store
from fashion_nn.inference.child.limits import limit_processor_time
from fashion_nn.inference.file import archive, model_file, strict_json
from fashion_nn.inference.shared import feeding, network
from fashion_nn.inference.shared.refusal import Refusal, input_error

FILES = Path(__file__).with_name("files")
HANG_SECONDS = 30
Verdict = tuple[bool, str]
"""Whether the input got past the first parsing, and what came of it."""


class Defect(Exception):
    """What must not happen; the input stands beside it."""

    def __init__(self, what: str, content: bytes):
        super().__init__(what)
        self.content = content


@functools.cache
def seeds() -> list[tuple[str, bytes, bytes]]:
    """(name, file, config) of valid models."""
    found = []
    for archive_path in sorted(FILES.glob("*.tar.xz")):
        with tarfile.open(archive_path) as packed:
            for name in packed.getnames():
                if name != "expected.json":
                    content = packed.extractfile(name).read()
                    found.append((name, content, _config(name, content)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        for model in (
            hostile.graph(),
            hostile.two("outputs"),
            hostile.doubling(5),
            hostile.shared(9),
        ):
            hostile.keras(model)(path, path)
            content = path.read_bytes()
            found.append((path.name, content, _config(path.name, content)))
    return found


def _config(name: str, content: bytes) -> bytes:
    if name.endswith(".h5"):
        return Store(content).text("model_config")
    return zipfile.ZipFile(io.BytesIO(content)).read("config.json")


# Config


@functools.cache
def _trees() -> list[Any]:
    return [json.loads(config) for _, _, config in seeds()]


@functools.cache
def _parts() -> list[Any]:
    """Everything that stands somewhere in a valid architecture."""
    return [node[key] for tree in _trees() for node, key in _places(tree)]


@functools.cache
def _words() -> list[str]:
    """Names that mean something to the reader, to Keras or to Python."""
    known = {
        "Lambda",
        "TFSMLayer",
        "__lambda__",
        "function",
        "os",
        "builtins",
        "keras_hub",
        "__tensor__",
        "__numpy__",
    }
    known |= {
        "__tuple__",
        "__keras_tensor__",
        "Functional",
        "Sequential",
        "Model",
        "__class__",
        "__init__",
        "",
    }
    known |= {*LAYERS, *ACTIVATIONS, *operations.OPERATIONS, *objects.INITIALIZERS}
    known |= {*REFUSED, *ALIASES, *tensorflow.CLASSES, *tensorflow.FUNCTIONS}
    for tree in _trees():
        known |= {key for node, key in _places(tree) if isinstance(key, str)}
        known |= {node[key] for node, key in _places(tree) if isinstance(node[key], str)}
    return sorted(known)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found, below = [], [tree]
    while below:
        node = below.pop()
        for key in node if isinstance(node, dict) else range(len(node)):
            found.append((node, key))
            if isinstance(node[key], dict | list):
                below.append(node[key])
    return found


_ODD = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    0.5,
    -0.0,
    1e308,
    1 << 31,
    1 << 63,
    -(1 << 63),
    1 << 64,
    10**4000,
    "",
    "\0",
]
_ODD += [
    "\ud800",
    "\x1b[31m",
    "a" * 300,
    [],
    {},
    [[]],
    [None],
    {"": None},
    [1, 2],
    [-1],
    [[0, 0], [0, 0]],
    [1] * 9,
]


def _value(rng: random.Random) -> Any:
    kind = rng.random()
    if kind < 0.35:
        return copy.deepcopy(rng.choice(_ODD))
    if kind < 0.6:
        return rng.choice(_words())
    if kind < 0.7:
        return rng.choice(
            [rng.randint(-10, 5000), rng.uniform(-10, 1e6), rng.getrandbits(rng.randint(1, 200))]
        )
    if kind < 0.8:
        return {
            "class_name": rng.choice(_words()),
            "config": rng.choice([None, {}, "a", ["b"]]),
            "module": "keras",
        }
    return copy.deepcopy(rng.choice(_parts()))


def changed_tree(rng: random.Random) -> Any:
    """A valid architecture with 1 to 4 things changed."""
    tree = json.loads(rng.choice(seeds())[2])
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        places = _places(tree)
        if not places:
            break
        node, key = rng.choice(places)
        what = rng.random()
        if what < 0.55:
            node[key] = _value(rng)
        elif what < 0.7:
            del node[key]
        elif what < 0.8 and isinstance(node, list):
            node.insert(key, copy.deepcopy(node[key]) if rng.random() < 0.5 else _value(rng))
        elif what < 0.9 and isinstance(node, dict):
            node[rng.choice(_words())] = _value(rng)
        else:
            other, place = rng.choice(places)
            node[key], other[place] = copy.deepcopy(other[place]), copy.deepcopy(node[key])
    return tree


def try_config(rng: random.Random) -> Verdict:
    content = json.dumps(changed_tree(rng)).encode()
    return _judged(content, lambda: _read_config(content))


def _read_config(content: bytes) -> Verdict:
    try:
        parsed = strict_json.parse(content, "config")
    except Refusal as refusal:
        return False, _said(refusal)
    try:
        allowed = model_config.read(parsed)
        feeding.feeding(allowed, None)
    except Refusal as refusal:
        return True, _said(refusal)
    # What goes to the child is what was allowed, and nothing in it is a function, a module or code.
    text = json.dumps(allowed.to_json())
    if network.from_json(json.loads(text)) != allowed:
        raise AssertionError("the network is not the same behind JSON")
    for node in _objects(json.loads(text)):
        if (
            not str(node.get("module", "keras")).startswith("keras")
            or node.get("registered_name") is not None
        ):
            raise AssertionError(f"let through: {node}")
    return True, "passed"


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    for node, key in _places([value]):
        if isinstance(node[key], dict):
            yield node[key]


# Archives


def try_archive(rng: random.Random) -> Verdict:
    content = rng.choice([content for name, content, _ in seeds() if name.endswith(".keras")])
    members = _mutated_members(rng, content)
    content = _written(rng, members)
    return _judged(content, lambda: _read_archive(content))


def _mutated_members(rng: random.Random, content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = [(name, packed.read(name)) for name in packed.namelist()]
    for _ in range(rng.choice((0, 1, 1, 2))):
        at = rng.randrange(len(members))
        name, data = members[at]
        what = rng.random()
        if what < 0.2:
            members.insert(
                at,
                (rng.choice(["config.json", "../x", "a/b", "\0", "CONFIG.JSON", name + " "]), data),
            )
        elif what < 0.3 and len(members) > 1:
            del members[at]
        elif what < 0.4:
            members[at] = (
                rng.choice(["config.json", "metadata.json", "model.weights.h5", name[::-1]]),
                data,
            )
        elif what < 0.7:
            members[at] = (name, bytes(_flipped(rng, bytearray(data), 0)))
        elif what < 0.8:
            members[at] = (name, data[: rng.randrange(len(data) + 1)])
        else:
            rng.shuffle(members)
    return members


def _written(rng: random.Random, members: list[tuple[str, bytes]]) -> bytes:
    """An archive of `members`, its checksums right, and then some fields of its headers changed."""
    out, directory = bytearray(), bytearray()
    for name, data in members:
        packer = zlib.compressobj(wbits=-15)
        method = rng.choice((0, 0, 8))
        body = packer.compress(data) + packer.flush() if method else data
        fields = [
            20,
            0,
            method,
            0,
            33,
            zlib.crc32(data),
            len(body),
            len(data),
            len(name.encode()),
            0,
        ]
        directory += (
            struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *fields, 0, 0, 0, 0, len(out)) + name.encode()
        )
        out += struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name.encode() + body
    start = len(out)
    out += directory
    out += struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), start, 0
    )
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        at = rng.choice(
            (
                rng.randrange(start, len(out)),
                rng.randrange(len(out) - 22, len(out)),
                rng.randrange(len(out)),
            )
        )
        size = rng.choice((1, 2, 4))
        number = rng.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, rng.getrandbits(32), start, len(out)))
        out[at : at + size] = number.to_bytes(8, "little")[:size]
    return bytes(out)


def _read_archive(content: bytes) -> Verdict:
    past = content[:4] == b"PK\3\4" and b"PK\5\6" in content
    try:
        members = archive.members(content)
    except Refusal as refusal:
        return past, _said(refusal)
    assert set(members) == set(archive.MEMBERS)
    return past, "passed"


# HDF5


def _flipped(rng: random.Random, content: bytearray, start: int) -> bytearray:
    """Bytes behind `start` changed, mostly near structures, of which HDF5 has few and long gaps of
    data.
    """
    if len(content) <= start:
        return content
    marks = [
        b"TREE",
        b"HEAP",
        b"SNOD",
        b"OHDR",
        b"GCOL",
        b"FRHP",
        b"\x08\x01",
        b"\x0c\x00",
        b"\x03\x00",
        b"\x01\x00",
    ]
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(start, len(content))
        found = content.find(rng.choice(marks), at)
        if found >= 0 and rng.random() < 0.8:
            at = min(found + rng.randrange(64), len(content) - 1)
        size = rng.choice((1, 1, 1, 2, 4, 8))
        values = (
            0,
            1,
            0xFF,
            (1 << 64) - 1,
            (1 << 63) - 1,
            rng.getrandbits(64),
            at,
            content[at] ^ 1 << rng.randrange(8),
        )
        content[at : at + size] = rng.choice(values).to_bytes(8, "little")[
            : min(size, len(content) - at)
        ]
    return content


@functools.cache
def _small_h5() -> list[bytes]:
    """HDF5 files of a few kilobytes: what is changed is structure rather than numbers."""
    found = [content for name, content, _ in seeds() if name.endswith(".h5")]
    weights = [
        zipfile.ZipFile(io.BytesIO(c)).read("model.weights.h5")
        for n, c, _ in seeds()
        if n.endswith(".keras")
    ]
    return sorted((*found, *weights), key=len)[: len(found)]


def changed_h5(rng: random.Random) -> bytes:
    content = bytearray(rng.choice(_small_h5()))
    if rng.random() < 0.3:
        content = bytearray(_by_h5py(rng, bytes(content)))
    if rng.random() < 0.85:
        # Behind the signature and the superblock's version: without these nothing else would be
        # looked at.
        content = _flipped(rng, content, 96)
    if rng.random() < 0.05:
        del content[rng.randrange(96, len(content)) :]
    return bytes(content)


def _by_h5py(rng: random.Random, content: bytes) -> bytes:
    buffer = io.BytesIO(content)
    # What h5py itself will not write stays as it is.
    with (
        contextlib.suppress(KeyError, ValueError, TypeError, OSError),
        h5py.File(buffer, "r+") as file,
    ):
        names: list[str] = []
        file.visit(names.append)
        for _ in range(rng.choice((1, 2, 3))):
            name = rng.choice(names)
            if name not in file:
                continue
            group = name if isinstance(file[name], h5py.Group) else name.rpartition("/")[0] or "/"
            member = rng.choice(("x", "vars", "layer_names", "0", "weights"))
            new = f"{group}/{member}{rng.randrange(99)}"
            what = rng.randrange(8)
            if what == 0:
                del file[name]
            elif what == 1:
                file[new] = rng.choice(
                    (h5py.SoftLink(name), h5py.ExternalLink("/etc/passwd", "/"), file[name])
                )
            elif what == 2:
                dtype = rng.choice(("f2", "f4", "f8", "i1", "u8", "c8", "S3", "V2", "?", ">f4"))
                file.create_dataset(
                    new, data=np.zeros([rng.randrange(4) for _ in range(rng.randrange(4))], dtype)
                )
            elif what == 3:
                shape = tuple(
                    rng.choice((0, 1, 1 << 20, 1 << 40)) for _ in range(rng.randrange(1, 3))
                )
                file.create_dataset(
                    new, shape, "f4", chunks=tuple(max(min(part, 99), 1) for part in shape)
                )
            elif what == 4 and isinstance(file[name], h5py.Dataset):
                old = file[name][()]
                del file[name]
                file[name] = rng.choice(
                    (np.ravel(old), old[..., None] if old.shape else old, old * np.nan)
                )
            elif what == 5:
                where = file[group].attrs
                where[rng.choice(("layer_names", "weight_names", "model_config"))] = rng.choice(
                    (
                        "a",
                        7,
                        ["a", "b"],
                        [[1.5]],
                        b"\xff\xfe",
                        h5py.Empty("f4"),
                        np.zeros(3),
                        ["../..", "/"],
                    )
                )
            else:
                file.move(name, new)
    return buffer.getvalue()


def _look_through(content: bytes) -> str:
    """All that the child asks of a file before it knows more."""
    store = Store(content)
    config = store.text("model_config")
    if config is not None:
        model_config.read(strict_json.parse(config, "config"))
    paths, count = [""], 0
    while paths:
        path = paths.pop()
        if store.is_group(path):
            store.names(path, "layer_names")
            store.names(path, "weight_names")
            paths += [f"{path}/{name}" if path else name for name in store.members(path)]
        elif count < 200:
            store.array(path)
            count += 1
    return "passed"


class Forked:
    """A process that looks through HDF5 files, one after the other, under the limits of the
    child.
    """

    def __init__(self) -> None:
        self.pid = 0

    def __call__(self, content: bytes) -> str:
        """What came of it; a crash, or processor time without end (SIGXCPU), is what the
        confinement is for.
        """
        if not self.pid:
            self._start()
        os.write(self.requests, struct.pack(">I", len(content)))
        view = memoryview(content)
        while view:
            view = view[os.write(self.requests, view) :]
        answer = b""
        while not answer.endswith(b"\n"):
            if not select.select([self.answers], [], [], HANG_SECONDS)[0]:
                raise TimeoutError(f"no answer within {HANG_SECONDS} s")
            piece = os.read(self.answers, 4096)
            if not piece:
                _, status = os.waitpid(self.pid, 0)
                self.pid = 0
                os.close(self.requests)
                os.close(self.answers)
                return (
                    f"crash: {signal.Signals(os.WTERMSIG(status)).name}"
                    if os.WIFSIGNALED(status)
                    else "ended"
                )
            answer += piece
        return answer.decode().strip()

    def _start(self) -> None:
        (theirs, self.requests), (self.answers, ours) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                most = _data_bytes() + (2 << 30)  # what it inherits is not what it takes
                resource.setrlimit(resource.RLIMIT_DATA, (most, most))
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                os.close(self.requests)
                _serve(theirs, ours)
            finally:
                os._exit(0)
        os.close(theirs)
        os.close(ours)

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.requests)
            os.close(self.answers)
            self.pid = 0


def _data_bytes() -> int:
    """Bytes of data that this process has (Linux)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmData"].split()[0]) * 1024


def _serve(requests: int, answers: int) -> None:
    stream = os.fdopen(requests, "rb")
    while size := stream.read(4):
        content = stream.read(*struct.unpack(">I", size))
        limit_processor_time(2)
        try:
            said = _look_through(content)
        except Refusal as refusal:
            said = _said(refusal)
        except MemoryError:
            said = "MemoryError"
        except BaseException as error:
            said = f"DEFECT {type(error).__name__}: {error}".replace("\n", " ")
        os.write(answers, said.encode("ascii", "backslashreplace") + b"\n")


def try_hdf5(rng: random.Random, forked: Forked) -> Verdict:
    content = changed_h5(rng)

    def look() -> Verdict:
        said = forked(content)
        if said.startswith("DEFECT") or said == "ended":
            raise AssertionError(said)
        return content[:8] == model_file._MAGIC["h5"], said

    return _judged(content, look)


# The loop


def _said(refusal: Refusal) -> str:
    line = str(input_error("model", refusal))
    if not (line.isascii() and line.isprintable() and len(line) <= 420):
        raise AssertionError(f"not one line: {line!r}")
    return str(refusal)


def _judged(content: bytes, function: Callable[[], Verdict]) -> Verdict:
    started = time.process_time()
    try:
        verdict = function()
    except Exception as error:
        raise Defect(f"{type(error).__name__}: {error}", content) from error
    if time.process_time() - started > HANG_SECONDS:
        raise Defect("too slow", content)
    return verdict


def _class_of(said: str) -> str:
    """A refusal without the names and numbers of its file."""
    words = " ".join(said.split("'")[::2])
    return "".join(letter for letter in words if not letter.isdigit())[-60:]


def fuzz(kind: str, inputs: int, seed: int, marker: Path | None = None) -> collections.Counter:
    """Try until `inputs` inputs are past the first parsing; how often which verdict came.

    Raises:
        Defect: with the input that shows it.
    """
    rng, forked, verdicts = random.Random(f"{kind} {seed}"), Forked(), collections.Counter()
    tries = {
        "config": try_config,
        "archive": try_archive,
        "hdf5": lambda rng: try_hdf5(rng, forked),
    }
    try:
        while verdicts["past"] < inputs:
            past, said = tries[kind](rng)
            verdicts["tried"] += 1
            verdicts["past"] += past
            verdicts[
                (
                    said
                    if said.startswith("crash") or said == "passed"
                    else f"refused: {_class_of(said)}"
                )
            ] += past
            if marker and marker.exists():
                raise Defect("a marker", b"")
    finally:
        forked.close()
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--inputs", type=int, default=100_000, help="past the parsing, all kinds together"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("config", "archive", "hdf5"))
    arguments = parser.parse_args()
    shares = {"config": 0.8, "archive": 0.1, "hdf5": 0.1}
    if arguments.only:
        shares = {arguments.only: 1.0}
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
    with tempfile.TemporaryDirectory() as folder:
        hostile.plant(Path(folder), marker := Path(folder) / "marker")
        os.chdir(folder)
        for kind, share in shares.items():
            started = time.monotonic()
            try:
                verdicts = fuzz(kind, int(share * arguments.inputs), arguments.seed, marker)
            except Defect as defect:
                found = Path(tempfile.gettempdir(), f"defect-{kind}-{arguments.seed}.bin")
                found.write_bytes(defect.content)
                sys.exit(f"{kind}: {defect}\nthe input is in {found}")
            tried, past = verdicts.pop("tried"), verdicts.pop("past")
            refusals = sum(count for said, count in verdicts.items() if said.startswith("refused"))
            crashes = {said: count for said, count in verdicts.items() if said.startswith("crash")}
            print(
                f"{kind}: {past:,} inputs past parsing of {tried:,} in"
                f" {time.monotonic() - started:.0f} s: {verdicts['passed']:,} passed, {refusals:,}"
                f" refused, crashes {crashes or 0}",
                flush=True,
            )
            for said, count in verdicts.most_common(6):
                print(f"    {count:8,} {said}")


if __name__ == "__main__":
    main()
