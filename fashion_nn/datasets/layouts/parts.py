"""Which part of a data set a name says: train, valid or test."""

import re

_WORDS = {
    "train": "train",
    "training": "train",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
    "t10k": "test",
}


def part_of(name: str) -> str | None:
    """The part that one of the words in a name says; the last word that does counts.

    >>> part_of("fashion-mnist_train.csv"), part_of("x_val"), part_of("cats")
    ('train', 'valid', None)
    """
    words = re.split(r"[^a-z0-9]+", name.lower())
    return next((_WORDS[word] for word in reversed(words) if word in _WORDS), None)
