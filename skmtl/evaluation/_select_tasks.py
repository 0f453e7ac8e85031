"""The tasks to learn together with one task, chosen greedily."""

import numpy as np
from sklearn.utils import Bunch

from skmtl._data.checks import check_int, check_option, check_real
from skmtl._data.task_ids import position_of, some_of
from skmtl.evaluation._gains.statistics import NO_ERROR
from skmtl.evaluation._subset_errors import SubsetFit, subset_errors, warn_about_fits
from skmtl.evaluation._subset_problem import read_subset_problem


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

    "forward" starts with the target alone and adds, step by step, the task that lowers the error on
    the target most; "backward" starts with all tasks and drops, step by step, the task without
    which the error is lowest. Steps are taken while they lower the error by more than `min_gain`,
    relative to the error before. All errors are of the same held-out targets of the target task.
    With J folds and T tasks, both directions take at most ``J (1 + T (T - 1) / 2)`` fits; K steps
    forward and the last step that is not taken need ``J (1 + (T - 1) + ... + (T - 1 - K))`` fits.

    **The gain is optimistic**: the tasks were selected on the folds that it is measured on, and the
    smallest of many noisy errors is small by luck, too. For an honest gain, select on one part of
    the samples and compare on another one, as the example does.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        As in :func:`task_transfer_matrix`.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Training data, as the estimator takes it.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Targets, as the estimator takes them; NaN where a target is missing.
    target : task id
        The task to select other tasks for.
    task_column : str or int, default=None
        Column of X with the task ids; None takes that of the estimator.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, for estimators fitted with ``tasks=``.
    max_tasks : int, default=None
        Largest number of tasks, the target included. "backward" drops tasks down to this number
        even if that raises the error. None sets no limit.
    min_gain : float, default=0.0
        Smallest relative gain of a step, in [0, 1).
    direction : {"forward", "backward"}, default="forward"
        Whether to add tasks to the target alone, or to drop tasks from all of them.
    cv : int, splitter or iterable, default=None
        Cross-validation splitting strategy. None is 5 shuffled folds stratified by task, an int is
        that number of them.
    scoring : str or callable, default=None
        As in :func:`task_transfer_matrix`.
    n_jobs : int, default=None
        Number of jobs to run in parallel.
    random_state : int, RandomState instance or None, default=None
        Seed of the default folds.
    verbose : int, default=0
        Verbosity level of joblib.

    Returns
    -------
    result : Bunch
        tasks : ndarray of shape (n_selected,)
            Task ids: the target first, then the others, with "forward" in the order in which they
            were added.
        gain : float
            ``1 - error(target, learned with these) / error(target, learned alone)``, optimistic;
            NaN if the error of the target alone is zero up to rounding.
        history : list of dict
            The start and every step: the `task` that was added or dropped (None at the start), the
            `error` on the target, the relative `gain` of the step, and whether it was `taken`
            (False only for the last step, if its gain was too small).
        error_alone : float
            Error of the target learned alone.
        n_fits : int
            Number of fits of the estimator; a search counts once.
        note : dict
            Why a task was no candidate, by its task id: see :func:`task_transfer_matrix`.
        n_unconverged : int
            Number of fits that did not converge.

    Raises
    ------
    TypeError
        If the estimator is no multi-task regressor or classifier, or lacks the probabilities or
        decision values that the error needs.
    ValueError
        If the input is invalid: y is 1-D without task ids, there are fewer than two tasks, or the
        target is no task or cannot be held out.

    Warns
    -----
    UserWarning
        If some tasks were no candidates, or if units of tasks seem to differ and matter.
    ConvergenceWarning
        If fits did not converge; once, with their number.

    See Also
    --------
    task_transfer_matrix : The gains of all pairs.
    compare_to_single_task : Honest gains, with intervals.

    Examples
    --------
    Tasks 0, 1 and 2 have the same coefficients, task 3 has the opposite ones:

    >>> import numpy as np
    >>> from skmtl import MeanRegularizedRegressor, compare_to_single_task, select_tasks
    >>> rng = np.random.default_rng(1)
    >>> X = rng.standard_normal((40, 8))
    >>> Y = X @ np.outer(np.ones(8), [1, 1, 1, -1]) + 2 * rng.standard_normal((40, 4))
    >>> model = MeanRegularizedRegressor(alpha=1.0)
    >>> result = select_tasks(model, X[:20], Y[:20], target=0, random_state=0)
    >>> result.tasks, round(result.gain, 2)
    (array([0, 1, 2]), 0.25)

    The gain with these tasks on the other half of the samples:

    >>> report = compare_to_single_task(model, X[20:], Y[20:, result.tasks], random_state=0)
    >>> bool(report.table_["own_gain"][0] > 0)  # the target comes first
    True
    """
    check_option(direction, "direction", tuple(_DIRECTIONS))
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
    floor = float(problem.floor[code])
    limit = len(problem.kept) if max_tasks is None else max_tasks
    target_errors = _TargetErrors(problem, code, n_jobs, verbose)
    select = _DIRECTIONS[direction]
    chosen, history = select(target_errors, limit, min_gain, floor)
    error_alone = target_errors.of_set((code,))
    error = target_errors.of_set(chosen)
    ids = problem.data.tasks.tolist()
    for step in history:
        step["task"] = None if step["task"] is None else ids[step["task"]]
    notes = {ids[t]: reason for t, reason in problem.notes.items()}
    warn_about_fits(notes, target_errors.n_unconverged, target_errors.n_fits)
    return Bunch(
        tasks=problem.data.tasks[list(chosen)],
        gain=1 - error / error_alone if error_alone > floor else np.nan,
        history=history,
        error_alone=error_alone,
        n_fits=target_errors.n_fits,
        note=notes,
        n_unconverged=target_errors.n_unconverged,
    )


def _code_of(problem, target):
    """Code of the target task; ValueError unless it can be held out."""
    ids = problem.data.tasks
    code = position_of(target, ids)
    if code is None:
        raise ValueError(f"target={target!r} is no task; tasks are {some_of(ids)}.")
    if code in problem.notes:
        raise ValueError(f"target={target!r} has no error to lower: {problem.notes[code]}.")
    return code


class _TargetErrors:
    """Errors on the target of sets of tasks that are learned together; each set is fitted once."""

    def __init__(self, problem, target, n_jobs, verbose):
        self.problem = problem
        self.target = target
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.others = tuple(t for t in problem.kept if t != target)
        self.n_fits = 0
        self.n_unconverged = 0
        self._known = {}

    def of_set(self, tasks):
        """The error of one set of task codes."""
        return self.of_sets([tasks])[0]

    def of_sets(self, sets):
        """The errors of several sets of task codes."""
        new = [tasks for tasks in sets if frozenset(tasks) not in self._known]
        fits = [SubsetFit(tuple(sorted(tasks)), (self.target,)) for tasks in new]
        measured = subset_errors(self.problem, fits, n_jobs=self.n_jobs, verbose=self.verbose)
        self.n_fits += measured.n_fits
        self.n_unconverged += measured.n_unconverged
        for tasks, errors in zip(new, measured.errors, strict=True):
            self._known[frozenset(tasks)] = float(errors[self.target])
        return [self._known[frozenset(tasks)] for tasks in sets]


def _forward(target_errors, limit, min_gain, floor):
    """The chosen task codes, the target first, and the history of steps."""
    chosen = (target_errors.target,)
    candidates = list(target_errors.others)
    history = [_start(target_errors.of_set(chosen))]
    while candidates and len(chosen) < limit:
        errors = target_errors.of_sets([(*chosen, t) for t in candidates])
        best = _first_smallest(errors)
        gain = _relative_gain(history[-1]["error"], errors[best], floor)
        is_taken = gain > min_gain
        history.append(_step(candidates[best], errors[best], gain, is_taken))
        if not is_taken:
            break
        chosen = (*chosen, candidates.pop(best))
    return chosen, history


def _backward(target_errors, limit, min_gain, floor):
    """The chosen task codes, the target first, and the history of steps."""
    chosen = (target_errors.target, *target_errors.others)
    history = [_start(target_errors.of_set(chosen))]
    while len(chosen) > 1:
        candidates = chosen[1:]
        errors = target_errors.of_sets([_without(chosen, t) for t in candidates])
        best = _first_smallest(errors)
        gain = _relative_gain(history[-1]["error"], errors[best], floor)
        is_taken = gain > min_gain or len(chosen) > limit
        history.append(_step(candidates[best], errors[best], gain, is_taken))
        if not is_taken:
            break
        chosen = _without(chosen, candidates[best])
    return chosen, history


_DIRECTIONS = {"forward": _forward, "backward": _backward}


def _without(tasks, dropped):
    return tuple(t for t in tasks if t != dropped)


def _first_smallest(errors):
    """Position of the smallest error; the first of those that differ by rounding."""
    errors = np.array(errors)
    smallest = np.nanmin(errors)
    is_smallest = errors <= smallest * (1 + NO_ERROR)
    return int(np.argmax(is_smallest))


def _relative_gain(before, error, floor):
    """Relative gain of a step; 0 if the error before it, or the gain, is zero up to rounding."""
    if before <= floor or abs(before - error) <= NO_ERROR * before:
        return 0.0
    return 1 - error / before


def _start(error):
    """The first entry of the history."""
    return _step(None, error, 0.0, True)


def _step(task, error, gain, is_taken):
    """An entry of the history."""
    return {"task": task, "error": error, "gain": gain, "taken": is_taken}
