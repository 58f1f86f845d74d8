"""What may be in a model file: the allow-list, and the reader that applies it. Runs in the parent
process.

Nothing here imports Keras. The config of an .h5 file passes here too: the confined process reads it
out of the file and sends it back, because that process is not trusted to judge it.
"""
