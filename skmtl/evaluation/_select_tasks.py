"""The tasks to learn together with one task, chosen greedily."""

import numpy as np
from sklearn.utils import Bunch

from skmtl._data.checks import check_int, check_option, check_real
from skmtl._data.task_ids import some_of
from skmtl.evaluation._subsets import SubsetFit, read_subset_problem, subset_errors
from skmtl.evaluation._task_transfer_matrix import warn_of_fits


def select_tasks(
    estimator,
    X,
    y,
    target,
    *,
    task_column=None,
    tasks=None,
    max_tasks=None,
    min_gain=0.0,
    direction="forward",
    cv=None,
    scoring=None,
    n_jobs=None,
    random_state=None,
    verbose=0,
):
    """Choose the tasks that are best learned together with a target task.

    "forward" starts from the target alone and lets join, step by step, the task that lowers the
    error on the target most; "backward" starts from all tasks and leaves out the one without
    which the error is lowest. A step is taken while it lowers the error by more than `min_gain`
    of what it was. All errors are of the same held-out labels of the target. Of J folds and T
    tasks, the two take at most ``J (1 + T (T - 1) / 2)`` fits; K steps forward and the one that is
    not taken take ``J (1 + (T - 1) + ... + (T - 1 - K))``.

    **The gain is optimistic**: the tasks were selected on the folds that it is measured on, and the
    best of many noisy errors is low by luck, too. For an honest figure choose on one part of the
    rows and compare on another, as the example does.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        As in :func:`task_transfer_matrix`.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        As the estimator takes them, NaN where a label is missing.
    target : label
        The task to choose for.
    task_column : str or int, default=None
        Column of X with the task ids; None takes that of the estimator.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, for estimators fitted with ``tasks=``.
    max_tasks : int, default=None
        Largest number of tasks, the target included. "backward" goes on to it even where that
        raises the error. None sets no limit.
    min_gain : float, default=0.0
        In [0, 1). Smallest relative gain of a step.
    direction : {"forward", "backward"}, default="forward"
    cv : int, splitter or iterable, default=None
        None is 5 shuffled folds stratified by task, an int so many of them.
    scoring : str, default=None
        As in :func:`task_transfer_matrix`.
    n_jobs : int, default=None
        Fits at a time.
    random_state : int, RandomState instance or None, default=None
        Seed of the default folds.
    verbose : int, default=0
        Passed to joblib, which reports its progress.

    Returns
    -------
    result : Bunch
        tasks : ndarray of shape (n_selected,)
            The target first; then the others, "forward" in the order in which they joined.
        gain : float
            ``1 - error(target, learned with these) / error(target, learned alone)``, optimistic;
            NaN where the target alone has no error.
        history : list of dict
            The start and every step: `task` that joined or left (None at the start), `error` on
            the target, relative `gain` of the step, `taken`: False for the last step if it was
            not worth it.
        error_alone : float
            Error of the target learned alone.
        n_fits : int
            Fits of the estimator; a search counts once.
        note : dict
            Why a task was no candidate, by its label: see :func:`task_transfer_matrix`.
        n_unconverged : int
            Fits that did not converge.

    Raises
    ------
    TypeError
        For an estimator that is none of this package, or a classifier without probabilities.
    ValueError
        For data or tasks that cannot be read, and for a target that is no task or cannot be held
        out.

    Warns
    -----
    UserWarning
        For tasks that were no candidates.
    ConvergenceWarning
        Once, with the number of fits that did not converge.

    See Also
    --------
    task_transfer_matrix : The gains of all pairs.
    compare_to_single_task : The honest figure, with an interval.

    Examples
    --------
    Tasks 0, 1 and 2 want the same, task 3 the opposite:

    >>> import numpy as np
    >>> from skmtl import MeanRegularizedRegressor, compare_to_single_task, select_tasks
    >>> rng = np.random.default_rng(1)
    >>> X = rng.standard_normal((40, 8))
    >>> Y = X @ np.outer(np.ones(8), [1, 1, 1, -1]) + 2 * rng.standard_normal((40, 4))
    >>> model = MeanRegularizedRegressor(alpha=1.0)
    >>> result = select_tasks(model, X[:20], Y[:20], target=0, random_state=0)
    >>> result.tasks, round(result.gain, 2)
    (array([0, 1, 2]), 0.25)

    What these tasks gain on the other half of the rows:

    >>> report = compare_to_single_task(model, X[20:], Y[20:, result.tasks], random_state=0)
    >>> round(float(report.table_["gain"][0]), 2)  # the target comes first
    0.07
    """
    check_option(direction, "direction", ("forward", "backward"))
    check_real(min_gain, "min_gain", high=1.0, include="left")
    if max_tasks is not None:
        check_int(max_tasks, "max_tasks")
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
    code = _code_of(problem, target)
    search = _Search(problem, code, n_jobs, verbose)
    limit = len(problem.kept) if max_tasks is None else max_tasks
    walk = _forward if direction == "forward" else _backward
    chosen, history = walk(search, limit, min_gain, float(problem.floor[code]))
    alone = search.errors([(code,)])[0]
    error = search.errors([chosen])[0]
    labels = problem.names.tolist()
    for step in history:
        step["task"] = None if step["task"] is None else labels[step["task"]]
    notes = {labels[t]: why for t, why in problem.notes.items()}
    warn_of_fits(notes, search.n_unconverged, search.n_fits)
    return Bunch(
        tasks=problem.names[list(chosen)],
        gain=1 - error / alone if alone > problem.floor[code] else np.nan,
        history=history,
        error_alone=alone,
        n_fits=search.n_fits,
        note=notes,
        n_unconverged=search.n_unconverged,
    )


