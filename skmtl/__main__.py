"""The command line: `python -m skmtl` and `python -m skmtl compare FILE.csv ...`."""

import sys

from skmtl._command_line.comparison import compare
from skmtl._command_line.options import parse
from skmtl._command_line.radon import survey
from skmtl._command_line.streamed_comparison import compare_streamed
from skmtl._command_line.usage import UsageError


def main(arguments=None):
    """Run the command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name must not end the work
    try:
        options = parse(arguments)
        if options.command == "compare" and options.chunksize is not None:
            compare_streamed(options)
        elif options.command == "compare":
            compare(options)
        else:
            survey(options)
    except UsageError as error:
        print(f"skmtl: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
