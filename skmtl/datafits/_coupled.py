"""A squared loss with a quadratic coupling of its tasks."""

import numpy as np

from skmtl.datafits._spectra import _top_eigenvalue
from skmtl.datafits._squared import Evaluation, SquaredDatafit


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
