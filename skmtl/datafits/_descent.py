"""Sweeps of block coordinate descent over the features of a residual form."""

import numpy as np

from skmtl import _kernels
from skmtl._data.designs import SharedDesign, StackedDesign

_BLOCK = 64  # features that dense sweeps treat at a time


def sweeps_by_blocks(form):
    """Whether products with the samples can be matrix products: all tasks share a dense X."""
    shared = isinstance(form.design, SharedDesign) and len(form.blocks) == 1
    return shared and not form.is_sparse


def sweep(form, W, order, group_weights, positive, n_sweeps, history):
    """Sweeps feature by feature; arguments as in :meth:`ResidualForm.descend`."""
    curvature = form.curvature
    rest = (curvature, curvature.max(axis=1), form.ridge, group_weights, positive, order)
    residual = form.evaluate(W).residual
    record = (n_sweeps, history)
    if not form.is_sparse:
        X = form.design.by_column()
        layout = _flat_layout(form)
        r = residual.ravel(order="F").copy()
        return _kernels.sweep_dense(X, *layout, form.center, *rest, r, W, *record)
    X = form.design.X
    parts = (X.data, X.indices, X.indptr)
    if isinstance(form.design, SharedDesign):
        R = np.array(residual, order="C")
        moment = form.center * form.task_total
        head = (*parts, form.weight, moment, form.center)
        return _kernels.sweep_sparse(*head, *rest, R, W, *record)
    head = (*parts, form.design.ptr, form.weight, form.center)
    return _kernels.sweep_stacked_sparse(*head, *rest, residual.copy(), W, *record)


def _flat_layout(form):
    """Where samples, residuals and weights of each task begin in flat arrays.

    Returns the first sample of each task, the bounds of its residuals, the flat weights, and the
    first weight of each task.
    """
    n_tasks = form.design.n_tasks
    weight = np.ravel(form.weight, order="F")
    if isinstance(form.design, StackedDesign):
        ptr = form.design.ptr
        first = ptr[:-1]
        return first, ptr, weight, first
    first = np.zeros(n_tasks, dtype=np.intp)
    ptr = np.arange(n_tasks + 1) * len(form.y)
    has_own_weights = form.weight.shape[1] == n_tasks
    first_weight = ptr[:-1] if has_own_weights else first
    return first, ptr, weight, first_weight


class BlockSweeps:
    """Sweeps block by block of features, with matrix products.

    The iterates are those of sweeps feature by feature: within a block the correlation is kept
    right through the block's Gram.

    Parameters
    ----------
    form : ResidualForm
        A form in which all tasks share a dense X and its weights.
    """

    def __init__(self, form):
        _, weight, _ = form._groups[0]
        self.root = np.sqrt(weight)[:, None]
        centered = form.design.X - form.center[:, 0]
        self.Z = np.asfortranarray(centered * self.root)
        self.order = None

    def _set_order(self, order):
        """Set the blocks and their Grams, if the order is another one."""
        if self.order is not None and np.array_equal(order, self.order):
            return
        self.order = order.copy()
        self.blocks = [order[a : a + _BLOCK] for a in range(0, len(order), _BLOCK)]
        self.grams = []
        for features in self.blocks:
            A = self.Z[:, features]
            self.grams.append(A.T @ A)

    def run(self, form, W, order, group_weights, positive, n_sweeps, history):
        """Sweeps; arguments and result as in :meth:`ResidualForm.descend`."""
        self._set_order(order)
        R = self.root * form.evaluate(W).residual
        for number in range(n_sweeps):
            moved = False
            for features, gram in zip(self.blocks, self.grams, strict=True):
                A = self.Z[:, features]
                w = W[features]
                correlation = A.T @ R
                lam = group_weights[features]
                if _kernels.sweep_gram(gram, lam, form.ridge, positive, correlation, w):
                    R -= A @ (w - W[features])
                    W[features] = w
                    moved = True
            if not moved:
                return number
            history[number % len(history)] = W[order]
        return n_sweeps
