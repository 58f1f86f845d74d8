"""Names of layers: what TensorFlow takes, and what Keras makes of a class name."""

import re
import zlib

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def clean_name(name: str) -> str:
    """`name` as it is when TensorFlow takes it, else made of its letters and a checksum, which keeps it unique."""
    if _PLAIN.fullmatch(name):
        return name
    letters = re.sub(r"[^A-Za-z0-9_.-]", "_", name).lstrip("_.-")
    return f"{letters or 'layer'}_{zlib.crc32(name.encode('utf-8', 'surrogatepass')):08x}"


def snake_case(name: str) -> str:
    """`name` of a class as Keras writes it in a .keras file: `Conv2D` is conv2d, `PReLU` is p_re_lu."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
