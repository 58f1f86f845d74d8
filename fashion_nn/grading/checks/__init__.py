"""The checks of a hand-in, one a module."""
