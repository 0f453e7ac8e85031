"""The fold of a row by its position among all rows, in whichever chunks these are read."""

import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)
_ROUNDS = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST = np.uint64(31)


def fold_of(positions, n_folds):
    """Return the fold of rows, (n_rows,) of int: a hash of their positions.

    Folds of sorted rows are as good as those of shuffled ones, and a row is in the same fold
    however the rows are cut into chunks.

    Parameters
    ----------
    positions : array-like of int of shape (n_rows,)
        Positions 0, 1, ... among all rows.
    n_folds : int
        Number of folds.

    References
    ----------
    Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", figure 14, of
    which this is the mixing function.
    """
    positions = np.asarray(positions)
    mixed = positions.astype(np.uint64)
    mixed += np.uint64(1)
    mixed *= _STEP  # modulo 2^64, as all products of arrays of integers
    for shift, factor in _ROUNDS:
        mixed ^= mixed >> shift
        mixed *= factor
    mixed ^= mixed >> _LAST
    folds = mixed % np.uint64(n_folds)
    return folds.astype(np.intp)
