"""Compare the engine of the pages with Keras, for each published model: in node, in headless
Chromium, and with weights rounded to float16.

    FASHION_NN_DATA=DIR python benchmarks/page_parity.py --json benchmarks/page_parity.json

It needs node, Chromium and the package playwright. `make pages` writes the table into
docs/model-in-the-page.md.
"""

import argparse
import base64
import json
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fashion_nn import datasets, inference
from fashion_nn.core.writing import write_atomic
from fashion_nn.pages import network, rendering, write_run_page
from fashion_nn.runs import Run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RUNNER = HERE / "page_parity.mjs"
ENGINE = ROOT / "fashion_nn" / "pages" / "templates" / "run-engine.mjs"
FEWER = 200
"""Images for which the weights are rounded too."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
IN_BROWSER = """({description, numbers, images, count}) => {
    const network = new Network(description, decode(numbers));
    const pixels = Uint8Array.from(atob(images), character => character.charCodeAt(0));
    const size = pixels.length / count;
    const probabilities = [];
    for (let i = 0; i < count; i++) {
        const answer = network.run(pixels.subarray(i * size, (i + 1) * size));
        probabilities.push(Array.from(answer.probabilities));
    }
    return probabilities;
}"""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the engine is from Keras on the test images of one model.

    Attributes:
        weights: number of them.
        page_bytes: size of the page of the run.
        node: largest difference of a probability, in node.
        chromium: the same in Chromium.
        half: the same in node on the first images, with weights rounded to float16.
        labels: number of images with another label, in node or in Chromium.
        half_labels: the same with weights rounded to float16.
        milliseconds: processor time for an image, in node.
    """

    model: str
    images: int
    weights: int
    page_bytes: int
    node: float
    chromium: float
    half: float
    labels: int
    half_labels: int
    milliseconds: float


def job(
    description: network.Description, numbers: np.ndarray, images: np.ndarray
) -> dict[str, Any]:
    return {
        "description": description.to_json(),
        "numbers": network.encode(numbers),
        "images": base64.b64encode(images.tobytes()).decode(),
        "count": len(images),
    }


def in_node(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "jobs.json"
        given.write_text(json.dumps(jobs))
        command = ["node", str(RUNNER), str(ENGINE), str(given)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def in_chromium(given: dict[str, Any]) -> list[list[float]]:
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)))
    script = rendering.modules(["run-engine.mjs"]).text
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_default_timeout(0)
        tab.set_content(f"<script>{script}</script>")
        found: list[list[float]] = tab.evaluate(IN_BROWSER, given)
        browser.close()
    return found


def page_bytes(run: Run, splits: datasets.Splits) -> int:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / run.name
        shutil.copytree(run.folder, copy)
        return write_run_page(Run(copy), splits).stat().st_size


def measured(run: Run, splits: datasets.Splits, count: int) -> Parity:
    images = splits.test.images[:count]
    with inference.open_model(run.model) as predictor:
        expected = predictor(images)
        description, numbers = network.describe(predictor, splits.image_shape)
    whole = job(description, numbers, images)
    halves = numbers.astype(np.float16).astype(np.float32)
    node, half = in_node([whole, job(description, halves, images[:FEWER])])
    answers = [node["probabilities"], in_chromium(whole), half["probabilities"]]
    apart = [float(np.abs(each - expected[: len(each)]).max()) for each in map(np.array, answers)]
    labels = [
        int((each.argmax(1) != expected[: len(each)].argmax(1)).sum())
        for each in map(np.array, answers)
    ]
    return Parity(
        model=run.name,
        images=len(images),
        weights=len(numbers),
        page_bytes=page_bytes(run, splits),
        node=apart[0],
        chromium=apart[1],
        half=apart[2],
        labels=max(labels[:2]),
        half_labels=labels[2],
        milliseconds=node["milliseconds"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", help="names of folders in models/; all without it")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = options.models or sorted(path.parent.name for path in ROOT.glob("models/*/run.json"))
    splits = datasets.load("fashion_mnist")
    found = []
    for name in names:
        found.append(measured(Run(ROOT / "models" / name), splits, options.images))
        print(json.dumps(asdict(found[-1])), flush=True)
    if options.json:
        content = {"format": 1, "models": [asdict(each) for each in found]}
        write_atomic(options.json, json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
