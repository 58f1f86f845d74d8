"""One module for each family of models.

The registry imports every module of this package, in alphabetical order, and each module registers
its builders when it is imported. A new model is therefore one decorated function here.
"""
