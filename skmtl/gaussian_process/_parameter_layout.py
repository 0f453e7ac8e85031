"""The parameters of a Gaussian process of several tasks as one vector theta."""

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import NamedTuple

import numpy as np

from skmtl._data.checks import check_int
from skmtl._task_covariance.low_rank import LowRank


class Term(NamedTuple):
    """The parameters of one term, as views of theta."""

    inputs: np.ndarray  # theta of the input kernel
    loadings: np.ndarray  # L, (n_tasks, rank)
    kappa: np.ndarray  # (n_tasks,)

    def low_rank(self):
        """The task covariance as :class:`LowRank`."""
        return LowRank(self.kappa, self.loadings)

    def covariance(self):
        """The task covariance ``B = L L' + diag(kappa)``, (n_tasks, n_tasks)."""
        B = self.loadings @ self.loadings.T
        B.flat[:: len(B) + 1] += self.kappa
        return B


class TermSpans(NamedTuple):
    """Where the parameters of one term are in theta, as slices."""

    inputs: slice
    loadings: slice
    kappa: slice


@dataclass(frozen=True)
class ParameterLayout:
    """Where parameters are in theta.

    For each term theta holds the parameters of its input kernel, the loadings ``L`` row by row and
    ``kappa``; then ``log noise``, one for each task or one for all.

    Attributes
    ----------
    n_inputs : tuple of int
        Number of parameters of the input kernel of each term.
    ranks : tuple of int
        Rank of the loadings of each term.
    n_tasks : int
        Number of tasks.
    task_noise : bool
        Whether each task has a noise of its own.
    """

    n_inputs: tuple
    ranks: tuple
    n_tasks: int
    task_noise: bool

    @cached_property
    def spans(self):
        """The :class:`TermSpans` of each term."""
        spans = []
        start = 0
        for n_inputs, rank in zip(self.n_inputs, self.ranks, strict=True):
            loadings = start + n_inputs
            kappa = loadings + self.n_tasks * rank
            end = kappa + self.n_tasks
            span = TermSpans(
                slice(start, loadings),
                slice(loadings, kappa),
                slice(kappa, end),
            )
            spans.append(span)
            start = end
        return spans

    @cached_property
    def noise_span(self):
        """Where the logarithms of the noise are, a slice."""
        start = self.spans[-1].kappa.stop
        return slice(start, start + (self.n_tasks if self.task_noise else 1))

    def __len__(self):
        return self.noise_span.stop

    @cached_property
    def is_input(self):
        """Whether an entry is a parameter of an input kernel, (len(theta),) of bool."""
        marks = np.zeros(len(self), dtype=bool)
        for inputs in self.inputs(marks):
            inputs[:] = True
        return marks

    # ------------------------------------------------------------ parts of theta

    def terms(self, theta):
        """The :class:`Term` of each term, views of a vector theta."""
        return [
            Term(
                theta[span.inputs],
                theta[span.loadings].reshape(self.n_tasks, rank),
                theta[span.kappa],
            )
            for span, rank in zip(self.spans, self.ranks, strict=True)
        ]

    def inputs(self, theta):
        """The parameters of the input kernel of each term, as views."""
        return [theta[span.inputs] for span in self.spans]

    def covariances(self, theta):
        """The task covariance ``B = L L' + diag(kappa)`` of each term."""
        return [term.covariance() for term in self.terms(theta)]

    def noise(self, theta):
        """The variance of the noise of each task, (n_tasks,)."""
        noise = np.exp(theta[self.noise_span])
        if self.task_noise:
            return noise
        return np.full(self.n_tasks, noise[0])

    # ------------------------------------------------------------ gradients, checks

    def gradient(self, theta, by_inputs, by_B, by_noise):
        """The gradient with respect to theta.

        Parameters
        ----------
        theta : ndarray of shape (len(self),)
            Parameters.
        by_inputs : list of ndarray
            Derivatives with respect to the parameters of each input kernel.
        by_B : list of ndarray of shape (n_tasks, n_tasks), or of TaskDerivative
            Derivatives with respect to each task covariance.
        by_noise : ndarray of shape (n_tasks,)
            Derivatives with respect to the noise of each task.
        """
        gradient = np.empty(len(self))
        parts = zip(
            self.terms(theta),
            self.terms(gradient),
            by_inputs,
            by_B,
            strict=True,
        )
        for term, out, inputs, G in parts:
            out.inputs[:] = inputs
            out.loadings[:] = 2 * (G @ term.loadings)
            out.kappa[:] = G.diagonal()
        by_log_noise = by_noise * self.noise(theta)
        if not self.task_noise:
            by_log_noise = by_log_noise.sum()
        gradient[self.noise_span] = by_log_noise
        return gradient

    def check(self, theta, name):
        """A given theta as an array, if it is valid."""
        theta = np.array(theta, dtype=float)
        if theta.shape != (len(self),) or not np.isfinite(theta).all():
            raise ValueError(
                f"{name}={theta} has shape {theta.shape}, expected ({len(self)},) finite numbers "
                "in the order of theta_."
            )
        smallest = min(term.kappa.min() for term in self.terms(theta))
        if smallest < 0:
            raise ValueError(
                f"{name} holds a negative kappa, {smallest:.4g}: variances are at least 0."
            )
        return theta


def check_ranks(rank, n_terms, n_tasks):
    """The rank of each term, at most the number of tasks."""
    ranks = rank
    if isinstance(rank, Integral):
        ranks = [rank] * n_terms
    if not isinstance(ranks, list | tuple) or len(ranks) != n_terms:
        raise ValueError(
            f"rank={rank!r} is neither an integer nor a list of one for each of the "
            f"{n_terms} kernel(s)."
        )
    for one in ranks:
        check_int(one, "rank", low=0)
    # More columns than tasks, or one of a single task, add nothing.
    largest = n_tasks if n_tasks > 1 else 0
    return tuple(min(one, largest) for one in ranks)
