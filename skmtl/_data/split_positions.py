"""The samples on one side of a split, as positions."""

import numpy as np


def split_positions(samples, n_samples):
    """Return the positions of the samples on one side of a split, which may be a mask.

    Parameters
    ----------
    samples : array-like of int, or of bool of shape (n_samples,)
        Positions, or a mask that is True for the samples.
    n_samples : int
        Number of samples of the data.

    Returns
    -------
    ndarray of int
        Positions in [0, n_samples).
    """
    positions = np.asarray(samples)
    if positions.dtype == object and all(isinstance(one, bool | np.bool_) for one in positions):
        positions = positions.astype(bool)
    if positions.ndim != 1:
        raise ValueError(f"The samples of a fold have shape {positions.shape}, expected one axis.")
    if positions.dtype.kind == "b":
        if len(positions) != n_samples:
            raise ValueError(
                f"A fold is a mask of {len(positions)} samples, but X has {n_samples} samples; "
                "were the folds made for other data?"
            )
        return np.flatnonzero(positions)
    if len(positions) == 0:
        return np.zeros(0, dtype=np.intp)
    if positions.dtype.kind not in "iu":
        raise ValueError(
            "Folds hold positions (integers) or masks (True and False) of samples, got "
            f"{positions.dtype} such as {positions[0]}."
        )
    outside = (positions < 0) | (positions >= n_samples)
    if outside.any():
        raise ValueError(
            f"A fold holds sample {positions[outside][0]}, but X has {n_samples} samples; were the "
            "folds made for other data?"
        )
    return positions.astype(np.intp)
