"""The comparison that the command line runs on the user's own file."""

import sys
from textwrap import fill

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import linear_model, meta, mixed_effects
from skmtl._command_line.outputs import (
    check_outputs,
    print_hint,
    print_report,
    write_outputs,
)
from skmtl._command_line.problem import read_problem
from skmtl._command_line.usage import UsageError, warnings_as_lines
from skmtl.evaluation import compare_to_single_task
from skmtl.preprocessing import keep_task_column

REGRESSORS = (
    "MixedEffectsRegressor",
    "SafeSharingRegressor",
    "MultiTaskLassoCV",
    "MultiTaskElasticNetCV",
    "MeanRegularizedRegressorCV",
    "TraceNormRegressorCV",
    "ClusteredTaskRegressorCV",
    "DirtyRegressorCV",
    "RobustMultiTaskRegressorCV",
)
CLASSIFIERS = (
    "MixedEffectsClassifier",
    "SafeSharingClassifier",
    "MultiTaskLassoClassifierCV",
    "TraceNormClassifierCV",
)
_MAX_ITER = 10_000  # some features of a user's file may be nearly collinear
_MOST_NAMES = 60  # features that are printed
_N_FOLDS = 4  # of compare_to_single_task
_N_INNER_FOLDS = 5  # by which many models and baselines choose the strength of their penalty


def _scaled(name, task_column):
    """Return a pipeline of a scaler that leaves the task column alone and the estimator."""
    scaler = keep_task_column(StandardScaler(), task_column)
    place = next(one for one in (linear_model, mixed_effects, meta) if hasattr(one, name))
    options = {"max_iter": _MAX_ITER} if place is linear_model else {}
    # Scaling has put the task ids into the last column.
    return make_pipeline(scaler, getattr(place, name)(task_column=-1, **options))


def compare(options):
    """Print the comparison on the user's own file."""
    _check_estimators(options.estimators, options.classify)
    check_outputs(options)
    problem = read_problem(options)
    _check_size(len(problem.y), options)
    names = list(dict.fromkeys(options.estimators or [_recommended(problem.y)]))
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
    print_report(report, options)
    print_hint(options)
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
            f"but penalties are chosen by {_N_INNER_FOLDS} folds of those"
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
        fill(
            f"Compared: {', '.join(names)}, with tuned models of each task alone, of all tasks as "
            "one, and of all tasks with an intercept for each.",
            100,
        ),
        "",
    ]
    return "\n".join(lines)


def _check_estimators(names, classify):
    """Raise unless all names are those of estimators of the kind of target."""
    known = CLASSIFIERS if classify else REGRESSORS
    wrong = [name for name in names or () if name not in known]
    if wrong:
        kind = "classifiers (--classify)" if classify else "regressors"
        raise UsageError(f"--estimators {wrong[0]} is none of the {kind} {', '.join(known)}")


def _recommended(y):
    """The name of the estimator that comes first for a target; see doc/which_model.rst."""
    if y.dtype.kind == "f":
        return REGRESSORS[0]
    is_binary = len(set(y.tolist())) == 2
    return CLASSIFIERS[0] if is_binary else CLASSIFIERS[1]
