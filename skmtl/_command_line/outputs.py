"""What a comparison prints and writes: files are checked before the work, and written last."""

from skmtl._command_line.usage import UsageError

_TABLES = (".csv", ".html")


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
    """Print the report, and on request what else it knows."""
    print(report)
    if options.details:
        print(f"\n{report.details()}")


def print_hint(options):
    """Print how to see more of the results, unless the user has found out."""
    if not options.details:
        print("\n--details prints more, and --save table.csv writes the whole table.")


def write_outputs(report, options):
    """Save the report and draw it, in this order."""
    if options.save is not None:
        _write("--save", _save, report, options.save)
        print(f"\nThe table is saved in {options.save}.", flush=True)
    if options.plot is not None:
        _write("--plot", _draw, report, options.plot)
        print(f"\nThe plot is saved in {options.plot}.")


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
    """Write the table."""
    if path.suffix.lower() == ".html":
        html = report._repr_html_()
        path.write_text(html, encoding="utf-8")
    else:
        frame = report.to_frame()
        frame.to_csv(path)


def _draw(report, path):
    """Draw the gains."""
    display = report.plot()
    display.figure_.savefig(path, bbox_inches="tight")
