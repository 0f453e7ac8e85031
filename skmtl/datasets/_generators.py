"""Synthetic multi-task data with known truth.

The truth is drawn before the data, so that one `random_state` gives the same tasks for every
`n_samples`, with shared and with own inputs, and the same labels whether some go missing or not.
"""

import numpy as np
from sklearn.utils import Bunch, check_random_state

from skmtl._data.checks import check_bool, check_int, check_real
from skmtl.datasets._base import long_bunch
from skmtl.datasets._truth import draw_truth


def make_multitask_regression(
    n_samples=100,
    n_features=20,
    n_tasks=5,
    *,
    n_informative=5,
    rank=None,
    n_clusters=None,
    n_outlier_tasks=0,
    own_inputs=False,
    correlation=0.0,
    noise=1.0,
    missing=0.0,
    random_state=None,
):
    """Draw related linear regression tasks.

    Sample i of task t is ``y_ti = x_i . w_t + b_t + noise * e_ti`` with standard normal
    features, intercepts b and errors e. The coefficients w_t are zero outside `n_informative`
    features that the tasks share; inside, they have about unit variance.

    Parameters
    ----------
    n_samples : int or sequence of n_tasks ints, default=100
        Rows of X; with `own_inputs`, rows per task, the same for all or one number for each.
    n_features : int, default=20
        Number of features.
    n_tasks : int, default=5
        Number of tasks.
    n_informative : int, default=5
        Number of features with non-zero coefficients, 1 to `n_features`.
    rank : int, default=None
        Rank of the coefficients of the tasks that are not outliers. None puts no restriction.
    n_clusters : int, default=None
        Number of clusters of tasks, none of them empty. The coefficients of a task are its
        cluster's center plus normal deviations of standard deviation 0.2. None draws every
        task's coefficients for themselves. Excludes `rank`.
    n_outlier_tasks : int, default=0
        Number of tasks that share nothing with the rest: each has `n_informative` features of
        its own, with independent coefficients. At least one task must be left.
    own_inputs : bool, default=False
        Whether every task has rows of its own (the long form) instead of all tasks sharing X.
    correlation : float, default=0.0
        Correlation of neighboring features, in (-1, 1); that of features j and k is
        ``correlation ** |j - k|``.
    noise : float, default=1.0
        Standard deviation of the noise, at least 0. The signal's is about
        ``sqrt(n_informative)``.
    missing : float, default=0.0
        Share of labels that are missing (NaN), completely at random except that two labels of
        every task are kept, in [0, 1). Only without `own_inputs`.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws; an int gives the same data every time.

    Returns
    -------
    data : Bunch
        X : ndarray of shape (n_samples, n_features)
            The features. With `own_inputs`, the rows of all tasks, sorted by task, and the
            task as an additional last column.
        y : ndarray of shape (n_samples, n_tasks), or (n_samples,) with `own_inputs`
            The labels.
        coef : ndarray of shape (n_tasks, n_features)
            The true coefficients.
        intercept : ndarray of shape (n_tasks,)
            The true intercepts.
        support : ndarray of shape (n_features,), bool
            The features that matter to the tasks that are not outliers.
        clusters : ndarray of shape (n_tasks,)
            The cluster of each task, -1 for an outlier task; all other tasks are in cluster 0
            if `n_clusters=None`.
        outlier_tasks : ndarray of shape (n_outlier_tasks,)
            The outlier tasks, increasing.
        tasks : ndarray
            The tasks, ``arange(n_tasks)``; with `own_inputs`, the task of each row.
        task_column : int or None
            -1 with `own_inputs`, else None.

        With `own_inputs` also `feature_names` (of X, the task included) and `target_name`.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or parameters contradict each other.

    Examples
    --------
    Tasks that share X, a fifth of the labels missing:

    >>> import numpy as np
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_samples=50, n_tasks=3, missing=0.2, random_state=0)
    >>> data.X.shape, data.y.shape, int(np.isnan(data.y).sum())
    ((50, 20), (50, 3), 30)

    Tasks with rows of their own, and the task as the last column of X:

    >>> data = make_multitask_regression([30, 50], n_tasks=2, own_inputs=True, random_state=0)
    >>> data.X.shape, data.y.shape, data.task_column
    ((80, 21), (80,), -1)
    """
    rng = check_random_state(random_state)
    check_real(noise, "noise")
    truth = draw_truth(
        rng, 1, n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks
    )
    Xs = _draw_inputs(rng, n_samples, n_features, n_tasks, own_inputs, correlation)
    scores = _scores(Xs, truth, own_inputs)[..., 0]
    y = scores + noise * rng.standard_normal(scores.shape)
    return _bunch(rng, Xs, y, truth, own_inputs, missing)


