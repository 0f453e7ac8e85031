"""A Kronecker system without a few of its cells: exact, by the Schur complement of these.

With Q the inverse of the whole system, intercepts included, and m the cells without a label, the
inverse of what is left is ``Q_oo - Q_om Q_mm^-1 Q_mo``: as if the m cells had infinite noise.
"""

from itertools import pairwise

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from skmtl._task_covariance.kronecker import mean_left_over
from skmtl._task_covariance.observations import factorize

_ROWS = 64  # rows left out at a time


class SchurSystem:
    """The system on `cells`; parameters as those of the whole one.

    Parameters
    ----------
    whole : KroneckerSystem
        Of all cells of the rows, its weights those of the rows.
    cells : Observations
        Those with a label.
    """

    name = "schur"

    def __init__(self, whole, cells):
        self.whole, self.cells = whole, cells
        self.K, self.B, self.fit_intercept = whole.K, whole.B, whole.fit_intercept
        # sorted by task, as cells are
        self.rows = [np.flatnonzero(~seen) for seen in cells.seen.T]
        self.task = np.repeat(np.arange(cells.n_tasks), [len(rows) for rows in self.rows])
        self.row = np.concatenate(self.rows)
        holes, self.place = np.unique(self.row, return_inverse=True)
        self.U_holes = whole.U[holes]
        self.factor = factorize(self._corner(), whole.alpha)

    def _corner(self):
        """Q_mm."""
        ends = np.cumsum([0, *(len(rows) for rows in self.rows)])
        spans = [slice(a, b) for a, b in pairwise(ends)]
        out = np.empty((ends[-1], ends[-1]))
        for t, rows in enumerate(self.rows):
            for u in range(t + 1):
                block = self.whole.precision_block(rows, t, self.rows[u], u)
                out[spans[t], spans[u]] = block
                out[spans[u], spans[t]] = block.T
        return out

    def dual(self, y):
        """Dual coefficients of targets over cells."""
        Y = self.cells.matrix(y)
        at_holes = self.whole.precision(Y)[self.row, self.task]
        Y[self.row, self.task] -= cho_solve((self.factor, True), at_holes, check_finite=False)
        return self.whole.precision(Y)[self.cells.row, self.cells.task]

    def intercepts(self, y, dual):
        """Intercepts that belong to dual coefficients, (n_tasks,)."""
        return mean_left_over(self, y, dual)

    def leave_one_out(self, y, by="row"):
        """Errors of every cell when its row, or only the cell, is left out; NaN as there."""
        cells, dual = self.cells, self.dual(y)
        known = cells.left(self.fit_intercept)
        if by == "cell":
            precisions = np.where(known, self.cell_precisions(), np.nan)
            return dual / precisions
        dual, known = cells.matrix(dual), cells.matrix(known)
        errors = np.full(known.shape, np.nan)
        for rows, blocks in self._blocks():
            for i, block in zip(rows, blocks, strict=True):
                here = known[i]
                if here.any():
                    errors[i, here] = np.linalg.solve(block[np.ix_(here, here)], dual[i, here])
        return errors[cells.row, cells.task]

    def cell_precisions(self):
        """The diagonal of the inverse, (n_cells,)."""
        diagonals = [np.einsum("itt->it", blocks) for _, blocks in self._blocks()]
        return np.concatenate(diagonals)[self.cells.row, self.cells.task]

    def _blocks(self):
        """Some rows at a time, and their blocks of the inverse."""
        n = self.cells.n_rows
        for first in range(0, n, _ROWS):
            rows = np.arange(first, min(first + _ROWS, n))
            yield rows, self._row_blocks(rows)

    def _row_blocks(self, rows):
        """Blocks of the inverse between the tasks of each of these rows, (n_rows, T, T)."""
        whole = self.whole
        d = whole.U[rows] ** 2 @ whole.H
        blocks = (whole.Vi * d[:, None, :]) @ whole.Vi.T
        beside = 0.0  # Q_om, (n_rows, T, m): a sum over the different eigenvalues of B
        for weight, projector in whole.distinct_parts():
            between = (whole.U[rows] * weight) @ self.U_holes.T
            beside = beside + between[:, None, self.place] * projector[:, self.task]
        half = solve_triangular(
            self.factor, beside.reshape(-1, len(self.row)).T, lower=True, check_finite=False
        )
        half = half.T.reshape(beside.shape)
        return blocks - half @ half.transpose(0, 2, 1)

    def log_determinant(self):
        """As that of the whole system, of what is left."""
        corner = 2 * np.log(self.factor.diagonal()).sum()
        return float(self.whole.log_determinant() + corner)
