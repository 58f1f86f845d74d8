"""The commands whose outward behaviour `test_golden.py` holds, by topic; each topic is a file in
tests/golden.
"""

from dataclasses import dataclass

# Seconds of the training have a decimal below ten only.
SECONDS = r"(?<=  )(\d+|#\.#)(?=  (#\.###|-)  )"
EPOCHS = "--set epochs=2 --set batch_size=64 --set momentum=0.9"

OWN = "--set epochs=1 --set options.units=8"
STEPS = "--steps 20 --low 1e-4 --high 0.01"


@dataclass(frozen=True)
class Case:
    """One command line, as a user types it.

    piped: stdout is no terminal, so tables are as wide as they need.
    exact: all figures are arithmetic that comes out alike everywhere, so their digits are kept.
    hide: a pattern of whole numbers that depend on the machine.
    defect: a function of ours that raises an error in this case, as "module:name".
    """

    line: str
    piped: bool = False
    exact: bool = False
    hide: str = ""
    defect: str = ""


@dataclass(frozen=True)
class Topic:
    """Commands that run in this order, after those of the topics that they need."""

    cases: tuple[Case, ...]
    needs: tuple[str, ...] = ()


def _topic(*cases: Case | str, needs: tuple[str, ...] = ()) -> Topic:
    return Topic(tuple(Case(case) if isinstance(case, str) else case for case in cases), needs)


