"""Log-losses of mixtures minimized over the simplex, by Newton's method for many at a time."""

from typing import NamedTuple

import numpy as np

from skmtl.meta._stack_weights import duality_gaps, simplex_minima

_TOL = 1e-8  # of the duality gap, relative to the terms of the objective
_MAX_ITER = 50
_SHORTEST = 2.0**-30  # step


class LogProblems(NamedTuple):
    """For each group of rows: ``-sum_i s_i log(p_i' w) + (w - center)' pull (w - center)``.

    Attributes
    ----------
    probabilities : ndarray of shape (n_rows, n)
        p, positive.
    weight : ndarray of shape (n_rows,)
        s.
    groups : ndarray of int of shape (n_rows,)
        Group of each row.
    n_groups : int
    pull : ndarray of shape (n, n)
        Positive semidefinite.
    center : ndarray of shape (n,)
    """

    probabilities: np.ndarray
    weight: np.ndarray
    groups: np.ndarray
    n_groups: int
    pull: np.ndarray
    center: np.ndarray

    def mixed(self, w):
        """Return p_i' w of each row, w of its group."""
        return np.einsum("ik,ik->i", self.probabilities, w[self.groups])

    def sums(self, values):
        """Return the sums of values of the rows of each group, (n_groups,)."""
        return np.bincount(self.groups, values, minlength=self.n_groups)

    def pulls(self, w):
        """Return ``w' pull w``, (n_groups,)."""
        return np.einsum("gk,kl,gl->g", w, self.pull, w)

    def values(self, w):
        """Return the objectives, (n_groups,)."""
        losses = -self.weight * np.log(self.mixed(w))
        return self.pulls(w - self.center) + self.sums(losses)

    def derivatives(self, w):
        """Return gradients (n_groups, n) and Hessians (n_groups, n, n)."""
        mixed = self.mixed(w)
        ratios = self.probabilities / mixed[:, None]
        weighted = self.weight[:, None] * ratios
        from_center = w - self.center
        gradients = 2 * from_center @ self.pull
        hessians = np.tile(2 * self.pull, (self.n_groups, 1, 1))
        for k, of_member in enumerate(weighted.T):
            gradients[:, k] -= self.sums(of_member)
            for j in range(k + 1):
                products = self.sums(of_member * ratios[:, j])
                hessians[:, k, j] += products
                hessians[:, j, k] = hessians[:, k, j]
        return gradients, hessians


def log_minima(problems):
    """Return the weights on the simplex that minimize each of the problems, (n_groups, n).

    Each iteration goes towards the minimum of the quadratic model on the simplex, and halves the
    step of a group until its objective decreases.
    """
    n = len(problems.center)
    w = np.full((problems.n_groups, n), 1 / n)
    values = problems.values(w)
    for _ in range(_MAX_ITER):
        gradients, hessians = problems.derivatives(w)
        gaps = duality_gaps(gradients, w)
        terms = 1 + np.abs(values) + problems.pulls(w)
        is_left = gaps > _TOL * terms
        if not is_left.any():
            break
        products = np.einsum("gkl,gl->gk", hessians, w)
        slopes = products - gradients
        targets = simplex_minima(hessians[is_left] / 2, slopes[is_left] / 2)
        direction = np.zeros_like(w)
        direction[is_left] = targets - w[is_left]
        descent = np.einsum("gk,gk->g", gradients, direction)
        before = values
        w, values = _search(problems, w, before, direction, descent)
        if not (values < before).any():
            break  # what is left are rounding errors
    return w


def _search(problems, w, values, direction, descent):
    """Return weights and objectives after steps in these directions that decrease enough."""
    steps = np.ones(len(w))
    while True:
        moved = w + steps[:, None] * direction
        new_values = problems.values(moved)
        bound = values + 1e-4 * steps * descent
        is_too_high = new_values > bound
        fails = is_too_high & (steps > _SHORTEST)
        if not fails.any():
            break
        steps[fails] /= 2
    is_better = new_values <= values
    w = np.where(is_better[:, None], moved, w)
    values = np.where(is_better, new_values, values)
    return w, values
