"""Files that a comparison writes: checked before the work; none can lose what is printed."""

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
    known = Figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        raise UsageError(f"--plot {path} must end in one of .{', .'.join(sorted(known))}")
    _check_folder(path, "--plot")


def _check_folder(path, option):
    """Raise unless there is a directory for the file."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"{option} {path}: there is no directory {folder}")


def write_outputs(report, options):
    """Print the report, save it and draw it, in this order."""
    print(report, flush=True)
    if options.save is not None:
        _attempt("--save", options.save, lambda: _save(report, options.save))
        print(f"\nThe table is saved in {options.save}.", flush=True)
    if options.plot is not None:
        _attempt("--plot", options.plot, lambda: _draw(report, options.plot))
        print(f"\nThe gains are drawn in {options.plot}.")


def _attempt(option, path, write):
    """Write a file; what goes wrong there is one line, since the results are printed already."""
    try:
        write()
    except Exception as error:
        reason = " ".join(str(error).split())
        raise UsageError(
            f"{option} {path} failed ({reason}); the results above are complete"
        ) from error


def _save(report, path):
    if path.suffix.lower() == ".html":
        path.write_text(report._repr_html_(), encoding="utf-8")
    else:
        report.to_frame().to_csv(path)


def _draw(report, path):
    report.plot().figure_.savefig(path, bbox_inches="tight")
