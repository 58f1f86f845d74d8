"""Where `fashion-nn`, `python -m fashion_nn` and `submit.py` begin.

Modules are looked up safely and signals are handled before anything else is imported.
"""

import sys

try:
    from fashion_nn.core.safe_path import drop_working_folder

    drop_working_folder()

    from fashion_nn.core import stopping
except KeyboardInterrupt:
    print("error: stopped by Ctrl-C", file=sys.stderr)
    sys.exit(130)


def main() -> None:
    """Run `fashion-nn`; see `fashion_nn.cli.main` for the exit codes."""
    stopping.exit_at_once()
    from fashion_nn import cli

    cli.main()


def submit_main() -> None:
    """Run `submit.py`."""
    stopping.exit_at_once()
    from fashion_nn import cli

    cli.submit_main()


if __name__ == "__main__":
    main()
