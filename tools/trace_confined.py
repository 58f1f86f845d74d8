"""Lists the system calls that the confined process makes for model files, and those of them that
are not on its list (Linux on x86-64, needs strace).

    python tools/trace_confined.py MODEL ...

Calls that are refused are listed too: a library that asks for one goes on without it.
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from fashion_nn.inference.child.system_calls import ALLOWED

_PREDICT = """
import sys
import numpy as np
from fashion_nn import inference
# A traced process is slow.
limits = inference.Limits(
    open_seconds=600, import_seconds=600, build_seconds=600, batch_seconds=600
)
with inference.open_model(sys.argv[1], limits=limits) as predict:
    height, width = predict.feeding.layout.image_shape or (28, 28)
    predict(np.zeros((20, height, width), np.uint8))
"""
_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)")
_STARTED = re.compile(r" = (\d+)$")


def traced(model: str) -> Counter[str]:
    """How often the confined process makes each call for `model`, once it is confined."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace")
        command = ["strace", "-f", "-qq", "-o", str(trace), sys.executable, "-c", _PREDICT, model]
        subprocess.run(command, check=True)
        lines = trace.read_text(errors="replace").splitlines()
    threads: set[str] = set()
    found: Counter[str] = Counter()
    for line in lines:
        match = _LINE.match(line)
        if not match:
            continue
        thread, call = match.groups()
        if "PR_SET_SECCOMP" in line:
            threads.add(thread)
        elif thread in threads:
            found[call] += "resumed>" not in line
            if call == "clone" and (started := _STARTED.search(line)):
                threads.add(started.group(1))
    return found


def main() -> None:
    found: Counter[str] = Counter()
    for model in sys.argv[1:]:
        found += traced(model)
    for call, count in found.most_common():
        print(f"{count:8} {call}{'' if call in ALLOWED else '  (not on the list)'}")


if __name__ == "__main__":
    main()
