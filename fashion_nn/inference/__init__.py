"""From a saved model file to probabilities. The file may be anyone's.

    path ── model_file.read ──▶ ModelFile          bytes, read once; a .keras archive unpacked with bounds
    config ── strict_json ──▶ model_config.read ──▶ Network      the allow-list; what passes is written anew
    weights, Network ── sandbox.Child ──▶ worker   the child process: confined, parses HDF5, builds, predicts
    images ── Predictor ──▶ probabilities          raw floats of the length that was asked for

`opening` chooses the engine: Keras in the child (`confined`), or ONNX Runtime (`onnx_runtime`) for the
.onnx files that this installation made itself (`trust`). docs/safe-loading.md says what each step stops.
"""

from fashion_nn.inference.engines.child_process import Limits
from fashion_nn.inference.engines.confined_keras import ConfinedPredictor, LayerWeights
from fashion_nn.inference.engines.predictor import Answer, Predictor
from fashion_nn.inference.engines.rebuild import rebuild
from fashion_nn.inference.engines.trust import trust_onnx
from fashion_nn.inference.opening import ENGINES, Engine, check, open_fast, open_model, open_onnx
from fashion_nn.inference.shared.feeding import SCALES, Feeding, Scale

__all__ = [
    "ENGINES",
    "SCALES",
    "Answer",
    "ConfinedPredictor",
    "Engine",
    "Feeding",
    "LayerWeights",
    "Limits",
    "Predictor",
    "Scale",
    "check",
    "open_fast",
    "open_model",
    "open_onnx",
    "rebuild",
    "trust_onnx",
]
