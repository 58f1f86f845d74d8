"""First file of the confined process: `python -P -s entry.py MEMORY PARENT`.

It confines the process before it imports anything but the standard library, and then serves the
requests that come in on stdin.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).resolve().parents[2]
_CHILD = f"{_PACKAGE.name}.inference.child"
# Keras imports these by name when a config asks for them.
_NEVER = ("keras_hub", "keras_cv", "keras_nlp")
# TensorFlow and Keras import these where they are installed, and need none of them to predict.
# Skipping them halves start-up.
_NOT_NEEDED = ("matplotlib", "mpl_toolkits", "pandas", "PIL", "pyarrow", "scipy", "sklearn")


def main() -> None:
    """Take the pipes away from stdin and stdout, confine this process, and serve."""
    requests = os.dup(0)
    answers = os.dup(1)
    with open(os.devnull, "r+b", buffering=0) as nowhere:
        os.dup2(nowhere.fileno(), 0)
        os.dup2(nowhere.fileno(), 1)
    layers = confine(memory=int(sys.argv[1]), parent=int(sys.argv[2]))
    sys.modules.update(dict.fromkeys((*_NEVER, *_NOT_NEEDED)))  # type: ignore[arg-type]
    # This very package, without putting the folder that holds it on the module path.
    _load(_PACKAGE.name, _PACKAGE / "__init__.py", [str(_PACKAGE)])
    from fashion_nn.inference.child import worker

    with (
        open(requests, "rb", buffering=0) as incoming,
        open(answers, "wb", buffering=0) as outgoing,
    ):
        worker.serve(incoming, outgoing, layers)


def confine(memory: int, parent: int) -> list[str]:
    """Confine this process; the names of the layers that hold.

    The modules that this takes are loaded by their paths, each after those that it imports.
    Importing them by their names would import the package first, hence NumPy, which starts threads,
    and the layers hold for the thread that asks for them.
    """
    for name in ("limits", "linux", "landlock", "system_calls", "seccomp", "confinement"):
        _load(f"{_CHILD}.{name}", Path(__file__).with_name(f"{name}.py"))
    processes = _load(f"{_PACKAGE.name}.core.processes", _PACKAGE / "core" / "processes.py")
    confinement = sys.modules[f"{_CHILD}.confinement"]
    return list(confinement.confine(memory, _PACKAGE, lambda: processes.die_with_parent(parent)))


def _load(name: str, path: Path, submodules: list[str] | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=submodules)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
