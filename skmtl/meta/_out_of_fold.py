"""Members of a stack: fitted to all samples, and their predictions of samples left out."""

import warnings
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import indexable

from skmtl._data.spellings import target_array
from skmtl._data.task_ids import missing_mask, some_of
from skmtl._warn import counting, warn
from skmtl.meta._members import is_alone
from skmtl.meta.chosen_strengths import with_chosen_strengths
from skmtl.model_selection import task_cross_val_predict


class FitData(NamedTuple):
    """What the user passed to `fit`, which members are passed on."""

    X: object
    y: object
    tasks: object  # None: the ids are in X, or y is two-dimensional
    params: dict  # sample_weight, if there is one
    is_wide: bool  # whether columns of y are tasks

    def fit(self, estimator):
        """Return a fitted clone of an estimator."""
        kwargs = dict(self.params)
        if self.tasks is not None:
            kwargs["tasks"] = self.tasks
        return clone(estimator).fit(self.X, self.y, **kwargs)

    def predict_held_out(self, estimator, splits, task_column, method):
        """Return predictions of all samples by clones that were fitted without them."""
        X, y, tasks = indexable(self.X, self.y, self.tasks)
        values = task_cross_val_predict(
            estimator,
            X,
            y,
            tasks=tasks,
            task_column=task_column,
            cv=splits,
            method=method,
            params=self.params,
        )
        if isinstance(values, list):
            return [np.asarray(of_task) for of_task in values]
        return np.asarray(values)

    def untrained(self, splits):
        """Return where no target of the task was in the training set, (n_samples, n_tasks)."""
        is_labeled = ~missing_mask(target_array(self.y))
        untrained = np.zeros(is_labeled.shape, dtype=bool)
        for train, test in splits:
            untrained[test] = ~is_labeled[train].any(axis=0)
        return untrained


class FittedMember(NamedTuple):
    """A member of a stack.

    Attributes
    ----------
    estimator : estimator
        Fitted to all samples.
    held_out : ndarray or list of ndarray
        Predictions, or class probabilities, of every sample by a model fitted without it.
    n_unconverged : int
        How many of the fits emitted a ConvergenceWarning.
    """

    estimator: object
    held_out: object
    n_unconverged: int


def fit_members(members, data, splits, task_column, method, n_jobs):
    """Fit all members to all samples and to those of the folds.

    Parameters
    ----------
    members : dict
        Unfitted estimators by name.
    data : FitData
    splits : list of (train, test)
        Positions; every sample is in one test set.
    task_column : str, int or None
    method : {"predict", "predict_proba"}
    n_jobs : int or None

    Returns
    -------
    list of FittedMember
    """
    jobs = []
    for name, member in members.items():
        job = delayed(_fit_member)(name, member, data, splits, task_column, method)
        jobs.append(job)
    return Parallel(n_jobs=n_jobs)(jobs)


def warn_of_unconverged(members, fitted):
    """Warn once of the members, given by name, whose fits did not converge."""
    counts = []
    for name, one in zip(members, fitted, strict=True):
        if one.n_unconverged:
            counts.append(f"{one.n_unconverged} of {name}")
    if counts:
        warn(
            f"Fits of members did not converge ({', '.join(counts)}): raise max_iter or tol of "
            "these estimators.",
            ConvergenceWarning,
        )


def _fit_member(name, member, data, splits, task_column, method):
    """Return the FittedMember of an unfitted estimator; errors say which member it is."""
    try:
        fitted, n_unconverged = counting(ConvergenceWarning, data.fit, member)
        held_out, n_in_folds = _held_out(member, fitted, data, splits, task_column, method)
    except Exception as error:
        error.add_note(f"It was raised by member {name!r} of the stack, {member!r}.")
        raise
    if data.is_wide:
        held_out = _without_untrained(held_out, data.untrained(splits))
    for values in held_out if isinstance(held_out, list) else [held_out]:
        _check_finite(values, name)
    return FittedMember(fitted, held_out, n_unconverged + n_in_folds)


def _held_out(member, fitted, data, splits, task_column, method):
    """Return predictions of samples left out, and how many fits did not converge.

    A model that all tasks share keeps in the folds the few strengths that it chose by all samples.
    Models of each task choose theirs again there: with strengths chosen by the sample left out,
    their errors would look smaller than they are. So do models with a strength for each feature.
    """
    in_folds = member if is_alone(member) else with_chosen_strengths(fitted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they repeat those of the fit to all samples
        return counting(
            ConvergenceWarning,
            data.predict_held_out,
            in_folds,
            splits,
            task_column,
            method,
        )


def _without_untrained(values, untrained):
    """Return predictions, with a guess for tasks that no model of a fold knew.

    The guess is the mean of the other tasks, or the same probability for all classes.
    """
    if isinstance(values, list):
        return [_with_even_classes(*pair) for pair in zip(values, untrained.T, strict=True)]
    known = np.where(untrained, 0.0, values)
    n_known = np.count_nonzero(~untrained, axis=1)
    means = known.sum(axis=1) / n_known
    return np.where(untrained, means[:, None], values)


def _with_even_classes(probabilities, untrained):
    """Return the probabilities of a task, the same for all classes where it is not known."""
    n_classes = probabilities.shape[1]
    return np.where(untrained[:, None], 1 / n_classes, probabilities)


def _check_finite(values, name):
    """Raise if a prediction of a member is NaN or infinite."""
    is_finite = np.isfinite(values)
    if not is_finite.all():
        first = values[~is_finite][0]
        rows = np.unique(np.nonzero(~is_finite)[0])
        raise ValueError(
            f"Member {name!r} of the stack predicts {first} for sample(s) {some_of(rows)}, which "
            "were left out of its fit: replace it, or leave it out of estimators."
        )
