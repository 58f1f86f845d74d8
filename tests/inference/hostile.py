"""Hostile and broken model files, and what must happen to each.

A row is (name, how the file is made, what is said). Every row ends in one line of at most a few
hundred ASCII characters, without a traceback, and no file that a payload could make comes to be:
MARKER in a payload stands for the path of that file.

    IN_PARENT    refused from the bytes alone: no process is started, nothing heavy imported
    WHEN_OPENED  refused by the confined process when it looks through the HDF5, before TensorFlow
    WHEN_BUILT   refused by the confined process when the model is built or tried
    HARMLESS     odd, but read: predicts, and nothing of the oddity is acted on
    GREEDY       within every rule, and too much together: the limits of the process hold

`fixtures`, the part below the tables, makes the files without Keras, so that no version of it
stands between the table and the bytes. `python tests/inference/hostile.py FOLDER` writes all
files into a folder.
"""

import base64
import io
import json
import marshal
import os
import pickle
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Build = Callable[[Path, Path], None]
"""Makes the file at the first path; its payload would make one at the second."""
Row = tuple[str, Build, str]


def tables() -> dict[str, list[Row]]:
    return {
        "IN_PARENT": in_parent(),
        "WHEN_OPENED": when_opened(),
        "WHEN_BUILT": when_built(),
        "HARMLESS": harmless(),
    }