TOPICS: dict[str, Topic] = {
    "program": _topic(
        "fashion-nn --version",
        "fashion-nn nothing",
        Case("fashion-nn train mlp --colour red", hide=r"(?<=--colour).+$"),
        "fashion-nn train mlp --budget",
        Case("fashion-nn data list", defect="fashion_nn.console:table"),
    ),
    "data": _topic(
        Case("fashion-nn data list", exact=True),
        Case("fashion-nn data list", piped=True, exact=True),
        Case("fashion-nn data fetch digits", hide=r"^/.*(?=sklearn)"),
        Case("fashion-nn data info digits", exact=True),
        Case("fashion-nn data info digits --json", piped=True, exact=True),
        "fashion-nn data info digits --expect mnist --picture digits.png",
        "fashion-nn data info small.csv --test small.csv",
        Case("fashion-nn data check digits", exact=True),
        Case("fashion-nn data check digits --json", piped=True, exact=True),
        "fashion-nn data export digits --out csv",
        "fashion-nn data export digits --out csv",
        "fashion-nn data export digits --out csv --overwrite",
        "fashion-nn data info nothing",
        "fashion-nn data fetch nothing",
        "fashion-nn data info digits --expect nothing",
    ),
    "models": _topic(
        "fashion-nn models",
        "fashion-nn models mlp",
        Case("fashion-nn models cnn-v2", piped=True),
        "fashion-nn models nothing",
    ),
    "train": _topic(
        f"fashion-nn train mlp --dataset digits {EPOCHS}",
        f"fashion-nn train mlp --dataset digits {EPOCHS}",
        "fashion-nn train --settings",
        "fashion-nn train",
        "fashion-nn train nothing",
        "fashion-nn train mlp --dataset nothing",
        "fashion-nn train mlp --set lerning_rate=1",
        "fashion-nn train mlp --set epochs=0",
        "fashion-nn train mlp --set epochs",
        "fashion-nn train mlp --budget soon",
        "fashion-nn train --recipe nothing.json",
        "fashion-nn train mlp --out small.csv",
    ),
    "own": _topic(
        f"fashion-nn train my_net.py:build --dataset digits {OWN} --out own/run",
        f"fashion-nn train my_net.py --dataset digits {OWN} --seeds 2 --out own/seeds",
        "fashion-nn train my_net.py:build --dataset digits --set options.width=3",
        "fashion-nn train my_net.py:other --dataset digits",
        "fashion-nn train my_net.py:broken --dataset digits",
        "fashion-nn train my_net.py:build --dataset digits --scale 7",
        "fashion-nn train mlp --scale 0-1",
        "fashion-nn train --recipe own/run/run.json",
        "fashion-nn train nothing.py:build",
        "fashion-nn tune my_net.py:build --dataset digits --epochs 1 --trials 1 --no-retrain"
        " --out own/search",
        "fashion-nn evaluate own/run --code small.csv",
        f"fashion-nn lr-range my_net.py:build --dataset digits {STEPS} --picture rates.png",
        Case(f"fashion-nn lr-range my_net.py:build --dataset digits {STEPS} --json", piped=True),
        "fashion-nn lr-range nothing",
        "fashion-nn lr-range mlp --dataset digits --low 1 --high 0.1",
    ),
    "baseline": _topic(
        Case(
            "fashion-nn baseline pca-logreg --dataset digits --components 2 --folds 2 --jobs 1"
            " --json all.json",
            hide=r"\d+(?=  yes$)",
        ),
        Case(
            "fashion-nn baseline logreg --dataset small.csv --folds 2 --jobs 1 --json all.json",
            hide=r"\d+(?=  yes$)",
        ),
        Case(
            "fashion-nn baseline pca-kmeans --dataset digits --json all.json",
            hide=r"^\d+(?= of \d+ classes)",
        ),
        "fashion-nn baseline 1-nn --dataset digits --open-test --json all.json",
        "fashion-nn baseline edges-rbf --dataset small.csv --landmarks 20 --json all.json",
        "fashion-nn baseline pca-logreg --dataset digits --components 2",
        "fashion-nn baseline pca-logreg --dataset digits --components 2,x --out new",
        "fashion-nn baseline pca-logreg --dataset digits --components 900 --out new",
        "fashion-nn baseline logreg --dataset digits --folds 500 --out new",
        "fashion-nn baseline edges-rbf --dataset digits --landmarks 5000 --out new",
        "fashion-nn baseline pca-kmeans --dataset small.csv --out new",
        "fashion-nn baseline nothing",
    ),
    "evaluate": _topic(
        "fashion-nn evaluate models/mlp-digits-seed0",
        Case("fashion-nn evaluate models/pca-logreg-digits --json", piped=True),
        "fashion-nn evaluate models/nothing",
        "fashion-nn evaluate csv",
        "fashion-nn evaluate models/logreg-small",
        needs=("data", "train", "baseline"),
    ),
    "compare": _topic(
        Case(
            "fashion-nn compare models/mlp-digits-seed0 models/pca-logreg-digits",
            hide=r"(?<=#\.##  )(\d+|#\.#)$",
        ),
        Case("fashion-nn compare", piped=True, hide=SECONDS),
        Case(
            "fashion-nn compare models/mlp-digits-seed0 models/pca-logreg-digits --csv board.csv"
            " --readme table.md",
            piped=True,
            hide=SECONDS,
        ),
        Case(
            "fashion-nn compare models/mlp-digits-seed0 --histories histories.json --curves"
            " curves.png",
            piped=True,
            hide=SECONDS,
        ),
        Case(
            "fashion-nn compare --record histories.json --curves curves.png",
            hide=r"(?<=#\.#  )\d+(?=  #\.##  #)",
        ),
        "fashion-nn compare --record small.csv",
        "fashion-nn compare --record histories.json --csv board.csv",
        "fashion-nn compare models/pca-logreg-digits --histories other.json",
        "fashion-nn compare models/mlp-digits-seed0 --readme small.csv",
        needs=("evaluate",),
    ),
    "report": _topic(
        "fashion-nn report models/pca-logreg-digits",
        "fashion-nn report",
        "fashion-nn report models/pca-logreg-digits --all",
        "fashion-nn report --all --models csv",
        "fashion-nn report models/nothing",
        "fashion-nn report models/pca-logreg-digits --image 100000",
        needs=("evaluate",),
    ),
    "export": _topic(
        "fashion-nn export models/pca-logreg-digits --format h5",
        "fashion-nn export models/pca-logreg-digits --format csv",
        "fashion-nn export models/nothing --format h5",
        "fashion-nn export old.h5 --format keras",
        "fashion-nn export old.h5 --format keras",
        "fashion-nn export old.h5 --format h5",
        "fashion-nn export old.h5 --format keras --out old.h5",
        "fashion-nn export lambda.keras --format keras --out new.keras",
        "fashion-nn export old.h5 --format keras --out new.keras --dataset digits",
        needs=("evaluate",),
    ),
    "inspect": _topic(
        Case("fashion-nn inspect old.h5", exact=True),
        Case("fashion-nn inspect old.h5 --json", piped=True, exact=True),
        Case("fashion-nn inspect old.h5 --maps", exact=True),
        Case("fashion-nn inspect lambda.keras", exact=True),
        Case("fashion-nn inspect lambda.keras --sarif", piped=True, exact=True),
        Case("fashion-nn inspect lambda.keras --json", piped=True, exact=True),
        "fashion-nn inspect right.csv",
        "fashion-nn inspect nothing.h5",
        "fashion-nn inspect old.h5 --json --sarif",
    ),
    "submit": _topic(
        Case(
            "submit.py --grade --test csv/digits_test.csv --out graded.csv --models models",
            hide=(
                r"(?<=class )\d \d+(?= times)|\d+(?=%)|(?<=about )\d+|(?<=take )\d+|(?<=run"
                r" )\d+|(?<=most )\d+"
            ),
        ),
        "fashion-nn submit --test csv/digits_test.csv --out new.csv",
        "submit.py --test csv/digits_test.csv --out new.csv",
        "submit.py --model nothing.keras --test csv/digits_test.csv --out new.csv",
        "submit.py --model models/mlp-digits-seed0/model.keras --test nothing.csv --out new.csv",
        "submit.py --model models/mlp-digits-seed0/model.keras --test csv/digits_test.csv"
        " --out csv",
        "submit.py --model models/mlp-digits-seed0/model.keras --test small.csv --out new.csv"
        " --format html",
        "submit.py --model models/mlp-digits-seed0/model.keras --test small.csv --out new.csv"
        " --scale 3",
        "submit.py --model models/mlp-digits-seed0/model.keras --test small.csv --out new.csv"
        " --strict",
        "submit.py --train small.csv --grade --test small.csv --out new.csv",
        "submit.py --model small.csv --test small.csv --out new.csv --budget 3s",
        needs=("evaluate",),
    ),
    "ensemble": _topic(
        "fashion-nn ensemble models/mlp-digits-seed0 models/pca-logreg-digits --no-flip",
        "fashion-nn ensemble models/mlp-digits-seed0 models/pca-logreg-digits",
        "fashion-nn ensemble models/mlp-digits-seed0 models/logreg-small --out new",
        needs=("evaluate",),
    ),
    "grade": _topic(
        Case(
            "fashion-nn grade right.csv --test csv/digits_test.csv --labels csv/digits_test.csv",
            exact=True,
        ),
        Case(
            "fashion-nn grade right.csv --test csv/digits_test.csv --labels csv/digits_test.csv"
            " --json",
            piped=True,
        ),
        Case("fashion-nn grade wrong.csv --test csv/digits_test.csv", exact=True),
        Case("fashion-nn grade wrong.csv --test csv/digits_test.csv --json", piped=True),
        Case(
            "fashion-nn grade hand-ins --test csv/digits_test.csv --labels csv/digits_test.csv",
            exact=True,
        ),
        "fashion-nn grade hand-ins --test csv/digits_test.csv --labels csv/digits_test.csv"
        " --worksheet grades.csv --split 30",
        "fashion-nn grade hand-ins --test csv/digits_test.csv --labels csv/digits_test.csv"
        " --worksheet small.csv",
        Case("fashion-nn grade hand-ins --test csv/digits_test.csv --strict --json", piped=True),
        "fashion-nn grade nothing.csv --test csv/digits_test.csv",
        "fashion-nn grade right.csv --test csv/digits_test.csv --against wrong.csv",
        "fashion-nn grade right.csv --test csv/digits_test.csv --out new",
        "fashion-nn grade right.csv --test csv/digits_test.csv --train small.csv --dataset digits",
        "fashion-nn grade right.csv",
        needs=("data",),
    ),
    "tune": _topic(
        "fashion-nn tune mlp --dataset digits --epochs 1 --trials 1 --only learning_rate --set"
        " batch_size=256",
        "fashion-nn tune mlp --dataset digits --epochs 1 --trials 1 --only learning_rate --set"
        " batch_size=256",
        "fashion-nn report models/tune-mlp-random-digits",
        "fashion-nn tune nothing",
        "fashion-nn tune mlp --algorithm best",
        "fashion-nn tune mlp --engine cloud",
        "fashion-nn tune mlp --address here:1",
        "fashion-nn tune mlp --set seed=1",
        "fashion-nn tune mlp --dataset digits --only colour --out new",
        "fashion-nn tune mlp --out small.csv",
    ),
    "lab": _topic(
        Case("fashion-nn lab backprop --list", exact=True),
        Case("fashion-nn lab backprop --list --json", piped=True, exact=True),
        Case("fashion-nn lab backprop report-004/1", exact=True),
        Case("fashion-nn lab backprop report-004/1 --json", piped=True, exact=True),
        Case("fashion-nn lab backprop report-004/1 --markdown", exact=True),
        Case("fashion-nn lab backprop report-003/logistic --symbolic", exact=True),
        Case("fashion-nn lab backprop report-004/1 --check answers.json", exact=True),
        Case(
            "fashion-nn lab backprop report-004/1 --check answers.json --json",
            piped=True,
            exact=True,
        ),
        "fashion-nn lab worksheet --new 2-3-1 --students students.csv --out sheets",
        "fashion-nn lab worksheet --new 2-3-1 --students students.csv --out sheets",
        "fashion-nn lab worksheet --new 2-3-1 --students small.csv --out other",
        Case("fashion-nn lab backprop --check marked", exact=True),
        Case("fashion-nn lab backprop --check marked --json", piped=True, exact=True),
        "fashion-nn lab backprop --check hand-ins",
        "fashion-nn lab backprop",
        "fashion-nn lab backprop nothing",
        "fashion-nn lab backprop report-004/1 --json --markdown",
        "fashion-nn lab backprop report-004/1 --check nothing.json",
        "fashion-nn lab playground --epochs 2",
        Case("fashion-nn lab playground --epochs 2 --json", piped=True),
        "fashion-nn lab playground --epochs 1 --row table-1 --seeds 2",
        Case("fashion-nn lab playground --epochs 1 --row table-1 --json", piped=True),
        "fashion-nn lab playground --epochs 1 --keras network.py --picture playground.png",
        "fashion-nn lab playground --dataset nothing",
        "fashion-nn lab playground --seeds 0",
        "fashion-nn lab boundaries --passes 50",
        Case("fashion-nn lab boundaries --passes 50 --json", piped=True),
        "fashion-nn lab boundaries --passes 50 --picture boundary.png",
        "fashion-nn lab boundaries --figure report-002/1",
        "fashion-nn lab boundaries --hidden three",
        Case("fashion-nn lab losses", exact=True),
        Case("fashion-nn lab losses --z 0,1 --json", piped=True, exact=True),
        # Eighty columns break a figure before its last digit.
        Case(
            "fashion-nn lab losses saturation --dataset digits --images 20 --runs 1 --epochs 1",
            hide=r"(?<=^[nc]  )\d(?= ±)",
        ),
        Case(
            "fashion-nn lab losses saturation --dataset digits --images 20 --runs 1 --epochs 1"
            " --json",
            piped=True,
        ),
        "fashion-nn lab losses nothing",
        "fashion-nn lab nothing",
    ),
    "reproduce": _topic(
        Case("fashion-nn reproduce 004-001 000-001", exact=True),
        Case("fashion-nn reproduce 004-001 000-001 --json", piped=True, exact=True),
        Case("fashion-nn reproduce 004", exact=True, hide=r"\d\.\d+e-\d+|(?<=  )0(?=  match)"),
        "fashion-nn reproduce nothing",
    ),
}

