"""Draws of theta and of the tasks' means from their posterior."""

from typing import NamedTuple

import numpy as np

from skmtl.gaussian_process._hamiltonian import hamiltonian
from skmtl.gaussian_process._log_posterior import LogPosterior
from skmtl.gaussian_process._maximize import lbfgs

_LEAST_NOISES = (0.0, -3.0, -np.inf)  # lower bounds of noises, in z, where chains may begin
_WARM = 40  # trajectories that tune the step size, twice
_WIDEST = 3.0  # standard deviation of a direction in which the curvature is smaller
_DIFFERENCE = 1e-4  # step of finite differences
_INFINITE = 1e300  # in place of infinity, which a line search cannot take


class Draws(NamedTuple):
    """Draws of parameters."""

    thetas: np.ndarray  # (n_draws, len(theta))
    means: np.ndarray | None  # of the tasks, (n_draws, n_tasks)
    acceptance_rate: float


class Mode(NamedTuple):
    """Where a chain may begin."""

    log_mass: float  # of the posterior about it, by Laplace's approximation, up to a constant
    z: np.ndarray
    root: np.ndarray  # of the covariance there


def draw_parameters(
    likelihood,
    thetas,
    initial,
    with_means,
    n_draws,
    rng,
):
    """The :class:`Draws` of a chain that begins near one of several thetas.

    Parameters
    ----------
    likelihood : SpectralMarginalLikelihood or DenseMarginalLikelihood
        The log marginal likelihood.
    thetas : sequence of ndarray
        Where to look for modes of the posterior.
    initial, with_means
        As in :class:`LogPosterior`.
    n_draws : int
        Number of draws.
    rng : RandomState
        Generator of the draws.
    """
    log_posterior = LogPosterior(likelihood, initial, with_means)
    points = [log_posterior.standardized(theta) for theta in thetas]
    mode = first_mode(log_posterior, points)
    (z,), _ = hamiltonian(
        log_posterior,
        mode.z,
        mode.root,
        n_warm=_WARM,
        n_draws=1,
        rng=rng,
    )
    draws, acceptance_rate = hamiltonian(
        log_posterior,
        z,
        root_of_covariance(log_posterior, z),
        n_warm=_WARM,
        n_draws=n_draws,
        rng=rng,
    )
    thetas = []
    means = []
    for draw in draws:
        theta, mean = log_posterior.parameters(draw)
        thetas.append(theta)
        means.append(mean)
    means = np.array(means) if with_means else None
    return Draws(np.array(thetas), means, acceptance_rate)


def first_mode(log_posterior, points):
    """The :class:`Mode` where a chain begins.

    The density may rise without end as noises fall, in a funnel that holds next to nothing. So this
    is the highest point with noises above one of some levels: the one about which there is most, by
    Laplace's approximation.
    """

    def height(z):
        value, _ = log_posterior(z)
        return value

    modes = []
    points = list(points)
    for least_noise in _LEAST_NOISES:
        found = [find_mode(log_posterior, z, least_noise) for z in points]
        z = max(found, key=height)
        root = root_of_covariance(log_posterior, z)
        _, log_volume = np.linalg.slogdet(root)
        log_mass = height(z) + log_volume
        modes.append(Mode(log_mass, z, root))
        points.append(z)
    return max(modes, key=lambda mode: mode.log_mass)


def find_mode(log_posterior, z, least_noise):
    """The highest point near z with noises above a bound, by L-BFGS."""

    def objective(z):
        value, gradient = log_posterior(z)
        if not np.isfinite(value):
            return _INFINITE, -gradient
        return -value, -gradient

    bounds = log_posterior.bounds.copy()
    bounds[log_posterior.noises, 0] = least_noise
    start = np.clip(z, *bounds.T)
    return lbfgs(objective, start, bounds).x


def root_of_covariance(log_posterior, z):
    """The symmetric root of the covariance that the curvature at z suggests."""
    differences = []
    for step in _DIFFERENCE * np.eye(len(z)):
        _, above = log_posterior.unbounded(z + step)
        _, below = log_posterior.unbounded(z - step)
        differences.append(above - below)
    curvature = np.array(differences) / (-2 * _DIFFERENCE)
    curvature = (curvature + curvature.T) / 2
    values, V = np.linalg.eigh(curvature)
    precisions = np.maximum(np.abs(values), _WIDEST**-2)
    return V / np.sqrt(precisions) @ V.T
