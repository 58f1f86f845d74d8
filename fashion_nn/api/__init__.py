"""The functions behind `import fashion_nn as fnn`, which commands call too.

Each takes and returns typed values. A model may be given as a run, as the path of its folder, or as
the path of a model file; data as the value that `load` returns, or as what `load` takes. Nothing is
printed, apart from the progress of what takes long; commands print what these functions return.

models       open a model, and predict images
training     recipes, and training by them
searching    search for the best settings
results      evaluate, compare and describe runs
predictions  write a prediction file, and check one
plots        figures, as Axes of matplotlib
"""
