"""The textbook systems of the reports, as tools for any exercise.

`backprop` works exercises and marks answers, `losses` compares losses, `boundaries` draws decision
boundaries, and `playground` repeats TensorFlow Playground. They share the mathematics of a layer
(`layers`) and the progress of a work in parts (`progress`). All compute with NumPy, and import
nothing heavy before it is used.
"""
