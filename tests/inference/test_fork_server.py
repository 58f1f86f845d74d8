"""The process that forks confined ones."""

import tempfile

from fashion_nn.inference.engines.fork_server import ForkServer


def test_it_has_no_folder_while_it_runs(monkeypatch, tmp_path):
    # So none is left when this process is killed.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server = ForkServer()
    try:
        with server.started() as process:
            assert process.pid
            assert list(tmp_path.iterdir()) == []
    finally:
        server.close()