def make_multitask_classification(
    n_samples=100,
    n_features=20,
    n_tasks=5,
    *,
    n_classes=2,
    n_informative=5,
    rank=None,
    n_clusters=None,
    n_outlier_tasks=0,
    own_inputs=False,
    correlation=0.0,
    noise=1.0,
    missing=0.0,
    random_state=None,
):
    """Draw related linear classification tasks.

    The scores ``z_ti = x_i . w_t + b_t``, one for each class, come from coefficients drawn as
    in :func:`make_multitask_regression`. With `noise=1` the label of sample i follows the
    logistic model ``P(y_ti = k) = softmax(z_ti)_k``. With two classes, z is the score of class
    1 and that of class 0 is zero.

    Parameters
    ----------
    n_samples : int or sequence of n_tasks ints, default=100
        Rows of X; with `own_inputs`, rows per task, the same for all or one number for each.
    n_features : int, default=20
        Number of features.
    n_tasks : int, default=5
        Number of tasks.
    n_classes : int, default=2
        Number of classes of every task, at least 2.
    n_informative : int, default=5
        Number of features with non-zero coefficients, 1 to `n_features`.
    rank : int, default=None
        Rank of the coefficients, class by class, of the tasks that are not outliers.
    n_clusters : int, default=None
        Number of clusters of tasks, whose coefficients are close. Excludes `rank`.
    n_outlier_tasks : int, default=0
        Number of tasks that share nothing with the rest. At least one task must be left.
    own_inputs : bool, default=False
        Whether every task has rows of its own (the long form) instead of all tasks sharing X.
    correlation : float, default=0.0
        Correlation of neighboring features, in (-1, 1).
    noise : float, default=1.0
        Temperature of the labels, at least 0: they follow ``softmax(z / noise)``. Zero gives
        the class of the largest score, separable data.
    missing : float, default=0.0
        Share of labels that are missing (NaN), as in :func:`make_multitask_regression`, in
        [0, 1). Only without `own_inputs`.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws; an int gives the same data every time.

    Returns
    -------
    data : Bunch
        As :func:`make_multitask_regression` returns it, but for:

        y : ndarray of shape (n_samples, n_tasks), or (n_samples,) with `own_inputs`
            The classes 0 to ``n_classes - 1``, as integers; as floats if labels are missing.
            In few samples a task may lack a class.
        coef : ndarray of shape (n_tasks, n_features) or (n_tasks, n_classes, n_features)
            The true coefficients; without the axis of classes if there are two.
        intercept : ndarray of shape (n_tasks,) or (n_tasks, n_classes)
            The true intercepts.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or parameters contradict each other.

    Examples
    --------
    >>> from skmtl.datasets import make_multitask_classification
    >>> data = make_multitask_classification(n_samples=50, n_tasks=3, random_state=0)
    >>> data.X.shape, data.y.shape, data.coef.shape
    ((50, 20), (50, 3), (3, 20))
    >>> data = make_multitask_classification(n_tasks=3, n_classes=4, random_state=0)
    >>> data.coef.shape
    (3, 4, 20)
    """
    rng = check_random_state(random_state)
    check_real(noise, "noise")
    check_int(n_classes, "n_classes", low=2)
    n_outputs = 1 if n_classes == 2 else n_classes
    truth = draw_truth(
        rng, n_outputs, n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks
    )
    Xs = _draw_inputs(rng, n_samples, n_features, n_tasks, own_inputs, correlation)
    scores = _scores(Xs, truth, own_inputs)
    if n_classes == 2:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=-1)
    # The largest of z_k + noise * Gumbel_k is class k with probability softmax(z / noise)_k.
    y = np.argmax(scores + noise * rng.gumbel(size=scores.shape), axis=-1)
    return _bunch(rng, Xs, y, truth, own_inputs, missing)


