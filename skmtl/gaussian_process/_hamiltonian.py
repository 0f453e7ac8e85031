"""Hamiltonian Monte Carlo."""

from typing import NamedTuple

import numpy as np

_LEAPFROG_STEPS = 10  # of a trajectory
_TARGET_RATE = 0.8  # acceptance rate that the step size is tuned to
_STEP_JITTER = (0.4, 1.2)  # factors of steps, so that no trajectory ends where it began
_FIRST_STEP = 0.8  # size of the first steps, times d ** -1/4


def hamiltonian(
    log_density,
    start,
    root,
    n_warm,
    n_draws,
    rng,
):
    """Draws from a density, one after each trajectory.

    Trajectories are those of ``start + root u`` in u, with unit masses.

    Parameters
    ----------
    log_density : callable
        Returns the log density of a vector and its gradient.
    start : ndarray of shape (d,)
        Where the chain begins.
    root : ndarray of shape (d, d)
        A symmetric root of the covariance of the density, roughly.
    n_warm : int
        Number of first trajectories, which tune the size of the steps and are not returned.
    n_draws : int
        Number of draws.
    rng : RandomState
        Generator of the draws.

    Returns
    -------
    draws : ndarray of shape (n_draws, d)
    acceptance_rate : float
        Share of the trajectories that were accepted.
    """

    def at(u):
        value, gradient = log_density(start + root @ u)
        return Point(u, value, root @ gradient)

    d = len(start)
    point = at(np.zeros(d))
    step = _FIRST_STEP * max(d, 1) ** -0.25
    draws = []
    n_accepted = 0
    for k in range(n_warm + n_draws):
        momentum = rng.standard_normal(d)
        end, end_energy = _trajectory(
            at,
            point,
            momentum,
            step * rng.uniform(*_STEP_JITTER),
        )
        gain = end_energy - point.energy(momentum)
        probability = np.exp(min(gain, 0.0))
        accepted = rng.uniform() < probability
        if accepted:
            point = end
        if k < n_warm:
            excess = probability - _TARGET_RATE
            step *= np.exp(excess / np.sqrt(k + 1))
            continue
        draws.append(start + root @ point.u)
        n_accepted += accepted
    return np.array(draws), n_accepted / n_draws


class Point(NamedTuple):
    """Where a chain is."""

    u: np.ndarray
    value: float  # of the log density
    gradient: np.ndarray

    def energy(self, momentum):
        """Minus the energy."""
        return self.value - 0.5 * momentum @ momentum


def _trajectory(at, point, momentum, step):
    """The point where leapfrog steps end, and minus the energy there."""
    half = 0.5 * step
    for _ in range(_LEAPFROG_STEPS):
        momentum = momentum + half * point.gradient
        u = point.u + step * momentum
        point = at(u)
        if not np.isfinite(point.value):
            return point, -np.inf
        momentum = momentum + half * point.gradient
    return point, point.energy(momentum)
