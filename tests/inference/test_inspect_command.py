"""The command `fashion-nn inspect`: exit codes, JSON, SARIF, and what it starts and imports."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import hostile
import pytest

from fashion_nn.cli.main import app, run

ROOT = Path(__file__).resolve().parents[2]
# Runs one command; prints how many modules it has loaded, which heavy ones, and which processes it
# has started.
CODE = """
import contextlib, io, json, sys
started = []
sys.addaudithook(lambda name, given: started.append(name) if name == "subprocess.Popen" else None)
from fashion_nn.cli.main import app, run
with contextlib.redirect_stdout(io.StringIO()):
    code = run(app, sys.argv[1:])
heavy = [name for name in ("tensorflow", "keras", "h5py", "pandas") if name in sys.modules]
print(json.dumps([code, len(sys.modules), heavy, len(started)]))
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A good file of each kind, one that is refused, and one that is no model."""
    monkeypatch.chdir(tmp_path)
    marker = tmp_path / "marker"
    hostile.keras(hostile.chain())(tmp_path / "good.keras", marker)
    hostile.h5(hostile.chain())(tmp_path / "good.h5", marker)
    lambda_layer = hostile.odd("Lambda", name="\x1b[2Jscale", function=hostile.MARSHALLED)
    hostile.keras(hostile.chain(lambda_layer))(tmp_path / "lambda.keras", marker)
    (tmp_path / "words.txt").write_text("words")
    yield tmp_path
    assert not marker.exists()


def call(capsys, line):
    code = run(app, line.split())
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_exit_code_is_the_verdict(files, capsys):
    assert call(capsys, "inspect good.keras")[0] == 0
    assert call(capsys, "inspect good.h5")[0] == 0
    code, out, _ = call(capsys, "inspect lambda.keras")
    assert code == 3 and out.startswith("refused: lambda.keras\n")
    for line in ("inspect words.txt", "inspect nothing.h5", "inspect good.h5 --json --sarif"):
        code, out, err = call(capsys, line)
        assert (code, out) == (2, "") and len(err.splitlines()) == 1


def test_what_is_printed_is_escaped_and_eighty_columns_wide(files, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for line in ("inspect lambda.keras", "inspect good.h5"):
        _, out, _ = call(capsys, line)
        assert max(map(len, out.splitlines())) <= 80
        assert out.isascii() and out.replace("\n", "").isprintable()
    assert r"\x1b[2Jscale" in call(capsys, "inspect lambda.keras")[1]


def test_json_has_the_verdict_and_every_reason(files, capsys):
    code, out, _ = call(capsys, "inspect lambda.keras --json")
    found = json.loads(out)
    assert code == 3 and next(iter(found)) == "format" and found["format"] == 1
    assert found["verdict"] == "refused" and found["file_format"] == ".keras"
    (reason,) = found["reasons"]
    assert reason["rule"] == "code" and reason["way_out"]
    assert found["content"]["code"][0]["kind"] == "stored"


KNOWN_TO_SARIF = {
    "log": {"$schema", "version", "runs"},
    "runs": {"tool", "artifacts", "results"},
    "tool": {"driver"},
    "driver": {"name", "version", "rules"},
    "rules": {"id", "shortDescription", "help", "defaultConfiguration"},
    "shortDescription": {"text"},
    "help": {"text"},
    "defaultConfiguration": {"level"},
    "artifacts": {"location", "length", "hashes"},
    "location": {"uri"},
    "results": {"ruleId", "ruleIndex", "level", "message", "locations"},
    "message": {"text"},
    "locations": {"physicalLocation", "logicalLocations"},
    "physicalLocation": {"artifactLocation"},
    "artifactLocation": {"uri", "index"},
    "logicalLocations": {"name", "kind"},
}
"""Of the properties that the schema of SARIF 2.1.0 knows, those that are used: others are refused
by it.
"""


def require_known(node, name="log"):
    for each in node if isinstance(node, list) else [node]:
        if isinstance(each, dict) and name != "hashes":
            assert set(each) <= KNOWN_TO_SARIF[name], name
            for key, value in each.items():
                require_known(value, key)


def test_sarif_has_what_the_schema_requires(files, capsys):
    """The fields that the schema of SARIF 2.1.0 requires, and the limits that it sets."""
    logs = {}
    for name in ("lambda.keras", "good.h5"):
        logs[name] = json.loads(call(capsys, f"inspect {name} --sarif")[1])
    for log in logs.values():
        require_known(log)
        assert log["version"] == "2.1.0" and re.match("https://.+2.1.0.json", log["$schema"])
        (scan,) = log["runs"]
        driver = scan["tool"]["driver"]
        assert driver["name"]
        identities = [rule["id"] for rule in driver["rules"]]
        assert len(identities) == len(set(identities))
        for artifact in scan["artifacts"]:
            assert artifact["length"] >= 0
            assert re.fullmatch("[0-9a-f]{64}", artifact["hashes"]["sha-256"])
        for result in scan["results"]:
            assert result["message"]["text"] and result["level"] in ("error", "warning", "note")
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            (location,) = result["locations"]
            place = location["physicalLocation"]["artifactLocation"]
            assert place["uri"] == scan["artifacts"][place["index"]]["location"]["uri"]
    assert logs["good.h5"]["runs"][0]["results"] == []
    (result,) = logs["lambda.keras"]["runs"][0]["results"]
    assert result["ruleId"] == "code"


def test_the_address_in_sarif_is_escaped(files, capsys):
    odd = "a b\udcff#.keras"
    (files / "lambda.keras").rename(files / odd)
    code = run(app, ["inspect", odd, "--sarif"])
    log = json.loads(capsys.readouterr().out)
    (artifact,) = log["runs"][0]["artifacts"]
    assert code == 3 and artifact["location"]["uri"] == "a%20b%FF%23.keras"
    run(app, ["inspect", str(files / odd), "--sarif"])
    (artifact,) = json.loads(capsys.readouterr().out)["runs"][0]["artifacts"]
    assert artifact["location"]["uri"] == f"file://{files}/a%20b%FF%23.keras"


def measured(folder, *words):
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_it_costs_little_more_than_the_version(files):
    """One confined process without TensorFlow, and a quarter more modules: not three times the
    time.
    """
    _, modules, heavy, processes = measured(files, "--version")
    assert (heavy, processes) == ([], 0)
    for name, expected in (("good.keras", 0), ("good.h5", 0), ("lambda.keras", 3)):
        code, loaded, heavy, processes = measured(files, "inspect", name)
        assert (code, heavy, processes) == (expected, [], 1)
        assert loaded < 1.25 * modules
    code, _, heavy, processes = measured(files, "inspect", "words.txt")
    assert (code, heavy, processes) == (2, [], 0)


def test_the_process_that_looks_at_a_file_imports_no_tensorflow():
    code = (
        "import sys; from fashion_nn.inference.child import worker; "
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
