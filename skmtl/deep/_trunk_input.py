"""From X to what a trunk of the user's takes: images of their shape, token ids as integers.

Inside skmtl X has two axes. Samples of more are flattened before they are read, and get their shape
back in front of the trunk.
"""

import inspect
import math
import re
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_real
from skmtl._data.task_ids import column_names, split_task_column

_INTEGER_TYPE = re.compile(r"u?int\d+(\[pyarrow\])?", flags=re.IGNORECASE)


@dataclass(frozen=True)
class TrunkInput:
    """How samples get to the trunk.

    Attributes
    ----------
    shape : tuple of int
        Shape of a sample for the trunk.
    shape_in_fit : tuple of int
        Shape of a sample of the X of `fit`.
    is_integer : bool
        Whether X was of integer type.
    """

    shape: tuple
    shape_in_fit: tuple
    is_integer: bool

    @classmethod
    def of(cls, X, n_features, reshape, task_column):
        """Return how the samples of X, as the user passed it, get to the trunk.

        Parameters
        ----------
        X : array-like
            What `fit` was given.
        n_features : int
            Number of features, without a task column.
        reshape : tuple of int or None
            Shape of a sample that the user asks for.
        task_column : str, int or None
            The column of X with the task ids.
        """
        in_fit = _shape(X)[1:]
        shape = in_fit if len(in_fit) > 1 else (n_features,)
        if reshape is not None:
            shape = _checked_reshape(reshape, n_features)
        return cls(shape, in_fit, _has_integers(X, task_column))

    def flat(self, X):
        """Return X of any number of axes as (n_samples, n_features).

        Raises
        ------
        ValueError
            If its samples have another shape than those of `fit`, and are not flat.
        """
        shape = _shape(X)[1:]
        if len(shape) > 1 and shape not in (self.shape, self.shape_in_fit):
            raise ValueError(
                f"X has samples of shape {shape}, but fit had {self.shape_in_fit} and the trunk "
                f"takes {self.shape}: give samples of one of these shapes, or flat ones."
            )
        return flattened(X)

    def apply(self, X):
        """Return features (n_samples, n_features) as the trunk takes them, (n_samples, *shape)."""
        if self.is_integer:
            X = _as_integers(X)
        return X.reshape(len(X), *self.shape)


def check_trunk_params(estimator):
    """Check the parameters of a trunk of the user's, but for what needs torch or X."""
    if estimator.trunk is None and estimator.reshape is not None:
        raise ValueError(
            f"reshape={estimator.reshape!r} is the shape of samples for a trunk, but trunk is "
            "None: set both, or leave reshape=None."
        )
    rate = estimator.trunk_learning_rate
    if rate is not None:
        check_real(rate, "trunk_learning_rate")
    if estimator.trunk is None and rate == 0:
        raise ValueError(
            f"trunk_learning_rate={rate!r} freezes a trunk of your own, but trunk is None: set "
            "both, or leave trunk_learning_rate=None."
        )
    _check_transform(estimator.transform_batch)


def _check_transform(transform):
    """Raise unless `transform_batch` is None or can be called with two arguments."""
    if transform is None:
        return
    if not callable(transform):
        raise TypeError(
            f"transform_batch must be a function of a tensor and a torch.Generator, or None, got "
            f"{transform!r}."
        )
    try:
        signature = inspect.signature(getattr(transform, "forward", transform))  # of a module
    except (TypeError, ValueError):  # of some functions that are not written in Python
        return
    try:
        signature.bind("x", "generator")
    except TypeError as error:
        raise TypeError(
            f"transform_batch is called with (x, generator), a batch and a torch.Generator, which "
            f"{transform!r} does not take: {error}. Wrap it in a function that does."
        ) from error


def flattened(X, task_column=None):
    """Return X of three and more axes as (n_samples, n_features), any other X as it is.

    Raises
    ------
    ValueError
        If there is a task column, for which such an X has no place.
    """
    shape = _shape(X)
    if len(shape) < 3:
        return X
    if task_column is not None:
        raise ValueError(
            f"X has shape {shape}, in which there is no task_column={task_column!r}: give the task "
            f"ids as tasks=, or flat samples beside the task column and reshape={shape[1:]}."
        )
    if not hasattr(X, "reshape"):
        X = np.asarray(X)
    return X.reshape(shape[0], math.prod(shape[1:]))


def check_two_dimensional(X):
    """Raise if samples have several axes, for which a network without `trunk` has no place."""
    shape = _shape(X)
    if len(shape) > 2:
        raise ValueError(
            f"Found array with dim {len(shape)}: X has shape {shape}, but expected (n_samples, "
            "n_features). Give trunk= a module that takes such samples, or flatten the samples: "
            "X.reshape(len(X), -1)."
        )


def _shape(X):
    """Return the shape of an array, frame, matrix or nested list."""
    shape = getattr(X, "shape", None)
    if shape is None:
        shape = np.asarray(X).shape
    return tuple(shape)


def _checked_reshape(reshape, n_features):
    """Return the shape of a sample; raise unless it has as many numbers as X."""
    is_shape = isinstance(reshape, tuple | list) and len(reshape) > 0
    if not is_shape or not all(isinstance(size, Integral) and size > 0 for size in reshape):
        raise ValueError(
            f"reshape={reshape!r} is not the shape of a sample: expected a tuple of positive "
            "integers, such as (1, 28, 28) for images of one channel."
        )
    size = math.prod(reshape)
    if size != n_features:
        raise ValueError(
            f"reshape={reshape!r} has {size} numbers, but samples have {n_features} features: give "
            "a shape of as many, without the number of samples and a task column."
        )
    return tuple(map(int, reshape))


def _has_integers(X, task_column):
    """Whether all features are of an integer type. Sparse matrices are taken for numbers."""
    if sparse.issparse(X):
        return False
    if column_names(X) is None:
        return np.asarray(X).dtype.kind in "iu"
    if task_column is not None:
        X, _ = split_task_column(X, task_column, read=False)
    types = getattr(X, "dtypes", None)
    if types is None:  # pyarrow
        types = X.schema.types
    return all(_INTEGER_TYPE.fullmatch(str(one)) for one in types)


def _as_integers(X):
    """Return features as integers of 64 bits; raise if they are none."""
    rounded = np.rint(X)
    is_other = rounded != X
    if is_other.any():
        raise ValueError(
            f"X holds {X[is_other][0]:g}, but that of fit was of integer type, so that the trunk "
            "takes integers: give integers, or fit on floats."
        )
    return rounded.astype(np.int64)
