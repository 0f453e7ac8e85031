"""Splits of samples, in any of the forms that `cv=` may give them."""

import numpy as np

from skmtl._data.checks import check_splitter


def given_splits(cv, n_samples, *data, **params):
    """Return the pairs (train, test) of positions that `cv` gives; raise if it gives none.

    Parameters
    ----------
    cv : splitter or iterable of (train, test)
        What the user passed.
    n_samples : int
        Number of samples that are split.
    *data, **params
        Arguments of `split`.
    """
    splits = []
    for train, test in check_splitter(cv).split(*data, **params):
        trained = fold_positions(train, n_samples)
        tested = fold_positions(test, n_samples)
        splits.append((trained, tested))
    if not splits:
        raise ValueError(f"cv={cv!r} gives no split.")
    return splits


def fold_positions(samples, n_samples):
    """Return the positions of the samples on one side of a split, (n_fold,) of int.

    Parameters
    ----------
    samples : array-like of int or of bool
        Positions, which may repeat, or a mask of all samples.
    n_samples : int
        Number of samples that are split.
    """
    given = samples
    samples = np.asarray(given)
    if samples.ndim != 1:
        raise ValueError(
            "Folds hold positions (integers) or masks (True and False) of samples in one "
            f"dimension, got {given!r}."
        )
    if samples.dtype == object and all(isinstance(one, bool | np.bool_) for one in samples):
        samples = samples.astype(bool)
    if samples.dtype == bool:
        if samples.shape != (n_samples,):
            raise ValueError(
                f"A fold is a mask of shape {samples.shape}, but X has {n_samples} samples; were "
                "the folds made for other data?"
            )
        return np.flatnonzero(samples)
    if len(samples) == 0:
        return np.zeros(0, dtype=np.intp)
    if samples.dtype.kind not in "iu":
        raise ValueError(
            "Folds hold positions (integers) or masks (True and False) of samples, got "
            f"{samples.dtype} such as {samples[0]}."
        )
    if not 0 <= samples.min() <= samples.max() < n_samples:
        found = samples.min() if samples.min() < 0 else samples.max()
        raise ValueError(
            f"A fold holds sample {found}, but X has {n_samples} samples; were the folds "
            "made for other data?"
        )
    if len(samples) == n_samples > 2 and samples.max() <= 1:
        raise ValueError(
            f"A fold of {n_samples} samples holds the positions 0 and 1 only, {n_samples} times: "
            "if it is a mask, give it as truth values, mask.astype(bool)."
        )
    return samples.astype(np.intp)
