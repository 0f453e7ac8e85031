"""What a comparison prints and writes: files are checked before the work, and written last."""

from html import escape

from skmtl._command_line.usage import UsageError
from skmtl.evaluation import TransferRanking

_TABLES = (".csv", ".html")
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Does sharing help?</title>
<style>
body {{ font-family: sans-serif; margin: 2em; }}
td, th {{ padding: 0.1em 0.6em; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def check_outputs(options):
    """Raise unless the files that the user asks for can be written."""
    if options.save is not None:
        if options.save.suffix.lower() not in _TABLES:
            raise UsageError(f"--save {options.save} must end in one of {', '.join(_TABLES)}")
        _check_folder(options.save, "--save")
    if options.plot is not None:
        _check_picture(options.plot)


def _check_picture(path):
    """Raise unless matplotlib can write to the path."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError('--plot needs matplotlib: pip install "skmtl[plot]"') from error
    known = sorted(Figure().canvas.get_supported_filetypes())
    ending = path.suffix.lower().removeprefix(".")
    if ending not in known:
        endings = ", .".join(known)
        raise UsageError(f"--plot {path} must end in one of .{endings}")
    _check_folder(path, "--plot")


def _check_folder(path, option):
    """Raise unless there is a directory for the file."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"{option} {path}: there is no directory {folder}")


def print_report(report, options):
    """Print the report, and on request all tasks and what else it knows."""
    if not options.details:
        print(str(report).replace("to_text(rows=None)", "--details"))
        return
    reports = _reports_by_name(report)
    if not reports:
        _print_all(report)
        return
    print(f"{report}\n\n{report.details()}")
    for name, one in reports.items():
        print(f"\n{name}\n{'-' * len(name)}")
        _print_all(one)


def _print_all(report):
    """Print the report of one estimator with all tasks, and its details."""
    print(f"{report.to_text(rows=None)}\n\n{report.details()}")


def print_hint(report, options):
    """Print how to see more of the results, unless the user has found out."""
    if options.details:
        return
    if _reports_by_name(report):
        print("\n--details prints the tasks of each estimator, and --save table.csv writes them.")
    else:
        print("\n--details prints all tasks and more, and --save table.csv writes their table.")


def write_outputs(report, options):
    """Save the report and draw it, in this order."""
    if options.save is not None:
        _write("--save", _save, report, options.save)
        print(f"\n{_saved_as(report, options.save)}", flush=True)
    if options.plot is not None:
        _write("--plot", _draw, report, options.plot)
        print(f"\nThe plot is saved in {options.plot}{_others(report, options.plot)}.")


def _reports_by_name(report):
    """The reports of a ranking; an empty dict for the report of one estimator."""
    return report.reports_ if isinstance(report, TransferRanking) else {}


def _path_of(path, name):
    """The file for one estimator of several, such as gains-MultiTaskLassoCV.png."""
    return path.with_name(f"{path.stem}-{name}{path.suffix}")


def _saved_as(report, path):
    """What was saved, as a sentence."""
    if path.suffix.lower() == ".html":
        return f"The report is saved in {path}."
    return f"The table is saved in {path}{_others(report, path)}."


def _others(report, path):
    """The files of each of several estimators, as text."""
    names = [str(_path_of(path, name)) for name in _reports_by_name(report)]
    if not names:
        return ""
    return f", those of the estimators in {' and '.join(names)}"


def _write(option, write, report, path):
    """Write a file; what goes wrong there is one line, since the results are printed already."""
    try:
        write(report, path)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise UsageError(
            f"{option} {path} failed ({reason}); the results above are complete"
        ) from error


def _save(report, path):
    """Write a page with all reports, or a table each."""
    if path.suffix.lower() == ".html":
        path.write_text(_page(report), encoding="utf-8")
        return
    report.to_frame().to_csv(path)
    for name, one in _reports_by_name(report).items():
        one.to_frame().to_csv(_path_of(path, name))


def _page(report):
    """A page of HTML with the report, and for a ranking with those of its estimators."""
    parts = [report._repr_html_()]
    for name, one in _reports_by_name(report).items():
        parts.append(f"<h2>{escape(name)}</h2>\n{one._repr_html_()}")
    return _PAGE.format(body="\n".join(parts))


def _draw(report, path):
    """Draw the gains, for a ranking those of each estimator, too."""
    _draw_one(report, path)
    for name, one in _reports_by_name(report).items():
        _draw_one(one, _path_of(path, name))


def _draw_one(report, path):
    """Draw one report."""
    display = report.plot()
    display.figure_.savefig(path, bbox_inches="tight")
