"""The comparison that the command line runs on the user's own file."""

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
from skmtl._command_line.signs_of_life import signs_of_life
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
RIVALS = ("intercept", "pooled", "boosting")
_RIVAL_NAMES = {
    "intercept": "all tasks as one model with shrunken intercepts",
    "pooled": "all tasks as one",
    "boosting": "gradient-boosted trees for all tasks",
}
_MAX_ITER = 10_000  # some features of a user's file may be nearly collinear
_MOST_NAMES = 60  # features that are printed
_N_FOLDS = 4  # of compare_to_single_task
_N_REPEATS = 5
_N_INNER_FOLDS = 5  # by which many models and baselines choose the strength of their penalty


def make(name, **options):
    """Return the estimator of a name."""
    place = next(one for one in (linear_model, mixed_effects, meta) if hasattr(one, name))
    if place is linear_model:
        options["max_iter"] = _MAX_ITER
    return getattr(place, name)(**options)


def _scaled(name, task_column, normalize_y):
    """Return a pipeline of a scaler that leaves the task column alone and the estimator."""
    scaler = keep_task_column(StandardScaler(), task_column)
    # Scaling has put the task ids into the last column.
    estimator = make(name, task_column=-1)
    if normalize_y:
        estimator.set_params(normalize_y=True)
    return make_pipeline(scaler, estimator)


def compare(options):
    """Print the comparison on the user's own file."""
    check_options(options)
    problem = read_problem(options)
    _check_size(len(problem.y), options)
    _check_number_of_groups(problem.groups, options)
    names = list(dict.fromkeys(options.estimators or [_recommended(problem.y)]))
    check_normalize_y(names, options)
    print(_description(options, problem, names), flush=True)
    models = {name: _scaled(name, options.task, options.normalize_y) for name in names}
    try:
        with warnings_as_lines(), signs_of_life(options.jobs):
            report = compare_to_single_task(
                models if len(models) > 1 else models[names[0]],
                problem.X,
                problem.y,
                rivals=rivals_of(options.rivals),
                normalize_y=options.normalize_y or "auto",
                task_column=options.task,
                groups=problem.groups,
                cv=options.cv,
                scoring=options.scoring,
                n_jobs=options.jobs,
                random_state=options.seed,
            )
    except (TypeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from error
    print_report(report, options)
    print_hint(report, options)
    write_outputs(report, options)


def check_options(options):
    """Raise unless the options suit each other, and files can be written."""
    if options.normalize_y and options.classify:
        raise UsageError("--normalize-y is for numbers: leave it out, or --classify")
    _check_estimators(options.estimators, options.classify)
    check_outputs(options)


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


def _check_number_of_groups(groups, options):
    """Raise unless there is a group for each fold."""
    n_folds = options.cv or _N_FOLDS
    n_groups = None if groups is None else len(set(groups.tolist()))
    if n_groups is not None and n_groups < n_folds:
        raise UsageError(
            f"--groups {options.groups} has {n_groups} group(s), too few for {n_folds} folds: "
            "every fold needs one; make fewer folds with --cv"
        )


def _description(options, problem, names):
    """What is compared, as text."""
    features = [name for name in problem.X.columns if name != options.task]
    n_tasks = problem.X[options.task].nunique()
    remarks = list(problem.remarks)
    if problem.groups is not None:
        n_groups = len(set(problem.groups.tolist()))
        remarks.insert(0, f"Rows of one {options.groups} stay together: {n_groups} groups.")
    lines = [
        f"{options.file}: {len(problem.X)} rows, {n_tasks} tasks ({options.task}), "
        f"{len(features)} feature{'' if len(features) == 1 else 's'}, target {options.target}.",
        feature_list(features),
        *remarks,
        fill(f"Compared: {', '.join(names)}, with tuned models of {rival_list(options)}.", 100),
        fill(_amount_of_work(n_tasks, options), 100),
        "",
    ]
    return "\n".join(lines)


def feature_list(names):
    """The names of the features, as text."""
    shown = ", ".join(names[:_MOST_NAMES])
    n_more = len(names) - _MOST_NAMES
    more = f" and {n_more} more" if n_more > 0 else ""
    return fill(f"Features: {shown}{more}.", 100, subsequent_indent="  ")


def rivals_of(names):
    """What the comparison is told of its rivals."""
    if names is None:
        return "auto"
    return [name for name in names if name != "none"]


def rival_list(options):
    """What the models are compared with, as text."""
    rivals = rivals_of(options.rivals)
    if rivals == "auto":
        rivals = RIVALS[:2]
    parts = ["each task alone", *(_RIVAL_NAMES[name] for name in rivals)]
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        return " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"


def _amount_of_work(n_tasks, options):
    """How often the models are fitted, as text."""
    n_folds = options.cv or _N_FOLDS
    n_splits = n_folds * _N_REPEATS
    hint = ""
    if options.jobs is None:
        hint = " On several processors, --jobs -1 is faster."
    return (
        f"Each is fitted to {n_splits} training sets ({n_folds} folds, drawn {_N_REPEATS} times) "
        f"and to all rows; each task alone needs {n_tasks} models every time.{hint}"
    )


def check_normalize_y(names, options):
    """Raise unless all models can standardize the target of each task, if they should."""
    if not options.normalize_y:
        return
    able = [name for name in REGRESSORS if _can_normalize(name)]
    unable = [name for name in names if name not in able]
    if unable:
        raise UsageError(
            f"--normalize-y: {unable[0]} does not standardize tasks; choose --estimators of "
            f"{', '.join(able)}"
        )


def _can_normalize(name):
    """Whether an estimator has the parameter `normalize_y`."""
    return "normalize_y" in make(name).get_params()


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
