"""Report 003: TensorFlow Playground, Keras on Fashion-MNIST, and sample questions."""

from fashion_nn.ledger.course import (
    report_003_activations,
    report_003_keras,
    report_003_playground,
    report_003_predictions,
    report_003_questions,
    report_003_tables,
)
from fashion_nn.ledger.findings import Check

CHECKS: dict[str, Check] = (
    report_003_tables.CHECKS
    | report_003_playground.CHECKS
    | report_003_activations.CHECKS
    | report_003_keras.CHECKS
    | report_003_predictions.CHECKS
    | report_003_questions.CHECKS
)
