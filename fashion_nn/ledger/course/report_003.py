"""Report 003: TensorFlow Playground, Keras on Fashion-MNIST, and sample questions."""

from fashion_nn.ledger.course import report_003_networks, report_003_playground, report_003_questions
from fashion_nn.ledger.findings import Check

CHECKS: dict[str, Check] = report_003_playground.CHECKS | report_003_networks.CHECKS | report_003_questions.CHECKS
