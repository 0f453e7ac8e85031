"""Which tasks help which: the gain on a task from learning it with another."""

import warnings
from itertools import combinations

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Bunch

from skmtl._data.checks import check_option
from skmtl.evaluation._subsets import SubsetFit, read_subset_problem, subset_errors


def task_transfer_matrix(
    estimator,
    X,
    y,
    *,
    mode="pairwise",
    task_column=None,
    tasks=None,
    cv=None,
    scoring=None,
    n_jobs=None,
    random_state=None,
    verbose=0,
):
    """Measure how much every task helps every other one.

    Entry (s, t) of the matrix is the relative gain on task t from task s, by cross-validation:
    0.1 is an error 10 % smaller, a negative entry is harm. With J folds and T tasks:

    ============= ======================================================= =================
    mode          gain (s, t)                                             fits of estimator
    ============= ======================================================= =================
    pairwise      1 - error(t, learned with s) / error(t, learned alone)  J T (T + 1) / 2
    drop_one      1 - error(t, all tasks) / error(t, all tasks but s)     J (T + 1)
    cross_predict 1 - error(t, by the model of s) / error(t, by its own)  J T
    ============= ======================================================= =================

    Every error of a task is of the same held-out labels, all folds taken together. The entries are
    estimates without an interval: small ones are noise, the more so the fewer rows a task has.

    A task is left out of all fits when it has fewer than two labels, when its labels are all the
    same, or when no fold can both train and test it (a classifier needs two classes to train on;
    the area under the ROC curve two to test on).
    Its row and its column of gains are then NaN. A gain is NaN, too, where the error that it
    divides by is zero up to rounding; and with "cross_predict" that of a task which some fold
    cannot be trained on. `note` says why, and so does a warning.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        A regressor or classifier of this package, alone, as the last step of a pipeline or in a
        `GridSearchCV`. It is fitted to some of the tasks at a time, so parameters that differ over
        tasks must not be arrays in the order of all tasks.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        As the estimator takes them, NaN where a label is missing. Learning some tasks takes their
        columns of a two-dimensional y and the rows with any label there, else their rows.
    mode : {"pairwise", "drop_one", "cross_predict"}, default="pairwise"
        What is compared; see the table above.
    task_column : str or int, default=None
        Column of X with the task ids; None takes that of the estimator.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, for estimators fitted with ``tasks=``.
    cv : int, splitter or iterable, default=None
        None is 5 shuffled folds stratified by task, an int so many of them.
    scoring : str, default=None
        The error, by a name that :func:`compare_to_single_task` takes; None is the root mean
        squared error of regressors and the log-loss of classifiers.
    n_jobs : int, default=None
        Fits at a time.
    random_state : int, RandomState instance or None, default=None
        Seed of the default folds.
    verbose : int, default=0
        Passed to joblib, which reports its progress.

    Returns
    -------
    result : Bunch
        gain : ndarray of shape (n_tasks, n_tasks)
            Entry (s, t) is the gain on t from s; 0 on the diagonal.
        tasks : ndarray of shape (n_tasks,)
            Labels, in the order of the matrix.
        n_fits : int
            Fits of the estimator; a search counts once. Fewer than in the table where tasks are
            left out or a fold has no test row of what a fit is for.
        error : ndarray of shape (n_tasks, n_tasks)
            Entry (s, t) is the error on t with s ("drop_one": without s; "cross_predict": by the
            model of s); the diagonal that of t alone ("drop_one": of t with all tasks).
        error_alone : ndarray of shape (n_tasks,)
            Error of every task alone; NaN with "drop_one", which learns none alone.
        n_train : ndarray of shape (n_tasks,)
            Labeled training rows, mean over folds.
        note : dict
            Why gains of a task are NaN, by its label; empty where all is well.
        n_unconverged : int
            Fits that did not converge.

    Raises
    ------
    TypeError
        For an estimator that is none of this package, or a classifier without probabilities.
    ValueError
        For data or tasks that cannot be read, an unknown mode or score, or fewer than two tasks.

    Warns
    -----
    UserWarning
        For tasks that have NaN gains.
    ConvergenceWarning
        Once, with the number of fits that did not converge.

    See Also
    --------
    select_tasks : The tasks to learn together with one task.
    task_similarity : Which tasks are alike, without further fits.
    compare_to_single_task : Whether sharing helped, with intervals.

    References
    ----------
    Standley, Zamir, Chen, Guibas, Malik, Savarese (2020), "Which tasks should be learned together
    in multi-task learning?", ICML, sections 4 and 5, for "pairwise".

    Examples
    --------
    Tasks 0 and 1 want the same, task 2 the opposite:

    >>> import numpy as np
    >>> from skmtl import MeanRegularizedRegressor, task_transfer_matrix
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((30, 4))
    >>> W = np.array([[1, 1, 1, 1], [1, 1, 1, 1], [-1, -1, -1, -1]])
    >>> Y = X @ W.T + rng.standard_normal((30, 3))
    >>> result = task_transfer_matrix(MeanRegularizedRegressor(), X, Y, random_state=0)
    >>> np.sign(result.gain)
    array([[ 0.,  1., -1.],
           [ 1.,  0., -1.],
           [-1., -1.,  0.]])
    >>> result.n_fits  # 5 folds * 3 tasks * 4 / 2
    30
    """
    check_option(mode, "mode", tuple(_PLANS))
    problem = read_subset_problem(
        estimator,
        X,
        y,
        task_column=task_column,
        tasks=tasks,
        cv=cv,
        scoring=scoring,
        random_state=random_state,
    )
    plan = _PLANS[mode](problem.kept)
    fits = [SubsetFit(trained, tuple(t for _, t in cells)) for trained, cells in plan]
    notes = dict(problem.notes)
    if mode == "cross_predict":
        fits = [fit for fit in fits if _trainable(problem, fit.trained[0], notes)]
        plan = [(fit.trained, [(fit.trained[0], t) for t in fit.judged]) for fit in fits]
    measured = subset_errors(problem, fits, n_jobs=n_jobs, verbose=verbose)
    n_tasks = len(problem.names)
    error = np.full((n_tasks, n_tasks), np.nan)
    for (_, cells), errors in zip(plan, measured.errors, strict=True):
        for s, t in cells:
            error[s, t] = errors[t]
    gain = _gains(error, problem.floor, mode, notes)
    notes = {label: notes[t] for t, label in enumerate(problem.names.tolist()) if t in notes}
    warn_of_fits(notes, measured.n_unconverged, measured.n_fits)
    alone = np.full(n_tasks, np.nan) if mode == "drop_one" else error.diagonal().copy()
    return Bunch(
        gain=gain,
        tasks=problem.names,
        n_fits=measured.n_fits,
        error=error,
        error_alone=alone,
        n_train=problem.n_train,
        note=notes,
        n_unconverged=measured.n_unconverged,
    )