def _draw_inputs(rng, n_samples, n_features, n_tasks, own_inputs, correlation):
    """One X (n_samples_t, n_features) for each task, or the one that they share, as a list."""
    check_real(correlation, "correlation", low=-1, high=1, include="neither")
    sizes = _check_n_samples(n_samples, n_tasks, own_inputs)
    X = rng.standard_normal((sum(sizes), n_features))
    for j in range(1, n_features):  # an autoregression has the correlations rho^|j - k|
        X[:, j] = correlation * X[:, j - 1] + np.sqrt(1 - correlation**2) * X[:, j]
    return np.split(X, np.cumsum(sizes)[:-1])


def _scores(Xs, truth, own_inputs):
    """True scores (n_samples, n_outputs), or (n_samples, n_tasks, n_outputs) for a shared X."""
    parameters = zip(truth.coef, truth.intercept, strict=True)
    if own_inputs:
        return np.concatenate([X @ W.T + b for X, (W, b) in zip(Xs, parameters, strict=True)])
    return np.stack([Xs[0] @ W.T + b for W, b in parameters], axis=1)


def _bunch(rng, Xs, y, truth, own_inputs, missing):
    """The data and their truth in the long or the wide form, labels removed from the wide."""
    check_real(missing, "missing", high=1, include="left")
    truth = truth._asdict()
    if truth["coef"].shape[1] == 1:
        truth["coef"], truth["intercept"] = truth["coef"][:, 0], truth["intercept"][:, 0]
    if not own_inputs:
        tasks = np.arange(y.shape[1])
        y = _remove_labels(rng, y, missing) if missing > 0 else y
        return Bunch(X=Xs[0], y=y, tasks=tasks, task_column=None, **truth)
    if missing > 0:
        raise ValueError(
            f"missing={missing} needs a shared X, but own_inputs=True: a row without its label "
            "says nothing there. Lower n_samples, one number for each task, instead."
        )
    return long_bunch(
        np.concatenate(Xs),
        y,
        np.repeat(np.arange(len(Xs)), [len(X) for X in Xs]),
        feature_names=[f"x{j}" for j in range(Xs[0].shape[1])],
        task_name="task",
        target_name="y",
        **truth,
    )


def _remove_labels(rng, y, missing):
    """A float copy of y with the share `missing` NaN, two random labels of each task spared."""
    n_missing = round(missing * y.size)
    spared = np.argsort(rng.random_sample(y.shape), axis=0)[:2]
    removable = np.ones(y.shape, dtype=bool)
    np.put_along_axis(removable, spared, False, axis=0)
    candidates = np.flatnonzero(removable)
    if n_missing > len(candidates):
        raise ValueError(
            f"missing={missing} of {y.size} labels leaves some task fewer than two: expected at "
            f"most {len(candidates) / y.size:.3f}. Lower missing or raise n_samples."
        )
    y = y.astype(float)
    y.flat[rng.choice(candidates, n_missing, replace=False)] = np.nan
    return y


def _check_n_samples(n_samples, n_tasks, own_inputs):
    """The rows of each X that is drawn: [n_samples], or with own inputs n_tasks numbers."""
    check_bool(own_inputs, "own_inputs")
    if np.ndim(n_samples) == 0:
        check_int(n_samples, "n_samples")
        return [n_samples] * n_tasks if own_inputs else [n_samples]
    if not own_inputs:
        raise ValueError(
            f"n_samples={n_samples!r} gives every task its own number of rows, but the tasks share "
            "X. Pass own_inputs=True or a single number."
        )
    if len(n_samples) != n_tasks:
        raise ValueError(
            f"n_samples has {len(n_samples)} numbers: expected one for each of the n_tasks="
            f"{n_tasks} tasks. Pass that many, or a single number for all."
        )
    for t, size in enumerate(n_samples):
        check_int(size, f"n_samples[{t}]")
    return list(n_samples)
