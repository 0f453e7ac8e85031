"""The comparison that the command line runs on a file that does not fit in memory."""

from textwrap import fill

from skmtl._command_line.comparison import (
    REGRESSORS,
    check_normalize_y,
    check_options,
    feature_list,
    make,
    rival_list,
    rivals_of,
)
from skmtl._command_line.outputs import print_hint, print_report, write_outputs
from skmtl._command_line.signs_of_life import signs_of_life
from skmtl._command_line.streamed_file import StreamedFile
from skmtl._command_line.usage import UsageError, warnings_as_lines
from skmtl.evaluation import compare_batches

_N_FOLDS = 4
_N_REPEATS = 5
_SCORINGS = (None, "neg_root_mean_squared_error")
_INSTEAD = "leave it out, or compare a part of the rows without --chunksize"


def compare_streamed(options):
    """Print the comparison on the user's own file, which is read some rows at a time."""
    _check_streamable(options)
    check_options(options)
    names = list(dict.fromkeys(options.estimators or [REGRESSORS[0]]))
    check_normalize_y(names, options)
    file = StreamedFile(options)
    print(_description(file, options, names), flush=True)
    models = {name: _model(name, options) for name in names}
    try:
        with warnings_as_lines(), signs_of_life(options.jobs):
            report = compare_batches(
                models if len(models) > 1 else models[names[0]],
                file.chunks,
                task_column=options.task,
                target=options.target,
                rivals=rivals_of(options.rivals),
                normalize_y=options.normalize_y or "auto",
                standardize=True,
                n_folds=options.cv or _N_FOLDS,
                n_jobs=options.jobs,
                random_state=options.seed,
            )
    except (TypeError, ValueError, MemoryError) as error:
        raise UsageError(" ".join(str(error).split())) from error
    print_report(report, options)
    if file.n_left_out:
        print(f"\nRows left out for a missing value: {file.n_left_out} of {file.n_rows}.")
    print_hint(report, options)
    write_outputs(report, options)


def _check_streamable(options):
    """Raise unless sums over rows are all that the comparison needs of them."""
    needs_rows = {
        "--classify": (options.classify, "log losses of classes are no sums of squares"),
        "--groups": (options.groups, "groups may be as many as rows"),
        "--one-hot": (options.one_hot, "texts are not known before all rows are read"),
        "--scoring": (options.scoring not in _SCORINGS, "errors are root mean squared errors"),
    }
    for option, (is_given, reason) in needs_rows.items():
        if is_given:
            raise UsageError(f"--chunksize does not go with {option} ({reason}): {_INSTEAD}")
    if "boosting" in (options.rivals or ()):
        raise UsageError(f"--chunksize does not go with boosting, which keeps rows: {_INSTEAD}")
    for name in options.estimators or ():
        if name in REGRESSORS and not hasattr(make(name), "fit_statistics"):
            raise UsageError(f"--chunksize does not go with {name}, which keeps rows: {_INSTEAD}")


def _model(name, options):
    """The estimator of a name."""
    model = make(name, task_column=options.task)
    if options.normalize_y:
        model.set_params(normalize_y=True)
    return model


def _description(file, options, names):
    """What is compared, as text."""
    n_tasks = len([one for one in file.n_rows_of_task if one])
    n_features = len(file.features)
    n_folds = options.cv or _N_FOLDS
    n_splits = n_folds * _N_REPEATS
    lines = [
        f"{options.file}: {file.n_rows} rows, {n_tasks} tasks ({options.task}), "
        f"{n_features} feature{'' if n_features == 1 else 's'}, target {options.target}.",
        feature_list(file.features),
        fill(f"Compared: {', '.join(names)}, with tuned models of {rival_list(options)}.", 100),
        fill(
            f"The file is read three times, {options.chunksize} rows at a time: for its tasks, for "
            f"the moments of its rows, to which each model is fitted on {n_splits} training sets "
            f"({n_folds} folds, drawn {_N_REPEATS} times), and for the errors of these models.",
            100,
        ),
        "",
    ]
    return "\n".join(lines)
