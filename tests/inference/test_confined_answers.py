"""What a confined process that a model has taken over may answer: each lie is one line, and never
an exception of Python.
"""

import copy
import warnings
from pathlib import Path

import numpy as np
import pytest

from fashion_nn.errors import InputError
from fashion_nn.inference.engines import answers, confined_keras, confined_process
from fashion_nn.inference.engines.confined_process import Answer, ConfinedProcess, Limits
from fashion_nn.inference.file import model_file
from fashion_nn.inference.shared.refusal import Refusal
from fashion_nn.inference.shared.scale import named

MODEL = Path(__file__).parents[2] / "models" / "mlp" / "model.keras"
IMAGE = np.zeros((28, 28), np.uint8)
VALUES = [
    None,
    True,
    False,
    0,
    -1,
    1,
    3,
    10**400,
    0.5,
    1e308,
    "",
    "limits",
    "\x1b[2J",
    [],
    [None],
    [[]],
    [[[]]],
    [{}],
    ["limits", "limits"],
    [1] * 9,
    [[[2.5]]],
    [[[10**9] * 8]],
    {},
    {"a": {}},
]


def honest(predictor):
    """What a process answers that is as it should be."""
    leaves = list(predictor.network.leaves())
    call = {"leaf": 1, "shape": [2], "same": False, "parameters": 2, "sent": [2]}
    return {
        "first": ({"layers": ["limits"]}, b""),
        "open": ({}, b""),
        "start": ({}, b""),
        "build": ({"classes": 10, "batch": 5, "parameters": 9, "multiply_adds": 7}, b""),
        "predict": ({}, bytes(40)),
        "layers": (
            {
                "first": {
                    "lowest": 0.0,
                    "highest": 1.0,
                    "mean": 0.5,
                    "deviation": 0.3,
                    "misfit": 0.1,
                    "normalisation": "Normalization",
                }
            },
            b"",
        ),
        "trace": ({"calls": [call, call | {"same": True}]}, bytes(8)),
        "weights": ({"shapes": [[[2]]] + [[]] * (len(leaves) - 1)}, bytes(8)),
        "shapes": ({"shapes": [[2, None]] + [None] * (len(leaves) - 1)}, b""),
    }


class Lying(ConfinedProcess):
    """Answers without a process, with one answer changed."""

    def __init__(self, limits, started=None):
        self.layers = None
        self._asked = ["first"]

    def tell(self, do, payload=b"", **_):
        self._asked.append(do)

    def _receive(self, payload_bytes, deadline):
        header, payload = self.changed[self._asked.pop(0)]
        if len(payload) > payload_bytes:
            raise Refusal("its process answered out of turn")
        return Answer(header, payload)

    def close(self):
        pass


@pytest.fixture
def told(monkeypatch):
    """Ask for everything, where one answer is changed by `change`."""
    monkeypatch.setattr(confined_keras, "ConfinedProcess", Lying)
    monkeypatch.setattr(confined_process, "_warn_of_missing", lambda name: None)
    file = model_file.read(MODEL)

    def ask(change):
        predictor = confined_keras.ConfinedPredictor(file, "auto", Limits())
        table = honest(predictor)
        change(table)
        monkeypatch.setattr(Lying, "changed", table, raising=False)
        predictor.classes  # noqa: B018
        predictor.outputs(IMAGE[None])
        predictor.first_layers(IMAGE[None], named("0-255"))
        predictor.trace(IMAGE)
        predictor.weights()
        predictor.output_shapes()

    return ask


def test_the_honest_answers_are_taken(told):
    told(lambda table: None)


PLACES = [
    ("first", "layers"),
    *[("build", name) for name in ("classes", "batch", "parameters", "multiply_adds")],
    ("layers", "first"),
    ("trace", "calls"),
    ("weights", "shapes"),
    ("shapes", "shapes"),
    *[
        (request, name)
        for request in (
            *("open", "start", "build", "predict", "layers", "trace", "weights", "shapes"),
        )
        for name in ("refused", "failed")
    ],
]


