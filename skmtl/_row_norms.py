"""Norms of rows, the features of W."""

import numpy as np


def row_norms(A):
    """The 2-norms of the rows of a matrix, without a copy of it."""
    squares = np.einsum("ij,ij->i", A, A)
    return np.sqrt(squares)
