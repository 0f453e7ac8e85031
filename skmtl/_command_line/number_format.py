"""How a file writes numbers: the decimal point, thousands, and cells that are missing."""

import re

import numpy as np

_MARKERS = {"", "?", "-", ".", "na", "n/a", "#n/a", "nan", "null", "none", "inf", "-inf", "+inf"}
_TRUTH = {"true": 1.0, "false": 0.0}
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([ T].*)?|\d\d?[./-]\d\d?[./-](\d{4}|\d\d)( .*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?")
_DECIMAL_POINT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d*)\.\d+([eE][+-]?\d+)?")
# A number with thousands, or with three decimals; no group of thousands begins with 0.
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")


def find_decimal(cells):
    """The decimal sign of the cells: a comma if that is certain, else a point."""
    with_comma = [cell.strip() for cell in cells if "," in cell]
    certain = [
        cell
        for cell in with_comma
        if _DECIMAL_COMMA.fullmatch(cell) and not _GROUPED.fullmatch(cell)
    ]
    if not certain or any(_DECIMAL_POINT.fullmatch(cell.strip()) for cell in cells):
        return "."
    return ","


def is_marker(cell):
    """Whether a cell looks as if its value was missing or infinite."""
    return cell.strip().lower() in _MARKERS


def is_date(cell):
    """Whether a cell looks like a date."""
    return _DATE.fullmatch(cell.strip()) is not None


def is_grouped(cell):
    """Whether a cell is a number with commas, of whichever meaning."""
    cell = cell.strip()
    return any(form.fullmatch(cell) for form in (_DECIMAL_COMMA, _DECIMAL_POINT, _GROUPED))


class NumberFormat:
    """Reads cells as numbers.

    Parameters
    ----------
    decimal : str
        "." or ",".
    thousands : str or None
        The sign between groups of three digits, if there is one.
    missing : list of str
        Texts of cells that are missing.
    """

    def __init__(self, decimal=".", thousands=None, missing=()):
        self.decimal = decimal
        self.thousands = thousands
        self.missing = {text.strip() for text in missing}
        self._missing_numbers = {float_or_none(text) for text in self.missing} - {None}
        if thousands is not None:
            sign = re.escape(thousands)
            self._grouped = re.compile(rf"[+-]?[1-9]\d{{0,2}}({sign}\d{{3}})+(?!\d).*")

    def is_missing(self, cell):
        """Whether the user says that this cell is missing."""
        return cell.strip() in self.missing

    def are_missing(self, cells):
        """Which of the cells the user says are missing."""
        flags = [self.is_missing(cell) for cell in cells]
        return np.array(flags, dtype=bool)

    def numbers(self, cells):
        """The cells as floats, NaN where one is missing, and the positions that are no numbers."""
        values = self._truth_values(cells)
        if values is not None:
            return values, []
        values = self._plain_numbers(cells)
        if values is not None:
            return values, []
        values = np.full(len(cells), np.nan)
        bad = []
        for k, cell in enumerate(cells):
            if self.is_missing(cell):
                continue
            value = self._number(cell.strip())
            if value is None or not np.isfinite(value):
                bad.append(k)
            elif value not in self._missing_numbers:
                values[k] = value
        return values, bad

    def _truth_values(self, cells):
        """The cells as 1 and 0, NaN where one is missing, if all others are true or false."""
        values = []
        for cell in cells:
            value = np.nan if self.is_missing(cell) else _TRUTH.get(cell.strip().lower())
            if value is None:
                return None
            values.append(value)
        values = np.array(values)
        return None if np.isnan(values).all() else values

    def _plain_numbers(self, cells):
        """The cells as floats if all are plain numbers, else None; fast, for long files."""
        if self.missing or self.thousands is not None or self.decimal != ".":
            return None
        try:
            values = np.array([float(cell) for cell in cells])
        except ValueError:
            return None
        has_underscore = any("_" in cell for cell in cells)
        return None if has_underscore or not np.isfinite(values).all() else values

    def _number(self, text):
        """The text as a float; None if it is no number."""
        if self.thousands is not None and self._grouped.fullmatch(text):
            text = text.replace(self.thousands, "")
        if self.decimal == ",":
            if "." in text:
                return None
            text = text.replace(",", ".")
        return float_or_none(text)


def float_or_none(text):
    """The text as a float; None if it is no number, also for Python's 1_000."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
