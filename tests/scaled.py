"""A predictor that runs in this process, for tests of what is decided about it."""

import json
from pathlib import Path

import numpy as np

from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.child import worker
from fashion_nn.inference.engines.predictor import Predictor
from fashion_nn.inference.file import model_file, strict_json
from fashion_nn.inference.shared.feeding import feeding
from fashion_nn.inference.shared.first_layers import FirstLayers


class InProcess(Predictor):
    """A model file as `inference.open_model` has it, without a process of its own."""

    engine = "keras"

    def __init__(self, path, scale="auto"):
        file = model_file.read(path)
        self.path = Path(path)
        self.sha256 = file.sha256
        self._model = worker.ServedModel()
        config = self._model.open(bytearray(file.weights), file.kind).payload
        document = strict_json.parse(config if file.config is None else file.config, "config")
        self.network = model_config.read(document)
        self._begin(scale)
        built = self._model.build(json.dumps(self.network.to_json()).encode())
        self._classes = built.header["classes"]
        self._is_trained = built.header["trained"]

    @property
    def classes(self):
        return self._classes

    @property
    def is_trained(self):
        return self._is_trained

    def _outputs(self, images, batch_size):
        reply = self._model.predict(
            bytearray(images.tobytes()), list(images.shape), self.feeding.to_json()
        )
        return np.frombuffer(reply.payload, "=f4").reshape(len(images), -1)

    def first_layers(self, images, scale):
        extremes = np.stack([np.zeros_like(images[0]), np.full_like(images[0], 255)])
        shown = np.concatenate([images[:64], extremes])
        how = feeding(self.network, scale).to_json()
        found = self._model.first_layers(
            bytearray(shown.tobytes()), list(shown.shape), how, len(shown) - 2
        ).header["first"]
        return found and FirstLayers(**found)

    def close(self):
        pass