def _code_of(problem, target):
    """Position of the target among the tasks; ValueError unless it can be held out."""
    labels = problem.names.tolist()
    if target not in labels:
        raise ValueError(f"target={target!r} is no task; tasks are {some_of(labels)}.")
    code = labels.index(target)
    if code in problem.notes:
        raise ValueError(f"target={target!r} has no error to lower: {problem.notes[code]}.")
    return code


class _Search:
    """Errors on the target of sets of tasks, each set fitted once."""

    def __init__(self, problem, target, n_jobs, verbose):
        self.problem, self.target, self.n_jobs, self.verbose = problem, target, n_jobs, verbose
        self.known, self.n_fits, self.n_unconverged = {}, 0, 0

    @property
    def others(self):
        return tuple(t for t in self.problem.kept if t != self.target)

    def errors(self, sets):
        """One error for each set of task codes."""
        new = [tasks for tasks in sets if frozenset(tasks) not in self.known]
        fits = [SubsetFit(tuple(sorted(tasks)), (self.target,)) for tasks in new]
        measured = subset_errors(self.problem, fits, n_jobs=self.n_jobs, verbose=self.verbose)
        self.n_fits += measured.n_fits
        self.n_unconverged += measured.n_unconverged
        for tasks, errors in zip(new, measured.errors, strict=True):
            self.known[frozenset(tasks)] = float(errors[self.target])
        return [self.known[frozenset(tasks)] for tasks in sets]


def _forward(search, limit, min_gain, floor):
    """Chosen codes, the target first, and the steps."""
    chosen, candidates = (search.target,), list(search.others)
    history = [_step(None, search.errors([chosen])[0])]
    while candidates and len(chosen) < limit:
        before = history[-1]["error"]
        errors = search.errors([(*chosen, t) for t in candidates])
        best = int(np.argmin(errors))
        history.append(_step(candidates[best], errors[best], before, min_gain, floor))
        if not history[-1]["taken"]:
            break
        chosen = (*chosen, candidates.pop(best))
    return chosen, history


def _backward(search, limit, min_gain, floor):
    """Chosen codes, the target first, and the steps."""
    chosen = (search.target, *search.others)
    history = [_step(None, search.errors([chosen])[0])]
    while len(chosen) > 1:
        before = history[-1]["error"]
        errors = search.errors([tuple(t for t in chosen if t != out) for out in chosen[1:]])
        best = int(np.argmin(errors))
        step = _step(chosen[1 + best], errors[best], before, min_gain, floor)
        step["taken"] |= len(chosen) > limit
        history.append(step)
        if not step["taken"]:
            break
        chosen = tuple(t for t in chosen if t != step["task"])
    return chosen, history


def _step(task, error, before=None, min_gain=0.0, floor=0.0):
    """One entry of the history; the start has no error before it."""
    if before is None:
        return {"task": task, "error": error, "gain": 0.0, "taken": True}
    gain = 1 - error / before if before > floor else 0.0
    return {"task": task, "error": error, "gain": gain, "taken": gain > min_gain}
