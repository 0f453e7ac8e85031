import numpy as np

from skmtl import _kernels
from skmtl.datafits import GramForm


class ShiftedSolver:
    """`(Q_t + shift_t I)^-1 b_t` for many right-hand sides b.

    `shift` is a number or (n_grams,) for a Gram form, whose `inverses` (n_features, n_features,
    n_grams) are computed once; else a number or (n_tasks,).
    """

    def __init__(self, datafit, shift):
        self.datafit, self.shift = datafit, shift
        if isinstance(datafit, GramForm):
            self.inverses = datafit.shifted_inverses(shift)

    def __call__(self, B):
        """Of B (n_features, n_tasks), the same shape."""
        if not isinstance(self.datafit, GramForm):
            return self.datafit.shifted_solve(B, self.shift)
        if len(self.datafit.blocks) == 1:
            return self.inverses[:, :, 0] @ B
        out, rows = np.zeros(B.shape), np.arange(len(B))
        B = np.ascontiguousarray(B)
        _kernels.subtract_product(self.inverses, self.datafit.block_of_task, rows, B, out)
        return -out
