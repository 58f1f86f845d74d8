"""Run folders with made-up figures, for tests that read them and run no model."""

from fashion_nn.runs import Metrics, Record, Run, SplitRecord

RECORD = {
    "recipe": {"name": "mlp", "model": "mlp", "seed": 0, "batch_size": 64},
    "dataset": {
        "name": "digits",
        "fingerprint": "0" * 64,
        "split_id": "0" * 12,
        "image_shape": [8, 8],
        "class_names": ["zero", "one"],
        "rows": {"train": 90, "valid": 10},
    },
    "parameters": 1234,
    "environment": {
        "versions": {"keras": "3"},
        "hardware": {"processor": "a processor", "cores": 2},
    },
    "sessions": [{"epoch_seconds": [1.5, 2.0]}, {"epoch_seconds": [13]}],
}


def scores(accuracy, n=100, classes=2):
    right = round(accuracy * n)
    of_class = {"precision": accuracy, "recall": accuracy, "f1": accuracy, "support": n // 2}
    return {
        "n": n,
        "correct": right,
        "accuracy": accuracy,
        "interval": [accuracy - 0.01, accuracy + 0.01],
        "log_loss": 0.5,
        "per_class": [of_class] * classes,
        "confusion": [[right // 2, n // 2 - right // 2], [n // 2 - right // 2, right // 2]],
    }


def make_run(folder, accuracy=0.8, *, test=True, **recipe):
    """A complete run with these accuracies on 100 validation and, with `test`, 100 test images."""
    run = Run(folder)
    run.write_record(Record.model_validate(RECORD | {"recipe": RECORD["recipe"] | recipe}))
    run.write_split(SplitRecord(seed=0, fraction=0.1, valid_indices=(0,)))
    run.write_history([{"epoch": 1, "learning_rate": 0.1, "loss": 1, "accuracy": 0.5}])
    run.model.write_bytes(bytes(2_000_000))
    measured = scores(accuracy)
    run.write_metrics(
        Metrics.model_validate({"valid": measured} | ({"test": measured} if test else {}))
    )
    return run
