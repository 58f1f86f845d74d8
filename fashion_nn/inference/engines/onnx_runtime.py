"""ONNX Runtime in the parent process: the fast engine, only for the .onnx files that `trust`
knows.
"""

import hashlib
import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from fashion_nn.core.environment import NO_TELEMETRY, cores
from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.engines import trust
from fashion_nn.inference.engines.predictor import Predictor
from fashion_nn.inference.file import model_file, strict_json
from fashion_nn.inference.file.model_file import ModelFile
from fashion_nn.inference.shared.head import head_of, two_classes
from fashion_nn.inference.shared.network import Network
from fashion_nn.inference.shared.refusal import Refusal, ascii_line, explained
from fashion_nn.inference.shared.scale import Scale

BATCH = 100
"""Images at a time: what a convolution writes then stays in the processor's caches."""


class OnnxPredictor(Predictor):
    """A model that ONNX Runtime runs in this process.

    Args:
        file: the .keras file that the .onnx file was made from.
        content: of a trusted .onnx file.
        scale: see `fashion_nn.inference.open_model`.
        network: what the allow-list let through; None to read it from `file`.

    Raises:
        InputError: this ONNX Runtime cannot run it.
    """

    engine = "onnx"

    def __init__(
        self,
        file: ModelFile,
        content: bytes,
        scale: str | Scale,
        network: Network | None = None,
    ):
        self.file = file
        self.path = file.path
        self.sha256 = file.sha256
        with explained(file.path):
            self.network = network or _network(file)
            self._begin(scale)
            self._session = _session(content)
        self._input = self._session.get_inputs()[0].name
        self._width = int(self._session.get_outputs()[0].shape[-1])
        with explained(file.path):
            self._head = head_of(self.network, self._width)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return max(2, self._width)

    def _outputs(self, images: np.ndarray, batch_size: int | None) -> np.ndarray:
        outputs = np.empty((len(images), self._width), np.float32)
        step = batch_size or BATCH
        with explained(self.path):
            for start in range(0, len(images), step):
                given = {self._input: self.feeding.array(images[start : start + step])}
                outputs[start : start + step] = self._session.run(None, given)[0]
        return two_classes(outputs, self._head)

    def close(self) -> None:
        """Free the model."""
        self._session = None


def _network(file: ModelFile) -> Network:
    return model_config.read(strict_json.parse(file.config or b"", "config"))


def _session(content: bytes) -> Any:
    onnxruntime = imported()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    options.log_severity_level = 4
    providers = ["CPUExecutionProvider"]
    try:
        return onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # its errors have no common base of their own
        why = ascii_line(str(error))
        raise Refusal(f"ONNX Runtime cannot run its .onnx ({why})") from None


def imported() -> ModuleType:
    """ONNX Runtime, imported so that it reports nothing to anybody."""
    os.environ.update(NO_TELEMETRY)
    import onnxruntime

    return onnxruntime


def installed() -> bool:
    """Whether ONNX Runtime can be imported; it is not imported here."""
    return importlib.util.find_spec("onnxruntime") is not None


def trusted(file: ModelFile) -> bytes | None:
    """The .onnx beside `file`, under the same name, if it is one of its trusted partners."""
    partners = trust.partners(file.sha256) if file.kind == "keras" else set()
    if not partners:
        return None
    try:
        content = model_file.read_bytes(Path(file.path).with_suffix(".onnx"))
    except Refusal:
        return None
    return content if hashlib.sha256(content).hexdigest() in partners else None
