"""A task more for a fitted model: its coefficients from a few rows, the others' as they are.

Given the other tasks, each model says what it believes of a new one: a :class:`Prior`. With it the
new task alone is a small problem.
"""

import warnings
from copy import deepcopy
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skmtl._data.reading import read_features, read_wide_targets
from skmtl._data.task_ids import as_id_array, column_names, some_of
from skmtl.datafits import class_factors, describe_smoothed
from skmtl.linear_model._new_task import fit_task
from skmtl.losses import Huber, Logistic, Poisson, Softmax, Squared


def of_new_task(value, name, label):
    """A strength of the new task: one for all tasks, or an entry of a dict or Series."""
    if np.ndim(value) == 0 and not isinstance(value, dict):
        return float(value)
    entries = value.to_dict() if hasattr(value, "to_dict") else value
    if not isinstance(entries, dict) or label not in entries:
        raise ValueError(
            f"{name} differs over tasks and has no entry for the new task {label!r}: give one, as "
            f"in model.set_params({name}={{label: number, ...}}).adapt(...)."
        )
    return float(entries[label])


class Scales(NamedTuple):
    """What the objective of the fit was measured in.

    `nbar` is the mean weight of a task, `target` (n_tasks,) what each task's y was divided by, and
    `pooled` the mean of y, or the weights {label: weight} of classes.
    """

    nbar: float
    target: np.ndarray
    pooled: object


class NewTask(NamedTuple):
    """Validated rows of a new task, of positive weight, and the loss of their targets."""

    X: np.ndarray
    y: np.ndarray  # (n_rows, n_columns)
    weight: np.ndarray  # (n_rows,), scaled as in the objective
    loss: object
    mean: float = 0.0
    scale: float = 1.0
    classes: np.ndarray | None = None


class AdaptableModel:
    """Mixin of the models that can learn a new task from a few rows.

    The model gives ``_new_task_priors(fitted, W, label)``, a list of :class:`Prior` of which the
    best is taken. W (n_columns * n_features, n_tasks) are the coefficients on the scale of
    normalized y; `fitted` is the estimator that has the fitted attributes.
    """

    def _new_task_priors(self, fitted, W, label):
        raise NotImplementedError

    def _store_new_task(self, fitted, chosen):
        """Set what else `fitted`, extended, is inspected by; `chosen` is the prior's position."""

    def _finish(self, read, datafit, solution):
        data = read.data
        nbar = float(data.design.task_sum(data.weight).sum()) / data.n_tasks
        if hasattr(read, "classes"):
            target, pooled = np.ones(data.n_tasks), read.pooled_weights()
        else:
            target = read.scale.scale
            pooled = float((data.weight * data.y).sum() / (nbar * data.n_tasks))
        self._scales = Scales(nbar, target, pooled)
        return super()._finish(read, datafit, solution)

    def adapt(self, X_new, y_new, *, task=None, sample_weight=None):
        """The model with one task more, learned from a few rows; no other task is fitted again.

        Minimizes the objective of the model over the coefficients and the intercept of the new
        task, those of the others given. The loss keeps the scale of the fitted data: `nbar` is
        theirs. What is believed of a new task is in the guide of the model.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n_samples, n_columns)
            At least one row. Columns as in `fit`; the ids in a task column are not looked at.
        y_new : array-like of shape (n_samples,) or (n_samples, 1)
            Targets or class labels; NaN or None where one is missing. Classes are those of the
            fitted tasks.
        task : label, default=None
            Of the new task. None is the column's name where y_new is a frame, else the largest
            label plus 1 or, for strings, "new".
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.

        Returns
        -------
        model : estimator
            A fitted copy, the new task the last of `tasks_`. What belongs to the fit, such as
            `objective_`, is as it was.

        Raises
        ------
        ValueError
            For a label that the model knows, an unknown class, a strength or weight that differs
            over tasks and is not given for the new one, and data that cannot be meant as in `fit`.
        TypeError
            For a label that cannot be sorted among the others, as a string among numbers.
        """
        check_is_fitted(self)
        label = _fresh_label(self, y_new, task)
        model = self._chosen_model() if hasattr(self, "_chosen_model") else self
        rows = _read_new_task(model, self, X_new, y_new, sample_weight, label)
        W = (self.coef_.reshape(self.n_tasks_, -1) / self._scales.target[:, None]).T
        priors = model._new_task_priors(self, W, label)
        fits = [fit_task(rows, prior, self.fit_intercept) for prior in priors]
        chosen = int(np.argmin([fit.objective for fit in fits]))
        if not fits[chosen].converged:
            warnings.warn(
                f"Task {label!r} did not converge: its minimum may be at infinity. Give the model "
                "a ridge.",
                ConvergenceWarning,
                stacklevel=2,
            )
        new = _extended(self, rows, fits[chosen], label)
        model._store_new_task(new, chosen)
        return new


def _extended(fitted, rows, fit, label):
    """A copy of the fitted estimator with the new task behind the others."""
    new = deepcopy(fitted)
    coef, intercept = rows.scale * fit.W.T, rows.mean + rows.scale * fit.b
    if fitted.coef_.ndim == 3:
        intercept = intercept - intercept.mean()
    else:
        coef, intercept = coef[0], intercept[0]
    new.coef_ = np.concatenate([fitted.coef_, coef[None]])
    new.intercept_ = np.concatenate([fitted.intercept_, intercept[None]])
    new.shared_coef_ = new.coef_.mean(axis=0)
    new.tasks_ = np.concatenate([fitted.tasks_, as_id_array([label])])
    new.n_tasks_ = len(new.tasks_)
    new.n_samples_per_task_ = np.append(fitted.n_samples_per_task_, len(rows.X))
    new._scales = fitted._scales._replace(target=np.append(fitted._scales.target, rows.scale))
    if hasattr(fitted, "task_weight_"):  # learned from noise, which a few rows do not show
        new.task_weight_ = np.append(fitted.task_weight_, 1.0)
        new.task_noise_ = np.append(fitted.task_noise_, np.nan)
    if isinstance(getattr(fitted, "classes_", None), list):
        new.classes_ = [*fitted.classes_, rows.classes]
    return new


