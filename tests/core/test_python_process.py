"""Messages to and from a further Python process, and its end."""

import os
import signal

import pytest

from fashion_nn.core.processes import child_environment, exit_cause, last_line
from fashion_nn.core.python_process import PythonProcess

DOUBLE = """
import sys
from fashion_nn.core.python_process import parent_connections

def main():
    requests, answers = parent_connections()
    print("this is no message", flush=True)
    print("first line", "", sys.argv[1], "", sep="\\n", file=sys.stderr)
    while True:
        try:
            answers.send(2 * requests.recv())
        except EOFError:
            return
"""


@pytest.fixture
def process(tmp_path):
    (tmp_path / "double.py").write_text(DOUBLE)
    with (tmp_path / "errors").open("w+b") as errors:
        environment = child_environment(
            PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        )
        process = PythonProcess("double", "last line", environment=environment, errors=errors)
        yield process
        process.close()


def test_messages_are_values_and_what_is_printed_is_none(process, tmp_path):
    for message in (4, "a", [None, 0.1]):
        process.send(message)
        assert process.poll(60)
        assert process.receive() == 2 * message
    assert not process.poll(0)
    process.end_requests()
    assert process.wait(60) and not process.running
    assert process.close() == 0
    with (tmp_path / "errors").open("rb") as errors:
        assert last_line(errors) == "last line"


def test_a_process_that_was_killed_sends_nothing_and_says_how_it_ended(process):
    process.send(1)
    assert process.receive() == 2
    os.kill(process.pid, signal.SIGKILL)
    assert process.poll(60), "the end is something to receive"
    with pytest.raises(EOFError):
        process.receive()
    assert exit_cause(process.close()) == "its process was ended by SIGKILL"


def test_close_kills_a_process_that_does_not_end(process):
    process.send(1)
    process.receive()
    os.kill(process.pid, signal.SIGSTOP)
    assert process.close() == -signal.SIGKILL


def test_there_may_be_no_last_line(tmp_path):
    with (tmp_path / "errors").open("w+b") as errors:
        assert last_line(errors) == ""
        errors.write(b" \n\n")
        assert last_line(errors) == ""
        errors.write(b"x" * 5000)
        assert last_line(errors) == "x" * 300