def in_parent() -> list[Row]:
    unlisted = r"layer 'odd' \('{}'\): is not on the list of allowed layers: .*"
    foreign = r"layer 'odd' \('Dense'\): '\w+' is of the module '{}', expected one of Keras"
    unknown = r"layer 'odd' \('Dense'\): {}: .* is not an allowed {}"
    function = (
        r"layer 'odd' \('Dense'\): {}: names the function 'system': no functions are read from a"
        r" file"
    )
    members = "expected exactly config.json, metadata.json, model.weights.h5"
    deflate = r"{}.json: packed by method {}: expected plain deflate"
    return [
        # Code in the architecture
        (
            "Lambda, marshalled code",
            keras(odd("Lambda", function=MARSHALLED)),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, code as Keras 2 wrote it",
            keras(odd("Lambda", function=MARSHALLED_2)),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, set_floatx by name",
            keras(odd("Lambda", function=named("set_floatx", "keras.config"))),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, TFSMLayer by name",
            keras(
                odd(
                    "Lambda",
                    function=named("TFSMLayer", "keras.layers"),
                    arguments={"call_endpoint": "serve"},
                )
            ),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, a download by name",
            keras(
                odd(
                    "Lambda",
                    function=named("get_file", "keras.utils"),
                    arguments={"origin": "file:///etc/passwd"},
                )
            ),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, a data set by name",
            keras(odd("Lambda", function=named("load_data", "keras.datasets.mnist"))),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, an application with weights",
            keras(
                odd(
                    "Lambda",
                    function=named("ResNet50", "keras.applications"),
                    arguments={"weights": "MARKER"},
                )
            ),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, load_model by name",
            keras(odd("Lambda", function=named("load_model", "keras.models"))),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda, os.system by name",
            keras(odd("Lambda", function=SYSTEM)),
            unlisted.format("Lambda"),
        ),
        (
            "Lambda in a nested model",
            keras(chain(nested(odd("Lambda", function=MARSHALLED)))),
            r"layer 'inner' \('Sequential'\): " + unlisted.format("Lambda"),
        ),
        (
            "Lambda eight models deep",
            keras(chain(deep(odd("Lambda", function=MARSHALLED), 7))),
            r"(layer 'inner' \('Sequential'\): ){4,7}.*",
        ),
        (
            "Lambda in a wrapper",
            keras(odd("TimeDistributed", layer=odd("Lambda", function=MARSHALLED))),
            r"layer 'odd' \('TimeDistributed'\): " + unlisted.format("Lambda"),
        ),
        (
            "Bidirectional, a custom cell",
            keras(odd("Bidirectional", layer=odd("RNN", cell=SYSTEM))),
            r"layer 'odd' \('Bidirectional'\): layer: cell: names the function 'system'.*",
        ),
        (
            "Wrapper",
            keras(odd("Wrapper", layer=odd("Lambda", function=MARSHALLED))),
            unlisted.format("Wrapper"),
        ),
        (
            "SpectralNormalization without a layer",
            keras(odd("SpectralNormalization", layer=SYSTEM)),
            r"layer 'odd' \('SpectralNormalization'\): layer 'function_0' \('function'\): .*",
        ),
        (
            "TFSMLayer",
            keras(odd("TFSMLayer", filepath="MARKER", call_endpoint="serve")),
            unlisted.format("TFSMLayer"),
        ),
        (
            "TorchModuleWrapper",
            keras(odd("TorchModuleWrapper", module=base64.b64encode(b"\x80\x04.").decode())),
            unlisted.format("TorchModuleWrapper"),
        ),
        ("JaxLayer", keras(odd("JaxLayer", call_fn=MARSHALLED)), unlisted.format("JaxLayer")),
        ("FlaxLayer", keras(odd("FlaxLayer", module="MARKER")), unlisted.format("FlaxLayer")),
        (
            "os.system as a layer",
            keras({**odd("system"), "module": "os", "config": "touch MARKER"}),
            r"layer 'system_2' \('system'\): is not on the list of allowed layers: .*",
        ),
        (
            "a layer of builtins",
            keras({**odd("exec"), "module": "builtins"}),
            unlisted.format("exec"),
        ),
        ("a dotted class name", keras(odd("os.system")), unlisted.format("os.system")),
        (
            "__import__ as a class name",
            keras(odd("__import__('os').system('touch MARKER')")),
            r"layer 'odd' \(.*\): is not on the list of allowed layers: .*",
        ),
        (
            "a function node as a layer",
            keras({**SYSTEM, "name": "odd"}),
            unlisted.format("function"),
        ),
        (
            "a lambda node as a layer",
            keras({**MARSHALLED, "name": "odd"}),
            unlisted.format("__lambda__"),
        ),
        (
            "a custom layer",
            keras({**odd("Mine"), "module": None, "registered_name": "Custom>Mine"}),
            unlisted.format("Mine"),
        ),
        (
            "a known layer, registered",
            keras({**odd("Dense", units=3), "registered_name": "Custom>Dense"}),
            r"layer 'odd' \('Dense'\): 'Dense' is a custom object registered as 'Custom>Dense'",
        ),
        (
            "a known layer of keras_hub",
            keras({**odd("Dense", units=3), "module": "keras_hub.layers"}),
            foreign.format("keras_hub.layers"),
        ),
        (
            "a known layer of keras_cv",
            keras({**odd("Dense", units=3), "module": "keras_cv"}),
            foreign.format("keras_cv"),
        ),
        (
            "a known layer of keras_nlp.src",
            keras({**odd("Dense", units=3), "module": "keras_nlp.src.layers"}),
            foreign.format("keras_nlp.src.layers"),
        ),
        (
            "a known layer of __main__",
            keras({**odd("Dense", units=3), "module": "__main__"}),
            foreign.format("__main__"),
        ),
        (
            "a known layer of keras_tricks",
            keras({**odd("Dense", units=3), "module": "kerasevil.layers"}),
            foreign.format("kerasevil.layers"),
        ),
        (
            "a known layer, module a list",
            keras({**odd("Dense", units=3), "module": ["keras"]}),
            r"layer 'odd' .*: 'Dense' is of the module a list of 1, expected one of Keras",
        ),
        (
            "a model of keras_hub",
            keras({**chain(), "module": "keras_hub.models"}),
            r"'Sequential' is of the module 'keras_hub.models', expected one of Keras",
        ),
        (
            "a custom model",
            keras({**chain(), "class_name": "MyModel", "module": "__main__"}),
            (
                r"its model is a 'MyModel', expected Sequential or Functional: only Keras' own can"
                r" be read"
            ),
        ),
        (
            "a keras_hub classifier",
            keras(
                {"module": "keras_hub.src.models", "class_name": "ImageClassifier", "config": {}}
            ),
            r"its model is a 'ImageClassifier', expected .*",
        ),
        (
            "a model by its saving function",
            keras(
                {
                    "module": "keras.saving",
                    "class_name": "load_model",
                    "config": {"filepath": "MARKER"},
                }
            ),
            r"its model is a 'load_model', expected .*",
        ),
        (
            "activation, os.system by name",
            keras(odd("Dense", units=3, activation=SYSTEM)),
            function.format("activation"),
        ),
        (
            "activation, marshalled code",
            keras(odd("Dense", units=3, activation=MARSHALLED)),
            (
                r"layer 'odd' \('Dense'\): activation: names the function an object: no functions"
                r" are read from a file"
            ),
        ),
        (
            "activation, a text of code",
            keras(odd("Dense", units=3, activation="__import__('os').system('touch MARKER')")),
            r"layer 'odd' \('Dense'\): activation: .* is not known: expected one of celu, .*",
        ),
        (
            "activation, a dotted name",
            keras(odd("Dense", units=3, activation="os.system")),
            r"layer 'odd' \('Dense'\): activation: 'os.system' is not known: .*",
        ),
        (
            "activation, a Lambda layer",
            keras(odd("Dense", units=3, activation=odd("Lambda", function=MARSHALLED))),
            r"layer 'odd' \('Dense'\): activation: 'Lambda' is not an allowed activation",
        ),
        (
            "activation, a list",
            keras(odd("Dense", units=3, activation=["relu"])),
            (
                r"layer 'odd' \('Dense'\): activation: expected an object with a class name, got a"
                r" list of 1"
            ),
        ),
        (
            "initializer, os.system by name",
            keras(odd("Dense", units=3, kernel_initializer=SYSTEM)),
            function.format("kernel_initializer"),
        ),
        (
            "initializer of builtins",
            keras(
                odd(
                    "Dense",
                    units=3,
                    kernel_initializer={"module": "builtins", "class_name": "exec", "config": {}},
                )
            ),
            foreign.format("builtins").replace("Dense'\\): ", "Dense'\\): kernel_initializer: "),
        ),
        (
            "initializer, custom",
            keras(odd("Dense", units=3, bias_initializer={"class_name": "Mine", "config": {}})),
            unknown.format("bias_initializer", "initializer"),
        ),
        (
            "initializer, a text of code",
            keras(odd("Dense", units=3, kernel_initializer="lambda: open('MARKER', 'w')")),
            unknown.format("kernel_initializer", "initializer"),
        ),
        (
            "regularizer, custom",
            keras(odd("Dense", units=3, kernel_regularizer={"class_name": "Mine", "config": {}})),
            unknown.format("kernel_regularizer", "regularizer"),
        ),
        (
            "constraint, os.system by name",
            keras(odd("Dense", units=3, bias_constraint=SYSTEM)),
            function.format("bias_constraint"),
        ),
        (
            "dtype policy, quantized",
            keras(
                odd(
                    "Dense",
                    units=3,
                    dtype={"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}},
                )
            ),
            (
                r"layer 'odd' \('Dense'\): dtype: its weights are quantised: save the model as it"
                r" was before model.quantize, or train it again without"
            ),
        ),
        (
            "dtype policy of keras_hub",
            keras(
                odd(
                    "Dense",
                    units=3,
                    dtype={
                        "module": "keras_hub",
                        "class_name": "DTypePolicy",
                        "config": {"name": "float32"},
                    },
                )
            ),
            foreign.format("keras_hub").replace("Dense'\\): ", "Dense'\\): dtype: "),
        ),
        (
            "quantization config",
            keras(odd("Dense", units=3, quantization_config=SYSTEM)),
            r"layer 'odd' \('Dense'\): quantization_config: an object is not supported, only null",
        ),
        (
            "a function in a call",
            keras(graph(call=SYSTEM)),
            r"layer 'odd' \('Dense'\): inbound_nodes: expected a tensor, got a 'function'",
        ),
        (
            "code in a call's keywords",
            keras(graph(keywords={"training": MARSHALLED})),
            r"layer 'odd' \('Dense'\): training: expected true or false, got an object",
        ),
        (
            "unknown keywords of a call",
            keras(graph(keywords={"initial_state": SYSTEM})),
            r"layer 'odd' \('Dense'\): initial_state: expected a list of .*",
        ),
        (
            "an operation that is none",
            keras({**odd("EvalString"), "module": "keras.src.ops.core"}),
            unlisted.format("EvalString"),
        ),
        ("an operation as a layer", keras(odd("Divide")), unlisted.format("Divide")),
        (
            "an operation of another module",
            keras({**odd("Relu"), "module": "os"}),
            r"layer 'odd' \('Relu'\): 'Relu' is of the module 'os', expected one of Keras",
        ),
        # Other files and other machines
        (
            "StringLookup of a file",
            keras(odd("StringLookup", vocabulary="/etc/passwd")),
            unlisted.format("StringLookup"),
        ),
        (
            "IndexLookup of a file",
            keras(odd("IndexLookup", vocabulary="/etc/passwd")),
            unlisted.format("IndexLookup"),
        ),
        (
            "IntegerLookup of a file",
            keras(odd("IntegerLookup", vocabulary="/etc/passwd")),
            unlisted.format("IntegerLookup"),
        ),
        (
            "TextVectorization of a file",
            keras(odd("TextVectorization", vocabulary="/etc/passwd")),
            unlisted.format("TextVectorization"),
        ),
        (
            "TextVectorization with a function",
            keras(odd("TextVectorization", standardize=SYSTEM)),
            unlisted.format("TextVectorization"),
        ),
        (
            "HashedCrossing",
            keras(odd("HashedCrossing", num_bins=1 << 40)),
            unlisted.format("HashedCrossing"),
        ),
        (
            "Normalization from a file",
            keras(odd("Normalization", mean="/etc/passwd", variance=1)),
            r"layer 'odd' \('Normalization'\): mean: expected a number .*, got '/etc/passwd'",
        ),
        (
            "a model on a hub",
            keras(chain(), name="hf:/keras/mnist.keras", written=False),
            "no such model file: expected a .keras or .h5",
        ),
        (
            "a model in a bucket",
            keras(chain(), name="gs:/bucket/model.keras", written=False),
            "no such model file: expected a .keras or .h5",
        ),
        # Sizes
        (
            "enormous Dense",
            keras(odd("Dense", units=1_200_000_000)),
            (
                r"layer 'odd' \('Dense'\): units: expected a whole number from 1 to 65536, got"
                r" 1200000000"
            ),
        ),
        (
            "negative Dense",
            keras(odd("Dense", units=-1)),
            r"layer 'odd' \('Dense'\): units: expected .*, got -1",
        ),
        (
            "a Dense of half a unit",
            keras(odd("Dense", units=0.5)),
            r"layer 'odd' \('Dense'\): units: expected .*, got 0.5",
        ),
        (
            "a Dense of true units",
            keras(odd("Dense", units=True)),
            r"layer 'odd' \('Dense'\): units: expected .*, got true",
        ),
        (
            "a Dense of 10^4000 units",
            keras(text=base_text().replace('"units": 10', '"units": 1' + "0" * 4000)),
            r"layer 'last' \('Dense'\): units: expected .*, got a huge number",
        ),
        (
            "a Dense of 10^5000 units",
            keras(text=base_text().replace('"units": 10', '"units": 1' + "0" * 5000)),
            r"config: not JSON: .*",
        ),
        (
            "enormous RepeatVector",
            keras(odd("RepeatVector", n=1 << 40)),
            r"layer 'odd' \('RepeatVector'\): n: expected .*",
        ),
        (
            "enormous UpSampling2D",
            keras(odd("UpSampling2D", size=[1 << 20, 1 << 20])),
            r"layer 'odd' \('UpSampling2D'\): size: expected .*",
        ),
        (
            "enormous Resizing",
            keras(odd("Resizing", height=10**6, width=10**6)),
            r"layer 'odd' \('Resizing'\): height: expected .*",
        ),
        (
            "enormous pool",
            keras(odd("MaxPooling2D", pool_size=1 << 30)),
            r"layer 'odd' \('MaxPooling2D'\): pool_size: expected .*",
        ),
        (
            "enormous padding",
            keras(odd("ZeroPadding2D", padding=[[0, 1 << 30], [0, 0]])),
            r"layer 'odd' \('ZeroPadding2D'\): padding: expected .*",
        ),
        (
            "enormous kernel",
            keras(odd("Conv2D", filters=1, kernel_size=1 << 30)),
            r"layer 'odd' \('Conv2D'\): kernel_size: expected .*",
        ),
        (
            "enormous Reshape",
            keras(odd("Reshape", target_shape=[1 << 20, 1 << 20])),
            (
                r"layer 'odd' \('Reshape'\): target_shape: a shape of more than 16777216 values, or"
                r" of none"
            ),
        ),
        (
            "enormous input",
            keras(chain(shape=[None, 4096, 4096])),
            r"layer 'image' \('InputLayer'\): batch_shape: more than 4194304 values",
        ),
        (
            "a million means",
            keras(odd("Normalization", mean=[0] * 100_000, variance=1)),
            r"layer 'odd' \('Normalization'\): mean: more than 65536 numbers",
        ),
        (
            "an endless constant",
            keras(
                odd(
                    "Dense",
                    units=3,
                    bias_initializer={"class_name": "Constant", "config": {"value": [1]}},
                )
            ),
            r"layer 'odd' \('Dense'\): bias_initializer: value: expected a number .*",
        ),
        (
            "5000 layers",
            keras(chain(*(odd("Dense", name=f"d{i}", units=1) for i in range(5000)))),
            "more than 2000 layers",
        ),
        (
            "networks 40 deep",
            keras(chain(deep(odd("Dense", units=3), 40))),
            "config: nested deeper than 96",
        ),
        (
            "a graph that doubles eight times",
            keras(fan_out(40, 7)),
            "calls its layers more than 5000 times",
        ),
        (
            "one layer called 6000 times",
            keras(shared(6000)),
            "calls its layers more than 5000 times",
        ),
        # Graphs that lead nowhere
        (
            "a layer fed by itself",
            keras(graph(source="odd")),
            "its layers are connected in a circle",
        ),
        ("a circle of two", keras(circle()), "its layers are connected in a circle"),
        (
            "a layer that is not there",
            keras(graph(source="ghost")),
            r"layer 'odd' \('Dense'\): refers to a layer 'ghost', which is not there",
        ),
        (
            "an output that is not there",
            keras(graph(output=7)),
            r"layer 'odd' \('Dense'\): refers to an output of 'image' that it does not have",
        ),
        (
            "a call that is not there",
            keras(graph(number=9)),
            r".*refers to an output of 'image' that it does not have",
        ),
        (
            "a call number of 10^30",
            keras(graph(number=10**30)),
            (
                r"layer 'odd' \('Dense'\): expected a whole number from 0 to 1048576, got a huge"
                r" number"
            ),
        ),
        ("two inputs", keras(two("inputs")), "has 2 inputs, expected one image"),
        (
            "two outputs",
            keras(two("outputs")),
            "has 2 outputs, expected one with a value for each class",
        ),
        (
            "no layers",
            keras({**chain(), "config": {"name": "m", "layers": []}}),
            "the layers are a list of 0, expected a list of at least one",
        ),
        (
            "layers that are an object",
            keras({**chain(), "config": {"name": "m", "layers": {}}}),
            "the layers are an object, expected a list of at least one",
        ),
        (
            "layers that are texts",
            keras({**chain(), "config": {"name": "m", "layers": ["Dense"]}}),
            "layer 0 is 'Dense', expected an object with a class name",
        ),
        (
            "two layers of one name",
            keras(chain(odd("Dense", name="flat", units=3))),
            "two layers are called 'flat'",
        ),
        (
            "four channels",
            keras(chain(shape=[None, 28, 28, 4])),
            r"takes inputs of shape \(28, 28, 4\), expected .*",
        ),
        (
            "783 pixels",
            keras(chain(shape=[None, 783])),
            r"takes inputs of shape \(783,\), expected .*",
        ),
        (
            "no shape at all",
            keras(chain(shape=None)),
            r"layer 'image' \('InputLayer'\): the argument batch_shape is missing",
        ),
        (
            "an input of texts",
            keras(chain(dtype="string")),
            r"layer 'image' \('InputLayer'\): dtype: 'string' is not known: expected .*",
        ),
        (
            "a sparse input",
            keras(chain(sparse=True)),
            r"layer 'image' \('InputLayer'\): sparse: true is not supported, only false",
        ),
        (
            "terminal escapes in a name",
            keras(odd("Dense", name="\x1b]0;owned\x07\x1b[31m\n\u202e", units=0)),
            r"layer '\\x1b\]0;owned\\x07\\x1b\[31m\\n\\u202e' \('Dense'\): .*",
        ),
        (
            "a name of 65,000 letters",
            keras(odd("Dense", name="a" * 65_000, units=3)),
            r"layer 2 \('Dense'\): the name 'a{57}\.\.\.' is no text of 1 to 200 characters",
        ),
        (
            "a name that is a list",
            keras(odd("Dense", name=["a"], units=3)),
            r"layer 2 \('Dense'\): the name a list of 1 is no text of 1 to 200 characters",
        ),
        (
            "two names for one layer",
            keras({**odd("Dense", units=3), "name": "other"}),
            r"layer 2 \('Dense'\): has a second name, 'odd'",
        ),
        (
            "an unknown field beside a layer",
            keras({**odd("Dense", units=3), "call_config": SYSTEM}),
            r"layer 'odd' \('Dense'\): the field 'call_config' is not known",
        ),
        (
            "an unknown argument",
            keras(odd("Dense", units=3, call=SYSTEM)),
            r"layer 'odd' \('Dense'\): the argument 'call' is not known",
        ),
        (
            "a missing argument",
            keras(odd("Dense")),
            r"layer 'odd' \('Dense'\): the argument units is missing",
        ),
        (
            "a class name that is a list",
            keras({**odd("Dense"), "class_name": ["Dense"]}),
            "layer 2 is an object, expected an object with a class name",
        ),
        # JSON that other readers take
        (
            "nested 100,000 deep",
            keras(text="[" * 100_000 + "]" * 100_000),
            "config: nested deeper than 96",
        ),
        ("nested 100 deep", keras(text="[" * 100 + "]" * 100), "config: nested deeper than 96"),
        (
            "a million values",
            keras(text="[" + "0," * 1_000_000 + "0]"),
            "config: more than 400000 values",
        ),
        (
            "NaN",
            keras(text=base_text().replace("784", "NaN").replace('"units": 10', '"units": NaN')),
            "config: NaN is not a number of JSON",
        ),
        (
            "minus Infinity",
            keras(text=base_text().replace('"units": 10', '"units": -Infinity')),
            "config: -Infinity is not a number of JSON",
        ),
        (
            "1e999",
            keras(text=base_text().replace('"units": 10', '"units": 1e999')),
            "config: a number is too large",
        ),
        (
            "a key that stands twice",
            keras(text=base_text().replace('"units": 10', '"units": 10, "units": 11')),
            "config: the key 'units' stands twice in one object",
        ),
        ("UTF-16", keras(text=base_text().encode("utf-16")), "config: not text in UTF-8"),
        (
            "Latin-1",
            keras(text=base_text().replace('"last"', '"caf\xe9"').encode("latin-1")),
            "config: not text in UTF-8",
        ),
        (
            "a byte order mark",
            keras(text=b"\xef\xbb\xbf" + base_text().encode()),
            r"config: not JSON: .*",
        ),
        ("single quotes", keras(text=base_text().replace('"', "'")), r"config: not JSON: .*"),
        ("a second document", keras(text=base_text() + base_text()), r"config: not JSON: .*"),
        (
            "a text of a million letters",
            keras(odd("Dense", units=3, activation="r" * 1_000_000)),
            "config: a text of 1000000 characters, at most 65536 are read",
        ),
        (
            "a config that is a list",
            keras(text="[]"),
            "its config describes no model: expected an object with a class name",
        ),
        (
            "a config that is null",
            keras(text="null"),
            "its config describes no model: expected an object with a class name",
        ),
        (
            "metadata that is a list",
            keras(chain(), metadata=b"[]"),
            "metadata.json: expected an object, got a list of 0",
        ),
        (
            "metadata that is code",
            keras(chain(), metadata=b"import os"),
            r"metadata\.json: not JSON: .*",
        ),
        # Archives
        (
            "an extra member",
            packed(chain(), extra={"notes.txt": b"hello"}),
            f"holds 'notes.txt': {members}",
        ),
        (
            "assets",
            packed(chain(), extra={"assets/vocabulary.txt": b"a"}),
            f"holds 'assets/vocabulary.txt': {members}",
        ),
        (
            "a nested archive",
            packed(chain(), extra={"inner.zip": b"PK\3\4"}),
            f"holds 'inner.zip': {members}",
        ),
        (
            "a member that climbs",
            packed(chain(), extra={"../../../../tmp/owned": b"x"}),
            f"holds '../../../../tmp/owned': {members}",
        ),
        (
            "a member with a root",
            packed(chain(), extra={"/etc/cron.d/owned": b"x"}),
            f"holds '/etc/cron.d/owned': {members}",
        ),
        (
            "a member with a back slash",
            packed(chain(), extra={"..\\owned": b"x"}),
            r"holds '\.\.\\\\owned': " + members,
        ),
        ("a folder", packed(chain(), extra={"assets/": b""}), f"holds 'assets/': {members}"),
        (
            "config.json twice",
            packed(chain(), again="config.json"),
            f"holds config.json twice: {members}",
        ),
        (
            "weights twice",
            packed(chain(), again="model.weights.h5"),
            f"holds model.weights.h5 twice: {members}",
        ),
        ("no config", packed(chain(), without="config.json"), f"has no config.json: {members}"),
        (
            "no weights",
            packed(chain(), without="model.weights.h5"),
            f"has no model.weights.h5: {members}",
        ),
        (
            "a link in place of the config",
            packed(chain(), link="/etc/passwd"),
            r"config: not JSON: .*",
        ),
        (
            "20,000 members",
            packed(chain(), extra={f"m{i}": b"" for i in range(20_000)}),
            f"holds 'm0': {members}",
        ),
        ("encrypted", patched(8, 1, "flags"), deflate.format("config", "0, encrypted")),
        (
            "packed by bzip2",
            packed(chain(), method=zipfile.ZIP_BZIP2),
            deflate.format("metadata", 12),
        ),
        (
            "packed by LZMA",
            packed(chain(), method=zipfile.ZIP_LZMA),
            deflate.format("metadata", 14),
        ),
        (
            "a config of 3 GiB in 3 MiB",
            bomb("config.json", 3 << 30),
            r"config.json: unpacks to 3221225472 bytes, at most 4194304 are read",
        ),
        (
            "a config that says it is small",
            bomb("config.json", 64 << 20, said=1000),
            "config.json: damaged, its checksum is wrong",
        ),
        (
            "weights of 1 GiB in 1 MiB",
            bomb("model.weights.h5", 1 << 30),
            "model.weights.h5: unpacks to 1073741824 bytes, at most 268435456 are read",
        ),
        (
            "a wrong checksum",
            patched(16, 1, "checksum"),
            "config.json: damaged, its checksum is wrong",
        ),
        (
            "an offset outside",
            patched(42, 0x7FFFFFFF, "offset"),
            "config.json: lies outside the file",
        ),
        (
            "an offset into another member",
            patched(42, 3, "offset"),
            "config.json: its header is not the directory's",
        ),
        (
            "ZIP64",
            patched(None, 0xFFFF, "count"),
            "its zip archive is in the ZIP64 form, which no file of this size needs",
        ),
        ("a count of none", patched(None, 0, "count"), "its zip archive is damaged"),
        ("cut in half", cut(0.5), "its zip archive has no end: damaged, or cut short"),
        ("cut by one byte", cut(-1), "its zip archive has no end: damaged, or cut short"),
        ("cut in the directory", cut(-60), "its zip archive has no end: damaged, or cut short"),
        ("four bytes", cut(4), "its zip archive has no end: damaged, or cut short"),
        ("bytes behind the end", grown(b"tail"), "its zip archive is damaged"),
        (
            "a second end in the comment",
            packed(chain(), comment=b"PK\5\6" + bytes(18)),
            "its zip archive is damaged",
        ),
        ("a second archive in the comment", smuggled, "its zip archive is damaged"),
        (
            "a self-extracting program",
            wrapped(b"MZ" + bytes(100)),
            "its content is not that of a .keras file: damaged, or another format",
        ),
        # Not a model at all
        ("empty", raw(b""), "is empty: expected a .keras or .h5"),
        (
            "a text",
            raw(b"not a model\n"),
            "its content is not that of a .keras file: damaged, or another format",
        ),
        (
            "a pickle",
            raw(PICKLE),
            "its content is not that of a .keras file: damaged, or another format",
        ),
        (
            "a pickle called .h5",
            raw(PICKLE, "model.h5"),
            "its content is not that of a .h5 file: damaged, or another format",
        ),
        (
            "a pickle called .pkl",
            raw(PICKLE, "model.pkl"),
            "is a pickle, which runs code .*",
        ),
        (
            "a joblib",
            raw(PICKLE, "model.joblib"),
            "is a pickle, which runs code .*",
        ),
        (
            "a PyTorch file",
            raw(b"PK\3\4", "model.pt"),
            "holds weights of PyTorch .*",
        ),
        (
            "an ONNX file",
            raw(b"\x08\x07", "model.onnx"),
            "is an ONNX model, .*",
        ),
        (
            "a NumPy file",
            raw(b"\x93NUMPY", "model.npy"),
            "holds arrays without an architecture: .*",
        ),
        (
            "no suffix",
            raw(b"PK\3\4", "model"),
            "suffix '' is not a model's: expected .keras or .h5",
        ),
        (
            "an HDF5 called .keras",
            raw(b"\x89HDF\r\n\x1a\n"),
            "its content is HDF5, as early versions of Keras wrote it: rename it to .h5",
        ),
        (
            "a .keras called .h5",
            keras(chain(), name="model.h5"),
            "its content is not that of a .h5 file: damaged, or another format",
        ),
        ("a zipped SavedModel", saved_model_zip, f"holds 'saved_model.pb': {members}"),
        (
            "a SavedModel folder",
            saved_model_folder,
            "is a SavedModel, a folder with a program: .*",
        ),
        ("a named pipe", special(os.mkfifo), "not a regular file: expected a .keras or .h5"),
        (
            "a link to an endless device",
            special(lambda path: path.symlink_to("/dev/zero")),
            "not a regular file: expected a .keras or .h5",
        ),
        (
            "a link to itself",
            special(lambda path: path.symlink_to(path)),
            r"cannot be read \(Too many levels of symbolic links\)",
        ),
        (
            "a link to nothing",
            special(lambda path: path.symlink_to("nothing.keras")),
            "no such model file: expected a .keras or .h5",
        ),
        (
            "a sparse file of 10 TB",
            special(lambda path: sparse(path, 10**13)),
            "is 10000000000000 bytes large, at most 268435456 are read",
        ),
    ]


def when_opened() -> list[Row]:
    def in_config(said: str) -> str:
        return f"layer 'odd' .*: {said}"

    elsewhere = "HDF5: '{}' is a link to elsewhere, expected an object of this file"
    return [
        (
            "Lambda in an .h5",
            h5(odd("Lambda", function=MARSHALLED_2)),
            in_config("is not on the list of allowed layers: .*"),
        ),
        (
            "TFSMLayer in an .h5",
            h5(odd("TFSMLayer", filepath="MARKER")),
            in_config("is not on the list of allowed layers: .*"),
        ),
        (
            "activation of an .h5 by name",
            h5(odd("Dense", units=3, activation=SYSTEM)),
            in_config("activation: names the function 'system'.*"),
        ),
        (
            "keras_hub in an .h5",
            h5({**odd("Dense", units=3), "module": "keras_hub.layers"}),
            in_config("'Dense' is of the module 'keras_hub.layers'.*"),
        ),
        (
            "NaN in the config of an .h5",
            h5(text=base_text().replace('"units": 10', '"units": NaN')),
            "config: NaN is not a number of JSON",
        ),
        (
            "a config of 9 MB",
            h5(text=" " * 9_000_000),
            "HDF5: the attribute model_config is no text of at most 8388608 bytes",
        ),
        (
            "a config that is a number",
            h5(change=lambda file, _: file.attrs.__setitem__("model_config", 7)),
            "HDF5: the attribute model_config is no text of at most 8388608 bytes",
        ),
        (
            "an .h5 without a config",
            h5(change=lambda file, _: file.attrs.__delitem__("model_config")),
            "holds weights but no architecture: save the whole model with model.save",
        ),
        (
            "an external link",
            h5(
                change=lambda file, at: file.__setitem__(
                    "model_weights/last/more", h5py.ExternalLink(str(at), "/")
                )
            ),
            elsewhere.format("model_weights/last/more"),
        ),
        (
            "an external link to /etc/passwd",
            h5(
                change=lambda file, _: file.__setitem__(
                    "leak", h5py.ExternalLink("/etc/passwd", "/")
                )
            ),
            elsewhere.format("leak"),
        ),
        (
            "a soft link",
            h5(change=lambda file, _: file.__setitem__("soft", h5py.SoftLink("/model_weights"))),
            elsewhere.format("soft"),
        ),
        (
            "a soft link to nothing",
            h5(change=lambda file, _: file.__setitem__("soft", h5py.SoftLink("/ghost"))),
            elsewhere.format("soft"),
        ),
        (
            "a group that holds itself",
            h5(
                change=lambda file, _: file["model_weights"].__setitem__(
                    "again", file["model_weights"]
                )
            ),
            "HDF5: 'model_weights/again' is linked to twice",
        ),
        (
            "an array under two names",
            h5(
                change=lambda file, _: file.__setitem__(
                    "twin", file["model_weights/last/last/kernel:0"]
                )
            ),
            "HDF5: 'twin' is linked to twice",
        ),
        (
            "external raw data",
            h5(change=external_data),
            "HDF5: 'outside' keeps its data in another file",
        ),
        (
            "a virtual data set",
            h5(change=virtual_data),
            "HDF5: 'virtual' keeps its data in another file",
        ),
        (
            "an array of 8 TB",
            h5(change=lambda file, _: file.create_dataset("big", (10**12,), "f8", chunks=(1000,))),
            "HDF5: its arrays hold more than 536870912 bytes",
        ),
        (
            "a thousand arrays of 1 MB",
            h5(change=many_arrays),
            "HDF5: its arrays hold more than 536870912 bytes",
        ),
        (
            "one piece of 100 MB",
            h5(
                change=lambda file, _: file.create_dataset(
                    "big", (25 << 20,), "f4", chunks=(25 << 20,)
                )
            ),
            "HDF5: 'big' is packed in pieces of more than 67108864 bytes",
        ),
        (
            "an unknown filter",
            h5(change=plugin_filter),
            "HDF5: 'plugin' is packed with the filter 32015, expected gzip or none",
        ),
        (
            "LZF",
            h5(
                change=lambda file, _: file.create_dataset(
                    "lzf", data=np.zeros(1000), compression="lzf"
                )
            ),
            "HDF5: 'lzf' is packed with the filter 32000, expected gzip or none",
        ),
        (
            "texts for numbers",
            h5(change=lambda file, _: file.create_dataset("texts", data=["a", "b"])),
            "HDF5: 'texts' is no array of numbers",
        ),
        (
            "a pickle in an array of bytes",
            h5(change=lambda file, _: file.create_dataset("object", data=np.void(PICKLE))),
            "HDF5: 'object' is no array of numbers",
        ),
        (
            "arrays of arrays",
            h5(
                change=lambda file, _: file.create_dataset(
                    "ragged", (3,), h5py.vlen_dtype(np.float64)
                )
            ),
            "HDF5: 'ragged' is no array of numbers",
        ),
        (
            "references",
            h5(
                change=lambda file, _: file.create_dataset(
                    "refs", data=file.ref, dtype=h5py.ref_dtype
                )
            ),
            "HDF5: 'refs' is no array of numbers",
        ),
        (
            "records",
            h5(
                change=lambda file, _: file.create_dataset(
                    "records", data=np.zeros(3, [("a", "f4"), ("b", "f4")])
                )
            ),
            "HDF5: 'records' is no array of numbers",
        ),
        (
            "complex numbers",
            h5(change=lambda file, _: file.create_dataset("complex", data=np.zeros(3, complex))),
            "HDF5: 'complex' is no array of numbers",
        ),
        (
            "an array of no space",
            h5(change=lambda file, _: file.create_dataset("null", data=h5py.Empty("f4"))),
            "HDF5: 'null' is no array of numbers",
        ),
        (
            "a named type",
            h5(change=lambda file, _: file.__setitem__("type", np.dtype("f8"))),
            "HDF5: 'type' is neither a group nor an array",
        ),
        (
            "groups 60 deep",
            h5(change=lambda file, _: file.create_group("/".join("g" * 60))),
            "HDF5: groups nested deeper than 40",
        ),
        (
            "60,000 groups",
            h5(change=lambda file, _: [file.create_group(f"g{i}") for i in range(60_000)]),
            "HDF5: more than 50000 objects",
        ),
        (
            "only the signature",
            raw(b"\x89HDF\r\n\x1a\n" + bytes(100), "model.h5"),
            r"HDF5: damaged \(OSError\)",
        ),
        (
            "noise behind the signature",
            raw(b"\x89HDF\r\n\x1a\n" + NOISE, "model.h5"),
            r"HDF5: damaged \(OSError\)",
        ),
        ("an .h5 cut in half", cut(0.5, h5()), r"HDF5: damaged \(\w+\)"),
        ("an .h5 cut by one byte", cut(-1, h5()), r"HDF5: damaged \(\w+\)"),
        (
            "noise for the weights of a .keras",
            packed(chain(), weights=NOISE),
            r"HDF5: damaged \(OSError\)",
        ),
        (
            "an external link in a .keras",
            packed(
                chain(),
                weights=hdf5(
                    lambda file: file.__setitem__("layers/x", h5py.ExternalLink("/etc/passwd", "/"))
                ),
            ),
            elsewhere.format("layers/x"),
        ),
        (
            "weights that are a .keras",
            packed(chain(), weights=b"PK\3\4" + bytes(200)),
            r"HDF5: damaged \(OSError\)",
        ),
    ]


def when_built() -> list[Row]:
    kernel, too_large = (
        "layers/dense/vars/0",
        "its output has {} values for one image, at most 16777216 fit",
    )
    steps = [
        odd("LSTM", name=f"lstm_{number}", units=1, return_sequences=True) for number in range(9)
    ]
    many = odd("RepeatVector", name="many", n=1024)
    inner = [odd("Activation", name=f"a{number}", activation="relu") for number in range(20)]
    each = odd("TimeDistributed", name="each", layer=nested(*inner))
    return [
        (
            "recurrent layers of 9,216 steps",
            keras(chain(odd("RepeatVector", name="repeated", n=1024), *steps)),
            r"layer 'lstm_8': its recurrent layers go through more than 8192 steps for one image",
        ),
        (
            "20 layers for each of 1,024 steps",
            keras(chain(many, each)),
            "layer 'a.*': its layers are called more than 20000 times for one image",
        ),
        (
            "weights of another shape",
            packed(chain(), weights=hdf5(replace={kernel: np.zeros((784, 9), "f4")})),
            r"layer 'last': its weights have the shape \(784, 9\), expected \(784, 10\)",
        ),
        (
            "a weight too few",
            packed(chain(), weights=hdf5(lambda file: file.__delitem__("layers/dense/vars/1"))),
            "layer 'last': the file holds 1 of its weights, expected 2",
        ),
        (
            "no weights for a layer",
            packed(chain(), weights=hdf5(lambda file: file.__delitem__("layers/dense"))),
            "layer 'last': the file holds 0 of its weights, expected 2",
        ),
        (
            "a group for a weight",
            packed(chain(), weights=hdf5(group_for_weight)),
            "HDF5: has no array 'layers/dense/vars/0'",
        ),
        (
            "weights that are NaN",
            packed(chain(), weights=hdf5(replace={kernel: np.full((784, 10), np.nan, "f4")})),
            f"weights: '{kernel}' holds numbers that are not finite: the training diverged",
        ),
        (
            "a weight that is infinite",
            packed(chain(), weights=hdf5(replace={kernel: np.full((784, 10), -np.inf, "f2")})),
            f"weights: '{kernel}' holds numbers that are not finite: the training diverged",
        ),
        (
            "a weight beyond float32",
            packed(chain(), weights=hdf5(replace={kernel: np.full((784, 10), 1e300)})),
            f"weights: '{kernel}' holds numbers that are not finite: the training diverged",
        ),
        (
            "weights that overflow when used",
            keras(chain(odd("Rescaling", scale=1e30, offset=1e30), odd("Multiply", name="power"))),
            r"layer 'power': cannot be applied here \(.*\)",
        ),
        (
            "an .h5 of another shape",
            h5(change=lambda file, _: other_kernel(file)),
            r"layer 'last': its weights have the shape \(784, 9\), expected \(784, 10\)",
        ),
        (
            "an .h5 that lists no weights",
            h5(change=lambda file, _: file["model_weights"].attrs.__delitem__("layer_names")),
            "the file holds weights of 0 layers, expected 1",
        ),
        (
            "an .h5 that lists other names",
            h5(
                change=lambda file, _: file["model_weights/last"].attrs.__setitem__(
                    "weight_names", ["../../x", "/etc/passwd"]
                )
            ),
            r"HDF5: has no array 'model_weights/last/../../x'",
        ),
        (
            "one output",
            keras(chain(units=1), weights=_dense(784, 1)),
            (
                r"has one output, with the activation softmax, expected a value for each class, or"
                r" one value with a sigmoid for two classes"
            ),
        ),
        (
            "an image for an answer",
            keras(chain(odd("Reshape", target_shape=[28, 28]), flat=False), weights=_dense(28, 10)),
            r"its output has the shape \(None, 28, 10\), expected .*",
        ),
        (
            "20,000 classes",
            keras(chain(units=20_000), weights=None),
            r"layer 'last': the file holds 0 of its weights.*",
        ),
        (
            "a wrong order of layers",
            keras(chain(odd("Conv2D", filters=3, kernel_size=3))),
            r"layer 'odd': cannot be applied here \(ValueError: .*\)",
        ),
        (
            "a kernel larger than the image",
            keras(chain(odd("Conv1D", filters=3, kernel_size=512), flat=False)),
            r"layer 'odd': cannot be applied here \(ValueError: .*\)",
        ),
        (
            "a Dense of 4 billion weights",
            keras(
                chain(odd("Dense", name="a", units=65_536), odd("Dense", name="b", units=65_536))
            ),
            "layer 'b': more than 100000000 weights in the model so far",
        ),
        (
            "a hundred large Dense",
            keras(chain(*(odd("Dense", name=f"d{i}", units=4000) for i in range(100)))),
            r"layer 'd\d': more than 100000000 weights in the model so far",
        ),
        (
            "a convolution of 10^13 weights",
            keras(
                chain(
                    odd("Reshape", name="r", target_shape=[28, 28, 1]),
                    odd("Conv2D", filters=65_536, kernel_size=512, padding="same"),
                )
            ),
            "layer 'odd': more than 100000000 weights in the model so far",
        ),
        (
            "enormous when upsampled twice",
            keras(
                chain(
                    odd("Reshape", name="r", target_shape=[28, 28, 1]),
                    *(odd("UpSampling2D", name=f"u{i}", size=64) for i in range(2)),
                )
            ),
            "layer 'u1': " + too_large.format("13153337344"),
        ),
        (
            "enormous when repeated",
            keras(
                chain(
                    *(
                        part
                        for i in range(3)
                        for part in (
                            odd("RepeatVector", name=f"v{i}", n=1024),
                            odd("Flatten", name=f"f{i}"),
                        )
                    )
                )
            ),
            "layer 'v1': " + too_large.format("822083584"),
        ),
        (
            "enormous when padded",
            keras(
                chain(
                    odd("Reshape", name="r", target_shape=[28, 28, 1]),
                    *(odd("ZeroPadding2D", name=f"z{i}", padding=512) for i in range(9)),
                )
            ),
            r"layer 'z\d': " + too_large.format(r"\d+"),
        ),
        (
            "enormous when resized",
            keras(
                chain(
                    odd("Reshape", name="r", target_shape=[28, 28, 1]),
                    odd("Conv2D", name="c", filters=64, kernel_size=1),
                    odd("Resizing", height=1024, width=1024),
                )
            ),
            r"layer 'odd': " + too_large.format("67108864"),
        ),
        (
            "a chain of 1900 layers",
            keras(chain(*(odd("Identity", name=f"i{i}") for i in range(1900)))),
            r"the model could not be run \(RecursionError: .*\)",
        ),
        (
            "a vector that doubles 40 times",
            keras(doubling(40)),
            r"layer 'double\d+': " + too_large.format(r"\d+"),
        ),
    ]


HEAVY = {
    "a Dense of 4 billion weights",
    "a hundred large Dense",
    "a chain of 1900 layers",
    "900 layers",
    "60,000 groups",
}
"""Rows that take more memory or time than a test process should spend on them: only in a process of
their own.
"""


def harmless() -> list[Row]:
    any_answer = "predicts"
    return [
        (
            "payloads for compiling and building",
            keras(
                {
                    **chain(),
                    "compile_config": {"loss": MARSHALLED, "optimizer": SYSTEM},
                    "build_config": {"input_shape": SYSTEM},
                }
            ),
            any_answer,
        ),
        (
            "a layer's name that climbs",
            keras(
                chain(odd("Dense", name="../../etc/passwd", units=3)),
                weights={
                    "layers/dense/vars/0": (784, 3),
                    "layers/dense/vars/1": (3,),
                    "layers/dense_1/vars/0": (3, 10),
                    "layers/dense_1/vars/1": (10,),
                },
            ),
            any_answer,
        ),
        ("odd optimizer state", packed(chain(), weights=hdf5(odd_optimizer)), any_answer),
        (
            "900 layers",
            keras(chain(*(odd("Identity", name=f"i{i}") for i in range(900)))),
            any_answer,
        ),
        (
            "packed by hand, with a comment",
            packed(chain(), method=zipfile.ZIP_DEFLATED, comment=b"packed by hand"),
            any_answer,
        ),
        (
            "metadata of another world",
            keras(
                chain(),
                metadata=json.dumps({"keras_version": "99.0\x1b[31m", "module": "os"}).encode(),
            ),
            any_answer,
        ),
        (
            "an .h5 with attributes of its own",
            h5(
                change=lambda file, _: file.attrs.update(
                    {"training_config": "__import__('os')", "note": PICKLE.hex()}
                )
            ),
            any_answer,
        ),
    ]


def greedy() -> list[Row]:
    """What passes every rule by itself and then wants too much: stopped by the limits around the
    process, or served within them.
    """
    image = odd("Reshape", name="r", target_shape=[28, 28, 1])
    large = odd("Resizing", name="large", height=1024, width=1024)
    small = odd("GlobalAveragePooling2D", name="small")
    depthwise, wide = "layers/depthwise_conv2d/vars/{}", "layers/separable_conv2d/vars/{}"
    stopped = r"refused .*the model could not be run \(.*\)"
    either = r"(answers \(1000, 10\)|refused .*the model could not be run \(.*\))"
    return [
        (
            "97 million weights in 400 KB",
            packed(
                chain(odd("Dense", name="a", units=1480), odd("Dense", name="b", units=65_000)),
                weights=zeros(
                    {
                        "layers/dense/vars/0": (784, 1480),
                        "layers/dense/vars/1": (1480,),
                        "layers/dense_1/vars/0": (1480, 65_000),
                        "layers/dense_1/vars/1": (65_000,),
                        "layers/dense_2/vars/0": (65_000, 10),
                        "layers/dense_2/vars/1": (10,),
                    }
                ),
            ),
            either,
        ),
        (
            "weights of 256 MiB in 256 KB",
            bomb("model.weights.h5", 256 << 20),
            "refused model.weights.h5: damaged, its checksum is wrong",
        ),
        (
            "500 MB of arrays that nobody asks for",
            packed(
                chain(),
                weights=hdf5(
                    lambda file: file.create_dataset(
                        "more", (125_000_000,), "f4", chunks=(1 << 20,), compression="gzip"
                    )
                ),
            ),
            r"answers \(1000, 10\)",
        ),
        (
            "4 MiB of JSON",
            keras(
                text='{"class_name": "Sequential", "config": {"layers": ['
                + ",".join(["[[[[]]]]"] * 65_000)
                + "]}}"
            ),
            r"refused layer 0 is a list of 1, expected .*",
        ),
        (
            "a kernel of 512 x 512 on 1024 x 1024",
            keras(
                chain(image, large, odd("DepthwiseConv2D", kernel_size=512, padding="same"), small),
                weights={
                    depthwise.format(0): (512, 512, 1, 1),
                    depthwise.format(1): (1,),
                    **_dense(1, 10),
                },
            ),
            stopped,
        ),
        (
            "30 convolutions on 1024 x 1024",
            keras(
                chain(
                    image,
                    large,
                    *(
                        odd("Conv2D", name=f"c{i}", filters=1, kernel_size=31, padding="same")
                        for i in range(30)
                    ),
                    small,
                ),
                weights={
                    f"layers/conv2d{f'_{i}' if i else ''}/vars/{j}": shape
                    for i in range(30)
                    for j, shape in enumerate([(31, 31, 1, 1), (1,)])
                }
                | _dense(1, 10),
            ),
            stopped,
        ),
        (
            "65,536 hidden channels",
            keras(
                chain(
                    image,
                    odd("SeparableConv2D", filters=1, kernel_size=1, depth_multiplier=65_536),
                    small,
                ),
                weights={
                    wide.format(0): (1, 1, 1, 65_536),
                    wide.format(1): (1, 1, 65_536, 1),
                    wide.format(2): (1,),
                    **_dense(1, 10),
                },
            ),
            either,
        ),
        (
            "a hundred vectors of 16 million",
            keras(
                chain(
                    *(
                        part
                        for i in range(50)
                        for part in (
                            odd("RepeatVector", name=f"v{i}", n=1024),
                            odd("Flatten", name=f"f{i}"),
                            odd("Reshape", name=f"w{i}", target_shape=[1024, 784]),
                            odd("GlobalMaxPooling1D", name=f"g{i}"),
                        )
                    )
                ),
                weights=_dense(784, 10),
            ),
            either,
        ),
    ]


# Fixtures: what the files are made of

NOISE = np.random.default_rng(0).bytes(20_000)


class _Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch pickle-marker",)


PICKLE = pickle.dumps(_Payload())
SYSTEM = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
MARSHALLED = {
    "class_name": "__lambda__",
    "config": {"code": "CODE", "defaults": None, "closure": None},
}
MARSHALLED_2 = ["CODE", None, None]


def named(name: str, module: str) -> dict[str, Any]:
    """A function of Keras by its name, as `Lambda(function)` is saved."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def odd(class_name: str, *, name: Any = "odd", **config: Any) -> dict[str, Any]:
    """A layer as a .keras file holds it."""
    node = {"module": "keras.layers", "class_name": class_name, "config": {"name": name, **config}}
    return {**node, "registered_name": None}


def chain(
    *layers: Any,
    shape: Any = (None, 28, 28),
    dtype: str = "float32",
    flat: bool = True,
    units: int = 10,
    **given: Any,
) -> dict[str, Any]:
    """A whole Sequential: image, Flatten, `layers`, softmax."""
    image = odd("InputLayer", name="image", batch_shape=shape, dtype=dtype, **given)
    first = [odd("Flatten", name="flat")] if flat else []
    last = odd("Dense", name="last", units=units, activation="softmax")
    return _model("Sequential", [image, *first, *layers, last])


def _model(
    class_name: str, layers: list[Any], name: str = "model", **config: Any
) -> dict[str, Any]:
    module = "keras" if class_name == "Sequential" else "keras.src.models.functional"
    config = {"name": name, "layers": layers, **config}
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": class_name,
    }


def nested(*layers: Any) -> dict[str, Any]:
    return _model("Sequential", list(layers), "inner")


def deep(layer: Any, depth: int) -> dict[str, Any]:
    for _ in range(depth):
        layer = nested(layer)
    return layer


def tensor(layer: str, number: int = 0, output: int = 0) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, number, output]}}


def called(layer: dict[str, Any], *calls: Any, **keywords: Any) -> dict[str, Any]:
    name = layer["config"]["name"]
    return {
        **layer,
        "name": name,
        "inbound_nodes": [{"args": [call], "kwargs": keywords} for call in calls],
    }


def _image(name: str = "image") -> dict[str, Any]:
    return {
        **odd("InputLayer", name=name, batch_shape=(None, 784), dtype="float32"),
        "name": name,
        "inbound_nodes": [],
    }


def graph(
    *,
    source: str = "image",
    number: int = 0,
    output: int = 0,
    call: Any = None,
    keywords: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A whole Functional: image, one Dense; its call may be odd."""
    dense = called(
        odd("Dense", units=10), call or tensor(source, number, output), **(keywords or {})
    )
    ends = {"input_layers": ["image", 0, 0], "output_layers": ["odd", 0, 0]}
    return _model("Functional", [_image(), dense], **ends)


def circle() -> dict[str, Any]:
    names = {"a": "b", "b": "a"}
    layers = [
        called(odd("Dense", name=name, units=784), tensor(other)) for name, other in names.items()
    ]
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["a", 0, 0]]}
    return _model("Functional", [_image(), *layers], **ends)


