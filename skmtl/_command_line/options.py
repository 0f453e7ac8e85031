"""The arguments of the command line."""

import argparse
from pathlib import Path

import skmtl
from skmtl._command_line.comparison import CLASSIFIERS, REGRESSORS
from skmtl._command_line.usage import UsageError

_COMPARE = """\
Compare a multi-task model with each task learned alone and with all tasks pooled, on a CSV file
with one row for each sample. Every other column is a feature and must be numeric; the features
that are used are printed. Task ids and classes are text as written: "007" and "7" are two tasks,
and "NA" is one. Nothing is guessed: what is not certain is refused by name, with the option that
decides it."""


def parse(arguments):
    """Return the options; `command` is "compare" or None.

    Raises
    ------
    UsageError
        If an option belongs to the other command.
    """
    options = _parser().parse_args(arguments)
    if options.command == "compare" and options.splits is not None:
        raise UsageError("--splits is for the packaged data: compare has --cv")
    return options


def _parser():
    """Return the parser of the arguments."""
    top = argparse.ArgumentParser(
        prog="python -m skmtl",
        description="Multi-task learning: does learning related tasks together help? Without a "
        "command, this is answered on the packaged Parkinson's telemonitoring data.",
    )
    top.add_argument("--version", action="version", version=f"skmtl {skmtl.__version__}")
    top.add_argument("--splits", type=_positive, help="random splits (default 10)")
    top.add_argument("--seed", type=_seed, default=0, help="random seed (default 0)")
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
    _add_models(own.add_argument_group("models and results"))
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
        "--one-hot",
        nargs="+",
        default=[],
        type=str.strip,
        metavar="COLUMN",
        help="features of text: each text becomes a feature of 0 and 1",
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
        metavar="SIGN",
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
        "one are left out (default: missing values are refused). In the task column only empty "
        "cells are missing",
    )


def _add_models(group):
    """Add the options on the models and on what is written."""
    group.add_argument(
        "--estimators",
        nargs="+",
        metavar="NAME",
        help=f"models to compare: {', '.join(REGRESSORS)} (default the first), with --classify "
        f"{', '.join(CLASSIFIERS)}",
    )
    group.add_argument(
        "--cv",
        type=_positive,
        metavar="K",
        help="K folds (default: 4 folds, repeated 5 times)",
    )
    group.add_argument("--seed", type=_seed, default=argparse.SUPPRESS, help="random seed")
    group.add_argument("--jobs", type=int, metavar="N", help="fits to run in parallel")
    group.add_argument(
        "--save",
        type=Path,
        metavar="OUT.csv",
        help="write the table of tasks (of several estimators: of methods), or OUT.html",
    )
    group.add_argument(
        "--plot",
        type=Path,
        metavar="OUT.png",
        help="draw the gains (of several estimators: the ranking)",
    )


def _positive(text):
    """Return the text as an integer of at least 2, for argparse."""
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError(f"must be at least 2, got {value}")
    return value


def _seed(text):
    """Return the text as a seed that NumPy takes, for argparse."""
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must be between 0 and 2**32 - 1, got {value}")
    return value
