"""The command line: `python -m skmtl` and `python -m skmtl compare FILE.csv ...`."""

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skmtl
from skmtl.datasets import load_parkinsons
from skmtl.evaluation import compare_to_single_task
from skmtl.linear_model import MultiTaskLassoCV
from skmtl.model_selection import TaskStratifiedShuffleSplit
from skmtl.preprocessing import keep_task_column

_REGRESSORS = (
    "MultiTaskLassoCV",
    "MultiTaskElasticNetCV",
    "MeanRegularizedRegressorCV",
    "TraceNormRegressorCV",
    "ClusteredTaskRegressorCV",
    "DirtyRegressorCV",
    "RobustMultiTaskRegressorCV",
)
_CLASSIFIERS = ("MultiTaskLassoClassifierCV", "TraceNormClassifierCV")
_MAX_ITER = 10_000  # some features of a user's file may be nearly collinear


class UsageError(Exception):
    """A mistake in the user's file or arguments that one line can explain."""


def demo(n_splits, seed):
    """Print the comparison on the Parkinson's data, from six recordings of each patient."""
    data = load_parkinsons()
    print(
        f"Parkinson's telemonitoring: {len(data.y)} recordings of {len(np.unique(data.tasks))} "
        "patients.\n"
        f"From 6 recordings of each patient, drawn at random {n_splits} times, predict "
        "motor_UPDRS of\nthe others from test_time and 16 voice measures: a lasso for each "
        "patient alone (single),\na multi-task lasso (multi), one ridge for all with an intercept "
        "for each patient (intercept),\none lasso for all (pooled). Errors are RMSE in points of "
        "motor_UPDRS.\n",
        flush=True,
    )
    cv = TaskStratifiedShuffleSplit(n_splits, train_size=6, task_column=-1, random_state=seed)
    model = scaled(MultiTaskLassoCV(task_column=-1, max_iter=_MAX_ITER), -1)
    report = compare_to_single_task(model, data.X, data.y, task_column=-1, cv=cv, random_state=seed)
    print(report)


def scaled(estimator, task_column):
    """Return a pipeline of a scaler that leaves the task column alone and the estimator."""
    scaler = keep_task_column(StandardScaler(), task_column)
    return make_pipeline(scaler, estimator)


