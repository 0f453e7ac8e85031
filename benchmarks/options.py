"""Options that benchmarks have in common."""

from importlib.util import find_spec


def needs(parser, module, extra):
    """End the program if a peer is not installed."""
    if find_spec(module) is None:
        parser.error(f'{module} is not installed; it comes with pip install -e ".[{extra}]"')


def add_only(parser, names):
    """Add ``--only PART ...``, and list the names of what is measured below the options."""
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="PART",
        help="those whose names have one of these parts",
    )
    parser.epilog = "Names: " + "; ".join(names) + "."


def chosen(parser, names, parts):
    """The names that have one of the parts; without parts, all. No such name ends the program."""
    found = [name for name in names if not parts or any(part in name for part in parts)]
    if not found:
        parser.error(f"no name has {' or '.join(parts)} in it; there are: {'; '.join(names)}")
    return found
