"""Labels that held-out predictions find probably wrong."""

import numpy as np

from fashion_nn.measures import suspect_labels


def test_the_planted_labels_are_found_and_the_right_class_is_named():
    labels = np.repeat(np.arange(3), 20)
    probabilities = np.full((60, 3), 0.1)
    probabilities[np.arange(60), labels] = 0.8
    labels[[3, 45]] = [2, 1]
    probabilities[3] = [0.9, 0.0, 0.1]
    probabilities[45] = [0.2, 0.05, 0.75]
    found = suspect_labels(labels, probabilities)
    assert found.rows.tolist() == [3]  # row 45 does not reach the mean of its class, 0.765
    assert found.suggested.tolist() == [0]
    assert (found.of_label[0], found.of_suggested[0]) == (0.1, 0.9)


def test_the_clearest_come_first_and_a_class_without_rows_is_never_suggested():
    labels = np.array([0, 0, 0, 1, 1, 1])
    rows = [[0.9, 0.1, 0], [0.2, 0.8, 0], [0.1, 0.2, 0.7], [0.2, 0.8, 0], [0.95, 0.05, 0]]
    found = suspect_labels(labels, np.array([*rows, [0.3, 0.7, 0]]))
    assert found.rows[:2].tolist() == [4, 1]
    assert 2 not in found.suggested