def compare(options):
    """Print the comparison on the user's own file."""
    path = options.file
    task = options.task
    target = options.target
    if task == target:
        raise UsageError(f"--task and --target are the same column {task!r}")
    names = check_estimators(options.estimators, options.classify)
    check_picture(options.plot)
    frame = read_csv(path, [task, target])
    X = frame.drop(columns=[target])
    check = check_classes if options.classify else check_target
    y = check(frame[target], target)
    check_tasks(X[task], task)
    check_features(X.drop(columns=[task]))
    print(
        f"{path}: {len(X)} rows, {X[task].nunique()} tasks ({task}), {X.shape[1] - 1} features, "
        f"target {target}.\n{', '.join(names)} (multi) against the same model for each task alone "
        "(single), pooled\ncoefficients with an intercept for each task (intercept) and one model "
        "for all (pooled), all tuned.\n",
        flush=True,
    )
    models = {name: scaled(make_estimator(name), task) for name in names}
    try:
        report = compare_to_single_task(
            models if len(models) > 1 else models[names[0]],
            X,
            y,
            task_column=task,
            cv=options.cv,
            n_jobs=options.jobs,
            verbose=int(sys.stderr.isatty()),
            random_state=options.seed,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    print(report)
    if options.plot:
        report.plot().figure_.savefig(options.plot, bbox_inches="tight")
        print(f"\nThe gains are drawn in {options.plot}.")


def make_estimator(name):
    """Return the estimator of this name; scaling has put the task ids into the last column."""
    return getattr(skmtl, name)(task_column=-1, max_iter=_MAX_ITER)


def check_estimators(names, classify):
    """Return the names of the estimators to compare, by default the first of its kind."""
    known = _CLASSIFIERS if classify else _REGRESSORS
    wrong = [name for name in names or () if name not in known]
    if wrong:
        kind = "classifiers (--classify)" if classify else "regressors"
        raise UsageError(f"--estimators {wrong[0]} is none of the {kind} {', '.join(known)}")
    return list(dict.fromkeys(names or known[:1]))


def check_picture(path):
    """Raise unless matplotlib can write to the path; called before any long work."""
    if path is None:
        return
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError('--plot needs matplotlib: pip install "skmtl[plot]"') from error
    known = Figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        raise UsageError(f"--plot {path} must end in one of .{', .'.join(sorted(known))}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--plot {path}: there is no directory {path.absolute().parent}")


def read_csv(path, columns):
    """Return the file as a frame; raise unless it has the columns."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UsageError('compare reads CSV with pandas: pip install "skmtl[pandas]"') from error
    if not Path(path).is_file():
        raise UsageError(f"there is no file {path}")
    try:
        frame = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from error
    for column in columns:
        if column not in frame.columns:
            known = ", ".join(map(str, frame.columns))
            raise UsageError(f"{path} has no column {column!r}; it has {known}")
    return frame


def check_target(y, name):
    """Return the target as floats."""
    try:
        y = y.to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise UsageError(f"target {name!r} is not numeric") from error
    bad = ~np.isfinite(y)
    if bad.any():
        raise UsageError(
            f"target {name!r} has {int(bad.sum())} missing or infinite value(s); drop those rows "
            "first"
        )
    if len(y) == 0:
        raise UsageError("the file has no rows: there is nothing to learn from")
    if np.ptp(y) == 0:
        raise UsageError(f"target {name!r} is constant ({y[0]:g}): there is nothing to predict")
    return y


def check_classes(y, name):
    """Return the target as an array of class labels."""
    n_missing = int(y.isna().sum())
    if n_missing:
        raise UsageError(f"target {name!r} has {n_missing} missing value(s); drop those")
    if y.nunique() < 2:
        raise UsageError(f"target {name!r} has {y.nunique()} class(es): there is nothing to tell")
    return y.to_numpy(dtype=object if y.dtype.kind not in "biuf" else None)


def check_features(X):
    """Raise unless there is a feature, all are numeric and none has missing values."""
    if X.shape[1] == 0:
        raise UsageError("there is no feature column beside the task and the target")
    text = list(X.select_dtypes(exclude=["number", "bool"]).columns)
    if text:
        listed = ", ".join(map(repr, text))
        raise UsageError(f"column(s) {listed} are not numeric; encode or drop them first")
    finite = np.isfinite(X.to_numpy(dtype=float)).all(axis=0)
    if not finite.all():
        listed = ", ".join(map(repr, X.columns[~finite]))
        raise UsageError(
            f"column(s) {listed} have missing or infinite values; fill or drop them first"
        )


def check_tasks(task_ids, name):
    """Raise unless there are at least two tasks, each with at least two samples."""
    n_missing = int(task_ids.isna().sum())
    if n_missing:
        raise UsageError(f"task column {name!r} has {n_missing} missing value(s)")
    counts = task_ids.value_counts()
    if len(counts) < 2:
        raise UsageError(f"task column {name!r} has one task only; a comparison needs at least two")
    single = counts.index[counts < 2]
    if len(single):
        raise UsageError(
            f"task {single[0]!r} of {name!r} has one row ({len(single)} such task(s)): every task "
            "needs at least two, one to learn from and one to test on"
        )


def parser():
    """Return the parser of the arguments."""
    top = argparse.ArgumentParser(
        prog="python -m skmtl",
        description="Multi-task learning: does learning related tasks together help? Without a "
        "command, this is answered on the packaged Parkinson's telemonitoring data.",
    )
    top.add_argument("--version", action="version", version=f"skmtl {skmtl.__version__}")
    top.add_argument("--splits", type=positive, default=10, help="random splits (default 10)")
    top.add_argument("--seed", type=seed, default=0, help="random seed (default 0)")
    commands = top.add_subparsers(dest="command", metavar="compare")
    own = commands.add_parser(
        "compare",
        help="answer the same question on your own CSV file",
        description="Compare a multi-task model with each task learned alone and with all tasks "
        "pooled, on a CSV file with one row for each sample. Every other column is a feature and "
        "must be numeric.",
    )
    own.add_argument("file", metavar="FILE.csv")
    own.add_argument("--task", required=True, metavar="COLUMN", help="column of task ids")
    own.add_argument("--target", required=True, metavar="COLUMN", help="column to predict")
    own.add_argument(
        "--estimators",
        nargs="+",
        metavar="NAME",
        help=f"models to compare: {', '.join(_REGRESSORS)} (default the first), with --classify "
        f"{', '.join(_CLASSIFIERS)}",
    )
    own.add_argument(
        "--classify", action="store_true", help="the target is a class; compare by log-loss"
    )
    own.add_argument(
        "--plot",
        type=Path,
        metavar="OUT.png",
        help="draw the gains (of several estimators: the ranking)",
    )
    own.add_argument("--jobs", type=int, metavar="N", help="fits to run in parallel")
    own.add_argument(
        "--cv",
        type=positive,
        metavar="K",
        help="K folds (default: 4 folds, repeated 5 times)",
    )
    own.add_argument("--seed", type=seed, default=0, help="random seed (default 0)")
    return top


def positive(text):
    """Return the text as an integer of at least 2, for argparse."""
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError(f"must be at least 2, got {value}")
    return value


def seed(text):
    """Return the text as a seed that NumPy takes, for argparse."""
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must be between 0 and 2**32 - 1, got {value}")
    return value


def main(arguments=None):
    """Run the command line and return the exit code."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "compare":
            compare(options)
        else:
            demo(options.splits, options.seed)
    except UsageError as error:
        print(f"skmtl: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
