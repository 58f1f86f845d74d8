"""ONNX Runtime in this process: the fast engine, for the .onnx files that `trust` knows."""

import hashlib
import importlib.util
import os
from pathlib import Path
from types import ModuleType

import numpy as np

from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.engines import trust
from fashion_nn.inference.engines.predictor import Predictor, require_finite
from fashion_nn.inference.file import model_file, strict_json
from fashion_nn.inference.file.model_file import ModelFile
from fashion_nn.inference.shared.feeding import Scale, feeding
from fashion_nn.inference.shared.refusal import Refusal, ascii_line, explained

BATCH = 100
"""Images at a time: what a convolution writes then stays in the processor's caches."""


class OnnxPredictor(Predictor):
    """A model that ONNX Runtime runs here, from the content of a trusted .onnx file.

    Raises:
        InputError: this ONNX Runtime cannot run it.
    """

    engine = "onnx"

    def __init__(self, file: ModelFile, content: bytes, scale: Scale):
        onnxruntime = imported()
        self.path, self.sha256 = file.path, file.sha256
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        options.log_severity_level = 4
        with explained(file.path):
            self.network = model_config.read(strict_json.parse(file.config or b"", "config"))
            self.feeding = feeding(self.network, scale)
            try:
                self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            except Exception as error:  # its errors have no common base of their own
                raise Refusal(f"ONNX Runtime cannot run its .onnx ({ascii_line(str(error))})") from None
        self._input = self._session.get_inputs()[0].name

    @property
    def classes(self) -> int:
        return self._session.get_outputs()[0].shape[1]

    def _outputs(self, images: np.ndarray, batch_size: int | None) -> np.ndarray:
        answer = np.empty((len(images), self.classes), np.float32)
        step = batch_size or BATCH
        with explained(self.path):
            for start in range(0, len(images), step):
                given = {self._input: self.feeding.array(images[start : start + step])}
                answer[start : start + step] = self._session.run(None, given)[0]
            require_finite(answer)
        return answer

    def close(self) -> None:
        self._session = None


def imported() -> ModuleType:
    """ONNX Runtime, imported so that it reports nothing to anybody.

    By itself it leaves files in the home and the temporary folder, and asks a name server; its own
    `disable_telemetry_events` comes too late for that, because importing it is enough.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["ORT_TELEMETRY_DISABLED"] = "1"
    import onnxruntime

    return onnxruntime


def installed() -> bool:
    return importlib.util.find_spec("onnxruntime") is not None


def trusted(file: ModelFile) -> bytes | None:
    """The .onnx that lies beside `file` under the same name, when it is one of its trusted partners."""
    partners = trust.partners(file.sha256) if file.kind == "keras" else set()
    if not partners:
        return None
    try:
        content = model_file.read_bytes(Path(file.path).with_suffix(".onnx"))
    except Refusal:
        return None
    return content if hashlib.sha256(content).hexdigest() in partners else None
