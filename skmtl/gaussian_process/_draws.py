"""Draws of theta and of the tasks' means from their posterior, by Hamiltonian Monte Carlo."""

from typing import NamedTuple

import numpy as np

from skmtl.gaussian_process._density import LogPosterior
from skmtl.gaussian_process._maximize import lbfgs

_LEVELS = (0.0, -3.0, -np.inf)  # of noises, in z, where chains may begin
_WARM = 40  # trajectories that tune the steps, twice
_STEPS = 10
_ACCEPTED = 0.8  # share that the steps are tuned to
_JITTER = (0.4, 1.2)  # of steps, so that no trajectory comes back to where it began
_FIRST = 0.8  # step of the first trajectory, times d ** -1/4
_WIDEST = 3.0  # standard deviation of a direction that the curvature does not bound
_DIFFERENCE = 1e-4
_NOWHERE = 1e300  # in place of infinity, which a line search cannot take


class Draws(NamedTuple):
    """What the sampler found."""

    thetas: np.ndarray  # (n_draws, len(theta))
    means: np.ndarray | None  # of the tasks, (n_draws, T)
    acceptance_rate: float


def draw_parameters(problem, thetas, starts, with_means, n_draws, rng):
    """The :class:`Draws` of a chain that begins near one of the thetas."""
    density = LogPosterior(problem, starts, with_means)
    z, root = beginning(density, [density.place(theta) for theta in thetas])
    z = hamiltonian(density, z, root, _WARM, 1, rng)[0][-1]
    found, rate = hamiltonian(density, z, root_of_covariance(density, z), _WARM, n_draws, rng)
    thetas, means = zip(*map(density.parameters, found), strict=True)
    return Draws(np.array(thetas), np.array(means) if with_means else None, rate)


def beginning(density, places):
    """Where a chain may begin, and a root of the covariance there.

    The density may rise without end as noises fall, in a funnel that holds next to nothing. So it
    is the highest point with noises above one of some levels: the one about which there is most, by
    Laplace's approximation.
    """
    found = []
    for level in _LEVELS:
        modes = [find_mode(density, z, level) for z in places]
        z = max(modes, key=lambda z: density(z)[0])
        root = root_of_covariance(density, z)
        found.append((density(z)[0] + np.linalg.slogdet(root)[1], z, root))
        places = [*places, z]
    return max(found, key=lambda one: one[0])[1:]


def find_mode(density, z, level):
    """The highest point near z, noises above a level, by L-BFGS."""

    def objective(z):
        value, slope = density(z)
        return (-value, -slope) if np.isfinite(value) else (_NOWHERE, -slope)

    bounds = density.bounds.copy()
    bounds[density.noises, 0] = level
    return lbfgs(objective, np.clip(z, *bounds.T), bounds).x


def root_of_covariance(density, z):
    """The symmetric root of the covariance that the curvature at z suggests."""
    steps = _DIFFERENCE * np.eye(len(z))
    slopes = [density.unbounded(z + step)[1] - density.unbounded(z - step)[1] for step in steps]
    H = np.array(slopes) / (-2 * _DIFFERENCE)
    values, V = np.linalg.eigh((H + H.T) / 2)
    return V / np.sqrt(np.maximum(np.abs(values), _WIDEST**-2)) @ V.T


def hamiltonian(density, start, root, n_warm, n_draws, rng):
    """Draws (n_draws, d), one after each trajectory, and the share of trajectories accepted.

    Trajectories are those of ``start + root u`` in u, with unit masses; the root is symmetric. The
    first n_warm tune the length of steps.
    """

    def at(u):
        value, slope = density(start + root @ u)
        return value, root @ slope

    d, draws, accepted = len(start), [], 0
    u, step = np.zeros(d), _FIRST * max(d, 1) ** -0.25
    value, slope = at(u)
    for k in range(n_warm + n_draws):
        momentum = rng.standard_normal(d)
        energy = value - 0.5 * momentum @ momentum
        ahead = _trajectory(at, u, slope, momentum, step * rng.uniform(*_JITTER))
        probability = np.exp(min(ahead[-1] - energy, 0.0))
        take = rng.uniform() < probability
        if take:
            u, value, slope, _ = ahead
        if k < n_warm:
            step *= np.exp((probability - _ACCEPTED) / np.sqrt(k + 1))
        else:
            draws.append(start + root @ u)
            accepted += take
    return np.array(draws), accepted / n_draws


def _trajectory(at, u, slope, momentum, step):
    """Where leapfrog steps lead: u, the value and slope there, and the energy."""
    for _ in range(_STEPS):
        momentum = momentum + 0.5 * step * slope
        u = u + step * momentum
        value, slope = at(u)
        if not np.isfinite(value):
            return u, value, slope, -np.inf
        momentum = momentum + 0.5 * step * slope
    return u, value, slope, value - 0.5 * momentum @ momentum
