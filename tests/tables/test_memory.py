"""What reading takes: a stated multiple of the pixels, whatever the file claims."""

import gzip
import subprocess
import sys

import pytest

MEASURE = """
import re, sys
from pathlib import Path
from fashion_nn import tables
from fashion_nn.errors import InputError

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

start = peak()
pixels = rows = 0
try:
    if sys.argv[2] == "read":
        table = tables.read(sys.argv[1])
        pixels, rows = table.pixels.nbytes, len(table.pixels)
    else:
        for table in tables.blocks(sys.argv[1]):
            pixels, rows = pixels + table.pixels.nbytes, rows + len(table.pixels)
except InputError:
    pass
print(peak() - start, pixels / 2**20, rows)
"""


def header(pixels: int) -> str:
    return ",".join(f"pixel{i}" for i in range(pixels)) + "\n"


def ids(rows: int) -> bytes:
    return b"id,label,pixel0\n" + b"".join(
        b"%d,3,7\n" % (123_456_789_012_345_678 + i * 7) for i in range(rows)
    )


FILES = {
    "a million rows of one pixel with ids": lambda: ids(1_000_000),
    "rows of 500 x 500": lambda: header(250_000).encode() + (b"7," * 249_999 + b"7\n") * 40,
    "quoted rows of 500 x 500": lambda: (
        header(250_000).encode() + (b'"7",' * 249_999 + b'"7"\n') * 10
    ),
    "a row of a million columns": lambda: header(16).encode() + b"7," * 1_000_000 + b"7\n",
    "a header of a million columns": lambda: b"ab," * 1_300_000 + b"a\n7\n",
    "a header of 300,000 pixels": lambda: header(300_000).encode(),
    "a line of 100 MB": lambda: header(16).encode() + b"7" * 100_000_000,
    "100 MB of blank lines": lambda: header(1).encode() + b"7\n" + b"\n" * 100_000_000,
    "gzip of blank lines": lambda: gzip.compress(b"pixel0\n7\n" + b"\n" * 60_000_000, 1),
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["read", "blocks"])
def test_memory_is_a_multiple_of_the_pixels(name, how, tmp_path):
    content = FILES[name]()
    path = tmp_path / ("table.csv.gz" if name.startswith("gzip") else "table.csv")
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, path, how], capture_output=True, text=True, check=True
    )
    peak, pixels, rows = map(float, done.stdout.split())
    print(name, how, f"{peak:.0f} MiB for {pixels:.1f} MiB of pixels in {rows:.0f} rows")
    if how == "read":
        assert peak < 2 * pixels + 50 * rows / 2**20 + 200
    else:
        assert peak < 20 * rows / 2**20 + 200
