"""From a model file to probabilities. The file may come from a stranger.

Loading a Keras model means to run what its author wrote into the file, so two independent defences
lie between a file and its predictions: an allow-list, and a confined process.

**The parent process**, the one that calls `open_model`, reads the file once (`file`) and holds its
config against a list of harmless layers and arguments (`allowlist`). What passes is written anew as
a `Network`, plain data. The parent imports neither Keras, TensorFlow nor h5py for this, and refuses
most files in a tenth of a second.

**The confined process** (`child`) is started for one model and ends with it. It confines itself,
then parses the HDF5 file with the weights, lets Keras build the network from the allow-list, copies
the weights, and predicts. It never sees the file's config in another form than the parent has
written, but for an .h5 file: there the config is inside the HDF5, so this process hands it out as
text, and the parent checks it like any other.

**They talk** over two pipes: a header in strict JSON and raw bytes, each with its length before it
(`shared.messages`). The parent sends the file's weights, the network, and images; it gets back
counts and float32 numbers. It trusts none of them: lengths are bounded before they are read, every
answer has a deadline, and every value is checked (`engines.confined_keras`).

**The confinement layers** hold independently; where the system does not offer one, the others
remain, and `ConfinedPredictor.confinement` names those that hold (`child.confinement`):

    limits      prevents that memory, processor or disk run full, and core dumps
    parent      prevents that the process outlives the parent
    network     prevents any connection: the process has an empty network of its own
    files       prevents writing anywhere but /dev/null, and reading anything but Python, its
                packages, and the libraries of the system
    syscalls    prevents new processes, programs and sockets, and access to other processes

The folders are cut by who runs the code: `file`, `allowlist` and `engines` run in the parent
process, `child` in the confined process, `shared` in both. `opening` is the one door. An .onnx file
is never confined: ONNX Runtime runs it in the parent process, and only if this installation has
made it itself (`engines.trust`). docs/safe-loading.md tells users what each step prevents and what
remains.
"""

from fashion_nn.inference.conversion import (
    Mixed,
    Part,
    computes_in_half_precision,
    mixed,
    written_anew,
)
from fashion_nn.inference.engines.confined_keras import (
    ConfinedPredictor,
    LayerWeights,
    TracedOutput,
)
from fashion_nn.inference.engines.confined_process import Limits
from fashion_nn.inference.engines.predictor import Answer, Predictor
from fashion_nn.inference.engines.trust import trust_onnx
from fashion_nn.inference.file.model_file import MAX_BYTES
from fashion_nn.inference.opening import (
    ENGINES,
    Engine,
    check,
    open_fast,
    open_model,
    open_onnx,
    open_run,
    run_by_keras,
)
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.network import Layer, Network, Tensor
from fashion_nn.inference.shared.refusal import Refusal
from fashion_nn.inference.shared.scale import SCALES, Figures, Scale, named

__all__ = [
    "ENGINES",
    "MAX_BYTES",
    "SCALES",
    "Answer",
    "ConfinedPredictor",
    "Engine",
    "Feeding",
    "Figures",
    "Layer",
    "LayerWeights",
    "Limits",
    "Mixed",
    "Network",
    "Part",
    "Predictor",
    "Refusal",
    "Scale",
    "Tensor",
    "TracedOutput",
    "check",
    "computes_in_half_precision",
    "mixed",
    "named",
    "open_fast",
    "open_model",
    "open_onnx",
    "open_run",
    "run_by_keras",
    "trust_onnx",
    "written_anew",
]
