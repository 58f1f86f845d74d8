"""What both processes use: the network as plain data, how to feed it, refusals, and the Keras model
of a network.
"""
