"""What a file is by its name: a model, a file of predictions, an archive, or no hand-in."""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["model", "predictions", "archive"]

MODELS = (".keras", ".h5", ".hdf5")
PREDICTIONS = (".csv", ".txt", ".tsv", ".xlsx")
ARCHIVE = ".zip"
_SAVE = "save the model with model.save('model.keras')"
_EXPORT = "export the predictions"
_REASONS: Mapping[str, tuple[str, ...]] = {
    f"weights without a model: {_SAVE}": (".weights.h5", ".npz", ".npy", ".ckpt", ".index"),
    f"notebook: {_EXPORT}": (".ipynb",),
    f"program, which is not run: {_EXPORT}": (".py", ".r", ".m", ".jl", ".sh", ".js", ".java"),
    f"pickle, which is not opened: {_SAVE}": (".pkl", ".pickle", ".joblib", ".pt", ".pth"),
    f"model of another library: {_SAVE}, or {_EXPORT}": (".onnx", ".tflite", ".pb", ".safetensors"),
    "table of another program: save it as .xlsx or .csv": (".xls", ".ods", ".numbers", ".parquet"),
    "archive of another kind: pack it as .zip": (".rar", ".7z", ".tar", ".gz", ".tgz", ".xz"),
    "document": (".pdf", ".doc", ".docx", ".odt", ".md", ".html", ".htm", ".rtf", ".tex"),
    "picture": (".png", ".jpg", ".jpeg", ".gif", ".heic", ".svg", ".bmp", ".webp"),
    "settings or metadata": (".json", ".yaml", ".yml", ".toml", ".xml", ".log"),
}
_OF_THE_SYSTEM = ("thumbs.db", "desktop.ini", "__macosx")


def kind_of(name: str) -> Kind | None:
    """What the file with this name is taken for; None if it is no hand-in and no archive.

    >>> kind_of("model.keras"), kind_of("answers.xlsx"), kind_of("model.weights.h5")
    ('model', 'predictions', None)
    """
    lower = name.lower()
    if name.startswith(".") or lower.endswith(".weights.h5"):
        return None
    if lower.endswith(MODELS):
        return "model"
    if lower.endswith(PREDICTIONS):
        return "predictions"
    return "archive" if lower.endswith(ARCHIVE) else None


def reason(name: str) -> str:
    """Why the file with this name is no hand-in.

    >>> reason("work.ipynb")
    'notebook: export the predictions'
    """
    lower = name.lower()
    if lower.startswith(".") or lower in _OF_THE_SYSTEM:
        return "hidden file"
    for said, endings in _REASONS.items():
        if lower.endswith(endings):
            return said
    return f"no kind of hand-in: expected {', '.join((*MODELS, *PREDICTIONS))}"
