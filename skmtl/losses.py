"""Losses of a target y and a linear prediction z, and the registry of their names.

A loss works on arrays of any shape, element by element, and knows neither X nor tasks. One that
treats several columns at a time (:class:`Softmax`) couples the last axis, and its value is the sum
over it. Beside the numbers that solvers need (value, gradient, curvature and conjugate), a loss
knows its targets: which are valid, which leave an intercept without a finite optimum, how
predictions are made from z, and what one task alone is fitted with. So a new loss is one class; as
``loss=NewLoss()`` it works in every linear regressor, and one line in :data:`LOSSES` gives it a
name.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from inspect import signature

import numpy as np
from scipy.special import entr, expit, log_softmax, logit, softmax, xlogy
from sklearn.linear_model import LassoCV, LogisticRegressionCV, PoissonRegressor, RidgeCV
from sklearn.model_selection import BaseCrossValidator, GridSearchCV

from skmtl._data.checks import check_option, check_real

_LACKING = 1e-12  # share of the weight of a task below which a class is not there


class Loss(ABC):
    """A convex function of the linear prediction z.

    A subclass implements `value`, `gradient`, `curvature` and `conjugate`; everything else has a
    default, that of a loss for numbers. A frozen dataclass, so that estimators with it can be
    cloned and compared.

    Attributes
    ----------
    is_quadratic : bool, default=False
        Whether it is the squared loss, which has solvers of its own.
    of_classes : bool, default=False
        Whether targets are classes.
    takes_normalized_targets : bool, default=True
        Whether targets may be centered and scaled (`normalize_y`).
    has_noise_level : bool, default=True
        Whether twice the mean loss is a noise variance (``task_weight="uncertainty"``).
    exact_curvature : bool, default=True
        Whether `curvature` is the second derivative, and not an upper bound.
    degenerate_targets : str or None, default=None
        What the targets of a degenerate task are, for messages; see :meth:`degenerate`.
    """

    is_quadratic = False
    of_classes = False
    takes_normalized_targets = True
    has_noise_level = True
    exact_curvature = True
    degenerate_targets = None

    @classmethod
    def from_params(cls, huber_delta=1.35):
        """The loss with the parameters that estimators have for losses."""
        return cls()

    @abstractmethod
    def value(self, y, z):
        """The loss, at least 0."""

    @abstractmethod
    def gradient(self, y, z):
        """Its derivative with respect to z."""

    @abstractmethod
    def curvature(self, y, z):
        """Its second derivative with respect to z, or an upper bound of it."""

    @abstractmethod
    def conjugate(self, y, u):
        """`max_z u z - loss(y, z)`, finite from u = 0 to the gradient u at any z.

        The duality gap needs it.
        """

    def derivatives(self, y, z):
        """Gradient and curvature."""
        return self.gradient(y, z), self.curvature(y, z)

    def check_targets(self, y):
        """Raise ValueError if some of the targets y, none of them missing, are not valid."""
        return

    def degenerate(self, sums, totals):
        """Which tasks have targets for which the optimal intercept is infinite.

        Such a task gets a pseudo-observation of weight 1: the mean target of all tasks.

        Parameters
        ----------
        sums : ndarray of shape (n_tasks,)
            Weighted sum of the targets of each task.
        totals : ndarray of shape (n_tasks,)
            Total weight of each task.

        Returns
        -------
        ndarray of bool of shape (n_tasks,)
        """
        return np.zeros(len(totals), dtype=bool)

    def inverse_link(self, z):
        """The expected target at z."""
        return z

    def link(self, mean):
        """The z at which the expected target is `mean`: the default intercept."""
        return mean

    def single_task(self, selects, *, fit_intercept=True, max_iter=1000):
        """What one task alone is fitted with.

        Parameters
        ----------
        selects : bool
            Whether it is to select features.
        fit_intercept : bool, default=True
            Whether it has an intercept.
        max_iter : int, default=1000
            Largest number of iterations of the multi-task estimator.

        Returns
        -------
        estimator
            Of scikit-learn, which tunes its own regularization strength.
        """
        if selects:
            return LassoCV(max_iter=max(10_000, max_iter), fit_intercept=fit_intercept)
        return RidgeCV(alphas=np.geomspace(1e-3, 1e4, 30), fit_intercept=fit_intercept)


@dataclass(frozen=True)
class Squared(Loss):
    """`1/2 (y - z)^2`."""

    is_quadratic = True

    def value(self, y, z):
        return 0.5 * (y - z) ** 2

    def gradient(self, y, z):
        return z - y

    def curvature(self, y, z):
        return np.ones_like(z)

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)


@dataclass(frozen=True)
class Huber(Loss):
    """`1/2 r^2` for `|r| <= delta`, `delta (|r| - delta/2)` beyond, with `r = y - z`.

    Parameters
    ----------
    delta : float, default=1.35
        Size of a residual from which on it counts linearly; in the unit of y.
    """

    delta: float = 1.35
    exact_curvature = False

    def __post_init__(self):
        check_real(self.delta, "delta", include="neither")

    @classmethod
    def from_params(cls, huber_delta=1.35):
        return cls(check_real(huber_delta, "huber_delta", include="neither"))

    def value(self, y, z):
        r = np.abs(y - z)
        return np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))

    def gradient(self, y, z):
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, y, z):
        return self.delta / np.maximum(np.abs(y - z), self.delta)

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)


@dataclass(frozen=True)
class Poisson(Loss):
    """`exp(z) - y z`, less its minimum: half the deviance of counts y."""

    takes_normalized_targets = False
    has_noise_level = False
    degenerate_targets = "counts of zero only"

    def value(self, y, z):
        return np.exp(z) - y * z - (y - xlogy(y, y))

    def gradient(self, y, z):
        return np.exp(z) - y

    def curvature(self, y, z):
        return np.exp(z)

    def conjugate(self, y, u):
        mean = np.maximum(y + u, 0.0)
        return xlogy(mean, mean) - mean + y - xlogy(y, y)

    def check_targets(self, y):
        if (y < 0).any():
            raise ValueError(
                f"loss='poisson' is for counts, which are at least 0; y has {y.min():.4g}."
            )

    def degenerate(self, sums, totals):
        return (sums == 0) & (totals > 0)

    def inverse_link(self, z):
        return np.exp(z)

    def link(self, mean):
        return np.log(mean)

    def single_task(self, selects, *, fit_intercept=True, max_iter=1000):
        """Poisson regression with a ridge, whether or not features are to be selected."""
        model = PoissonRegressor(fit_intercept=fit_intercept, max_iter=max(1000, max_iter))
        grid = {"alpha": np.geomspace(1e-4, 1e2, 13)}
        return GridSearchCV(model, grid, scoring="neg_mean_poisson_deviance", cv=_CountFolds())


class _CountFolds(BaseCrossValidator):
    """Five folds, or fewer, that leave a positive count in every training set."""

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self._folds(y))

    def _iter_test_indices(self, X=None, y=None, groups=None):
        return iter(self._folds(y))

    def _folds(self, y):
        positive = np.flatnonzero(y)
        others = np.flatnonzero(np.asarray(y) == 0)
        if len(positive) == 1:  # it is never left out
            positive = positive[:0]
        n_folds = min(5, max(len(positive), len(others)))
        parts = [np.append(positive[k::n_folds], others[k::n_folds]) for k in range(n_folds)]
        return [part for part in parts if len(part)]


class ClassLoss(Loss):
    """Base of the losses whose targets are classes, coded from 0 to 1."""

    of_classes = True
    takes_normalized_targets = False
    degenerate_targets = "targets that lack a class"

    def degenerate(self, sums, totals):
        """As :meth:`Loss.degenerate`, `sums` (n_tasks, n_classes) the weight of every class."""
        return (sums <= _LACKING * totals[:, None]).any(axis=1) & (totals > 0)

    def single_task(self, selects, *, fit_intercept=True, max_iter=1000, class_weight=None):
        """Logistic regression whose strength is chosen by log-loss, with an L1 norm to select."""
        norm = "l1" if selects else "l2"
        if "use_legacy_attributes" in signature(LogisticRegressionCV).parameters:  # from 1.8 on
            penalty = {"l1_ratios": [float(selects)], "use_legacy_attributes": False}
        else:
            penalty = {"penalty": norm}
        return LogisticRegressionCV(
            Cs=10,
            solver="saga" if selects else "lbfgs",
            scoring="neg_log_loss",
            tol=1e-3 if selects else 1e-4,
            max_iter=1000,
            fit_intercept=fit_intercept,
            class_weight=class_weight,
            random_state=0,
            **penalty,
        )


@dataclass(frozen=True)
class Logistic(ClassLoss):
    """`log(1 + exp(z)) - y z`: minus the log-likelihood of y in [0, 1].

    Formulas are those that keep the digits of probabilities near 1.
    """

    def value(self, y, z):
        return y * np.logaddexp(0.0, -z) + (1 - y) * np.logaddexp(0.0, z)

    def gradient(self, y, z):
        return self.derivatives(y, z)[0]

    def curvature(self, y, z):
        return self.derivatives(y, z)[1]

    def derivatives(self, y, z):
        p = expit(z)
        q = expit(-z)
        return (1 - y) * p - y * q, p * q

    def conjugate(self, y, u):
        p = np.clip(y + u, 0.0, 1.0)
        return -entr(p) - entr(1 - p)

    def inverse_link(self, z):
        return expit(z)

    def link(self, mean):
        return logit(mean)


@dataclass(frozen=True)
class Softmax(ClassLoss):
    """`log(sum_k exp(z_k)) - sum_k y_k z_k` over the last axis, y in the simplex.

    Element k of its value is `-y_k log p_k`; they add up to the loss. The curvatures are
    upper bounds that treat classes apart.
    """

    exact_curvature = False

    def value(self, y, z):
        return -y * log_softmax(z, axis=-1)

    def gradient(self, y, z):
        return softmax(z, axis=-1) - y

    def curvature(self, y, z):
        p = softmax(z, axis=-1)  # diag(p) - p p' <= 2 diag(p (1 - p)), by diagonal dominance
        return 2 * p * (1 - p)

    def conjugate(self, y, u):
        return -entr(np.clip(y + u, 0.0, 1.0))

    def inverse_link(self, z):
        return softmax(z, axis=-1)

    def link(self, mean):
        return np.log(mean)


@dataclass(frozen=True)
class Grouped(Loss):
    """Different losses for different elements.

    Parameters
    ----------
    parts : tuple of (index, Loss)
        Index arrays into the raveled z; those of a :class:`Softmax` are (n_samples, n_classes).
    """

    parts: tuple

    @property
    def exact_curvature(self):
        return all(loss.exact_curvature for _, loss in self.parts)

    def _each(self, method, *arrays):
        out = np.zeros(arrays[-1].shape)
        flat = out.reshape(-1)
        arrays = [np.ravel(array) for array in arrays]
        for index, loss in self._merged:
            flat[index] = getattr(loss, method)(*(array[index] for array in arrays))
        return out

    @cached_property
    def _merged(self):
        """The parts, those of the same loss and width as one."""
        groups = {}
        for index, loss in self.parts:
            groups.setdefault((loss, index.shape[1:]), []).append(index)
        return [(np.concatenate(indices), loss) for (loss, _), indices in groups.items()]

    def value(self, y, z):
        return self._each("value", y, z)

    def gradient(self, y, z):
        return self._each("gradient", y, z)

    def curvature(self, y, z):
        return self._each("curvature", y, z)

    def derivatives(self, y, z):
        gradient = np.zeros(z.shape)
        curvature = np.zeros(z.shape)
        flat_y = np.ravel(y)
        flat_z = np.ravel(z)
        for index, loss in self._merged:
            first, second = loss.derivatives(flat_y[index], flat_z[index])
            gradient.reshape(-1)[index] = first
            curvature.reshape(-1)[index] = second
        return gradient, curvature

    def conjugate(self, y, u):
        return self._each("conjugate", y, u)

    def inverse_link(self, z):
        return self._each("inverse_link", z)

    def link(self, mean):
        return self._each("link", mean)


LOSSES = {
    "squared_error": Squared,
    "huber": Huber,
    "poisson": Poisson,
    "logistic": Logistic,
}


def names_of_losses(*, of_classes):
    """Names of the registered losses whose targets are classes, or of the others."""
    return tuple(name for name, loss in LOSSES.items() if loss.of_classes == of_classes)


def is_of_classes(loss):
    """Whether a loss, given by name or as an instance, is one of classes; False if unknown."""
    if isinstance(loss, str):
        return loss in LOSSES and LOSSES[loss].of_classes
    return isinstance(loss, Loss) and loss.of_classes


def make_loss(loss, names=tuple(LOSSES), name="loss", **params):
    """The loss that a user gave by its name or as an instance of :class:`Loss`.

    Parameters
    ----------
    loss : str or Loss
        One of `names`, or an instance.
    names : tuple of str, default=all of LOSSES
        The names that are allowed.
    name : str, default="loss"
        The parameter that it was given as, for messages.
    **params : dict
        Parameters of :meth:`Loss.from_params`.

    Returns
    -------
    Loss
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise TypeError(
            f"{name} must be one of {sorted(names)} or an instance of skmtl.losses.Loss, got "
            f"{loss!r}."
        )
    return LOSSES[check_option(loss, name, names)].from_params(**params)
