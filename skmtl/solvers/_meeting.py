"""Tasks that are pulled to a mean, for many strengths at a time.

With `M = diag(d) - u u'` and the border v of shared intercepts the equations are

    A_t w_t = q_t + u_t z + m v_t,    z = sum_t u_t w_t,    m = sum_t <v_t, w_t>,

where A_t is the Gram of a task plus d_t. Tasks meet in z, a vector of features, and in the number
m: a system of the size of a task, for each pair of strengths. Its z-part is

    (1 - sum_t u_t^2 / d_t) I + sum_t u_t^2 / d_t (I - d_t A_t^-1),

which is formed if the features are few; else conjugate gradients take products with it, for all
strengths in one product of matrices, preconditioned as if all tasks had the mean Gram.
"""

from dataclasses import dataclass, replace

import numpy as np

from skmtl.datafits import ShiftedTasks, TaskBases
from skmtl.solvers._conjugate_gradients import conjugate_gradients
from skmtl.solvers._free_directions import solve_scaled

FEW = 48  # features whose systems are formed
_FLOATS = 2**22  # numbers in the squares of eigenvectors at a time
_DEFINITE = 1e-8  # share of the ridge from which a system is safely definite
_LEAST = 1e-8  # of the largest eigenvalue, in the preconditioner


