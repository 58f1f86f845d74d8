"""The process of one hand-in: confined before it reads a byte, and gone after."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest

from fashion_nn.grading.course import judging, server
from fashion_nn.grading.course.judging import Task
from fashion_nn.grading.course.server import Job
from fashion_nn.inference import LayerWeights


@pytest.fixture
def run(labelled, tmp_path, monkeypatch):
    """Answer a job in a forked process with what a function says of the content."""
    graders = server._Server(Task(labelled, "auto", None))
    (tmp_path / "p.csv").write_text("content")

    def answer(judge, seconds=60.0):
        monkeypatch.setattr(judging, "judge", lambda task, name, content, *_: judge(content))
        return graders.run(Job(str(tmp_path / "p.csv"), "p.csv", "predictions", seconds))

    return answer


def test_it_can_open_no_file_and_no_connection(run, tmp_path):
    def tried(content):
        found = {"content": content.decode(), "files": [], "network": False}
        for path in (tmp_path / "p.csv", Path("/etc/passwd")):
            try:
                path.read_bytes()
                found["files"].append(str(path))
            except OSError:
                pass
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
            found["network"] = True
        except ConnectionRefusedError:
            found["network"] = True
        except OSError:
            pass
        return found

    outcome = run(tried)
    assert json.loads(outcome.answer) == {"content": "content", "files": [], "network": False}


def test_each_hand_in_has_a_process_of_its_own(run):
    seen = []

    def counted(content):
        seen.append(content)
        return {"seen": len(seen)}

    assert [json.loads(run(counted).answer)["seen"] for _ in range(2)] == [1, 1]


def test_a_crash_is_the_result_of_one_hand_in(run):
    def crash(content):
        raise MemoryError

    assert "could not be graded" in run(crash).error
    assert json.loads(run(lambda content: {"ok": True}).answer) == {"ok": True}


def test_units_in_another_order_have_the_same_digest():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(20, 8)), random.normal(size=(8, 3))
    order = random.permutation(8)

    def layers(one, two):
        return [LayerWeights("a", "Dense", (one,)), LayerWeights("b", "Dense", (two,))]

    same = layers(first, second)
    moved = layers(first[:, order], second[order])
    other = layers(first, second + 1e-3)
    digest = judging._digest
    assert digest(same, in_order=True) != digest(moved, in_order=True)
    assert digest(same, in_order=False) == digest(moved, in_order=False)
    assert digest(same, in_order=False) != digest(other, in_order=False)
    assert digest([], in_order=True) == ""
