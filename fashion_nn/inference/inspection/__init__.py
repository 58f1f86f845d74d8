"""Says what is in a model file and whether it would be opened, without running anything.

`inspect` reads the file once, as `inference.open_model` does, and applies the same checks, but
collects every reason for a refusal instead of stopping at the first. `formats` recognises other
kinds of files by their first bytes. `container` lists the zip archive, `architecture` the layers of
the config, `weights` the arrays that belong to each, and `shapes` computes output shapes. The HDF5
is opened in a confined process, which does not import TensorFlow for that (`stored_arrays`).
`findings` puts it together; `result` has the types; `sarif` writes them for code-scanning tools.
"""

from fashion_nn.inference.inspection.reading import inspect
from fashion_nn.inference.inspection.result import Inspection, LayerRow, Reason

__all__ = ["Inspection", "LayerRow", "Reason", "inspect"]