class Meeting:
    """The W of all models (n_tasks, n_features, n_models).

    Parameters
    ----------
    loss : TaskLosses
        The tasks.
    pulls : Pulls
        The models.
    """

    def __init__(self, loss, pulls):
        self.bases = loss.bases
        self.loss = loss
        self.pulls = pulls
        self.tasks = ShiftedTasks(loss.bases, pulls.shift, loss.further)
        self.shares = pulls.u**2 / pulls.shift
        self.q = loss.bases.within(loss.q[:, :, None])

    def solve(self, tol):
        """W, by a relative residual of at most `tol` where the system is not formed."""
        right = self._right()
        few = len(right) <= FEW
        met = self._solve_formed(right) if few else self._iterate(right, tol)
        return self._apart(met)

    def _right(self):
        """What the tasks on their own bring: z, and m if there is a border, (n_met, n_models)."""
        own = self.tasks.solve(self.q)
        z = self.bases.summed(self.pulls.u[:, None] * own)
        if self.loss.further is None:
            return z
        along = self.tasks.factor * self.tasks.along(self.q)
        m = along.sum(axis=0) / self.loss.root_total
        return np.vstack([z, m])

    def _apart(self, met):
        """The coefficients of the tasks, which have met."""
        right = self.bases.within_common(met[: self.loss.n_features])
        right *= self.pulls.u[:, None]
        right += self.q
        further = self.loss.further
        if further is not None:
            weight = further.weight / self.loss.root_total
            pull = weight[:, None] * met[-1]
            right += self.tasks.xi[:, :, None] * pull[:, None]
        return self.bases.without(self.tasks.solve(right))

    # what the border couples to z: minus the sum of u_t A_t^-1 v_t

    def _border(self):
        weight = self.pulls.u * self.tasks.factor / self.loss.root_total
        return self.bases.summed(self.tasks.eta * weight[:, None])

    @property
    def _corner(self):
        return self.tasks.factor.sum(axis=0) / self.loss.root_total**2

    # few features

    def _solve_formed(self, right):
        systems = self._formed()
        met = np.empty(right.shape)
        definite = self.pulls.left > _DEFINITE
        solved = np.linalg.solve(systems[definite], right.T[definite, :, None])
        met[:, definite] = solved[:, :, 0].T
        for model in np.flatnonzero(~definite):
            met[:, model] = solve_scaled(systems[model], right[:, model])
        return met

    def _formed(self):
        """The systems, (n_models, n_met, n_met)."""
        n_features = self.loss.n_features
        n_models = len(self.pulls.left)
        n_met = n_features + (self.loss.further is not None)
        systems = np.zeros((n_models, n_met, n_met))
        first, second = np.triu_indices(n_features)
        sums = self._summed_squares()
        systems[:, first, second] = sums
        systems[:, second, first] = sums
        diagonal = np.arange(n_features)
        systems[:, diagonal, diagonal] += self.pulls.left[:, None]
        if self.loss.further is not None:
            systems[:, :n_features, :n_features] += self._further_squares()
            border = -self._border().T
            systems[:, -1, :-1] = border
            systems[:, :-1, -1] = border
            systems[:, -1, -1] = self._corner
        return systems

    def _further_squares(self):
        """What the further samples add to the z-part, (n_models, n_features, n_features)."""
        x = self.bases.without(self.tasks.eta)
        x = x.transpose(2, 1, 0)
        weight = self.shares * self.pulls.shift * self.tasks.factor
        weighted = x * weight.T[:, None]
        return np.matmul(weighted, x.transpose(0, 2, 1))

    def _summed_squares(self):
        """The upper triangle of `sum_t shares_t V_t diag(e / (e + d_t)) V_t'`, (n_models, ...)."""
        n_features = self.loss.n_features
        weights = self.tasks.explained * self.shares[:, None]
        weights = weights.reshape(-1, weights.shape[2])
        vectors = self.bases.Vt_of_tasks.reshape(-1, n_features)
        n_pairs = n_features * (n_features + 1) // 2
        n_vectors = max(1, _FLOATS // n_pairs)  # at a time
        sums = np.zeros((n_pairs, weights.shape[1]))
        for start in range(0, len(vectors), n_vectors):
            v = vectors[start : start + n_vectors]
            products = [v[:, j, None] * v[:, j:] for j in range(n_features)]
            squares = np.concatenate(products, axis=1)
            sums += squares.T @ weights[start : start + n_vectors]
        return sums.T

    # many features

    def _iterate(self, right, tol):
        """z, and m, by conjugate gradients."""
        border = corner = None
        if self.loss.further is not None:
            border = self._border()
            corner = self._corner
        values, U = self.loss.base.mean_spectrum()
        systems = _Systems(
            self.bases,
            U,
            self.tasks,
            self.shares,
            self.pulls.left,
            self._of_mean(values),
            border,
            corner,
        )
        met, _ = conjugate_gradients(systems, right, max_iter=10 * len(right), tol=tol)
        return met

    def _of_mean(self, values):
        """Eigenvalues of the systems if all tasks had the mean Gram, (n_features, n_models)."""
        values = np.maximum(values, _LEAST * values[-1])
        eigenvalues = np.empty((len(values), len(self.pulls.left)))
        for j, value in enumerate(values):
            explained = value / (value + self.pulls.shift)
            eigenvalues[j] = (self.shares * explained).sum(axis=0)
        return eigenvalues + self.pulls.left


@dataclass
class _Systems:
    """The systems that tasks meet in, for :func:`conjugate_gradients`.

    Attributes
    ----------
    bases : TaskBases
        Eigenvectors of the tasks.
    U : ndarray of shape (n_features, n_features)
        Those of the mean Gram.
    tasks : ShiftedTasks
        Those of all models.
    shares : ndarray of shape (n_tasks, n_models)
        `u_t^2 / d_t`.
    left : ndarray of shape (n_models,)
        `1 - sum_t u_t^2 / d_t`.
    of_mean : ndarray of shape (n_features, n_models)
        Eigenvalues of the systems if all tasks had the mean Gram.
    border : ndarray of shape (n_features, n_models) or None
        What couples m to z, with the other sign.
    corner : ndarray of shape (n_models,) or None
        What is left of m.
    """

    bases: TaskBases
    U: np.ndarray
    tasks: ShiftedTasks
    shares: np.ndarray
    left: np.ndarray
    of_mean: np.ndarray
    border: np.ndarray | None
    corner: np.ndarray | None

    def only(self, kept):
        """Those of some models."""
        some = replace(
            self,
            tasks=self.tasks.only(kept),
            shares=self.shares[:, kept],
            left=self.left[kept],
            of_mean=self.of_mean[:, kept],
        )
        if self.border is not None:
            some.border = self.border[:, kept]
            some.corner = self.corner[kept]
        return some

    def product(self, met):
        n_features = len(self.of_mean)
        z = met[:n_features]
        explained = self.tasks.explain(self.bases.within_common(z))
        explained *= self.shares[:, None]
        out = self.bases.summed(explained) + self.left * z
        if self.border is None:
            return out
        m = met[-1]
        last = self.corner * m - (self.border * z).sum(axis=0)
        return np.vstack([out - self.border * m, last])

    def precondition(self, R):
        U = self.U
        within = U.T @ R[: len(U)]
        z = U @ (within / self.of_mean)
        if self.border is None:
            return z
        m = R[-1:] / self.corner
        return np.vstack([z, m])
