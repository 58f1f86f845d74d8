"""The command line: parse, call, print. What a command does stands in the module it calls.

Nothing heavy is imported before a command needs it, so that `--help` and a wrong argument answer
at once.
"""

from fashion_nn.cli.main import main, submit_main

__all__ = ["main", "submit_main"]