def _pairwise(kept):
    alone = [((t,), [(t, t)]) for t in kept]
    return alone + [((s, t), [(s, t), (t, s)]) for s, t in combinations(kept, 2)]


def _drop_one(kept):
    plan = [(tuple(kept), [(t, t) for t in kept])]
    for s in kept:
        others = tuple(t for t in kept if t != s)
        plan.append((others, [(s, t) for t in others]))
    return plan


def _cross_predict(kept):
    return [((s,), [(s, t) for t in kept]) for s in kept]


_PLANS = {"pairwise": _pairwise, "drop_one": _drop_one, "cross_predict": _cross_predict}


def _trainable(problem, s, notes):
    """Whether every fold can train task s alone; notes it where not."""
    lacking = int((~problem.trainable[:, s]).sum())
    if lacking:
        notes[s] = f"{lacking} of {len(problem.splits)} folds cannot be trained on it alone"
    return not lacking


def _gains(error, floor, mode, notes):
    """Relative gains (n_tasks, n_tasks); notes tasks whose errors are too small to divide by."""
    own = np.broadcast_to(error.diagonal(), error.shape)
    ours, theirs = (own, error) if mode == "drop_one" else (error, own)
    perfect = theirs <= floor
    gain = np.full(error.shape, np.nan)
    np.divide(ours, theirs, out=gain, where=~perfect)
    gain = 1 - gain
    np.fill_diagonal(gain, 0.0)
    off = ~np.eye(len(error), dtype=bool)
    for t in np.flatnonzero((perfect & off).any(axis=0)):
        notes.setdefault(int(t), "there is no error to lower: what it is compared with is exact")
    return gain


def warn_of_fits(notes, n_unconverged, n_fits):
    """Warn of tasks with notes, and once of fits that did not converge."""
    if notes:
        reasons = "; ".join(f"{label!r}: {why}" for label, why in notes.items())
        warnings.warn(f"Gains of some tasks are NaN: {reasons}.", UserWarning, stacklevel=3)
    if n_unconverged:
        warnings.warn(
            f"{n_unconverged} of {n_fits} fits did not converge; raise max_iter or tol.",
            ConvergenceWarning,
            stacklevel=3,
        )
