"""The one exception that means: the input is wrong, not the program."""


class InputError(ValueError):
    """Bad input, described in one line: what was got, what was expected, how to mend it.

    The command line prints it as `error: <line>` and exits with code 2. Everything else that
    escapes is a defect of this project.
    """
