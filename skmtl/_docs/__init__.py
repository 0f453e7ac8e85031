"""Docstring paragraphs that many estimators share, written once.

A class docstring holds a line such as ``{data_parameters}``; the decorator :func:`documented`
puts the paragraph there.
"""

import re
import textwrap

from skmtl._docs import cross_validation, kernel, linear, stack

_PARAGRAPHS = {
    **linear.PARAGRAPHS,
    **cross_validation.PARAGRAPHS,
    **kernel.PARAGRAPHS,
    **stack.PARAGRAPHS,
}


def documented(cls):
    """Class decorator: replace ``{name}`` lines of the docstring by their paragraph."""

    def paragraph(match):
        return textwrap.indent(_PARAGRAPHS[match[2]].strip("\n"), match[1])

    if cls.__doc__:  # absent under python -OO
        cls.__doc__ = re.sub(r"^( *)\{(\w+)\}$", paragraph, cls.__doc__, flags=re.MULTILINE)
    return cls
