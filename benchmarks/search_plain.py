"""A search with plain keras-tuner, as one would write it: the other side of benchmarks/search.py.

    python benchmarks/search_plain.py DATA.npz FOLDER --algorithm random --trials 12 --epochs 10 \\
        --seed 1

The network is the zoo's mlp and the space has the parameters of PARAMETERS, as `fashion-nn tune`
has them. `--log` is there to watch it; `--abort-at` and `--stop-at` let a trial crash or hang.
"""

import argparse
import json
import os
import signal
from pathlib import Path

PARAMETERS = (
    "options.dropout_1",
    "options.dropout_2",
    "options.dropout_3",
    "options.bn_momentum",
    "learning_rate",
)
ALGORITHMS = {
    "random": "RandomSearch",
    "bayesian": "BayesianOptimization",
    "hyperband": "Hyperband",
}
ALGORITHMS |= {"grid": "GridSearch"}
BATCH = 256


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "data", type=Path, help="train_images, train_labels, valid_images and valid_labels"
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="random")
    parser.add_argument("--trials", type=int, default=10, help="hyperband decides that by itself")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--patience", type=int, help="epochs without a better val_loss before a trial stops"
    )
    parser.add_argument(
        "--rates", type=float, nargs=2, default=(1e-4, 1e-1), metavar=("LOW", "HIGH")
    )
    parser.add_argument("--again", action="store_true", help="train the best settings once more")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--abort-at", type=int)
    parser.add_argument("--stop-at", type=int)
    return parser.parse_args()


def main(arguments: argparse.Namespace) -> None:
    import keras
    import keras_tuner
    import numpy as np

    from fashion_nn import zoo

    class Network(keras_tuner.HyperModel):
        begun = 0

        def build(self, hp):
            # hp.Float("…", 0.0, 0.7, step=0.05) would leave 0.7 out.
            shares = (
                [0.0, 0.35, 0.7]
                if arguments.algorithm == "grid"
                else [round(0.05 * i, 2) for i in range(15)]
            )
            dropouts = {
                f"dropout_{i}": hp.Choice(f"options.dropout_{i}", shares) for i in (1, 2, 3)
            }
            momentum = hp.Choice("options.bn_momentum", [0.7, 0.9, 0.99])
            rate = hp.Float("learning_rate", *arguments.rates, sampling="log")
            model = zoo.build("mlp", **dropouts, bn_momentum=momentum)
            model.compile(
                keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
            )
            return model

        def fit(self, hp, model, *data, **how):
            self.begun += 1
            note(begun=hp.values)
            if self.begun == arguments.abort_at:
                os.abort()
            if self.begun == arguments.stop_at:
                os.kill(os.getpid(), signal.SIGSTOP)
            history = model.fit(*data, batch_size=BATCH, **how)
            note(
                ended=hp.values,
                score=max(history.history["val_accuracy"]),
                epochs=len(history.epoch),
            )
            note(memory=memory())
            return history

    def note(**line):
        if arguments.log:
            with arguments.log.open("a") as file:
                file.write(json.dumps(line) + "\n")

    keras.utils.set_random_seed(arguments.seed)
    with np.load(arguments.data) as stored:
        train, valid = [
            (stored[f"{part}_images"], stored[f"{part}_labels"]) for part in ("train", "valid")
        ]
    of_hyperband = arguments.algorithm == "hyperband"
    tuner = getattr(keras_tuner, ALGORITHMS[arguments.algorithm])(
        Network(),
        objective="val_accuracy",
        seed=arguments.seed,
        directory=arguments.folder,
        project_name="search",
        **({"max_epochs": arguments.epochs} if of_hyperband else {"max_trials": arguments.trials}),
    )
    stopping = (
        [keras.callbacks.EarlyStopping("val_loss", patience=arguments.patience)]
        if arguments.patience
        else []
    )
    length = {} if of_hyperband else {"epochs": arguments.epochs}
    tuner.search(*train, validation_data=valid, callbacks=stopping, verbose=0, **length)
    best = tuner.get_best_hyperparameters()[0]
    note(best=best.values, score=tuner.oracle.get_best_trials()[0].score)
    if arguments.again:
        model = tuner.hypermodel.build(best)
        tuner.hypermodel.fit(
            best, model, *train, validation_data=valid, verbose=0, epochs=arguments.epochs
        )


def memory() -> int:
    """Bytes that this process has in memory now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main(parse())
