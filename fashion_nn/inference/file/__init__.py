"""What a stranger sends, read in the parent process as bytes: the file, its zip archive, its JSON.

Nothing here imports Keras, TensorFlow or h5py. HDF5, the one format that is too rich for that, is
parsed in the confined process only: see `fashion_nn.inference.child`.
"""
