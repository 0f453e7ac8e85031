"""The tasks of a Gram form in the eigenvectors of their Grams, for many shifts at a time.

Arrays are `(n_tasks, n_features, n_models)`: a model is a shift of each task. In the
eigenvectors V of a Gram a shifted system is diagonal, whatever the shift. The further sample x of
weight l that shared intercepts give a task adds the square of one vector, so that one
decomposition serves all strengths of the intercepts too (Sherman-Morrison).
"""

import copy
from typing import NamedTuple

import numpy as np

from skmtl.datafits._linear_algebra import rounding


class FurtherSamples(NamedTuple):
    """A sample of each task, beside those of its Gram: x (n_tasks, n_features) and its weight."""

    x: np.ndarray
    weight: np.ndarray


class TaskBases:
    """Eigenvalues and eigenvectors of the tasks' Grams.

    Parameters
    ----------
    form : GramForm
        The loss of separate tasks.

    Attributes
    ----------
    grams : ndarray of shape (n_blocks, n_features, n_features)
        The Grams.
    values : ndarray of shape (n_blocks, n_features)
        Their eigenvalues.
    V, Vt : ndarray of shape (n_blocks, n_features, n_features)
        Their eigenvectors in columns, and in rows.
    """

    def __init__(self, form):
        self.block_of_task = form.block_of_task
        self.blocks = form.blocks
        self.is_own = np.array_equal(self.block_of_task, np.arange(form.shape[1]))
        self.grams = np.ascontiguousarray(np.moveaxis(form.grams, 2, 0))
        values, self.V = np.linalg.eigh(self.grams)
        least = rounding(self.V[0]) * values[:, -1:]
        self.values = np.where(values > least, values, 0.0)
        self.Vt = np.ascontiguousarray(self.V.transpose(0, 2, 1))

    @property
    def Vt_of_tasks(self):
        """Eigenvectors of every task in rows, (n_tasks, n_features, n_features)."""
        return self.Vt if self.is_own else self.Vt[self.block_of_task]

    def within(self, B):
        """V'B of every task's own B, (n_tasks, n_features, n_models)."""
        return self._by_task(self.Vt, B)

    def without(self, C):
        """V C, (n_tasks, n_features, n_models)."""
        return self._by_task(self.V, C)

    def explained(self, W):
        """The products of the Grams with W, (n_tasks, n_features, n_models)."""
        return self._by_task(self.grams, W)

    def _by_task(self, matrices, B):
        if self.is_own:
            return np.matmul(matrices, B)
        out = np.empty((len(B), matrices.shape[1], B.shape[2]))
        for tasks, matrix in zip(self.blocks, matrices, strict=True):
            out[tasks] = np.matmul(matrix, B[tasks])
        return out

    def within_common(self, z):
        """V'z of a z (n_features, n_models) that all tasks have in common."""
        n_features = len(z)
        stacked = self.Vt.reshape(-1, n_features) @ z
        by_block = stacked.reshape(-1, *z.shape)
        if self.is_own:
            return by_block
        return by_block[self.block_of_task]

    def summed(self, C):
        """The sum of V C over tasks, (n_features, n_models)."""
        if not self.is_own:
            sums = [C[tasks].sum(axis=0) for tasks in self.blocks]
            C = np.stack(sums)
        n_features, n_models = C.shape[1:]
        stacked = C.reshape(-1, n_models)
        vectors = self.Vt.reshape(-1, n_features)
        return vectors.T @ stacked


class ShiftedTasks:
    """The systems `A_t = G_t + l_t x_t x_t' + d_t I`, in the bases of the tasks.

    Parameters
    ----------
    bases : TaskBases
        Those of the G.
    shift : ndarray of shape (n_tasks, n_models)
        The d, positive.
    further : FurtherSamples or None
        The x and l.
    """

    def __init__(self, bases, shift, further):
        values = bases.values[bases.block_of_task][:, :, None]
        self.shift = shift
        self.inverse = 1 / (values + shift[:, None])
        self.explained = values * self.inverse  # what the Gram alone leaves of I - d A^-1
        self.is_plain = further is None
        if self.is_plain:
            return
        self.xi = bases.within(further.x[:, :, None])[:, :, 0]
        self.eta = self.xi[:, :, None] * self.inverse
        rest = np.einsum("tj,tja->ta", self.xi, self.eta)
        weight = further.weight[:, None]
        self.factor = weight / (1 + weight * rest)

    def only(self, models):
        """The systems of some models."""
        some = copy.copy(self)
        for name in ("shift", "inverse", "explained", "eta", "factor"):
            if name in vars(self):
                setattr(some, name, getattr(self, name)[..., models])
        return some

    def solve(self, Y):
        """`A_t^-1 y_t`, (n_tasks, n_features, n_models)."""
        X = Y * self.inverse
        if not self.is_plain:
            size = self.factor * self.along(Y)
            X -= self.eta * size[:, None]
        return X

    def explain(self, Y):
        """`(I - d_t A_t^-1) y_t`, (n_tasks, n_features, n_models)."""
        X = Y * self.explained
        if not self.is_plain:
            size = self.shift * self.factor * self.along(Y)
            X += self.eta * size[:, None]
        return X

    def along(self, Y):
        """`x_t' (G_t + d_t I)^-1 y_t`, (n_tasks, n_models)."""
        return np.einsum("tja,tja->ta", self.eta, np.broadcast_to(Y, self.eta.shape))