# Successes that take long; they run with the slow tests.
LONG_TOPICS: dict[str, Topic] = {
    "demo": _topic(Case("fashion-nn demo", hide=r"(?<=PASS  file: )\d+")),
    "several": _topic(
        "fashion-nn evaluate models/mlp-digits-seed0 models/pca-logreg-digits",
        Case(
            "fashion-nn evaluate models/mlp-digits-seed0 models/pca-logreg-digits --json",
            piped=True,
        ),
        "fashion-nn export models/mlp-digits-seed0 --format onnx",
        "fashion-nn export models/mlp-digits-seed0 --format keras",
        "fashion-nn report --all",
        needs=("evaluate",),
    ),
    "searches": _topic(
        *(
            f"fashion-nn tune mlp --dataset digits --algorithm {algorithm} --epochs 1 --trials 2 "
            "--only learning_rate --set batch_size=256"
            for algorithm in ("bayesian", "hyperband")
        ),
        "fashion-nn tune mlp --dataset digits --folds 2 --epochs 1 --trials 1 --only learning_rate "
        "--set batch_size=256 --out folds",
        "fashion-nn report folds",
        needs=("data",),
    ),
    "reproduce-all": _topic(
        "fashion-nn reproduce",
        "fashion-nn reproduce --markdown ledger.md --page ledger.html",
    ),
}