@pytest.mark.parametrize(("request_name", "field"), PLACES)
def test_any_json_in_any_field_is_taken_or_refused_in_one_line(request_name, field, told):
    refused = 0
    for value in VALUES:

        def change(table, value=value):
            table[request_name][0][field] = copy.deepcopy(value)

        try:
            told(change)
        except InputError as error:
            refused += 1
            assert str(error).isprintable() and str(error).isascii()
    assert refused >= len(VALUES) - 4


@pytest.mark.parametrize("field", ["leaf", "shape", "same", "parameters", "sent"])
def test_any_json_in_a_traced_call_is_taken_or_refused_in_one_line(field, told):
    refused = 0
    for value in VALUES:

        def change(table, value=value):
            table["trace"][0]["calls"][0][field] = value

        try:
            told(change)
        except InputError:
            refused += 1
    assert refused >= len(VALUES) - 6


@pytest.mark.parametrize(
    "field", ["lowest", "highest", "mean", "deviation", "misfit", "normalisation"]
)
def test_any_json_about_the_first_layers_is_taken_or_refused_in_one_line(field, told):
    refused = 0
    for value in [*VALUES, float("nan"), float("inf")]:

        def change(table, value=value):
            table["layers"][0]["first"][field] = value

        try:
            told(change)
        except InputError as error:
            refused += 1
            assert str(error).isprintable() and str(error).isascii()
    assert refused >= len(VALUES) - 6


@pytest.mark.parametrize("request_name", ["predict", "trace", "weights"])
@pytest.mark.parametrize("payload", [b"", bytes(7), bytes(44), np.full(2, np.nan, "f4").tobytes()])
def test_another_payload_is_refused(request_name, payload, told):
    def change(table):
        table[request_name] = (table[request_name][0], payload)

    if (request_name, len(payload)) == ("trace", 8):
        told(change)  # What a layer gives need not be finite.
        return
    with pytest.raises(InputError, match=r"its process|bytes of answers|finite"):
        told(change)


def test_each_missing_layer_is_said_once():
    held = answers.require_layers(["limits", "some-syscalls"])
    missing = answers.missing_layers(held)
    assert missing == ["parent", "network", "files", "syscalls"]
    confined_process._warn_of_missing.cache_clear()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for name in missing * 2:
            confined_process._warn_of_missing(name)
    confined_process._warn_of_missing.cache_clear()
    assert [str(each.message).split()[3] for each in said] == missing


def test_all_requests_share_the_time(monkeypatch):
    """Each answer takes 50 seconds here, of 120 in all and a tenth of one for each image."""
    clock = [0.0]
    allowed = []

    class Slow(Lying):
        def tell(self, do, payload=b"", *, seconds, **more):
            allowed.append((do, seconds))
            super().tell(do, payload, **more)

        def _receive(self, payload_bytes, deadline):
            clock[0] += 50
            return super()._receive(payload_bytes, deadline)

    monkeypatch.setattr(confined_keras, "ConfinedProcess", Slow)
    monkeypatch.setattr(confined_keras.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(confined_process, "_warn_of_missing", lambda name: None)
    predictor = confined_keras.ConfinedPredictor(model_file.read(MODEL), "auto", Limits())
    monkeypatch.setattr(Slow, "changed", honest(predictor), raising=False)
    predictor.classes  # noqa: B018
    allowed.clear()
    predictor.first_layers(IMAGE[None], named("0-255"))
    predictor.trace(IMAGE)
    predictor.weights()
    predictor.outputs(IMAGE[None])
    assert [name for name, _ in allowed] == ["layers", "trace", "weights", "predict"]
    seconds = [each for _, each in allowed]
    assert seconds == sorted(seconds, reverse=True) and seconds[0] == 120 and seconds[-1] == 1
