"""The rivals of a comparison: what the estimator is compared with besides single tasks."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import get_tags

from skmtl._warn import warn
from skmtl.base import MultiTaskEstimator, namesake
from skmtl.evaluation._baselines import AUTOMATIC_RIVALS, BASELINES, NAMED_RIVALS
from skmtl.evaluation._estimators import (
    check_one_line,
    estimator_kind,
    predicting_unseen_tasks,
)
from skmtl.meta import PooledTasks
from skmtl.meta.pipelines import final_estimator, with_task_column

# With fewer samples, boosting hardly ever sees a task id: a leaf of a tree has 20 samples.
_SAMPLES_OF_BOOSTING = 1000
_SAMPLES_OF_A_TASK = 20


class Rivals(NamedTuple):
    """The rivals of a comparison.

    Attributes
    ----------
    named : tuple of str
        Those that are made for each estimator, in the order of the user.
    own : dict of str to estimator
        Those of the user by name, made ready for tasks that are missing in a training set.
    """

    named: tuple
    own: dict


def read_rivals(rivals, estimators, X, task_column):
    """The :class:`Rivals` of a comparison.

    Parameters
    ----------
    rivals : str, dict or list
        What the user passed.
    estimators : dict of str to estimator
        The estimators of the comparison by name.
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        The data that the task column is looked up in.
    task_column : str, int or None
        The column of X with the task ids, if there is one.
    """
    names, given = _names_and_estimators(rivals)
    own = {}
    for name, rival in given.items():
        _check_name(name, rival, estimators)
        own[name] = _ready(name, rival, X, task_column)
        _check_kind(name, rival, estimators)
    return Rivals(tuple(dict.fromkeys(names)), own)


def _names_and_estimators(rivals):
    """The names in `rivals`, and a dict of the estimators of the user."""
    if isinstance(rivals, str):
        names = list(AUTOMATIC_RIVALS)
        if rivals != "auto":
            names += [rivals]
        own = {}
    elif isinstance(rivals, dict):
        names = AUTOMATIC_RIVALS
        own = rivals
    elif isinstance(rivals, list | tuple):
        names = [one for one in rivals if not isinstance(one, dict)]
        own = {}
        for one in rivals:
            if isinstance(one, dict):
                own |= one
    else:
        raise TypeError(
            f"rivals={rivals!r} is neither a name nor a dict {{name: estimator}} nor a list of "
            f"them. Names are {_listed(NAMED_RIVALS)}; 'auto' is {_listed(AUTOMATIC_RIVALS)}, and "
            "() is no rival."
        )
    for name in names:
        if name not in NAMED_RIVALS:
            raise ValueError(
                f"{name!r} in rivals is none of {_listed(NAMED_RIVALS)}: pass estimators of your "
                "own as a dict {name: estimator}."
            )
    return names, own


def _listed(names):
    """Names in quotes, with commas."""
    return ", ".join(map(repr, names))


def _check_name(name, rival, estimators):
    """Raise if the name of a rival is not text, or taken."""
    if not isinstance(name, str):
        raise TypeError(f"Names of rivals must be text, got {name!r} for {rival!r}.")
    taken = {"multi", *estimators}
    first_word = name.split(" ")[0]
    check_one_line(name, rival)
    if name in taken or first_word in BASELINES:
        raise ValueError(f"The name {name!r} is taken: choose another for the rival {rival!r}.")


def _ready(name, rival, X, task_column):
    """A clone of a rival that takes the data of the comparison.

    An estimator of scikit-learn learns all tasks as one and never sees their ids.
    """
    if not hasattr(rival, "fit") or isinstance(rival, type):
        raise TypeError(f"The rival {name!r} must be an estimator, got {rival!r}.")
    final = final_estimator(rival)
    if not isinstance(final, MultiTaskEstimator):
        if not get_tags(rival).target_tags.single_output:
            raise TypeError(
                f"The rival {name!r}, {rival!r}, learns several targets at once. Give an estimator "
                "of a single target, which is fitted to all tasks as one, or a multi-task "
                f"estimator of skmtl{namesake(final)}."
            )
        return PooledTasks(rival, task_column=task_column, handle_unknown="shared")
    rival, column = with_task_column(rival, X, task_column)
    if column != task_column:
        raise ValueError(
            f"The rival {name!r} has task_column={column!r}, but the comparison has "
            f"{task_column!r}."
        )
    return predicting_unseen_tasks(rival)


def _check_kind(name, rival, estimators):
    """Raise TypeError unless a rival is a regressor or a classifier, as the estimators are."""
    kind = estimator_kind(rival)
    expected = estimator_kind(next(iter(estimators.values())))
    if kind != expected:
        raise TypeError(f"The rival {name!r} is a {kind}, expected a {expected}: {rival!r}.")


def warn_of_weak_boosting(rivals, n_train):
    """Warn if training sets are too small for boosting to be a fair rival.

    Parameters
    ----------
    rivals : Rivals
        The rivals of the comparison.
    n_train : ndarray of shape (n_splits, n_tasks)
        Number of training samples of each task.
    """
    if "boosting" not in rivals.named:
        return
    n_samples = int(n_train.sum(axis=1).mean())
    n_of_task = float(np.median(n_train))
    found = []
    if n_samples < _SAMPLES_OF_BOOSTING:
        found.append(f"{n_samples} samples (fewer than {_SAMPLES_OF_BOOSTING})")
    if n_of_task < _SAMPLES_OF_A_TASK:
        found.append(f"{n_of_task:.3g} of a typical task (fewer than {_SAMPLES_OF_A_TASK})")
    if found:
        warn(
            f"Training sets have {' and '.join(found)}: boosting is a weak rival there, and a "
            "large gain over it says little."
        )
