"""Sweeps of block coordinate descent over the features of a residual form."""

import numpy as np

from skmtl import _kernels
from skmtl._data.designs import SharedDesign, StackedDesign

_BLOCK = 64  # features that dense sweeps treat at a time


def sweeps_by_blocks(form):
    """Whether products with the samples can be matrix products: all tasks share a dense X."""
    if form.is_sparse or len(form.blocks) > 1:
        return False
    return isinstance(form.design, SharedDesign)


def sweep(
    form,
    W,
    order,
    group_weights,
    positive,
    n_sweeps,
    history,
    n_whole,
    enough,
):
    """Sweeps feature by feature; arguments as in :meth:`ResidualForm.descend`."""
    curvature = form.curvature
    common = (
        form.center,
        curvature,
        curvature.max(axis=1),
        form.ridge,
        group_weights,
        positive,
        order,
    )
    residual = form.evaluate(W).residual
    rest = (W, n_sweeps, history)
    if form.is_sparse:
        return _sweep_sparse(form, common, residual, rest, (n_whole, enough))
    r = residual.ravel(order="F")
    return _kernels.sweep_dense(
        form.design.by_column(),
        *_flat_layout(form),
        *common,
        r.copy(),
        *rest,
    )


def _sweep_sparse(form, common, residual, rest, ends):
    X = form.design.X
    if isinstance(form.design, SharedDesign):
        return _kernels.sweep_sparse(
            X.data,
            X.indices,
            X.indptr,
            form.weight,
            form.center * form.task_total,
            *common,
            np.array(residual, order="C"),
            *rest,
            *ends,
        )
    return _kernels.sweep_stacked_sparse(
        X.data,
        X.indices,
        X.indptr,
        form.design.ptr,
        form.weight,
        *common,
        residual.copy(),
        *rest,
    )


def _flat_layout(form):
    """Where samples, residuals and weights of each task begin in flat arrays.

    Returns the first sample of each task, the bounds of its residuals, the flat weights, and the
    first weight of each task.
    """
    weight = np.ravel(form.weight, order="F")
    if isinstance(form.design, StackedDesign):
        ptr = form.design.ptr
        first = ptr[:-1]
        return first, ptr, weight, first
    n_samples, n_weights = form.weight.shape
    n_tasks = form.design.n_tasks
    ptr = np.arange(n_tasks + 1) * n_samples
    first = np.zeros(n_tasks, dtype=np.intp)
    first_weight = ptr[:-1] if n_weights == n_tasks else first
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
        _, weight, _ = form.groups[0]
        self.root = np.sqrt(weight)[:, None]
        centered = form.design.X - form.center[:, 0]
        self.Z = np.asfortranarray(centered * self.root)
        self.order = None

    def _set_order(self, order):
        """Set the blocks and their Grams, if the order is another one."""
        if self.order is not None and np.array_equal(order, self.order):
            return
        self.order = order.copy()
        self.blocks = []
        self.grams = []
        for first in range(0, len(order), _BLOCK):
            features = self.order[first : first + _BLOCK]
            A = self.Z[:, features]
            self.blocks.append(features)
            self.grams.append(A.T @ A)

    def run(
        self,
        form,
        W,
        order,
        group_weights,
        positive,
        n_sweeps,
        history,
    ):
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
                if _kernels.sweep_gram(
                    gram,
                    lam,
                    form.ridge,
                    positive,
                    correlation,
                    w,
                ):
                    R -= A @ (w - W[features])
                    W[features] = w
                    moved = True
            if not moved:
                return number
            history[number % len(history)] = W[order]
        return n_sweeps
