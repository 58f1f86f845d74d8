"""The command line, one file for each command: what it takes, what it does, and what it prints.

`main` has the list of all commands, `options` the options that several share, and `common` what
several do. The work of a command is done by the modules that it calls.

Heavy libraries are imported inside functions, so that `--help` and a wrong argument answer at once.
"""

from fashion_nn.cli.main import main, submit_main

__all__ = ["main", "submit_main"]