def two(what: str) -> dict[str, Any]:
    second = "other" if what == "inputs" else "image"
    images = [_image(), _image("other")] if what == "inputs" else [_image()]
    dense = called(odd("Dense", name="a", units=10), tensor("image"))
    more = called(odd("Dense", name="b", units=10), tensor(second))
    added = called(odd("Add", name="sum"), [tensor("a"), tensor("b")])
    outputs = [["sum", 0, 0]] if what == "inputs" else [["a", 0, 0], ["b", 0, 0]]
    ends = {"input_layers": [[image["name"], 0, 0] for image in images], "output_layers": outputs}
    return _model("Functional", [*images, dense, more, added], **ends)


def shared(times: int) -> dict[str, Any]:
    """One layer, called on its own output again and again."""
    calls = [tensor("image"), *(tensor("odd", number) for number in range(times - 1))]
    dense = called(odd("Dense", units=784), *calls)
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["odd", times - 1, 0]]}
    return _model("Functional", [_image(), dense], **ends)


def fan_out(times: int, depth: int) -> dict[str, Any]:
    """Models in models, each of which calls the one inside `times` times: few bytes, times ** depth
    layers.
    """
    inner = odd("Dense", name="inner", units=784)
    for _ in range(depth):
        calls = [tensor("image"), *(tensor("inner", number) for number in range(times - 1))]
        ends = {"input_layers": [["image", 0, 0]], "output_layers": [["inner", times - 1, 0]]}
        inner = _model("Functional", [_image(), called(inner, *calls)], "inner", **ends)
    return inner


