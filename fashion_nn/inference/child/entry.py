"""First file of the child process: `python -P -s entry.py MEMORY PARENT`. Standard library only.

It confines itself before anything else is imported, and then serves what comes in on stdin.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).resolve().parents[2]
# Keras imports the first three by name when a config asks for them. The others it imports where they are
# installed, and none of them is needed to predict: without them it is there in half the time.
_NEVER = ("keras_hub", "keras_cv", "keras_nlp")
_NOT_NEEDED = ("matplotlib", "mpl_toolkits", "pandas", "PIL", "pyarrow", "scipy", "sklearn")


def main() -> None:
    """Take the pipes away from stdin and stdout, confine this process, serve."""
    requests, answers = os.dup(0), os.dup(1)
    with open(os.devnull, "r+b", buffering=0) as nowhere:
        os.dup2(nowhere.fileno(), 0)
        os.dup2(nowhere.fileno(), 1)
    # By its path: the package imports NumPy, which starts threads, and walls are for the thread that builds them.
    confinement = _imported("confinement", Path(__file__).with_name("confinement.py"))
    processes = _imported("processes", _PACKAGE / "core" / "processes.py")
    memory = int(sys.argv[1])
    parent = int(sys.argv[2])
    held = confinement.confine(memory, _PACKAGE, lambda: processes.die_with_parent(parent))
    sys.modules.update(dict.fromkeys((*_NEVER, *_NOT_NEEDED)))
    # This very package, without putting the folder it lies in on the module path.
    _imported(_PACKAGE.name, _PACKAGE / "__init__.py", [str(_PACKAGE)])
    from fashion_nn.inference.child import worker

    worker.serve(os.fdopen(requests, "rb", buffering=0), os.fdopen(answers, "wb", buffering=0), held)


def _imported(name: str, path: Path, submodules: list[str] | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=submodules)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
