"""What runs a model, seen from the parent process: the predictors that callers get.

`confined_keras` drives the confined process and does not trust its answers; `onnx_runtime` runs in
the parent process, and only for files that `trust` knows.
"""