def doubling(times: int) -> dict[str, Any]:
    """A vector joined with itself again and again."""
    layers, last = [], "image"
    for number in range(times):
        layers.append(
            called(odd("Concatenate", name=f"double{number}"), [tensor(last), tensor(last)])
        )
        last = f"double{number}"
    layers.append(called(odd("Dense", name="last", units=10), tensor(last)))
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["last", 0, 0]]}
    return _model("Functional", [_image(), *layers], **ends)


def base_text() -> str:
    return json.dumps(chain())


def hdf5(
    change: Callable[[h5py.File], Any] = lambda file: None,
    *,
    replace: dict[str, np.ndarray] | None = None,
) -> bytes:
    """model.weights.h5 of `chain()`."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for path, shape in _PLAIN.items():
            file[path] = (replace or {}).get(path, np.zeros(shape, "f4"))
        change(file)
    return content.getvalue()


def zeros(shapes: dict[str, tuple[int, ...]]) -> bytes:
    """Weights of zeros, packed: a thousandth of what they unfold to."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for path, shape in shapes.items():
            file.create_dataset(path, shape, "f4", chunks=True, compression="gzip")
    return content.getvalue()


def _weights(shapes: dict[str, tuple[int, ...]] | None) -> bytes:
    if shapes is None:
        return hdf5(lambda file: file.__delitem__("layers"))
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for path, shape in shapes.items():
            file[path] = np.zeros(shape, "f4")
    return content.getvalue()


