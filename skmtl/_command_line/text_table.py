"""A file as a table of texts, exactly as they are written: separator, encoding, header, lines."""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
from pathlib import Path
from typing import NamedTuple

from skmtl._command_line.usage import UsageError

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SPELLED = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}
_OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_BYTE_ORDER_MARKS = {  # the longer first: that of UTF-32 begins with that of UTF-16
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
_ANNOUNCED = re.compile(r"(\"?sep=(?P<separator>.)\"?)[\r\n]")  # the first line for Excel
_LONGEST_CELL = 10**9  # characters
_BEGINNING = 2**20  # bytes in which the header of a long file is looked for


class TextTable:
    """The columns of a file as texts, without lines that are empty.

    Parameters
    ----------
    names : list of str
        Of the columns; "" for those without a name.
    rows : list of list of str
        The cells of each line.
    lines : list of int
        Number of each line in the file, for messages.
    separator, encoding : str
        How the file is written.
    """

    def __init__(self, names, rows, lines, separator, encoding):
        self.names = names
        self.rows = rows
        self.lines = lines
        self.separator = separator
        self.encoding = encoding
        self._positions = {name: k for k, name in enumerate(names)}

    def column(self, name):
        """The texts of a column whose name occurs once."""
        position = self._positions[name]
        return [row[position] for row in self.rows]

    def reading(self):
        """How the file was read, if it is not plain CSV."""
        found = []
        if self.separator != ",":
            name = _SEPARATORS.get(self.separator, repr(self.separator))
            found.append(f"separator {name}")
        if self.encoding not in ("utf-8", "utf-8-sig"):
            found.append(f"encoding {self.encoding}")
        return found


def read_table(path, wanted, separator=None, encoding=None):
    """The :class:`TextTable` of a file.

    Parameters
    ----------
    path : str
        Of the file.
    wanted : list of str
        Names of columns that the header has; they tell the separator.
    separator, encoding : str, default=None
        What the user says; None looks at the file.
    """
    text, encoding = _decoded(path, encoding)
    announced = _ANNOUNCED.match(text)
    if announced:
        text = text[announced.end(1) :]  # the end of the line stays, for the numbers of lines
        separator = separator or announced["separator"]
    separator = _separator(path, text, wanted, separator)
    numbered = _parsed(path, text, separator)
    if not numbered:
        raise UsageError(f"{path} is empty: there is nothing to learn from")
    _, header = numbered[0]
    names = [name.strip() for name in header]
    lines = []
    rows = []
    for line, row in numbered[1:]:
        lines.append(line)
        rows.append(_fitted(path, row, line, names))
    return TextTable(names, rows, lines, separator, encoding)


class Header(NamedTuple):
    """The first line of a file, and how the file is written.

    Attributes
    ----------
    names : list of str
        Of the columns; "" for those without a name.
    line : int
        Number of the line.
    separator, encoding : str
        How the file is written.
    """

    names: list
    line: int
    separator: str
    encoding: str


def read_header(path, wanted, separator=None, encoding=None):
    """The :class:`Header` of a file that is too long to be read at once.

    Parameters are those of :func:`read_table`.
    """
    content = _content(path, _BEGINNING)
    if encoding is None:
        encoding = _encoding_of(content)
    is_complete = len(content) < _BEGINNING
    text = _text(path, content, encoding, is_complete)
    announced = _ANNOUNCED.match(text)
    if announced:
        raise UsageError(f"{path} begins with {announced[0].strip()!r}: delete this line")
    separator = _separator(path, text, wanted, separator)
    line, names = next(_rows(text, separator), (0, []))
    if not names:
        raise UsageError(f"{path} is empty: there is nothing to learn from")
    names = [name.strip() for name in names]
    return Header(
        names,
        line,
        separator,
        encoding,
    )


def _decoded(path, encoding):
    """The text of the file, and its encoding."""
    content = _content(path)
    if encoding is None:
        encoding = _encoding_of(content)
    return _text(path, content, encoding), encoding


def _content(path, n_bytes=-1):
    """The first bytes of the file, or all."""
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    try:
        with _OPENERS.get(path.suffix.lower(), open)(path, "rb") as file:
            content = file.read(n_bytes)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if content.startswith(b"PK\x03\x04"):
        raise UsageError(f"{path} is a zip archive or a spreadsheet: save the table as CSV")
    return content


def _text(path, content, encoding, is_complete=True):
    """The text of the bytes, whose last character may be incomplete if they are not all."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        text = decoder.decode(content, final=is_complete)
    except LookupError as error:
        raise UsageError(f"--encoding {encoding} is not known to Python") from error
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = content.count(b"\n", 0, start) + 1
        raise not_decoded(path, encoding, f" (line {line})") from error
    if "\0" in text:
        raise UsageError(
            f"{path} has zero bytes, so it is no {encoding} text: name its encoding, such as "
            "--encoding utf-16-le"
        )
    return text.removeprefix("\ufeff")


def not_decoded(path, encoding, where=""):
    """The error of a file that is not written in an encoding."""
    return UsageError(
        f"{path} cannot be read as {encoding}{where}: name its encoding, such as "
        "--encoding latin-1, --encoding cp1252 or --encoding utf-16"
    )


def _encoding_of(content):
    """What the byte order mark says, else UTF-8."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding
    return "utf-8"


def _separator(path, text, wanted, separator):
    """The separator that the user gives, or the one that is found."""
    if separator is None:
        return _find_separator(path, text, wanted)
    separator = _SPELLED.get(separator, separator)
    if len(separator) != 1:
        raise UsageError(f"--sep {separator!r} must be one character, or tab, or space")
    return separator


def _find_separator(path, text, wanted):
    """The separator whose header has the wanted columns."""
    headers = {separator: _header(text, separator) for separator in _SEPARATORS}
    found = [one for one, names in headers.items() if set(wanted) <= set(names)]
    if len(found) > 1:
        options = " or ".join(_SEPARATORS[one] for one in found)
        raise UsageError(f"{path} may be separated by {options}: say which with --sep")
    if found:
        return found[0]
    if set(wanted) <= set(_header(text, " ")):
        raise UsageError(f"{path} seems to be separated by blanks: add --sep space")
    return max(headers, key=lambda one: len(headers[one]))


def _header(text, separator):
    """The names in the first line that is not empty."""
    try:
        _, names = next(_rows(text, separator), (0, []))
    except csv.Error:
        return []
    return [name.strip() for name in names]


def _rows(text, separator):
    """Yield the number in the file and the texts of each line that is not empty."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        skipinitialspace=separator == " " or f'{separator} "' in text,
        strict=True,
    )
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _parsed(path, text, separator):
    """The lines that are not empty, as a list of their numbers and texts."""
    line = 0
    found = []
    try:
        for line, row in _rows(text, separator):
            found.append((line, row))
    except csv.Error as error:
        raise UsageError(f"{path} cannot be read as CSV after line {line}: {error}") from error
    return found


def _fitted(path, row, line, names):
    """The texts of a line, one for each name; empty ones beyond the header are cut off."""
    n_names = len(names)
    n_cells = len(row)
    beyond = "".join(row[n_names:])
    if n_cells >= n_names and not beyond.strip():
        return row[:n_names]
    reason = ""
    if n_cells > n_names:
        reason = " (a decimal comma, or a column without a name?)"
    raise UsageError(
        f"{path} has {n_cells} cells in line {line}, but {n_names} names in its header{reason}"
    )
