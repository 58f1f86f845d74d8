"""Which engine runs a model: ONNX Runtime only for .onnx files that were made here from exactly
that .keras.
"""

import json
import os
import shutil
import subprocess
import sys

import forked
import keras
import numpy as np
import onnxruntime
import pytest

from fashion_nn import datasets, export, inference, recipes, runs, training
from fashion_nn.core import reading
from fashion_nn.errors import InputError
from fashion_nn.inference.engines import onnx_runtime, trust

IMAGES = datasets.load("digits").valid.images


def test_onnx_runtime_leaves_nothing_behind(tmp_path):
    home = tmp_path / "home"
    temporary = tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))
    }
    environment |= {"HOME": str(home), "TMPDIR": str(temporary)}
    code = "from fashion_nn.inference.engines import onnx_runtime; onnx_runtime.imported()"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run on digits with its .onnx, and where this installation recorded the pair."""
    state = tmp_path_factory.mktemp("state")
    run = runs.Run(tmp_path_factory.mktemp("runs") / "small")
    training.run(
        recipes.override(recipes.get("mlp"), ["epochs=2"]), datasets.load("digits"), run.folder
    )
    with pytest.MonkeyPatch.context() as patch, forked.models():
        patch.setenv("XDG_STATE_HOME", str(state))
        record = export.export(run, "onnx", IMAGES, run.export("onnx"))
    return run, state, record


@pytest.fixture
def run(made, tmp_path, monkeypatch):
    """A copy of that run folder, on the installation that made it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(made[1]))
    return runs.Run(shutil.copytree(made[0].folder, tmp_path / "copy"))


@pytest.fixture
def never_parsed(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("an .onnx that nobody vouches for was given to ONNX Runtime")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)


def test_the_export_predicts_what_keras_predicts(made, run):
    record = made[2]
    assert record.labels_equal == record.images == len(IMAGES)
    assert record.max_abs_difference <= 1e-5
    assert record.sha256 == reading.sha256(run.export("onnx"))
    with (
        inference.open_fast(run.model) as fast,
        inference.open_fast(run.model, engine="keras") as slow,
    ):
        assert (fast.engine, slow.engine) == ("onnx", "keras")
        np.testing.assert_allclose(fast(IMAGES), slow(IMAGES), atol=1e-5)
        assert fast.classes == slow.classes == 10 and fast.sha256 == slow.sha256
        assert fast(IMAGES[:0]).shape == (0, 10)
        with pytest.raises(InputError, match="takes images of 28 x 28 pixels, got 14 x 14"):
            fast(IMAGES[:, ::2, ::2])


def test_the_check_by_keras_uses_the_bytes_that_were_read(run):
    with inference.open_fast(run.model) as fast:
        assert fast.engine == "onnx"
        run.model.write_bytes(b"another model by now")
        with inference.run_by_keras(fast) as keras:
            assert keras.sha256 == fast.sha256
            np.testing.assert_allclose(fast(IMAGES), keras(IMAGES), atol=1e-5)


def test_a_strangers_onnx_is_ignored_whatever_its_folder_claims(
    run, tmp_path, monkeypatch, never_parsed
):
    """A good .keras, a hostile .onnx, and a run folder that vouches for it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "nothing recorded here"))
    run.export("onnx").write_bytes(b"\x08\x07hostile")
    claims = {
        "onnx": {"file": "model.onnx", "sha256": reading.sha256(run.export("onnx")), "images": 1000}
    }
    for path in (run.record, run.metrics):
        path.write_text(
            json.dumps(json.loads(path.read_text()) | {"exports": claims, "onnx": claims["onnx"]})
        )
    (run.folder / "shipped.json").write_text(
        json.dumps([{"keras": reading.sha256(run.model), **claims["onnx"]}])
    )
    with inference.open_fast(run.model) as predictor:
        assert predictor.engine == "keras"
        assert predictor(IMAGES).shape == (len(IMAGES), 10)
    with pytest.raises(InputError, match=r"no \.onnx beside it that was made from it here"):
        inference.open_fast(run.model, engine="onnx")


def test_one_changed_byte_in_either_file_ends_the_trust(run, never_parsed):
    content = bytearray(run.export("onnx").read_bytes())
    content[-1] ^= 1
    run.export("onnx").write_bytes(content)
    with pytest.raises(InputError, match=r"no \.onnx beside it"):
        inference.open_fast(run.model, engine="onnx")


def test_a_trusted_onnx_beside_another_model_is_ignored(run, never_parsed):
    keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(
        run.model
    )
    with inference.open_fast(run.model) as predictor:
        assert predictor.engine == "keras"


def test_a_file_that_onnx_runtime_cannot_run_is_left_to_keras(run):
    run.export("onnx").write_bytes(b"not a graph")
    trust.trust_onnx(reading.sha256(run.model), reading.sha256(run.export("onnx")))
    with inference.open_fast(run.model) as predictor:
        assert predictor.engine == "keras"
    with pytest.raises(InputError, match=r"ONNX Runtime cannot run its \.onnx"):
        inference.open_fast(run.model, engine="onnx")


def test_a_relative_state_folder_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trust.folder() == tmp_path / ".local/state/fashion-nn/onnx"


def test_a_user_without_a_home_has_what_ships(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(trust.Path, "home", homeless)
    assert trust.partners("0" * 64) == set()
    with pytest.raises(InputError, match="name one with XDG_STATE_HOME"):
        trust.trust_onnx("0" * 64, "1" * 64)


def test_without_onnx_runtime_auto_is_keras(run, monkeypatch):
    monkeypatch.setattr(onnx_runtime, "installed", lambda: False)
    with inference.open_fast(run.model) as predictor:
        assert predictor.engine == "keras"
    with pytest.raises(InputError, match=r"pip install 'fashion-nn\[onnx\]'"):
        inference.open_fast(run.model, engine="onnx")


def test_an_export_that_predicts_otherwise_is_not_kept(run, monkeypatch, forked_models):
    run.export("onnx").unlink()
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(InputError, match="not written, it would predict otherwise"):
        export.export(run, "onnx", IMAGES[:10], run.export("onnx"))
    assert not run.export("onnx").exists()


def test_export_to_onnx_says_what_is_missing(run, monkeypatch):
    monkeypatch.setattr(export, "ONNX_PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(
        InputError, match=r"needs no_such_package: pip install 'fashion-nn\[onnx\]'"
    ):
        export.require_target(run, run.export("onnx"), "onnx")