def _dense(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    return {"layers/dense/vars/0": (inputs, units), "layers/dense/vars/1": (units,)}


_PLAIN = _dense(784, 10)
METADATA = json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}).encode()


def _filled(text: str, marker: Path) -> str:
    """`text` with its placeholders replaced: a path, and code that makes a file there."""
    code = compile(
        f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]", "payload", "eval"
    ).co_consts[0]
    packed_code = base64.b64encode(marshal.dumps(code)).decode()
    return text.replace("MARKER", str(marker)).replace('"CODE"', json.dumps(packed_code))


def _whole(given: dict[str, Any] | None) -> dict[str, Any]:
    """`given` as a whole model: a single layer is put into a chain."""
    if given is None:
        return chain()
    is_model = "layers" in given["config"] or given["class_name"] in (
        "load_model",
        "ImageClassifier",
    )
    return given if isinstance(given["config"], dict) and is_model else chain(given)


def keras(
    given: dict[str, Any] | None = None,
    *,
    text: str | bytes | None = None,
    metadata: bytes = METADATA,
    weights: dict[str, tuple[int, ...]] | None = _PLAIN,
    name: str = "model.keras",
    written: bool = True,
) -> Build:
    """A .keras file around a layer, a whole model or any text for its config."""

    def build(path: Path, marker: Path) -> None:
        config = json.dumps(_whole(given)) if text is None else text
        content = _filled(config, marker).encode() if isinstance(config, str) else config
        if written:
            members = {
                "metadata.json": metadata,
                "config.json": content,
                "model.weights.h5": _weights(weights),
            }
            _archive(path, members)

    build.file = name
    return build


