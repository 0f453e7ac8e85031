"""The comparisons that the command line runs: on the user's own file, and on packaged data."""

import sys
from textwrap import fill

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import linear_model, meta, mixed_effects
from skmtl._command_line.outputs import check_outputs, write_outputs
from skmtl._command_line.problem import read_problem
from skmtl._command_line.usage import UsageError, warnings_as_lines
from skmtl.datasets import load_parkinsons
from skmtl.evaluation import compare_to_single_task
from skmtl.model_selection import TaskStratifiedShuffleSplit
from skmtl.preprocessing import keep_task_column

REGRESSORS = (
    "MultiTaskLassoCV",
    "MultiTaskElasticNetCV",
    "MeanRegularizedRegressorCV",
    "TraceNormRegressorCV",
    "ClusteredTaskRegressorCV",
    "DirtyRegressorCV",
    "RobustMultiTaskRegressorCV",
    "MixedEffectsRegressor",
    "SafeSharingRegressor",
)
CLASSIFIERS = (
    "MultiTaskLassoClassifierCV",
    "TraceNormClassifierCV",
    "MixedEffectsClassifier",
    "SafeSharingClassifier",
)
_MAX_ITER = 10_000  # some features of a user's file may be nearly collinear
_MOST_NAMES = 60  # features that are printed
_N_FOLDS = 4  # of compare_to_single_task
_N_INNER_FOLDS = 5  # by which the models choose the strength of their penalty


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
    model = _scaled("MultiTaskLassoCV", -1)
    report = compare_to_single_task(model, data.X, data.y, task_column=-1, cv=cv, random_state=seed)
    print(report)


def _scaled(name, task_column):
    """Return a pipeline of a scaler that leaves the task column alone and the estimator."""
    scaler = keep_task_column(StandardScaler(), task_column)
    place = next(one for one in (linear_model, mixed_effects, meta) if hasattr(one, name))
    options = {"max_iter": _MAX_ITER} if place is linear_model else {}
    # Scaling has put the task ids into the last column.
    return make_pipeline(scaler, getattr(place, name)(task_column=-1, **options))


def compare(options):
    """Print the comparison on the user's own file."""
    names = _check_estimators(options.estimators, options.classify)
    check_outputs(options)
    problem = read_problem(options)
    _check_size(len(problem.y), options)
    print(_description(options, problem, names), flush=True)
    models = {name: _scaled(name, options.task) for name in names}
    try:
        with warnings_as_lines():
            report = compare_to_single_task(
                models if len(models) > 1 else models[names[0]],
                problem.X,
                problem.y,
                task_column=options.task,
                cv=options.cv,
                n_jobs=options.jobs,
                verbose=int(sys.stderr.isatty()),
                random_state=options.seed,
            )
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
    write_outputs(report, options)


def _check_size(n_rows, options):
    """Raise unless every training set has a row for each of the folds that the models make."""
    n_folds = options.cv or _N_FOLDS
    if n_folds > n_rows:
        raise UsageError(f"--cv {n_folds}: there are only {n_rows} rows")
    n_train = n_rows - -(-n_rows // n_folds)
    if n_train < _N_INNER_FOLDS:
        raise UsageError(
            f"{n_rows} rows are too few: of {n_folds} folds, training sets have {n_train} rows, "
            f"and every model chooses its penalty by {_N_INNER_FOLDS} folds of those"
        )


def _description(options, problem, names):
    """What is compared, as text."""
    features = [name for name in problem.X.columns if name != options.task]
    shown = ", ".join(features[:_MOST_NAMES])
    n_more = len(features) - _MOST_NAMES
    more = f" and {n_more} more" if n_more > 0 else ""
    n_tasks = problem.X[options.task].nunique()
    lines = [
        f"{options.file}: {len(problem.X)} rows, {n_tasks} tasks ({options.task}), "
        f"{len(features)} feature{'' if len(features) == 1 else 's'}, target {options.target}.",
        fill(f"Features: {shown}{more}.", 100, subsequent_indent="  "),
        *problem.remarks,
        f"{', '.join(names)} (multi) against the same model for each task alone "
        "(single), pooled\ncoefficients with an intercept for each task (intercept) and one model "
        "for all (pooled), all tuned.\n",
    ]
    return "\n".join(lines)


def _check_estimators(names, classify):
    """Return the names of the estimators to compare, by default the first of its kind."""
    known = CLASSIFIERS if classify else REGRESSORS
    wrong = [name for name in names or () if name not in known]
    if wrong:
        kind = "classifiers (--classify)" if classify else "regressors"
        raise UsageError(f"--estimators {wrong[0]} is none of the {kind} {', '.join(known)}")
    return list(dict.fromkeys(names or known[:1]))
