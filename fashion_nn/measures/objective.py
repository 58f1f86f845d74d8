"""Which of two values of a figure is better: of an accuracy the larger, of a loss the smaller."""


def maximised(objective: str) -> bool:
    """Whether a larger value of `objective` is better.

    >>> maximised("val_accuracy"), maximised("val_loss")
    (True, False)
    """
    return objective.endswith("accuracy")


def better(objective: str, value: float, than: float | None) -> bool:
    """Whether `value` is a better `objective` than `than`; every value is better than None."""
    if than is None:
        return True
    return value > than if maximised(objective) else value < than
