"""A squared loss with a quadratic coupling of its tasks."""

from skmtl.datafits._linear_algebra import inner
from skmtl.datafits._squared import Evaluation, SquaredDatafit


class Coupled(SquaredDatafit):
    """The loss plus `1/2 tr(W M W')`, M psd: as if of further samples, whose targets are zero.

    Parameters
    ----------
    base : SquaredDatafit
        The loss.
    coupling : Coupling
        M.
    """

    def __init__(self, base, coupling):
        super().__init__()
        self.base = base
        self.coupling = coupling
        self.blocks = base.blocks
        self.yy = base.yy
        self.mean_x = base.mean_x
        self.mean_y = base.mean_y

    def evaluate(self, W):
        at = self.base.evaluate(W)
        WM = W @ self.coupling
        rr = at.rr + inner(W, WM)
        return Evaluation(at.correlation - WM, rr, at.ry)

    @property
    def curvature(self):
        return self.base.curvature + self.coupling.diagonal()

    def lipschitz(self):
        return self.base.lipschitz() + self.coupling.largest

    def restrict(self, features):
        return Coupled(self.base.restrict(features), self.coupling)

    def gram_block(self, k, features):
        raise NotImplementedError("Coupled tasks have no Gram of their own.")

    def _compute_spectra(self):
        raise NotImplementedError("Coupled tasks have no Gram of their own.")
