"""Files of other kinds that people take for a Keras model, and what to do with each."""

from pathlib import Path

_SAVE = "save the model in Keras with model.save('model.keras')"

_KINDS = {
    (".onnx",): f"is an ONNX model, which only a .keras beside it is run with: {_SAVE}",
    (".tflite", ".lite"): f"is a TensorFlow Lite model: {_SAVE}",
    (".pt", ".pth", ".ckpt", ".safetensors"): (
        "holds weights of PyTorch or a checkpoint, without a Keras architecture: build the model in"
        f" Keras, load the weights, and {_SAVE}"
    ),
    (".pb", ".index"): f"is part of a SavedModel or a checkpoint: load it in Keras and {_SAVE}",
    (".pkl", ".pickle", ".joblib"): (
        f"is a pickle, which runs code when it is loaded: load it where it was made and {_SAVE}"
    ),
    (".json", ".yaml", ".yml"): f"describes an architecture without its weights: {_SAVE}",
    (".npz", ".npy"): f"holds arrays without an architecture: {_SAVE}",
    (".weights.h5",): f"holds weights but no architecture: {_SAVE}",
}


def recognised(path: Path) -> str | None:
    """What to say of a file or folder of a known kind that is no whole Keras model, by its name.

    Returns:
        None where the name is that of a Keras model, or of no known kind.
    """
    name = path.name.lower()
    if not path.exists():
        return None
    for endings, said in _KINDS.items():
        if name.endswith(endings):
            return said
    if (path / "saved_model.pb").is_file():
        return f"is a SavedModel, a folder with a program: load it in Keras and {_SAVE}"
    return None