def _fresh_label(fitted, y, task):
    """The label of the new task."""
    known = fitted.tasks_
    if task is None and fitted._layout == "wide" and np.ndim(y) == 2:
        names = column_names(y)
        task = names[0] if names else None
    if task is None:
        if known.dtype.kind in "iuf":
            return (known.max() + 1).item()
        if not all(isinstance(label, str) for label in known.tolist()):
            raise ValueError(f"Give the new task a label such as {some_of(known)}: task=.")
        taken = set(known.tolist())
        names = (f"new{k}" for k in range(2, len(taken) + 3))
        return "new" if "new" not in taken else next(n for n in names if n not in taken)
    try:
        several = np.concatenate([known.astype(object), as_id_array([task]).astype(object)])
        new = len(np.unique(several)) > len(known)
    except TypeError as error:
        raise TypeError(
            f"task={task!r} is of another type than the labels of the fit, {some_of(known)}."
        ) from error
    if not new:
        raise ValueError(
            f"task={task!r} was in the fit, which had {some_of(known)}: give a new label, or fit "
            "again to learn more of a task."
        )
    return task


def _read_new_task(model, fitted, X, y, sample_weight, label):
    """The :class:`NewTask` of what the user gave; `model` has the parameters."""
    X, _ = read_features(fitted, X, reset=False, ids=False)
    if np.ndim(y) == 2 and np.shape(y)[1] != 1:
        raise ValueError(f"y_new has shape {np.shape(y)}, expected one task: (n_samples,).")
    y = y if np.ndim(y) == 2 else np.asarray(y).reshape(-1, 1)
    classifier = hasattr(fitted, "classes_")
    dtype = None if classifier else np.float64
    y, weight, _ = read_wide_targets(fitted, X.shape[0], y, sample_weight, dtype)
    rows = np.flatnonzero(weight[:, 0] > 0)
    X = X.tocsr()[rows].toarray() if sparse.issparse(X) else X[rows]
    read = _read_classes if classifier else _read_numbers
    task = read(model, fitted, y[rows, 0], weight[rows, 0], label)
    omega = _omega(fitted, task.weight.sum(), label)
    return task._replace(X=X.astype(float), weight=task.weight * (omega / fitted._scales.nbar))


def _omega(fitted, total, label):
    """The task weight of the new task."""
    given = fitted.task_weight
    if isinstance(given, str) and given == "balanced":
        return fitted._scales.nbar / total
    if given is None or isinstance(given, str):  # of noise like that of the others
        return 1.0
    return of_new_task(given, "task_weight", label)


def _read_numbers(model, fitted, y, weight, label):
    loss = getattr(model, "loss", "squared_error")
    mean, scale = 0.0, 1.0
    if fitted.normalize_y:
        mean = np.average(y, weights=weight)
        deviation = np.sqrt(np.average((y - mean) ** 2, weights=weight))
        floor = 10 * np.finfo(float).eps * abs(mean)
        scale = deviation if deviation > floor else float(np.median(fitted._scales.target))
        y = (y - mean) / scale
    if loss == "poisson":
        if y.min() < 0:
            raise ValueError(
                f"loss='poisson' is for counts, which are at least 0; y has {y.min():.4g}."
            )
        if not y.any():
            warnings.warn(
                f"Task {label!r} has counts of zero only, so that an intercept would be infinite: "
                "it got one pseudo-count of the mean of all tasks.",
                UserWarning,
                stacklevel=4,
            )
            y = y + fitted._scales.pooled / (weight.sum() + 1.0)
    losses = {"squared_error": Squared, "poisson": Poisson}
    loss = Huber(float(model.huber_delta)) if loss == "huber" else losses[loss]()
    return NewTask(None, y[:, None], weight, loss, mean, scale)


def _read_classes(model, fitted, y, weight, label):
    n_columns = 1 if fitted.coef_.ndim == 2 else fitted.coef_.shape[1]
    classes = _classes_of(fitted, np.unique(y), max(n_columns, 2))
    codes = np.searchsorted(classes, y)
    weight = weight * class_factors(fitted.class_weight, classes, codes, weight)[codes]
    target = np.eye(len(classes))[codes]
    if len(np.unique(codes)) < len(classes):
        warnings.warn(describe_smoothed([label]), UserWarning, stacklevel=4)
        frequency = np.array([fitted._scales.pooled.get(c, 1.0) for c in classes.tolist()])
        share = 1.0 / (weight.sum() + 1.0)
        target = (1 - share) * target + share * frequency / frequency.sum()
    loss = Logistic() if n_columns == 1 else Softmax()
    return NewTask(None, target[:, -n_columns:], weight, loss, classes=classes)


def _classes_of(fitted, labels, n_classes):
    """The classes of the new task: those of a fitted one that has all its labels, else its own."""
    several = fitted.classes_ if isinstance(fitted.classes_, list) else [fitted.classes_]
    seen = set(labels.tolist())
    for classes in several:
        if seen <= set(classes.tolist()):
            return classes
    if isinstance(fitted.classes_, list) and len(labels) == n_classes:
        return labels
    raise ValueError(
        f"y_new has the classes {some_of(labels)}, but the model knows "
        f"{some_of(dict.fromkeys(c for classes in several for c in classes.tolist()))}."
    )
