"""The squared loss on the rows of the data."""

import copy

import numpy as np
from scipy import sparse

from skmtl import _kernels
from skmtl._data.designs import SharedDesign, StackedDesign, weighted_gram, weighted_variance
from skmtl.datafits import _gram_budget
from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._spectra import _largest_eigenvalue, _row_spectrum
from skmtl.datafits._squared import Evaluation, SquaredDatafit

_KEPT = 200  # columns whose Grams are kept though not asked for
_BLOCK = 64  # columns that dense residual sweeps treat at a time


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
        self.largest_set = p // 2 if p <= _gram_budget.many_rows(design, weight) else p
        self.mean_x = self._center = np.zeros((p, T))  # of the tasks, and of what is held
        self.mean_y, self._centered = np.zeros(T), fit_intercept
        if fit_intercept:
            self.mean_x = self._center = self._means()
            if design.is_offset(self.mean_x):
                self._hold(design.shifted(self.mean_x))
                self._center = self._means()
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
        if self._centered:
            r += self.design.spread(np.einsum("jt,jt->t", self._center, W))
        wr = self.weight * r
        correlation = self.design.adjoint(wr)
        if self._centered:
            correlation -= self._center * self.design.task_sum(wr)
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
        if floats <= (
            _gram_budget.GRAM_FLOATS
            if k <= factor * self.design.column_size
            else _gram_budget.SMALL
        ):
            grams = self._memo.setdefault("grams", _GramCache(self)).get(rows)
            if "q" not in self._memo:
                self._memo["q"] = self.evaluate(np.zeros_like(self._center)).correlation
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
            local.mean_x, local._center = self.mean_x[rows], self._center[rows]
            local._known_spectra, local._memo = {}, {}
            self._memo["columns"] = rows, local
        return local

    def spectra(self):
        """Through the rows where they are fewer than the features."""
        if "all" not in self._known_spectra:
            self._known_spectra["all"] = [
                _row_spectrum(X, column, self._center[:, tasks[0]])
                for X, column, tasks in self._groups
            ]
        return self._known_spectra["all"]

    def gram_block(self, k, rows):
        X, column, tasks = self._groups[k]
        return weighted_gram(X, column, self._center[:, tasks[0]], rows)

    def lipschitz(self):
        return self.ridge + max(
            _largest_eigenvalue(X, column, self._center[:, tasks[0]])
            for X, column, tasks in self._groups
        )

    @property
    def _by_blocks(self):
        shared = isinstance(self.design, SharedDesign) and len(self.blocks) == 1
        return shared and not sparse.issparse(self.design.X)

    def descend(self, W, order, group_weights, positive, n_sweeps, history):
        """Sweeps of exact block updates over the rows `order`, W in place.

        Slot ``s % len(history)`` of `history` (m, len(order), n_tasks) takes these rows after sweep
        s. Returns in how many sweeps something moved, ending with the first without.
        """
        residual, record = self.evaluate(W).residual, (n_sweeps, history)
        shared, X = isinstance(self.design, SharedDesign), self.design.X
        if self._by_blocks:
            return self._descend_blocks(W, residual, order, group_weights, positive, *record)
        curvature = self.curvature
        rest = (curvature, curvature.max(axis=1), self.ridge, group_weights, positive, order)
        if not sparse.issparse(X):
            X, layout = self.design.by_column(), self._flat_layout()
            r = residual.ravel(order="F").copy()
            return _kernels.sweep_dense(X, *layout, self._center, *rest, r, W, *record)
        parts = (X.data, X.indices, X.indptr)
        if shared:
            R = np.array(residual, order="C")
            moment = self._center * self._task_weight
            head = (*parts, self.weight, moment, self._center)
            return _kernels.sweep_sparse(*head, *rest, R, W, *record)
        head = (*parts, self.design.ptr, self.weight, self._center)
        return _kernels.sweep_stacked_sparse(*head, *rest, residual.copy(), W, *record)

    @property
    def curvature(self):
        """Centered weighted sums of squares of the columns, (n_features, n_tasks)."""
        if "curvature" not in self._memo:
            curvature = np.empty_like(self._center)
            for X, column, tasks in self._groups:
                variance = weighted_variance(X, column, self._center[:, tasks[0]])
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

    def _descend_blocks(self, W, residual, order, group_weights, positive, n_sweeps, history):
        """Sweeps block by block of columns: products with the rows are matrix products.

        The iterates are those of a sweep column by column: within a block the correlation is kept
        right through the block's Gram.
        """
        blocks = [order[a : a + _BLOCK] for a in range(0, len(order), _BLOCK)]
        root = np.sqrt(self._groups[0][1])[:, None]
        if "centered" not in self._memo:
            self._memo["centered"] = np.asfortranarray((self.design.X - self._center[:, 0]) * root)
        Z = self._memo["centered"]
        if not np.array_equal(order, self._memo.get("order")):
            self._memo["order"] = order.copy()
            self._memo["block grams"] = [Z[:, B].T @ Z[:, B] for B in blocks]
        R = root * residual
        for sweep in range(n_sweeps):
            moved = False
            for rows, gram in zip(blocks, self._memo["block grams"], strict=True):
                A, w = Z[:, rows], W[rows]
                H, lam = A.T @ R, group_weights[rows]
                if _kernels.sweep_gram(gram, lam, self.ridge, positive, H, w):
                    R -= A @ (w - W[rows])
                    W[rows] = w
                    moved = True
            if not moved:
                return sweep
            history[sweep % len(history)] = W[order]
        return n_sweeps


class _GramCache:
    """Grams of the columns asked for so far, (n, n, n_blocks); grows by those not yet seen."""

    def __init__(self, form):
        self.form = form
        self._forget()

    def _forget(self):
        self.position = np.full(len(self.form._center), -1)
        self.columns = np.empty(0, dtype=np.intp)
        self.grams = np.empty((0, 0, len(self.form.blocks)))

    def get(self, rows):
        """Grams of these columns, C-ordered."""
        new = rows[self.position[rows] < 0]
        size, n_blocks = len(self.columns) + len(new), len(self.form.blocks)
        if size > 2 * max(len(rows), _KEPT) or size**2 * n_blocks > _gram_budget.GRAM_FLOATS:
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
            mean = self.form._center[:, tasks[0]]
            grams[n:, n:, k] = weighted_gram(X, column, mean, new)
            if n:
                grams[:n, n:, k] = weighted_gram(X, column, mean, old, new)
                grams[n:, :n, k] = grams[:n, n:, k].T
        self.grams = grams
