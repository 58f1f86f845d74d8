"""What the confined process and its parent do with a model file, in this process: without starting
TensorFlow again.
"""

import json

import numpy as np

from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.child import worker
from fashion_nn.inference.file import model_file, strict_json
from fashion_nn.inference.shared import feeding
from fashion_nn.inference.shared.scale import named


class Opened:
    """A model file as `inference.open_model` has it, but for the process, its limits and its checks
    of answers.

    Raises:
        Refusal: the file is refused; the words are those of the line that users see.
    """

    def __init__(self, path, scale="auto"):
        file, self._model = model_file.read(path), worker.ServedModel()
        config = self._model.open(bytearray(file.weights), file.kind).payload
        self.network = model_config.read(
            strict_json.parse(config if file.config is None else file.config, "config")
        )
        self.feeding = feeding.feeding(self.network, named(scale))
        self._model.build(json.dumps(self.network.to_json()).encode())

    def __call__(self, images):
        """The model's outputs, float32 (n, classes)."""
        pixels = bytearray(images.tobytes())
        reply = self._model.predict(pixels, list(images.shape), self.feeding.to_json())
        return np.frombuffer(reply.payload, "=f4").reshape(len(images), -1)
