"""Synthetic multi-task data whose truth is known.

The truth is drawn before the data, so that one `random_state` gives the same tasks for every
`n_samples` and for shared and own inputs, and the same targets whether or not some are missing.
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
        Number of samples; with `own_inputs` that of each task, the same for all or one number for
        each.
    n_features : int, default=20
        Number of features.
    n_tasks : int, default=5
        Number of tasks.
    n_informative : int, default=5
        Number of features with non-zero coefficients, 1 to `n_features`.
    rank : int, default=None
        Rank of the coefficients of the tasks that are not outliers. None does not restrict it.
    n_clusters : int, default=None
        Number of clusters of tasks, none of them empty. The coefficients of a task are its
        cluster's center plus normal deviations of standard deviation 0.2. None draws the
        coefficients of every task independently. Cannot be combined with `rank`.
    n_outlier_tasks : int, default=0
        Number of tasks that share nothing with the others: each has `n_informative` features of
        its own, with independent coefficients. At least one task must not be an outlier.
    own_inputs : bool, default=False
        Whether every task has samples of its own (long data) instead of all tasks sharing X.
    correlation : float, default=0.0
        Correlation of neighboring features, in (-1, 1); that of features j and k is
        ``correlation ** |j - k|``.
    noise : float, default=1.0
        Standard deviation of the noise, at least 0. That of the signal is about
        ``sqrt(n_informative)``.
    missing : float, default=0.0
        Share of targets that are missing (NaN), in [0, 1). They are missing completely at random,
        except that two targets of every task are kept. Only without `own_inputs`.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws; an int gives the same data every time.

    Returns
    -------
    data : Bunch
        X : ndarray of shape (n_samples, n_features)
            The features. With `own_inputs`, the samples of all tasks, sorted by task, with the
            task ids as an additional last column.
        y : ndarray of shape (n_samples, n_tasks), or (n_samples,) with `own_inputs`
            The targets.
        coef : ndarray of shape (n_tasks, n_features)
            The true coefficients.
        intercept : ndarray of shape (n_tasks,)
            The true intercepts.
        support : ndarray of shape (n_features,), bool
            The informative features of the tasks that are not outliers.
        clusters : ndarray of shape (n_tasks,)
            The cluster of each task, -1 for an outlier task; all other tasks are in cluster 0
            if `n_clusters=None`.
        outlier_tasks : ndarray of shape (n_outlier_tasks,)
            The outlier tasks, increasing.
        tasks : ndarray
            The task ids, ``arange(n_tasks)``; with `own_inputs`, the task id of each sample.
        task_column : int or None
            -1 with `own_inputs`, else None.

        With `own_inputs` also `feature_names` (of X, the task included) and `target_name`.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or parameters contradict each other.

    Examples
    --------
    Tasks that share X, with a fifth of the targets missing:

    >>> import numpy as np
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_samples=50, n_tasks=3, missing=0.2, random_state=0)
    >>> data.X.shape, data.y.shape, int(np.isnan(data.y).sum())
    ((50, 20), (50, 3), 30)

    Tasks with samples of their own, and the task ids in the last column of X:

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
    in :func:`make_multitask_regression`. With `noise=1` the class of sample i follows the
    logistic model ``P(y_ti = k) = softmax(z_ti)_k``. With two classes, z is the score of class
    1 and that of class 0 is zero.

    Parameters
    ----------
    n_samples : int or sequence of n_tasks ints, default=100
        Number of samples; with `own_inputs` that of each task, the same for all or one number for
        each.
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
        Number of clusters of tasks, whose coefficients are close. Cannot be combined with
        `rank`.
    n_outlier_tasks : int, default=0
        Number of tasks that share nothing with the others. At least one task must not be an
        outlier.
    own_inputs : bool, default=False
        Whether every task has samples of its own (long data) instead of all tasks sharing X.
    correlation : float, default=0.0
        Correlation of neighboring features, in (-1, 1).
    noise : float, default=1.0
        Temperature of the classes, at least 0: their probabilities are ``softmax(z / noise)``.
        With zero the class is that of the largest score, and the data are separable.
    missing : float, default=0.0
        Share of targets that are missing (NaN), in [0, 1), as in
        :func:`make_multitask_regression`. Only without `own_inputs`.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws; an int gives the same data every time.

    Returns
    -------
    data : Bunch
        As returned by :func:`make_multitask_regression`, except for:

        y : ndarray of shape (n_samples, n_tasks), or (n_samples,) with `own_inputs`
            The class labels 0 to ``n_classes - 1``, as integers; as floats if some are missing.
            A task with few samples may lack a class.
        coef : ndarray of shape (n_tasks, n_features) or (n_tasks, n_classes, n_features)
            The true coefficients, without the axis of classes if there are two classes.
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
        of_class_0 = np.zeros_like(scores)
        scores = np.concatenate([of_class_0, scores], axis=-1)
    # The largest of z_k + noise * Gumbel_k is class k with probability softmax(z / noise)_k.
    gumbel = rng.gumbel(size=scores.shape)
    y = np.argmax(scores + noise * gumbel, axis=-1)
    return _bunch(rng, Xs, y, truth, own_inputs, missing)


def _draw_inputs(rng, n_samples, n_features, n_tasks, own_inputs, correlation):
    """Draw one X (n_samples_t, n_features) for each task, or the one that they share: a list."""
    check_real(correlation, "correlation", low=-1, high=1, include="neither")
    sizes = _check_n_samples(n_samples, n_tasks, own_inputs)
    X = rng.standard_normal((sum(sizes), n_features))
    innovation = np.sqrt(1 - correlation**2)
    for j in range(1, n_features):  # an autoregression has the correlations rho^|j - k|
        X[:, j] = correlation * X[:, j - 1] + innovation * X[:, j]
    ends = np.cumsum(sizes)
    return np.split(X, ends[:-1])


def _scores(Xs, truth, own_inputs):
    """Return true scores (n_samples, n_outputs), for a shared X (n_samples, n_tasks, n_outputs)."""
    n_tasks = len(truth.coef)
    if not own_inputs:
        Xs = Xs * n_tasks
    scores = []
    for t in range(n_tasks):
        scores.append(Xs[t] @ truth.coef[t].T + truth.intercept[t])
    if own_inputs:
        return np.concatenate(scores)
    return np.stack(scores, axis=1)


def _bunch(rng, Xs, y, truth, own_inputs, missing):
    """Return the data and their truth; targets are removed from wide data."""
    check_real(missing, "missing", high=1, include="left")
    truth = truth._asdict()
    if truth["coef"].shape[1] == 1:
        truth["coef"] = truth["coef"][:, 0]
        truth["intercept"] = truth["intercept"][:, 0]
    if not own_inputs:
        tasks = np.arange(y.shape[1])
        if missing > 0:
            y = _remove_targets(rng, y, missing)
        return Bunch(X=Xs[0], y=y, tasks=tasks, task_column=None, **truth)
    if missing > 0:
        raise ValueError(
            f"missing={missing} needs a shared X, but own_inputs=True: there a sample without its "
            "target says nothing. Lower n_samples, one number for each task, instead."
        )
    n_samples = [len(X) for X in Xs]
    n_features = Xs[0].shape[1]
    return long_bunch(
        np.concatenate(Xs),
        y,
        np.repeat(np.arange(len(Xs)), n_samples),
        feature_names=[f"x{j}" for j in range(n_features)],
        task_name="task",
        target_name="y",
        **truth,
    )


def _remove_targets(rng, y, missing):
    """Return a float copy of y with the share `missing` NaN; two targets of each task are kept."""
    n_missing = round(missing * y.size)
    order = np.argsort(rng.random_sample(y.shape), axis=0)
    spared = order[:2]
    removable = np.ones(y.shape, dtype=bool)
    np.put_along_axis(removable, spared, False, axis=0)
    candidates = np.flatnonzero(removable)
    if n_missing > len(candidates):
        raise ValueError(
            f"missing={missing} of {y.size} targets leaves some task fewer than two: expected at "
            f"most {len(candidates) / y.size:.3f}. Lower missing or raise n_samples."
        )
    y = y.astype(float)
    y.flat[rng.choice(candidates, n_missing, replace=False)] = np.nan
    return y


def _check_n_samples(n_samples, n_tasks, own_inputs):
    """Return the number of samples of each X that is drawn: one, or n_tasks with own inputs."""
    check_bool(own_inputs, "own_inputs")
    if np.ndim(n_samples) == 0:
        check_int(n_samples, "n_samples")
        return [n_samples] * n_tasks if own_inputs else [n_samples]
    if not own_inputs:
        raise ValueError(
            f"n_samples={n_samples!r} gives every task its own number of samples, but the tasks "
            "share X. Pass own_inputs=True or a single number."
        )
    if len(n_samples) != n_tasks:
        raise ValueError(
            f"n_samples has {len(n_samples)} numbers: expected one for each of the n_tasks="
            f"{n_tasks} tasks. Pass that many, or a single number for all."
        )
    for t, size in enumerate(n_samples):
        check_int(size, f"n_samples[{t}]")
    return list(n_samples)
