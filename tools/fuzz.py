"""Fuzz a parser of foreign files with Atheris, guided by the coverage of its code.

    pip install -e '.[fuzz]'                     # Linux on x86-64
    python tools/fuzz.py json --seconds 600

The targets are in tests/fuzzing/fuzz_targets.py, the inputs to start from in tests/fuzzing/seeds.
Inputs with new coverage are kept in --corpus. An input that shows a defect is written beside them;
after it is mended, it becomes a seed if it is small.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests" / "fuzzing"


def main() -> None:
    targets = sorted(path.name for path in (TESTS / "seeds").iterdir())
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("target", choices=targets)
    parser.add_argument("--seconds", type=int, default=60, help="how long [default: 60]")
    parser.add_argument("--corpus", type=Path, help="folder [default: a temporary one]")
    arguments = parser.parse_args()
    corpus = arguments.corpus or Path(tempfile.mkdtemp(prefix=f"fuzz-{arguments.target}-"))
    corpus.mkdir(parents=True, exist_ok=True)
    print(f"new inputs and defects are kept in {corpus}", flush=True)

    # Numbers of threads change the coverage from run to run.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.path.insert(0, str(TESTS))
    import atheris

    with atheris.instrument_imports(include=["fashion_nn"]):
        import fuzz_targets
    options = [
        f"-max_total_time={arguments.seconds}",
        "-max_len=4096",
        "-timeout=30",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        f"-artifact_prefix={corpus}/defect-",
    ]
    folders = [str(corpus), str(TESTS / "seeds" / arguments.target)]
    atheris.Setup([sys.argv[0], *options, *folders], fuzz_targets.TARGETS[arguments.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
