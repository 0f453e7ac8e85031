"""The squared loss through second moments."""

from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from skmtl import _kernels
from skmtl.datafits._spectra import _positive_part, _top_eigenvalue
from skmtl.datafits._squared import Evaluation, SquaredDatafit


def _block_of_task(blocks):
    out = np.empty(sum(map(len, blocks)), dtype=np.intp)
    for k, tasks in enumerate(blocks):
        out[tasks] = k
    return out


class GramForm(SquaredDatafit):
    """The loss through second moments only; costs nothing in the number of rows.

    Parameters
    ----------
    grams : ndarray of shape (n_features, n_features, n_grams), C-ordered
        One for all tasks or one for each block.
    q : ndarray of shape (n_features, n_tasks)
    yy : float
    blocks, mean_x, mean_y
        As in :class:`SquaredDatafit`.
    """

    def __init__(self, grams, q, yy, blocks, mean_x, mean_y):
        super().__init__()
        self.grams, self.q, self.yy = grams, q, float(yy)
        self.blocks, self.mean_x, self.mean_y = blocks, mean_x, mean_y
        self.first_set = self.largest_set = len(q)

    @classmethod
    def from_statistics(cls, moments, scale, *, fit_intercept=True):
        """From :class:`SufficientStatistics` and a factor for the weights of each task."""
        total, x, y = moments.total, moments.x, moments.y
        if fit_intercept:
            seen = np.where(total > 0, total, 1.0)
            mean_x, mean_y = x / seen[:, None], y / moments.per_task(seen)
            xx = moments.xx - x[:, :, None] * mean_x[:, None, :]
            xy = moments.xy - moments.per_task(x).T * mean_y
            yy = moments.yy - y * mean_y
            mean_x, mean_y = moments.per_task(moments.x0 + mean_x), moments.y0 + mean_y
        else:
            xx, xy, yy = moments.xx, moments.xy, moments.yy
            mean_x, mean_y = np.zeros_like(xy.T), np.zeros_like(yy)
        blocks = moments.blocks
        first = np.array([tasks[0] for tasks in blocks])
        if len(blocks) == len(scale) or (scale == scale[first][_block_of_task(blocks)]).all():
            factor = scale[first]
        else:
            xx, factor = moments.per_task(xx), scale
            blocks = list(np.arange(len(scale))[:, None])
        grams = np.ascontiguousarray(np.moveaxis(xx * factor[:, None, None], 0, 2))
        q = np.ascontiguousarray(xy * scale)
        return cls(grams, q, max(yy @ scale, 0.0), blocks, mean_x.T, mean_y)

    @cached_property
    def block_of_task(self):
        """Which Gram each task has, (n_tasks,)."""
        return _block_of_task(self.blocks)

    @cached_property
    def curvature(self):
        """Diagonals of the tasks' Grams, (n_features, n_tasks)."""
        diagonals = np.einsum("jjk->jk", self.grams)
        return np.ascontiguousarray(diagonals[:, self.block_of_task])

    def evaluate(self, W):
        if len(self.blocks) == 1:
            H = self.q - self.grams[:, :, 0] @ W
        else:
            H, rows = self.q.copy(), np.flatnonzero(W.any(axis=1))
            W = np.ascontiguousarray(W)
            _kernels.subtract_product(self.grams, self.block_of_task, rows, W, H)
        qW = float(np.vdot(self.q, W))
        rr = max(self.yy - qW - float(np.vdot(H, W)), 0.0)
        return Evaluation(H, rr, self.yy - qW)

    def restrict(self, rows):
        grams = np.ascontiguousarray(self.grams[np.ix_(rows, rows)])
        return GramForm(
            grams, self.q[rows], self.yy, self.blocks, self.mean_x[rows], self.mean_y
        ).with_ridge(self.ridge)

    def eliminate(self, rows):
        """The loss minimized over these rows of W, as a function of the others.

        Returns
        -------
        (GramForm, callable)
            The function gives these rows of W from the others.
        """
        others = np.setdiff1d(np.arange(len(self.q)), rows)
        local, inverses = self.restrict(others), []
        for k, (tasks, (values, V)) in enumerate(
            zip(self.blocks, self._spectra(rows), strict=True)
        ):
            values = values + self.ridge
            keep = values > values[-1] * len(rows) * np.finfo(float).eps
            root = V[:, keep] / np.sqrt(values[keep])
            A = root.T @ self.grams[:, :, k][np.ix_(rows, others)]
            b = root.T @ self.q[np.ix_(rows, tasks)]
            G = local.grams[:, :, k]
            known = np.diag(G).copy()
            G -= A.T @ A
            local.q[:, tasks] -= A.T @ b
            # what the rows `rows` explain altogether leaves rounding errors
            gone = np.diag(G) <= 10 * len(known) * np.finfo(float).eps * known
            G[gone], G[:, gone] = 0.0, 0.0
            local.q[np.ix_(gone, tasks)] = 0.0
            local.yy -= float(np.vdot(b, b))
            inverses.append((tasks, root, A, b))

        def back(W):
            found = np.empty((len(rows), W.shape[1]))
            for tasks, root, A, b in inverses:
                found[:, tasks] = root @ (b - A @ W[:, tasks])
            return found

        local.yy = max(local.yy, 0.0)
        return local, back

    def gram_block(self, k, rows):
        return self.grams[:, :, k][np.ix_(rows, rows)]

    def shifted_inverses(self, shift):
        """`(Q_t + shift_t I)^-1` for each Gram, (n_features, n_features, n_grams); shift > 0."""
        out, shift = np.empty_like(self.grams), np.broadcast_to(shift, self.grams.shape[2:])
        if len(shift) > 1:
            _kernels.shifted_inverses(self.grams, np.ascontiguousarray(shift, dtype=float), out)
        else:  # by Cholesky, which does not mind features of different scales
            system = self.grams[:, :, 0] + shift * np.eye(len(out))
            out[:, :, 0] = cho_solve(cho_factor(system, lower=True), np.eye(len(out)))
        return out

    def spectra(self):
        if "all" not in self._known_spectra:
            values, vectors = np.linalg.eigh(np.moveaxis(self.grams, 2, 0))
            self._known_spectra["all"] = [
                _positive_part(e, V) for e, V in zip(values, vectors, strict=True)
            ]
        return self._known_spectra["all"]

    def lipschitz(self):
        return self.ridge + max(
            _top_eigenvalue(self.grams[:, :, k]) for k in range(len(self.blocks))
        )