def _archive(
    path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b""
) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        archive.comment = comment


def packed(
    model: dict[str, Any],
    *,
    extra: dict[str, bytes] | None = None,
    again: str = "",
    without: str = "",
    link: str = "",
    method: int = zipfile.ZIP_STORED,
    weights: bytes | None = None,
    comment: bytes = b"",
) -> Build:
    """A .keras file whose archive is odd."""

    def build(path: Path, marker: Path) -> None:
        weight_file = hdf5() if weights is None else weights
        config = _filled(json.dumps(model), marker).encode()
        members = {
            "metadata.json": METADATA,
            "config.json": config,
            "model.weights.h5": weight_file,
            **(extra or {}),
        }
        members.pop(without, None)
        if link:
            del members["config.json"]
        _archive(path, members, method, comment)
        if again or link:
            with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a name that stands there already
                info = zipfile.ZipInfo(again or "config.json")
                info.external_attr = 0o120777 << 16 if link else 0
                archive.writestr(info, link or members[again])

    build.file = "model.keras"
    return build


def _entry(content: bytes, member: str) -> int:
    """Where the directory's entry of `member` starts."""
    return content.rindex(b"PK\x01\x02", 0, content.rindex(member.encode()))


def patched(at: int | None, value: int, field: str) -> Build:
    """One field of config.json's entry in the directory changed, or of the end record where `at` is
    None.
    """

    def build(path: Path, marker: Path) -> None:
        keras(chain())(path, marker)
        content = bytearray(path.read_bytes())
        if at is None:
            end = content.rindex(b"PK\5\6")
            struct.pack_into("<2H", content, end + 8, value, value)
        else:
            form = "<H" if field == "flags" else "<L"
            struct.pack_into(form, content, _entry(content, "config.json") + at, value)
        path.write_bytes(content)

    build.file = "model.keras"
    return build


