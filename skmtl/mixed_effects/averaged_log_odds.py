"""The log-odds of a fitted MixedEffectsClassifier as a formula, for those who compute them."""

from typing import NamedTuple

import numpy as np


class AveragedLogOdds(NamedTuple):
    """Log-odds ``b_t' r / sqrt(1 + pi / 8 r' C_t r)`` for ``r = origin + directions' x``.

    Attributes
    ----------
    effects : ndarray of shape (n_tasks + 1, n_effects)
        Posterior means b of every task and of a new one.
    covariances : ndarray of shape (n_tasks + 1, n_effects, n_effects)
        Posterior covariances C.
    origin : ndarray of shape (n_effects,)
        What r is for features that are all 0.
    directions : ndarray of shape (n_features, n_effects)
        By how much r changes with each feature.
    """

    effects: np.ndarray
    covariances: np.ndarray
    origin: np.ndarray
    directions: np.ndarray


def averaged_log_odds(model):
    """Return the AveragedLogOdds of a MixedEffectsClassifier that was fitted on features only."""
    posterior = model._posterior
    n_features = model.n_features_in_
    (origin,) = posterior.units.rows(np.zeros((1, n_features)))
    directions = posterior.units.rows(np.eye(n_features)) - origin
    return AveragedLogOdds(posterior.effects, posterior.covariances, origin, directions)
