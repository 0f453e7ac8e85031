"""A file that is read some rows at a time, as often as the comparison needs it."""

import warnings
from collections import Counter
from contextlib import contextmanager

import numpy as np

from skmtl._command_line.features import BadCells, refuse
from skmtl._command_line.number_format import NumberFormat
from skmtl._command_line.problem import (
    OTHER_SIGN,
    check_two_columns,
    feature_names,
    import_pandas,
)
from skmtl._command_line.targets import refuse_target
from skmtl._command_line.tasks import is_plain_integer
from skmtl._command_line.text_table import not_decoded, read_header
from skmtl._command_line.usage import UsageError, check_names_known


class StreamedFile:
    """The rows of a file in frames of the features, the task ids and the target.

    Parameters
    ----------
    options : argparse.Namespace
        What the user says about the file and its columns.

    Attributes
    ----------
    features : list of str
        Names of the features.
    n_rows_of_task : Counter
        Number of rows of each task, as it is written.
    n_rows : int
        Number of rows.
    n_left_out : int
        Number of rows with a missing value, known when all chunks were read.
    """

    def __init__(self, options):
        self.options = options
        self.path = options.file
        self.pandas = import_pandas()
        check_two_columns(options.task, options.target)
        own_columns = [options.task, options.target]
        self.header = read_header(self.path, own_columns, options.sep, options.encoding)
        check_names_known(own_columns, self.header.names, self.path)
        self.features = feature_names(self.header.names, options)
        self.decimal = options.decimal or OTHER_SIGN.get(options.thousands, ".")
        if self.decimal == options.thousands:
            raise UsageError(f"--decimal and --thousands are both {self.decimal!r}")
        self.ids_are_integers = False  # as far as is known before all ids are read
        next(self.chunks(), None)  # what is refused in the first chunk is so before that
        self.n_left_out = 0
        self.n_rows_of_task = self._count_tasks()
        self.n_rows = self.n_rows_of_task.total()
        known = [one for one in self.n_rows_of_task if one]
        self.ids_are_integers = all(map(is_plain_integer, known))
        self._check_tasks()

    def chunks(self):
        """Yield the rows in frames, without those that have a missing value."""
        n_left_out = 0
        first = 0  # position of the chunk among all rows
        try:
            for frame in self._parsed(self._types()):
                chunk = self._complete(frame, first)
                n_left_out += len(frame) - len(chunk)
                first += len(frame)
                if len(chunk):
                    yield chunk
        except ValueError as error:
            self._explain(first)
            raise UsageError(f"{self.path}: {_one_line(error)}") from error
        self.n_left_out = n_left_out

    def _types(self):
        """The types of the columns: numbers, or text for those that are no features."""
        types = dict.fromkeys(self._unique_names(), str)
        for name in (*self.features, self.options.target):
            types[name] = "float64"
        return types

    def _unique_names(self):
        """Names of all columns; those without a name, or left out, may be called otherwise."""
        used = {
            *self.features,
            self.options.task,
            self.options.target,
        }
        names = []
        for position, name in enumerate(self.header.names):
            names.append(name if name in used else f"{position} {name}")
        return names

    def _parsed(self, types, usecols=None):
        """Yield frames of all columns, or of some, as they are in the file."""
        missing = {}
        if types is not None:
            numeric = [name for name, kind in types.items() if kind is not str]
            missing = dict.fromkeys(numeric, self.options.na)
        with self._explaining_errors():
            reader = self.pandas.read_csv(
                self.path,
                sep=self.header.separator,
                encoding=self.header.encoding,
                names=self._unique_names(),
                header=0,
                index_col=False,
                usecols=usecols,
                dtype=str if types is None else types,
                keep_default_na=False,
                na_values=missing,
                decimal=self.decimal,
                thousands=self.options.thousands,
                chunksize=self.options.chunksize,
            )
        with reader:
            while True:
                with self._explaining_errors():
                    frame = next(reader, None)
                if frame is None:
                    return
                yield frame

    @contextmanager
    def _explaining_errors(self):
        """Say what is wrong with the file where pandas cannot read it."""
        errors = self.pandas.errors
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", errors.ParserWarning)
                yield
        except UnicodeError as error:
            raise not_decoded(self.path, self.header.encoding) from error
        except errors.ParserWarning as error:
            n_names = len(self.header.names)
            raise UsageError(
                f"{self.path} has rows with more cells than the {n_names} names in its header (a "
                "decimal comma, or a column without a name?)"
            ) from error
        except (OSError, EOFError, errors.ParserError, errors.EmptyDataError) as error:
            raise UsageError(f"{self.path} cannot be read: {_one_line(error)}") from error

    def _count_tasks(self):
        """Number of rows of each task; ids are stripped of blanks."""
        task = self.options.task
        counts = Counter()
        for frame in self._parsed(None, usecols=[task]):
            counts.update(frame[task].value_counts().to_dict())
        stripped = Counter()
        for text, count in counts.items():
            if text.strip() in stripped:
                raise UsageError(
                    f"task column {task!r} has {text.strip()!r} with and without blanks around it"
                )
            stripped[text.strip()] = count
        return stripped

    def _check_tasks(self):
        """Raise unless there are at least two tasks, each with two rows, and none without id."""
        task = self.options.task
        counts = dict(self.n_rows_of_task)
        n_missing = counts.pop("", 0)
        if n_missing and "" not in self.options.na:
            raise UsageError(
                f"task column {task!r} has {n_missing} missing value(s): --na '' leaves those rows "
                "out"
            )
        if not counts:
            raise UsageError("the file has no rows: there is nothing to learn from")
        if len(counts) < 2:
            raise UsageError(
                f"task column {task!r} has one task only; a comparison needs at least two"
            )
        single = [one for one, count in counts.items() if count < 2]
        if single:
            raise UsageError(
                f"task {single[0]!r} of {task!r} has one row ({len(single)} such task(s)): every "
                "task needs at least two, one to learn from and one to test on"
            )

    def _complete(self, frame, first):
        """The rows of a chunk without missing values: features, task ids and the target."""
        task = self.options.task
        numeric = [*self.features, self.options.target]
        values = frame[numeric].to_numpy()
        is_missing = np.isnan(values)
        is_refused = is_missing.any() and not self.options.na
        if is_refused or np.isinf(values).any():
            self._explain(first)
            raise UsageError(f"{self.path} has missing or infinite values")
        ids = frame[task].str.strip()
        is_complete = ~is_missing.any(axis=1) & (ids != "").to_numpy()
        ids = ids[is_complete]
        chunk = self.pandas.DataFrame(values[is_complete], index=ids.index, columns=numeric)
        chunk[task] = ids.astype(np.int64) if self.ids_are_integers else ids.astype(object)
        return chunk

    def _explain(self, first):
        """Raise the error on the cells that are no numbers, in the chunk at a position."""
        position = 0
        for frame in self._parsed(None):
            if position == first:
                break
            position += len(frame)
        number_format = NumberFormat(self.decimal, self.options.thousands, self.options.na)
        line = self.header.line + 1 + first
        lines = range(line, line + len(frame))
        span = f" in lines {lines[0]} to {lines[-1]}"
        problems = []
        for name in self.features:
            cells = frame[name].tolist()
            _, bad = number_format.numbers(cells)
            if bad:
                problems.append(BadCells(name, cells, bad, lines, span))
            elif _are_truth_values(cells):
                raise UsageError(
                    f"column {name!r} has {cells[0].strip()!r} in line {lines[0]}: of a file that "
                    "is read with --chunksize, write truth values as 0 and 1"
                )
        refuse(problems)
        cells = frame[self.options.target].tolist()
        _, bad = number_format.numbers(cells)
        if bad:
            refuse_target(self.options.target, cells, bad, lines, span=span)


def _are_truth_values(cells):
    """Whether some cells are true or false."""
    return any(cell.strip().lower() in ("true", "false") for cell in cells)


def _one_line(error):
    """The message of an error on one line."""
    return " ".join(str(error).split())
