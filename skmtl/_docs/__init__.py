"""Docstring paragraphs that many estimators share, written once.

A class docstring holds a line such as ``{data_parameters}``; the decorator :func:`documented`
puts the paragraph there. Paragraphs hold such lines too.
"""

import re
import textwrap

from skmtl._docs import cross_validation, kernel, linear, network, stack, tasks

_PARAGRAPHS = {
    **linear.PARAGRAPHS,
    **cross_validation.PARAGRAPHS,
    **kernel.PARAGRAPHS,
    **network.PARAGRAPHS,
    **stack.PARAGRAPHS,
    **tasks.PARAGRAPHS,
}
_NAME = re.compile(r"^( *)\{(\w+)\}$", flags=re.MULTILINE)


def documented(cls):
    """Class decorator: replace ``{name}`` lines of the docstring by their paragraph."""
    if cls.__doc__:  # absent under python -OO
        cls.__doc__ = _filled(cls.__doc__)
    return cls


def _filled(text):
    """A text with paragraphs in place of their names."""

    def paragraph(match):
        indentation, name = match.groups()
        filled = _filled(_PARAGRAPHS[name].strip("\n"))
        return textwrap.indent(filled, indentation)

    return _NAME.sub(paragraph, text)