def bomb(member: str, size: int, *, said: int | None = None) -> Build:
    """A member of zeros; `said` is the size that the archive gives for it."""

    def build(path: Path, marker: Path) -> None:
        packer = zlib.compressobj(9, wbits=-15)
        zeros = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
        content = zeros * (size >> 24) + packer.flush()
        packed(chain(), without=member)(path, marker)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(member, content)
        whole = bytearray(path.read_bytes())
        entry = _entry(whole, member)
        header = struct.unpack_from("<L", whole, entry + 42)[0]
        struct.pack_into("<H", whole, entry + 10, zipfile.ZIP_DEFLATED)
        struct.pack_into("<H", whole, header + 8, zipfile.ZIP_DEFLATED)
        struct.pack_into("<L", whole, entry + 24, size if said is None else said)
        path.write_bytes(whole)

    build.file = "model.keras"
    return build


def _changed(change: Callable[[bytes], bytes], base: Build | None) -> Build:
    base = base or keras(chain())

    def build(path: Path, marker: Path) -> None:
        base(path, marker)
        path.write_bytes(change(path.read_bytes()))

    build.file = base.file
    return build


def cut(where: float, base: Build | None = None) -> Build:
    """Only the first bytes: a share of them, a number, or all but a number."""
    return _changed(
        lambda content: content[: int(where * len(content)) if 0 < where < 1 else int(where)], base
    )


