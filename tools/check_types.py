"""Check the types in fashion_nn/ with mypy, and hold the list of modules that are not clean yet.

pyproject.toml lists those modules under `ignore_errors = true`, so that `mypy` alone is clean too.
Here all modules are checked, in one run: an error in a module that is not listed fails, and so does
a listed module that is clean or does not exist. The list can only shrink.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "fashion_nn"


def main() -> int:
    settings = (ROOT / "pyproject.toml").read_text()
    everything = settings.replace("ignore_errors = true", "ignore_errors = false")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "mypy.toml")
        config.write_text(everything)
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(config),
            "--no-pretty",
            PACKAGE,
        ]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if done.returncode not in (0, 1):  # mypy itself failed
        print(done.stdout)
        return done.returncode

    files = sorted(path.relative_to(ROOT) for path in (ROOT / PACKAGE).rglob("*.py"))
    modules = {module_name(path) for path in files}
    report = problems(lines, listed_modules(settings), modules)
    for line in report:
        print(line)
    print(
        f"{len(modules)} modules checked, {len(listed_modules(settings))} of them listed as not"
        " clean yet"
    )
    return 1 if report else 0


def listed_modules(settings: str) -> set[str]:
    """The modules that `settings`, the text of pyproject.toml, lists as not clean yet."""
    overrides = tomllib.loads(settings)["tool"]["mypy"].get("overrides", [])
    return {
        name
        for override in overrides
        if override.get("ignore_errors")
        for name in override["module"]
    }


def module_name(path: Path) -> str:
    """The name under which the file `path`, relative to the project, is imported."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def problems(lines: list[str], listed: set[str], modules: set[str]) -> list[str]:
    """What has to be mended: mypy's lines about modules that are not listed, and entries of the
    list that are wrong.
    """
    errors = [line for line in lines if ": error: " in line]
    module_of = {line: module_name(Path(line.partition(":")[0])) for line in errors}
    not_clean = set(module_of.values())
    found = [line for line in errors if module_of[line] not in listed]
    found += [
        f"pyproject.toml: {name} is clean: remove it from the list"
        for name in sorted(listed & modules - not_clean)
    ]
    found += [
        f"pyproject.toml: {name} does not exist: remove it from the list"
        for name in sorted(listed - modules)
    ]
    return found


if __name__ == "__main__":
    sys.exit(main())
