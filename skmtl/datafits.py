"""Squared loss of a design: `1/2 sum_i weight_i (y_i - (A W)_i - b_t)^2 + ridge/2 ||W||_F^2`.

The intercept b of every task is profiled out by centring with the weighted means of the task, so
it is never a row of W and no penalty sees it. Two forms with the same methods, so that solvers do
not know which they hold: `ResidualForm` touches the rows, `GramForm` only
`Q_t = X_t' D_t X_t`, `q_t = X_t' D_t y_t` and `y' D y`.
"""

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve, eigh, eigvalsh
from scipy.optimize import nnls

from skmtl import _kernels
from skmtl.designs import SharedDesign, StackedDesign, weighted_gram, weighted_variance
from skmtl.moments import moment_reader

_GRAM_FLOATS = 2**25  # 256 MiB of Grams
_FEW = 300  # features, for which a Gram costs next to nothing
_SMALL = 2**20  # floats of Grams that are never too many
_KEPT = 200  # columns whose Grams are kept though not asked for
_BLOCK = 64  # columns that dense residual sweeps treat at a time


@dataclass
class Evaluation:
    """What a certificate needs of the loss at W, the ridge apart.

    `correlation` is `A' D r`, minus the gradient, (n_features, n_tasks); `rr` and `ry` are
    `<r, D r>` and `<r, D y>` for the residual r and the centred y.
    """

    correlation: np.ndarray
    rr: float
    ry: float
    residual: np.ndarray | None = None  # of y's shape; None in Gram form