def grown(tail: bytes) -> Build:
    return _changed(lambda content: content + tail, None)


def wrapped(head: bytes) -> Build:
    return _changed(lambda content: head + content, None)


def raw(content: bytes, name: str = "model.keras") -> Build:
    def build(path: Path, marker: Path) -> None:
        path.write_bytes(content)

    build.file = name
    return build


def special(make: Callable[[Path], None]) -> Build:
    def build(path: Path, marker: Path) -> None:
        make(path)

    build.file = "model.keras"
    return build


def sparse(path: Path, size: int) -> None:
    with open(path, "wb") as file:
        file.write(b"PK\3\4")
        file.truncate(size)


def smuggled(path: Path, marker: Path) -> None:
    """An archive whose comment is another archive: which of the two is read depends on the
    reader.
    """
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("config.json", base_text())
    packed(chain(), comment=inner.getvalue())(path, marker)


def saved_model_zip(path: Path, marker: Path) -> None:
    _archive(path, {"saved_model.pb": b"\x08\x01", "variables/variables.index": b""})


def saved_model_folder(path: Path, marker: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"\x08\x01")


smuggled.file = saved_model_zip.file = saved_model_folder.file = "model.keras"


def h5(
    given: dict[str, Any] | None = None,
    *,
    text: str | None = None,
    change: Callable[[h5py.File, Path], Any] = lambda file, marker: None,
) -> Build:
    """A whole model in HDF5, as Keras 2 wrote it, and then something changed in it."""

    def build(path: Path, marker: Path) -> None:
        with h5py.File(path, "w") as file:
            config = json.dumps(_whole(given)) if text is None else text
            _long_attribute(file, "model_config", _filled(config, marker))
            weights = file.create_group("model_weights")
            weights.attrs["layer_names"] = ["flat", "last"]
            weights.create_group("flat").attrs["weight_names"] = []
            last = weights.create_group("last")
            last.attrs["weight_names"] = ["last/kernel:0", "last/bias:0"]
            last["last/kernel:0"] = np.zeros((784, 10), "f4")
            last["last/bias:0"] = np.zeros(10, "f4")
            change(file, marker)

    build.file = "model.h5"
    return build


def _long_attribute(file: h5py.File, name: str, text: str) -> None:
    file.attrs.create(name, text, dtype=h5py.string_dtype())


def external_data(file: h5py.File, marker: Path) -> None:
    file.create_dataset("outside", (10,), "u1", external=[("/etc/passwd", 0, 10)])


def virtual_data(file: h5py.File, marker: Path) -> None:
    layout = h5py.VirtualLayout((10,), "f4")
    layout[:] = h5py.VirtualSource(str(marker), "data", (10,))
    file.create_virtual_dataset("virtual", layout)


def many_arrays(file: h5py.File, marker: Path) -> None:
    for number in range(1000):
        file.create_dataset(f"a{number}", (1 << 20,), "f8", chunks=(1 << 16,), compression="gzip")


def plugin_filter(file: h5py.File, marker: Path) -> None:
    """A data set whose pieces only a plugin (Zstandard) could unpack."""
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk((100,))
    settings.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    h5py.h5d.create(
        file.id, b"plugin", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((1000,)), settings
    )


def group_for_weight(file: h5py.File) -> None:
    del file["layers/dense/vars/0"]
    file.create_group("layers/dense/vars/0")


def other_kernel(file: h5py.File) -> None:
    del file["model_weights/last/last/kernel:0"]
    file["model_weights/last/last/kernel:0"] = np.zeros((784, 9), "f4")


def odd_optimizer(file: h5py.File) -> None:
    file["optimizer/vars/0"] = np.int64(-1)
    file["optimizer/vars/1"] = np.full(3, np.nan)
    file.create_group("optimizer/../up")


IMPOSTORS = (
    "keras_hub",
    "keras_cv",
    "keras_nlp",
    "tensorflow",
    "keras",
    "h5py",
    "numpy",
    "fashion_nn",
    "json",
)
"""Modules that lie in the working folder and leave a marker when they are imported."""


def plant(folder: Path, marker: Path) -> None:
    """Fill a working folder with impostors of what a loader might import."""
    code = f"open({str(marker)!r}, 'a').write(__name__ + '\\n')\n"
    for name in IMPOSTORS:
        if name.startswith("keras_"):
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(code)
        else:
            (folder / f"{name}.py").write_text(code)
    (folder / "sitecustomize.py").write_text(code)


def write(folder: Path) -> None:
    """All files, a folder for each."""
    for rows in tables().values():
        for name, build, _ in rows:
            place = folder / name.replace("/", "-")
            place.mkdir(parents=True)
            if getattr(build, "file", "").count("/") == 0:
                build(place / build.file, place / "marker")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
