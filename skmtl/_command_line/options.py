"""The arguments of the command line."""

import argparse
from pathlib import Path

import skmtl
from skmtl._command_line.comparison import CLASSIFIERS, REGRESSORS, RIVALS

_COMPARE = """\
Compare a multi-task model with each task learned alone and with all tasks pooled, on a CSV file
with one row for each sample. Every other column is a feature and must be numeric; the features
that are used are printed, and are standardized for all models. Task ids and classes are text as
written: "007" and "7" are two tasks, and "NA" is one. Nothing is guessed: what is not certain is
refused by name, with the option that decides it."""


def parse(arguments):
    """Return the options; `command` is "compare" or None."""
    return _parser().parse_args(arguments)


def _parser():
    """Return the parser of the arguments."""
    top = argparse.ArgumentParser(
        prog="python -m skmtl",
        description="Multi-task learning: does learning related tasks together help? Without a "
        "command, this is answered for the counties of a radon survey, data of the package.",
    )
    top.add_argument("--version", action="version", version=f"skmtl {skmtl.__version__}")
    _add_results(top, seed=0, details=False, save=None, plot=None)
    commands = top.add_subparsers(dest="command", metavar="compare")
    own = commands.add_parser(
        "compare",
        help="answer the same question on your own CSV file",
        description=_COMPARE,
    )
    own.add_argument("file", metavar="FILE.csv", help="may be compressed: .csv.gz, .bz2, .xz")
    own.add_argument(
        "--task", required=True, type=str.strip, metavar="COLUMN", help="column of task ids"
    )
    own.add_argument(
        "--target", required=True, type=str.strip, metavar="COLUMN", help="column to predict"
    )
    _add_columns(own.add_argument_group("columns"))
    _add_format(own.add_argument_group("how the file is written"))
    own.add_argument(
        "--chunksize",
        type=_positive,
        metavar="N",
        help="read the file in chunks of N rows, for files that do not fit in memory (100000 is a "
        "good value). Only for regression with squared error: not with --classify, --groups, "
        "--one-hot, --scoring, boosting or SafeSharingRegressor",
    )
    _add_models(own.add_argument_group("models"))
    _add_results(own.add_argument_group("results"))
    return top


def _add_columns(group):
    """Add the options on the columns."""
    group.add_argument(
        "--classify", action="store_true", help="the target is a class; compare by log-loss"
    )
    group.add_argument(
        "--features",
        nargs="+",
        default=[],
        type=str.strip,
        metavar="COLUMN",
        help="columns that are features (default: all others that have a name)",
    )
    group.add_argument(
        "--drop",
        nargs="+",
        default=[],
        type=str.strip,
        metavar="COLUMN",
        help="columns to leave out",
    )
    group.add_argument(
        "--groups",
        type=str.strip,
        metavar="COLUMN",
        help="what rows belong to, such as a person that is measured several times: rows of one "
        "group are never split between training and testing; the column is no feature",
    )
    group.add_argument(
        "--one-hot",
        nargs="+",
        default=[],
        type=str.strip,
        metavar="COLUMN",
        help="features of text: each text becomes a feature of 0 and 1; if there are two texts "
        "only, the second does",
    )


def _add_format(group):
    """Add the options on how the file is written."""
    group.add_argument(
        "--sep",
        metavar="CHARACTER",
        help="between columns, or 'tab', 'space' (default: the one of comma, semicolon, tab and "
        "bar whose header has the columns of the task and the target)",
    )
    group.add_argument(
        "--decimal",
        choices=(".", ","),
        metavar="CHARACTER",
        help="decimal sign, '.' or ',' (default: a comma where the numbers leave no doubt, else a "
        "point)",
    )
    group.add_argument("--thousands", metavar="CHARACTER", help="between groups of three digits")
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="of the text, such as latin-1 (default: UTF-8, or what a byte order mark says)",
    )
    group.add_argument(
        "--na",
        nargs="+",
        default=[],
        metavar="TEXT",
        help="cells of features and of the target that are missing, such as '' NA -999; rows with "
        "one are left out (default: missing values are refused). In the columns of tasks and "
        "groups only empty cells are missing",
    )


def _add_models(group):
    """Add the options on the models."""
    group.add_argument(
        "--estimators",
        nargs="+",
        metavar="NAME",
        help=f"models to compare: {', '.join(REGRESSORS)} (default the first), with --classify "
        f"{', '.join(CLASSIFIERS)} (default the first, for more than two classes the second)",
    )
    group.add_argument(
        "--cv",
        type=_positive,
        metavar="K",
        help="number of folds, which are drawn 5 times (default 4)",
    )
    group.add_argument(
        "--rivals",
        nargs="+",
        choices=(*RIVALS, "none"),
        default=None,
        metavar="NAME",
        help="what the models are compared with besides tasks alone: intercept (one model with "
        "shrunken intercepts), pooled (one model for all), boosting (gradient-boosted trees), or "
        "none (default: intercept pooled)",
    )
    group.add_argument(
        "--scoring",
        metavar="NAME",
        help="name of a scorer of scikit-learn, such as neg_mean_absolute_error, r2, roc_auc "
        "(default: root mean squared error, for classes log loss)",
    )
    group.add_argument(
        "--normalize-y",
        action="store_true",
        help="standardize the target of each task first, for targets in different units; not all "
        "estimators can",
    )
    group.add_argument(
        "--jobs",
        type=_number_of_jobs,
        metavar="N",
        help="fits to run in parallel; -1 uses all processors (default 1)",
    )


def _add_results(group, **defaults):
    """Add the options that both commands have; without defaults, those of the top parser stay."""
    group.add_argument(
        "--seed",
        type=_seed,
        default=defaults.get("seed", argparse.SUPPRESS),
        help="random seed of the folds (default 0)",
    )
    group.add_argument(
        "--details",
        action="store_true",
        default=defaults.get("details", argparse.SUPPRESS),
        help="print all tasks, numbers of all methods, all notes and t-tests of tasks as well; of "
        "several estimators the report of each",
    )
    group.add_argument(
        "--save",
        type=Path,
        default=defaults.get("save", argparse.SUPPRESS),
        metavar="OUT.csv",
        help="write the table of tasks; of several estimators the table of methods, and those of "
        "tasks in OUT-NAME.csv. OUT.html has the whole report",
    )
    group.add_argument(
        "--plot",
        type=Path,
        default=defaults.get("plot", argparse.SUPPRESS),
        metavar="OUT.png",
        help="draw the gain of each task; of several estimators all gains side by side, and "
        "those of each in OUT-NAME.png",
    )


def _integer(text):
    """Return the text as an integer, for argparse."""
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be an integer, got {text!r}") from error


def _positive(text):
    """Return the text as an integer of at least 2, for argparse."""
    value = _integer(text)
    if value < 2:
        raise argparse.ArgumentTypeError(f"must be at least 2, got {value}")
    return value


def _number_of_jobs(text):
    """Return the text as a number of jobs that joblib takes, for argparse."""
    value = _integer(text)
    if value == 0:
        raise argparse.ArgumentTypeError("must be at least 1, or -1 for all processors, got 0")
    return value


def _seed(text):
    """Return the text as a seed that NumPy takes, for argparse."""
    value = _integer(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must be between 0 and 2**32 - 1, got {value}")
    return value
