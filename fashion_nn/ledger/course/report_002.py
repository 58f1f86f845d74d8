"""Report 002: the gradients of a two-layer network, decision boundaries, and a convolutional
network on MNIST.
"""

from fashion_nn.ledger.course import (
    report_002_boundaries,
    report_002_configurations,
    report_002_gradients,
)
from fashion_nn.ledger.findings import Check

CHECKS: dict[str, Check] = (
    report_002_gradients.CHECKS | report_002_boundaries.CHECKS | report_002_configurations.CHECKS
)
