"""From a saved model file to probabilities. The file may be anyone's.

    path ── model_file.read ──▶ ModelFile          bytes, read once; a .keras archive unpacked with bounds
    config ── strict_json ──▶ architecture.read ──▶ Network      the allow-list; what passes is written anew
    weights, Network ── sandbox.Child ──▶ worker   the child process: confined, parses HDF5, builds, predicts
    images ── Predictor ──▶ probabilities          raw floats of the length that was asked for

docs/safe-loading.md says what each step stops.
"""

from fashion_nn.inference.feeding import SCALES, Feeding, Scale
from fashion_nn.inference.predictor import LayerWeights, Predictor, check, open_model
from fashion_nn.inference.rebuild import rebuild
from fashion_nn.inference.sandbox import Limits

__all__ = ["SCALES", "Feeding", "LayerWeights", "Limits", "Predictor", "Scale", "check", "open_model", "rebuild"]
