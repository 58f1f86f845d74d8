"""The arithmetic on tensors that a file may name, and the types and shapes of its inputs."""

from fashion_nn.inference.allowlist.rules import dimensions, one_of

OPERATIONS = {
    "Add": ("add", 2),
    "Subtract": ("subtract", 2),
    "Multiply": ("multiply", 2),
    "Divide": ("divide", 2),
    "TrueDivide": ("true_divide", 2),
    "Maximum": ("maximum", 2),
    "Minimum": ("minimum", 2),
    "Negative": ("negative", 1),
    "Relu": ("relu", 1),
    "Sigmoid": ("sigmoid", 1),
    "Tanh": ("tanh", 1),
    "Softmax": ("softmax", 1),
    "Cast": ("cast", 1),
}
"""What arithmetic on a tensor, such as `inputs / 255`, leaves in a model: class -> (name in
keras.ops, operands).

A Cast stands before a layer of another precision, in a model of Keras 3.5 to 3.9.
"""

_FLOATS = ("float16", "float32", "float64", "bfloat16")
precision = one_of(*_FLOATS)
"""What a Cast may lead to."""

INPUT_TYPES = (
    *_FLOATS,
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
input_shape = dimensions(4096, 1 << 22)
