"""Why the layers that are not on the allow-list are not: what to say, and what to do instead."""

_KERAS_ONLY = "build the model from layers of Keras and save it again"
_CODE = "it runs code from the file: replace it by layers or operations of Keras, such as Rescaling"
_OTHER_FRAMEWORK = f"it runs a program of another library: {_KERAS_ONLY}"
_VOCABULARY = "it looks words or categories up, and an image has none: leave it out of the model"
_SOUND = "it is made for sound: leave it out of the model"
_BASE = f"it computes nothing by itself: {_KERAS_ONLY}"

REFUSED = {
    "Lambda": f"{_CODE} or Reshape, and save the model again",
    "TFSMLayer": "it runs a SavedModel from a folder: save the model that it was made from",
    "TorchModuleWrapper": _OTHER_FRAMEWORK,
    "JaxLayer": _OTHER_FRAMEWORK,
    "FlaxLayer": _OTHER_FRAMEWORK,
    "TensorFlowOpLayer": (
        "it holds a program of TensorFlow: replace the arithmetic by layers of Keras, such as"
        " Rescaling, and save the model again"
    ),
    "StringLookup": _VOCABULARY,
    "IntegerLookup": _VOCABULARY,
    "TextVectorization": _VOCABULARY,
    "Hashing": _VOCABULARY,
    "HashedCrossing": _VOCABULARY,
    "CategoryEncoding": _VOCABULARY,
    "Discretization": _VOCABULARY,
    "ReversibleEmbedding": _VOCABULARY,
    "STFTSpectrogram": _SOUND,
    "MelSpectrogram": _SOUND,
    "MaxNumBoundingBoxes": "it works on boxes, and an image has none: leave it out of the model",
    "Pipeline": "it hides the layers that it holds: put them into the model one by one",
    "CuDNNLSTM": "it runs on a GPU only: use LSTM, load the weights and save the model again",
    "CuDNNGRU": "it runs on a GPU only: use GRU, load the weights and save the model again",
    "SyncBatchNormalization": "use BatchNormalization(synchronized=True) and save the model again",
    "LocallyConnected1D": f"Keras 3 has no such layer: {_KERAS_ONLY}",
    "LocallyConnected2D": f"Keras 3 has no such layer: {_KERAS_ONLY}",
    "Wrapper": _BASE,
    "Layer": _BASE,
    "InputSpec": _BASE,
    "LSTMCell": "a cell stands alone: put it into an RNN",
    "GRUCell": "a cell stands alone: put it into an RNN",
    "SimpleRNNCell": "a cell stands alone: put it into an RNN",
    "StackedRNNCells": "cells stand alone: put them into an RNN",
}
"""Layers of Keras that are refused, and why."""


def way_out(class_name: str) -> str:
    """What to do about a layer that is not allowed: the end of what `why_refused` says."""
    return REFUSED.get(class_name, _KERAS_ONLY).rpartition(": ")[2]


def why_refused(class_name: str) -> str:
    """What to say of a layer that is not on the allow-list."""
    known = REFUSED.get(class_name)
    if known:
        return f"is not on the list of allowed layers: {known}"
    return (
        "is not on the list of allowed layers: a file holds no code of a layer that is not Keras'"
        f" own; {_KERAS_ONLY}"
    )
