"""Which tasks help which: the gain on a task from learning it together with another."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch

from skmtl._data.checks import check_option
from skmtl.evaluation._subset_errors import SubsetFit, subset_errors, warn_about_fits
from skmtl.evaluation._subset_problem import read_subset_problem
from skmtl.evaluation._task_notes import warn_about_units


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

    All errors of a task are of the same held-out targets, all folds taken together. The entries are
    estimates without an interval: small ones are noise, the more so the fewer samples a task has.

    A task is left out of all fits if it has fewer than two targets, if its targets are all the
    same, or if no fold can both train and test it (a classifier needs two classes to train on; the
    area under the ROC curve needs two classes to test on). Its row and its column of gains are
    then NaN. A gain is also NaN if the error that it divides by is zero up to rounding and, with
    "cross_predict", if some fold cannot be trained on task s alone. `note` and a warning give the
    reasons.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Multi-task regressor or classifier, on its own, as the last step of a pipeline or in a
        `GridSearchCV`. It is fitted to some of the tasks at a time, so its parameters must not be
        arrays with an entry for each task.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Training data, as the estimator takes it.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Targets, as the estimator takes them; NaN where a target is missing. Some tasks are learned
        from their columns of a two-dimensional y and the samples with any target there, or from
        their samples of a one-dimensional y.
    mode : {"pairwise", "drop_one", "cross_predict"}, default="pairwise"
        Which errors are compared; see the table above.
    task_column : str or int, default=None
        Column of X with the task ids; None takes that of the estimator.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, for estimators fitted with ``tasks=``.
    cv : int, splitter or iterable, default=None
        Cross-validation splitting strategy. None is 5 shuffled folds stratified by task, an int is
        that number of them.
    scoring : str or callable, default=None
        The error, as in :func:`compare_to_single_task`; None is the root mean squared error for
        regressors and the log-loss for classifiers.
    n_jobs : int, default=None
        Number of jobs to run in parallel.
    random_state : int, RandomState instance or None, default=None
        Seed of the default folds.
    verbose : int, default=0
        Verbosity level of joblib.

    Returns
    -------
    result : Bunch
        gain : ndarray of shape (n_tasks, n_tasks)
            Entry (s, t) is the gain on t from s; 0 on the diagonal.
        tasks : ndarray of shape (n_tasks,)
            Task ids, in the order of the matrix.
        n_fits : int
            Number of fits of the estimator; a search counts once. It is smaller than in the table
            if tasks are left out or if a fold has no test sample of the tasks that a fit is for.
        error : ndarray of shape (n_tasks, n_tasks)
            Entry (s, t) is the error on t with s ("drop_one": without s; "cross_predict": by the
            model of s); the diagonal is the error on t alone ("drop_one": with all tasks).
        error_alone : ndarray of shape (n_tasks,)
            Error of every task learned alone; NaN with "drop_one", which learns none alone.
        n_train : ndarray of shape (n_tasks,)
            Number of training targets of every task, mean over folds.
        note : dict
            Why gains of a task are NaN, by its task id; empty if there are none.
        n_unconverged : int
            Number of fits that did not converge.

    Raises
    ------
    TypeError
        If the estimator is no multi-task regressor or classifier, or lacks the probabilities or
        decision values that the error needs.
    ValueError
        If the input is invalid: y is 1-D without task ids, there are fewer than two tasks, or the
        mode or the score is unknown.

    Warns
    -----
    UserWarning
        If some tasks have NaN gains, or if units of tasks seem to differ and matter.
    ConvergenceWarning
        If fits did not converge; once, with their number.

    See Also
    --------
    select_tasks : The tasks to learn together with one task.
    task_similarity : How similar tasks are, without further fits.
    compare_to_single_task : Whether sharing helped, with intervals.

    References
    ----------
    Standley, Zamir, Chen, Guibas, Malik, Savarese (2020), "Which tasks should be learned together
    in multi-task learning?", ICML, sections 4 and 5 (mode "pairwise").

    Examples
    --------
    Tasks 0 and 1 have the same coefficients, task 2 has the opposite ones:

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
    notes = dict(problem.notes)
    plan = _PLANS[mode](problem.kept)
    if mode == "cross_predict":
        warn_about_units(
            problem.data,
            "a model of one of them predicts nothing of use in the unit of the other. If their "
            "units differ, standardize the targets of each task first",
        )
        _note_untrainable(problem, notes)
        plan = [one for one in plan if one.trained[0] not in notes]
    fits = [one.fit for one in plan]
    measured = subset_errors(problem, fits, n_jobs=n_jobs, verbose=verbose)

    n_tasks = problem.data.n_tasks
    error = np.full((n_tasks, n_tasks), np.nan)
    for one, errors in zip(plan, measured.errors, strict=True):
        for s, t in one.entries:
            error[s, t] = errors[t]
    error_alone = error.diagonal().copy()
    if mode == "drop_one":
        error_alone[:] = np.nan
    gain = _gains(error, problem.floor, mode, notes)
    ids = problem.data.tasks.tolist()
    notes = {ids[t]: notes[t] for t in sorted(notes)}
    warn_about_fits(notes, measured.n_unconverged, measured.n_fits)
    return Bunch(
        gain=gain,
        tasks=problem.data.tasks,
        n_fits=measured.n_fits,
        error=error,
        error_alone=error_alone,
        n_train=problem.n_train,
        note=notes,
        n_unconverged=measured.n_unconverged,
    )


class _Planned(NamedTuple):
    """A fit to some tasks, and the entries of the matrix of errors that it is for.

    The error of an entry (s, t) is that on task t.
    """

    trained: tuple
    entries: list

    @property
    def fit(self):
        judged = tuple(t for _, t in self.entries)
        return SubsetFit(self.trained, judged)


def _pairwise(kept):
    """Every task alone, then every pair of tasks."""
    plan = []
    for t in kept:
        plan.append(_Planned((t,), [(t, t)]))
    for s, t in combinations(kept, 2):
        plan.append(_Planned((s, t), [(s, t), (t, s)]))
    return plan


def _drop_one(kept):
    """All tasks, then all tasks but one."""
    plan = [_Planned(tuple(kept), [(t, t) for t in kept])]
    for s in kept:
        others = tuple(t for t in kept if t != s)
        plan.append(_Planned(others, [(s, t) for t in others]))
    return plan


def _cross_predict(kept):
    """Every task alone, judged on all tasks."""
    plan = []
    for s in kept:
        entries = [(s, t) for t in kept]
        plan.append(_Planned((s,), entries))
    return plan


_PLANS = {"pairwise": _pairwise, "drop_one": _drop_one, "cross_predict": _cross_predict}


def _note_untrainable(problem, notes):
    """Note the tasks that some folds cannot learn alone."""
    n_folds = len(problem.splits)
    n_trainable = problem.is_trainable.sum(axis=0)
    for t in problem.kept:
        n_lacking = n_folds - n_trainable[t]
        if n_lacking:
            notes[t] = f"{n_lacking} of {n_folds} folds cannot be trained on it alone"


def _gains(error, floor, mode, notes):
    """Relative gains (n_tasks, n_tasks); note the tasks whose errors are too small to divide by."""
    diagonal = np.broadcast_to(error.diagonal(), error.shape)
    with_help = error
    without = diagonal
    if mode == "drop_one":
        with_help = diagonal
        without = error
    is_exact = without <= floor
    ratio = np.full(error.shape, np.nan)
    np.divide(with_help, without, out=ratio, where=~is_exact)
    gain = 1 - ratio
    np.fill_diagonal(gain, 0.0)
    np.fill_diagonal(is_exact, False)
    for t in np.flatnonzero(is_exact.any(axis=0)):
        notes.setdefault(int(t), "there is no error to lower: what it is compared with is exact")
    return gain
