"""Inspects a model file: bounded, and without building or running anything unless asked to."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from fashion_nn.errors import InputError
from fashion_nn.inference.engines.confined_keras import ConfinedPredictor
from fashion_nn.inference.engines.confined_process import Limits
from fashion_nn.inference.file import model_file
from fashion_nn.inference.file.model_file import ModelFile
from fashion_nn.inference.inspection import container, formats
from fashion_nn.inference.inspection.findings import Findings
from fashion_nn.inference.inspection.formats import OtherFormat
from fashion_nn.inference.inspection.result import Content, Inspection, Reason
from fashion_nn.inference.inspection.shapes import leaf_paths
from fashion_nn.inference.shared.messages import Kind
from fashion_nn.inference.shared.refusal import Refusal, explained, shown

_HEAD_BYTES = 4096


def inspect(
    path: str | os.PathLike[str], *, build: bool = False, limits: Limits | None = None
) -> Inspection:
    """Say what is in a model file, and whether `inference.open_model` would open it.

    The file may come from a stranger. It is read once. Its HDF5 is opened in a confined process,
    and no layer of it is built, unless `build` asks for that.

    Args:
        path: of any file, or of a folder that may be a SavedModel.
        build: whether the confined process also builds the model if nothing speaks against it, for
            what only the built model tells, and for a verdict on its weights.
        limits: what the confined process may use; None for the usual limits.

    Raises:
        InputError: there is no such file, or it is no model of any kind; the line says what it is.
    """
    name = Path(path)
    if name.is_dir():
        return _of_other_format(name, formats.of_folder(name))
    with explained(path):
        try:
            content = model_file.read_bytes(name)
        except model_file.TooLarge as refusal:
            return _too_large(name, refusal)
    limits = limits or Limits()
    head = content[:_HEAD_BYTES]
    match formats.container_of(head):
        case "zip":
            return _of_archive(name, content, build, limits)
        case "hdf5":
            return _of_hdf5(name, content, build, limits)
    return _of_other_format(name, formats.of_other(name, head), content)


def _of_archive(path: Path, content: bytes, build: bool, limits: Limits) -> Inspection:
    try:
        directory = container.directory_of(memoryview(content))
    except Refusal as refusal:
        formats.of_archive(path, ())
        findings = _findings(path, "keras", content)
        findings.refuse("container", str(refusal))
        return findings.result()
    other = formats.of_archive(path, [entry.name for entry in directory.entries])
    if other:
        return _of_other_format(path, other, content)
    findings = _findings(path, "keras", content)
    found = container.opened(content, directory)
    findings.read_archive(found)
    weights = found.contents.get("model.weights.h5")
    if weights is not None:
        findings.look_at(weights, limits)
    return _finished(findings, weights, build, limits)


def _of_hdf5(path: Path, content: bytes, build: bool, limits: Limits) -> Inspection:
    findings = _findings(path, "h5", content)
    findings.look_at(memoryview(content), limits)
    return _finished(findings, memoryview(content), build, limits)


def _findings(path: Path, kind: Kind, content: bytes) -> Findings:
    findings = Findings(path, kind, len(content), hashlib.sha256(content).hexdigest())
    named = formats.SUFFIXES.get(path.suffix.lower())
    if named != kind:
        right = ".keras" if kind == "keras" else ".h5"
        what = f"its name ends in {path.suffix!a}, and its content is that of a {right} file"
        findings.refuse("format", what, f"Rename it to end in {right}.")
    return findings


def _finished(
    findings: Findings, weights: memoryview | None, build: bool, limits: Limits
) -> Inspection:
    """The result, after building the model if that is asked for and nothing speaks against it."""
    result = findings.result()
    if not build or result.reasons or findings.network is None or weights is None:
        return result
    config = findings.config if findings.kind == "keras" else None
    file = ModelFile(findings.path, findings.kind, result.sha256 or "", config, weights)
    try:
        with ConfinedPredictor(file, "auto", limits) as predictor:
            leaves = zip(leaf_paths(predictor.network), predictor.output_shapes(), strict=True)
            shapes = {path: shape for path, shape in leaves if shape is not None}
            multiply_adds = predictor.multiply_adds
    except InputError as error:
        findings.refuse("build", str(error).removeprefix(f"{shown(file.path)}: "))
        return findings.result()
    return replace(findings.result(shapes), multiply_adds=multiply_adds)


def _of_other_format(path: Path, other: OtherFormat, content: bytes | None = None) -> Inspection:
    text = f"its format is {other.name}: expected a .keras or .h5 file"
    return _without_content(
        path,
        other.name,
        Reason("format", None, text, other.way_out),
        size=None if content is None else len(content),
        sha256=None if content is None else hashlib.sha256(content).hexdigest(),
    )


def _too_large(path: Path, refusal: model_file.TooLarge) -> Inspection:
    reason = Reason("format", None, str(refusal), "Use a smaller model.")
    return _without_content(path, formats.of_name(path), reason, refusal.size, None)


def _without_content(
    path: Path, format: str, reason: Reason, size: int | None, sha256: str | None
) -> Inspection:
    return Inspection(
        path=os.fspath(path),
        format=format,
        dialect=None,
        keras_version=None,
        size=size,
        sha256=sha256,
        input=None,
        layers=(),
        parameters=None,
        multiply_adds=None,
        built=False,
        reasons=(reason,),
        content=Content(),
    )
