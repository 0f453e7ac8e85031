"""Losses of classes."""

from dataclasses import dataclass
from inspect import signature

import numpy as np
from scipy.special import entr, expit, log_softmax, logit, softmax
from sklearn.linear_model import LogisticRegressionCV

from skmtl.losses._base import Loss

_LACKING = 1e-12  # share of the weight of a task below which a class is not there


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
            max_iter=max(1000, max_iter),
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
        common = np.log1p(np.exp(-np.abs(z)))
        return y * np.maximum(-z, 0.0) + (1 - y) * np.maximum(z, 0.0) + common

    def gradient(self, y, z):
        return self.derivatives(y, z)[0]

    def curvature(self, y, z):
        return self.derivatives(y, z)[1]

    def derivatives(self, y, z):
        # one exponential for the probabilities of both classes, each with all its digits
        rarer = np.exp(-np.abs(z))
        larger = 1 / (1 + rarer)
        smaller = rarer * larger
        is_likely = z >= 0
        p = np.where(is_likely, larger, smaller)
        q = np.where(is_likely, smaller, larger)
        return (1 - y) * p - y * q, larger * smaller

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
