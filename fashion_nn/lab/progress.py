"""Progress of a work in parts, for a bar that counts all of it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the number of epochs or passes that are done, and with the number of all."""


def part_of(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Progress of one part of a work of `total` epochs, `before` of which come before this part."""
    if progress is None:
        return None
    whole = progress
    return lambda done, _: whole(before + done, total)
