"""One module opens files for reading, one writes them, one makes temporary ones: no other does."""

import ast
from pathlib import Path

import pytest

import fashion_nn

PACKAGE = Path(fashion_nn.__file__).parent
OWNERS = ("core/reading.py", "core/writing.py", "core/scratch.py")
MODULES = sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / owner for owner in OWNERS})

# Functions of these modules work on files, whatever they are called, except the ones named.
FILE_MODULES = {"shutil": {"get_terminal_size"}, "tempfile": set()}
# Functions of `os` that open, create, change or remove files.
OS_FUNCTIONS = {
    *("open", "fdopen", "remove", "unlink", "rename", "renames", "replace", "link", "symlink"),
    *("mkdir", "makedirs", "rmdir", "removedirs", "truncate", "chmod", "mknod", "mkfifo"),
}
# Names that are called without the name of their module.
IMPORTED = {"open", "ZipFile", "GzipFile", "urlopen", "mkdtemp", "mkstemp", "rmtree", "copytree"}
IMPORTED |= {"TemporaryDirectory", "TemporaryFile", "NamedTemporaryFile", "copyfile"}
# Methods and functions that do, in the standard library and in the libraries that we use.
NAMES = {
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "touch", "mkdir", "unlink"),
    *("rmdir", "rename", "symlink_to", "hardlink_to", "ZipFile", "GzipFile", "TarFile", "urlopen"),
    *("loadtxt", "genfromtxt", "fromfile", "memmap", "open_memmap", "read_csv"),
    *("save", "savez", "savez_compressed", "savetxt", "tofile", "to_csv", "savefig"),
    *("load_model", "load_weights", "save_weights", "save_model", "export", "File"),
    *("FileHandler", "ModelCheckpoint", "CSVLogger", "BackupAndRestore"),
}
LOADERS = {"np.load", "numpy.load", "onnx.load", "joblib.load", "pickle.load"}
DESCRIPTOR = "a pipe or /dev/null, no file of anybody"
IN_MEMORY = "bytes that are in memory"
OPENED = "a file that `reading` or `writing` has opened"
SCRATCH = "a path in a scratch folder, because the library takes no file"
NO_FILE = "another thing of this name"
ALLOWED = {
    "cli/demo.py": {"datasets.export": NO_FILE},
    "cli/data.py": {"datasets.export": NO_FILE},
    "datasets/importing.py": {"np.savez_compressed": OPENED},
    "datasets/layouts/decoding.py": {"Image.open": IN_MEMORY},
    "cli/report.py": {"webbrowser.open": NO_FILE},
    "console.py": {"open": DESCRIPTOR},
    "core/output.py": {"os.fdopen": DESCRIPTOR, "os.open": DESCRIPTOR},
    "core/processes.py": {"read_text": "the state of a process; imports nothing of the package"},
    "core/python_process.py": {"os.open": DESCRIPTOR},
    "datasets/download.py": {"urllib.request.urlopen": "the network"},
    "cli/export.py": {"exporting.export": NO_FILE, "run.export": NO_FILE},
    "inference/child/landlock.py": {"os.open": "a place in a list of what may be read"},
    "inference/child/writing.py": {"h5py.File": IN_MEMORY, "saving_lib.save_model": IN_MEMORY},
    "inference/child/entry.py": {"open": DESCRIPTOR},
    "inference/child/forking.py": {"open": DESCRIPTOR},
    "inference/engines/fork_server.py": {"open": DESCRIPTOR},
    "grading/course/gradescope.py": {
        "zipfile.ZipFile": OPENED,
        "installed.read_text": "the metadata of this package",
    },
    "grading/course/server.py": {"open": DESCRIPTOR},
    "inference/child/hdf5.py": {"h5py.File": IN_MEMORY, "h5py.h5a.open": IN_MEMORY},
    "ledger/pages.py": {"Image.open": OPENED, "reduced.save": IN_MEMORY},
    "pages/pictures.py": {"save": IN_MEMORY},
    "pages/png.py": {"figure.savefig": IN_MEMORY},
    "saving.py": {"model.save": SCRATCH, "zipfile.ZipFile": OPENED},
    "training/own_model.py": {"model.load_weights": SCRATCH},
    "training/loop.py": {"self.state.save": NO_FILE, "trainer.open": NO_FILE},
    "training/state.py": {"np.savez": IN_MEMORY},
    "tuning/rows.py": {"np.savez": OPENED},
    "runs/answers.py": {"np.savez_compressed": IN_MEMORY},
    "grading/sentinel.py": {"np.savez": IN_MEMORY},
    "inference/engines/onnx_runtime.py": {"model_file.read_bytes": NO_FILE},
    "inference/inspection/reading.py": {"model_file.read_bytes": NO_FILE},
}


def file_calls(tree: ast.Module) -> set[str]:
    """The calls in a module that may open, create, change or remove a file, without arguments."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _may_touch_a_file(node):
            text = ast.unparse(node.func)
            # What is called on the value of a longer expression is named by its method alone.
            found.add(text if text.replace(".", "").isidentifier() else text.rpartition(".")[2])
    return found


def _may_touch_a_file(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in IMPORTED
    if not isinstance(call.func, ast.Attribute):
        return False
    name = call.func.attr
    owner = ast.unparse(call.func.value)
    if f"{owner}.{name}" in LOADERS:
        return True
    if owner in FILE_MODULES:
        return name not in FILE_MODULES[owner]
    if owner in ("os", "reading", "writing", "scratch"):
        return owner == "os" and name in OS_FUNCTIONS
    # Path.replace takes one argument, str.replace and dataclasses.replace take more.
    return name in NAMES or (name == "replace" and len(call.args) + len(call.keywords) == 1)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_opens_files(path):
    name = str(path.relative_to(PACKAGE))
    found = file_calls(ast.parse(path.read_text()))
    allowed = set(ALLOWED.get(name, ()))
    assert found <= allowed, "use fashion_nn.core.reading or fashion_nn.core.writing"
    assert allowed <= found, "ALLOWED names a call that is not there"


@pytest.mark.parametrize(
    "code",
    [
        "open('a')",
        "Path('a').open('w')",
        "(folder / 'a').write_text('')",
        "os.replace(a, b)",
        "path.replace(b)",
        "shutil.copyfile(a, b)",
        "tempfile.mkdtemp()",
        "np.save('a', values)",
        "np.load('a')",
        "figure.savefig('a')",
        "zipfile.ZipFile('a', 'w')",
        "keras.callbacks.ModelCheckpoint('a')",
    ],
)
def test_it_would_be_found(code):
    assert len(file_calls(ast.parse(code))) == 1


def test_what_touches_no_file_is_not_found():
    assert not file_calls(ast.parse("text.replace('a', 'b'); json.loads(a); os.path.join(a, b)"))
