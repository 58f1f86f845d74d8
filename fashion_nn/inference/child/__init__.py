"""What runs in the confined process only: it confines itself, parses HDF5, builds the Keras model
and predicts.

`entry` is started as a program by `fashion_nn.inference.engines.confined_process`; no other module
of the package imports from this folder.
"""