class SquaredDatafit(ABC):
    """What both forms share. Attributes:

    mean_x : (n_features, n_tasks), mean_y : (n_tasks,)
        Weighted means of each task; zeros without intercepts.
    blocks : list of (tasks,) index arrays
        Tasks of one block share their Gram.
    yy : float
        `<y, D y>` of the centred y.
    first_set : int
        Rows that are best looked at together at first.
    largest_set : int
        More of them than this had better be all.
    """

    def __init__(self):
        self.ridge = 0.0
        self._known_spectra = {}  # shared by the copies of with_ridge

    @abstractmethod
    def evaluate(self, W):
        """:class:`Evaluation` of the loss at W."""

    @abstractmethod
    def restrict(self, rows):
        """The loss as a function of these rows of W alone, the others zero."""

    @abstractmethod
    def gram_block(self, k, rows):
        """Rows and columns `rows` of the Gram of block k."""

    @abstractmethod
    def lipschitz(self):
        """Lipschitz constant of the gradient, ridge included."""

    def value(self, W):
        """Loss with its ridge at W."""
        return 0.5 * self.evaluate(W).rr + 0.5 * self.ridge * float(np.vdot(W, W))

    def gradient(self, W):
        """Gradient of :meth:`value`, (n_features, n_tasks)."""
        return self.ridge * W - self.evaluate(W).correlation

    def intercepts(self, W):
        """The optimal intercept of each task at W, (n_tasks,)."""
        return self.mean_y - np.einsum("jt,jt->t", self.mean_x, W)

    @abstractmethod
    def spectra(self):
        """For each block eigenvalues (r,) > 0 and eigenvectors (n_features, r) of its Gram."""

    @property
    def shape(self):
        """(n_features, n_tasks), that of W."""
        return self.mean_x.shape

    @property
    def mean_curvature(self):
        """Mean over features and tasks of the curvature of the loss."""
        return float(self.curvature.mean())

    def shifted_solve(self, B, shift):
        """`(Q_t + shift_t I)^-1 b_t` for every task, Q_t its Gram: (n_features, n_tasks).

        Where the shift, a number or (n_tasks,), is 0, the solution of least norm.
        """
        out, shift = np.empty_like(B), np.broadcast_to(shift, B.shape[1:])
        for tasks, (values, V) in zip(self.blocks, self.spectra(), strict=True):
            c, b = shift[tasks], B[:, tasks]
            within = V.T @ b
            out[:, tasks] = V @ (within / (values[:, None] + c))
            if V.shape[1] < len(V):
                at = np.divide(1.0, c, out=np.zeros_like(c), where=c > 0)  # off the span of V
                out[:, tasks] += at * (b - V @ within)
        return out

    def with_ridge(self, ridge):
        """The same loss with another ridge; shares all arrays."""
        other = copy.copy(self)
        other.ridge = float(ridge)
        return other

    def minimise_rows(self, W, rows, positive=False):
        """W with its `rows` at their exact optimum, the others kept; a new array.

        With `positive` W itself where that is better: `nnls` may stop short of the optimum.
        """
        if len(rows) == 0:
            return W.copy()
        before, W = W, W.copy()
        H = self.evaluate(W).correlation[rows]
        for tasks, (values, vectors) in zip(self.blocks, self._spectra(rows), strict=True):
            values = values + self.ridge
            keep = values > values[-1] * len(rows) * np.finfo(float).eps
            V, scale = vectors[:, keep], np.sqrt(values[keep])
            here = np.ix_(rows, tasks)
            if positive:  # min 1/2 w' A w - b' w over w >= 0, with A = (V scale)(V scale)'
                right = (V / scale).T @ (H[:, tasks] - self.ridge * W[here])
                right += (V * scale).T @ W[here]
                W[here] = np.column_stack([nnls((V * scale).T, column)[0] for column in right.T])
            else:
                W[here] += V @ ((V.T @ (H[:, tasks] - self.ridge * W[here])) / scale[:, None] ** 2)
        return before.copy() if positive and self.value(W) > self.value(before) else W

    def _spectra(self, rows):
        """Eigenvalues and eigenvectors of each block's Gram over `rows`, computed once."""
        key = rows.tobytes()
        if key not in self._known_spectra:
            self._known_spectra[key] = [
                eigh(self.gram_block(k, rows)) for k in range(len(self.blocks))
            ]
        return self._known_spectra[key]


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
    def from_moments(cls, moments, scale, *, fit_intercept=True):
        """From :class:`~skmtl.moments.Moments` and a factor for the weights of each task."""
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
        """The loss minimised over these rows of W, as a function of the others.

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


class ResidualForm(SquaredDatafit):
    """The loss on the rows themselves; dense X in any order or CSC.

    Copied only for its order, or where the means of a dense X are so large beside its spread that
    digits would cancel.
    """

    def __init__(self, design, y, weight, *, fit_intercept=True):
        super().__init__()
        self.weight, p, T = weight, design.n_features, design.n_tasks
        self.first_set = (
            int(min(design.column_size // 4, p // 5)) if not sparse.issparse(design.X) else p
        )
        self._task_weight = design.task_sum(weight)
        self._hold(design)
        self.blocks = [tasks for *_, tasks in self._groups]
        self.largest_set = p // 2 if p <= _many_rows(design, weight) else p
        self.mean_x = self._centre = np.zeros((p, T))  # of the tasks, and of what is held
        self.mean_y, self._centred = np.zeros(T), fit_intercept
        if fit_intercept:
            self.mean_x = self._centre = self._means()
            if design.is_offset(self.mean_x):
                self._hold(design.shifted(self.mean_x))
                self._centre = self._means()
            self.mean_y = self._task_mean(y)
            self.mean_y = self.mean_y + self._task_mean(y - design.spread(self.mean_y))
            y = y - design.spread(self.mean_y)
        self.y = y if (weight > 0).all() else np.where(weight > 0, y, 0.0)
        self.yy = float(np.vdot(weight * self.y, self.y))
        self._memo = {}  # shared by the copies of with_ridge: what does not depend on it

    def _hold(self, design):
        self.design, self._groups = design, design.blocks(self.weight)

    def _means(self):
        means = np.empty((self.design.n_features, self.design.n_tasks))
        for X, column, tasks in self._groups:
            total = column.sum()
            means[:, tasks] = np.asarray(X.T @ column).reshape(-1, 1) / (total if total else 1.0)
        return means

    def _task_mean(self, y):
        total = np.where(self._task_weight > 0, self._task_weight, 1.0)
        return self.design.task_sum(self.weight * y) / total

    def evaluate(self, W):
        """The last result is kept: solutions along a path start where the one before ended."""
        if "W" in self._memo and np.array_equal(W, self._memo["W"]):
            return self._memo["evaluation"]
        r = self.design.forward(W)
        np.subtract(self.y, r, out=r)
        if self._centred:
            r += self.design.spread(np.einsum("jt,jt->t", self._centre, W))
        wr = self.weight * r
        correlation = self.design.adjoint(wr)
        if self._centred:
            correlation -= self._centre * self.design.task_sum(wr)
        at = Evaluation(correlation, float(np.vdot(wr, r)), float(np.vdot(wr, self.y)), r)
        self._memo["W"], self._memo["evaluation"] = W.copy(), at
        return at

    def restrict(self, rows):
        """In Gram form while the Gram is smaller than the columns that it replaces.

        Else the columns alone, or None where they are best left where they are.
        """
        k = len(rows)
        factor = 0.75 if sparse.issparse(self.design.X) else 2.0  # sparse products cost more
        floats = k**2 * len(self.blocks)
        if floats <= (_GRAM_FLOATS if k <= factor * self.design.column_size else _SMALL):
            grams = self._memo.setdefault("grams", _GramCache(self)).get(rows)
            if "q" not in self._memo:
                self._memo["q"] = self.evaluate(np.zeros_like(self._centre)).correlation
            q = self._memo["q"][rows]
            local = GramForm(grams, q, self.yy, self.blocks, self.mean_x[rows], self.mean_y)
        elif self._by_blocks:
            local = self._columns(rows)
        else:
            return None
        return local.with_ridge(self.ridge)

    def _columns(self, rows):
        """The residual form of some columns."""
        known, local = self._memo.get("columns", (None, None))
        if known is None or not np.array_equal(known, rows):
            local = copy.copy(self)
            local._hold(self.design.columns(rows))
            local.mean_x, local._centre = self.mean_x[rows], self._centre[rows]
            local._known_spectra, local._memo = {}, {}
            self._memo["columns"] = rows, local
        return local

    def spectra(self):
        """Through the rows where they are fewer than the features."""
        if "all" not in self._known_spectra:
            self._known_spectra["all"] = [
                _row_spectrum(X, column, self._centre[:, tasks[0]])
                for X, column, tasks in self._groups
            ]
        return self._known_spectra["all"]

    def gram_block(self, k, rows):
        X, column, tasks = self._groups[k]
        return weighted_gram(X, column, self._centre[:, tasks[0]], rows)

    def lipschitz(self):
        return self.ridge + max(
            _largest_eigenvalue(X, column, self._centre[:, tasks[0]])
            for X, column, tasks in self._groups
        )

    @property
    def _by_blocks(self):
        shared = isinstance(self.design, SharedDesign) and len(self.blocks) == 1
        return shared and not sparse.issparse(self.design.X)

    def descend(self, W, order, row_weights, positive, n_sweeps, history):
        """Sweeps of exact block updates over the rows `order`, W in place.

        Slot ``s % len(history)`` of `history` (m, len(order), n_tasks) takes these rows after sweep
        s. Returns in how many sweeps something moved, ending with the first without.
        """
        residual, record = self.evaluate(W).residual, (n_sweeps, history)
        shared, X = isinstance(self.design, SharedDesign), self.design.X
        if self._by_blocks:
            return self._descend_blocks(W, residual, order, row_weights, positive, *record)
        curvature = self.curvature
        rest = (curvature, curvature.max(axis=1), self.ridge, row_weights, positive, order)
        if not sparse.issparse(X):
            X, layout = self.design.by_column(), self._flat_layout()
            r = residual.ravel(order="F").copy()
            return _kernels.sweep_dense(X, *layout, self._centre, *rest, r, W, *record)
        parts = (X.data, X.indices, X.indptr)
        if shared:
            R = np.array(residual, order="C")
            moment = self._centre * self._task_weight
            head = (*parts, self.weight, moment, self._centre)
            return _kernels.sweep_sparse(*head, *rest, R, W, *record)
        head = (*parts, self.design.ptr, self.weight, self._centre)
        return _kernels.sweep_stacked_sparse(*head, *rest, residual.copy(), W, *record)

    @property
    def curvature(self):
        """Centred weighted sums of squares of the columns, (n_features, n_tasks)."""
        if "curvature" not in self._memo:
            curvature = np.empty_like(self._centre)
            for X, column, tasks in self._groups:
                variance = weighted_variance(X, column, self._centre[:, tasks[0]])
                curvature[:, tasks] = variance[:, None]
            self._memo["curvature"] = curvature
        return self._memo["curvature"]

    def _flat_layout(self):
        """Where the rows, residuals and weights of each task begin in flat arrays."""
        T, weight = self.design.n_tasks, np.ravel(self.weight, order="F")
        if isinstance(self.design, StackedDesign):
            first_row, ptr = self.design.ptr[:-1], self.design.ptr
            return first_row, ptr, weight, first_row
        first_row, ptr = np.zeros(T, dtype=np.intp), np.arange(T + 1) * len(self.y)
        return first_row, ptr, weight, ptr[:-1] if self.weight.shape[1] == T else first_row

    def _descend_blocks(self, W, residual, order, row_weights, positive, n_sweeps, history):
        """Sweeps block by block of columns: products with the rows are matrix products.

        The iterates are those of a sweep column by column: within a block the correlation is kept
        right through the block's Gram.
        """
        blocks = [order[a : a + _BLOCK] for a in range(0, len(order), _BLOCK)]
        root = np.sqrt(self._groups[0][1])[:, None]
        if "centred" not in self._memo:
            self._memo["centred"] = np.asfortranarray((self.design.X - self._centre[:, 0]) * root)
        Z = self._memo["centred"]
        if not np.array_equal(order, self._memo.get("order")):
            self._memo["order"] = order.copy()
            self._memo["block grams"] = [Z[:, B].T @ Z[:, B] for B in blocks]
        R = root * residual
        for sweep in range(n_sweeps):
            moved = False
            for rows, gram in zip(blocks, self._memo["block grams"], strict=True):
                A, w = Z[:, rows], W[rows]
                H, lam = A.T @ R, row_weights[rows]
                if _kernels.sweep_gram(gram, lam, self.ridge, positive, H, w):
                    R -= A @ (w - W[rows])
                    W[rows] = w
                    moved = True
            if not moved:
                return sweep
            history[sweep % len(history)] = W[order]
        return n_sweeps


class Coupled(SquaredDatafit):
    """The loss plus `1/2 tr(W M W')`, M psd: as if of further rows, whose targets are zero.

    Parameters
    ----------
    base : SquaredDatafit
    coupling : ndarray of shape (n_tasks, n_tasks)
        M.
    """

    def __init__(self, base, coupling):
        super().__init__()
        self.base, self.coupling = base, coupling
        self.blocks, self.yy = base.blocks, base.yy
        self.mean_x, self.mean_y = base.mean_x, base.mean_y

    def evaluate(self, W):
        at, WM = self.base.evaluate(W), W @ self.coupling
        return Evaluation(at.correlation - WM, at.rr + float(np.vdot(W, WM)), at.ry)

    def lipschitz(self):
        return self.base.lipschitz() + _top_eigenvalue(self.coupling)

    def restrict(self, rows):
        return Coupled(self.base.restrict(rows), self.coupling)

    def gram_block(self, k, rows):
        raise NotImplementedError("Coupled tasks have no Gram of their own.")

    def spectra(self):
        raise NotImplementedError("Coupled tasks have no Gram of their own.")


class _GramCache:
    """Grams of the columns asked for so far, (n, n, n_blocks); grows by those not yet seen."""

    def __init__(self, form):
        self.form = form
        self._forget()

    def _forget(self):
        self.position = np.full(len(self.form._centre), -1)
        self.columns = np.empty(0, dtype=np.intp)
        self.grams = np.empty((0, 0, len(self.form.blocks)))

    def get(self, rows):
        """Grams of these columns, C-ordered."""
        new = rows[self.position[rows] < 0]
        size, n_blocks = len(self.columns) + len(new), len(self.form.blocks)
        if size > 2 * max(len(rows), _KEPT) or size**2 * n_blocks > _GRAM_FLOATS:
            self._forget()  # mostly of columns that are no longer asked for
            new = rows
        if len(new):
            self._add(new)
        here = self.position[rows]
        if len(here) == len(self.grams) and np.array_equal(here, np.arange(len(here))):
            return self.grams
        return np.ascontiguousarray(self.grams[np.ix_(here, here)])

    def _add(self, new):
        old, n = self.columns, len(self.columns)
        self.columns = np.concatenate([old, new])
        self.position[new] = np.arange(n, n + len(new))
        grams = np.empty((n + len(new),) * 2 + (self.grams.shape[2],))
        grams[:n, :n] = self.grams
        for k, (X, column, tasks) in enumerate(self.form._groups):
            mean = self.form._centre[:, tasks[0]]
            grams[n:, n:, k] = weighted_gram(X, column, mean, new)
            if n:
                grams[:n, n:, k] = weighted_gram(X, column, mean, old, new)
                grams[n:, :n, k] = grams[:n, n:, k].T
        self.grams = grams


def prefers_gram(design, weight, *, uniform=True, path=True):
    """Whether the Gram form suits the size: the one place that chooses.

    It does when features are few, or hardly more than the rows of a task (of sparse X a twentieth
    of them) and a `path` of models is to share the Grams. They must fit in 256 MiB, one for each
    group of tasks that weigh the rows alike (of a `uniform` factor), else one for each task. One
    model of many features is left to working sets, whose Grams are smaller.
    """
    p, T = design.n_features, design.n_tasks
    if p > _FEW and (not path or p > _many_rows(design, weight)):
        return False
    n_grams = len(design.blocks(weight)) if uniform else T
    return n_grams * p**2 <= _GRAM_FLOATS


def _many_rows(design, weight):
    """Features up to which a Gram of all is worth computing."""
    labelled = design.task_sum(weight > 0).mean()
    return labelled / 20 if sparse.issparse(design.X) else 1.2 * labelled


def squared_datafit(design, y, weight, *, scale=1.0, fit_intercept=True, path=True, form="auto"):
    """The squared loss in the form that suits its size.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
    y : ndarray
        Targets in the shape of the design's predictions; ignored where the weight is 0.
    weight : ndarray
        Weights that broadcast against y.
    scale : float or ndarray of shape (n_tasks,), default=1.0
        Factor of the weights of each task.
    fit_intercept : bool, default=True
        Profile out one intercept per task.
    path : bool, default=True
        Whether several models will be fitted to it.
    form : {"auto", "gram", "residual"}, default="auto"
        "auto" is the rule of :func:`prefers_gram`.
    """
    scale = np.broadcast_to(np.asarray(scale, dtype=float), (design.n_tasks,))
    uniform = bool((scale == scale[0]).all())
    if form == "auto":
        gram = prefers_gram(design, weight, uniform=uniform, path=path)
        form = "gram" if gram else "residual"
    if form == "gram":
        moments = moment_reader(design, y, weight, centred=fit_intercept)()
        return GramForm.from_moments(moments, scale, fit_intercept=fit_intercept)
    weight = weight * scale[0] if uniform else weight * design.spread(scale)
    return ResidualForm(design.as_float64(), y, weight, fit_intercept=fit_intercept)


def _block_of_task(blocks):
    out = np.empty(sum(map(len, blocks)), dtype=np.intp)
    for k, tasks in enumerate(blocks):
        out[tasks] = k
    return out


def _top_eigenvalue(G):
    return float(eigvalsh(G)[-1])  # all of them: LAPACK may fail to single out a multiple one


def eigen(M):
    """Eigenvalues and -vectors of a psd matrix, rounding errors of zero set to zero."""
    values, U = eigh(M)
    return np.where(values > _rounding(M) * values[-1], values, 0.0), U


def _positive_part(values, vectors):
    """Eigenvalues that are no rounding errors of zero, and their eigenvectors."""
    kept = values > _rounding(vectors) * values[-1]
    return values[kept], vectors[:, kept]


def _rounding(M):
    """How large an eigenvalue that is 0 may come out, relative to the largest."""
    return 10 * len(M) * np.finfo(float).eps


def _row_spectrum(X, weight, mean):
    """Positive eigenvalues and eigenvectors of a weighted, centred Gram from its rows."""
    if X.shape[1] <= X.shape[0]:
        return _positive_part(*eigh(weighted_gram(X, weight, mean)))
    A = ((X.toarray() if sparse.issparse(X) else X) - mean) * np.sqrt(weight)[:, None]
    values, U = _positive_part(*eigh(A @ A.T))
    return values, A.T @ (U / np.sqrt(values))


def _largest_eigenvalue(X, weight, mean):
    """Largest eigenvalue of the centred Gram of one block, through its smaller side."""
    if X.shape[1] <= X.shape[0]:
        return _top_eigenvalue(weighted_gram(X, weight, mean))
    Xm = X @ mean
    K = X @ X.T
    K = (K.toarray() if sparse.issparse(K) else K) - Xm[:, None] - Xm[None, :] + mean @ mean
    root = np.sqrt(weight)
    return _top_eigenvalue(K * root[:, None] * root[None, :])
