"""Weighted second moments of a design and its targets: all that the squared loss sees of the rows.

Sufficient statistics add up. The training part of a fold is the whole minus the held-out part, and
the error on the held-out part is a quadratic form in its statistics; so cross-validation reads the
rows once.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from skmtl._data.designs import SharedDesign

_FLOATS = 2**21  # read at a time: moments never copy X
_LEAST = 1e-8  # share of a sum that a difference of sums may come to
_SAMPLE = 1024  # rows that an origin is taken from


@dataclass(frozen=True)
class SufficientStatistics:
    """Sums over rows with weights s_i, about the origins x0 of the features and y0 of the targets.

    Tasks that weigh the rows alike form a block and share the moments of x; blocks are on the
    first axis.

    Attributes
    ----------
    blocks : list of (tasks,) index arrays
    x0 : ndarray of shape (n_blocks, n_features)
    y0 : ndarray of shape (n_tasks,)
    total : ndarray of shape (n_blocks,)
        `sum_i s_i`.
    x : ndarray of shape (n_blocks, n_features)
        `sum_i s_i x_i`.
    xx : ndarray of shape (n_blocks, n_features, n_features)
        `sum_i s_i x_i x_i'`.
    y, yy : ndarray of shape (n_tasks,)
        `sum_i s_i y_ti` and `sum_i s_i y_ti^2`.
    xy : ndarray of shape (n_features, n_tasks)
        `sum_i s_i x_i y_ti`.
    """

    blocks: list
    x0: np.ndarray
    y0: np.ndarray
    total: np.ndarray
    x: np.ndarray
    xx: np.ndarray
    y: np.ndarray
    yy: np.ndarray
    xy: np.ndarray

    _SUMS = ("total", "x", "xx", "y", "yy", "xy")

    def __add__(self, other):
        return replace(self, **{k: getattr(self, k) + getattr(other, k) for k in self._SUMS})

    def __sub__(self, other):
        return replace(self, **{k: getattr(self, k) - getattr(other, k) for k in self._SUMS})

    def keeps_digits_of(self, whole):
        """Whether these moments, what is left of `whole` ones, are no mere rounding errors."""
        squares = (np.einsum("kjj->kj", m.xx) for m in (self, whole))
        pairs = (tuple(squares), (self.yy, whole.yy))
        return all(((left == 0) | (left >= _LEAST * all_)).all() for left, all_ in pairs)

    def of_tasks(self, present):
        """Without the tasks that are not `present`, (n_tasks,) of bool: exactly zero."""
        if present.all():
            return self
        there = np.array([present[tasks[0]] for tasks in self.blocks])
        masks = {"y": present, "yy": present, "xy": present}
        for name in ("total", "x", "xx"):
            values = getattr(self, name)
            masks[name] = there.reshape(-1, *[1] * (values.ndim - 1))
        return replace(self, **{k: np.where(m, getattr(self, k), 0.0) for k, m in masks.items()})

    def per_task(self, values):
        """One value a block -> one value a task, on the first axis."""
        out = np.empty((len(self.y), *values.shape[1:]))
        for value, tasks in zip(values, self.blocks, strict=True):
            out[tasks] = value
        return out

    @property
    def task_total(self):
        """Total weight of each task, (n_tasks,)."""
        return self.per_task(self.total)

    def squared_errors(self, W, intercepts):
        """`sum_i s_i (y_ti - x_i . w_t - b_t)^2` of each task.

        Parameters
        ----------
        W : ndarray of shape (n_models, n_features, n_tasks)
        intercepts : ndarray of shape (n_models, n_tasks)

        Returns
        -------
        ndarray of shape (n_models, n_tasks), or None
            None where an error is so small beside its terms that rounding shows.
        """
        rows = np.flatnonzero(W.any(axis=(0, 2)))
        W = W[:, rows]
        G = self.xx if len(rows) == self.xx.shape[1] else self.xx[:, rows[:, None], rows]
        quadratic, cross, shift = np.empty((3, *intercepts.shape))
        if len(self.blocks) == len(self.y):  # one batched product
            order = np.concatenate(self.blocks)
            w = np.ascontiguousarray(W[:, :, order].transpose(2, 1, 0))  # (tasks, rows, models)
            Gw = np.matmul(G, w) - 2.0 * self.xy[np.ix_(rows, order)].T[:, :, None]
            quadratic[:, order] = np.einsum("tja,tja->at", w, Gw)
            cross[:, order] = np.einsum("tj,tja->at", self.x[:, rows], w)
            shift[:, order] = np.einsum("tj,tja->at", self.x0[:, rows], w)
        else:
            for k, tasks in enumerate(self.blocks):
                w = np.ascontiguousarray(W[:, :, tasks].transpose(1, 0, 2))
                Gw = np.tensordot(G[k], w, 1) - 2.0 * self.xy[np.ix_(rows, tasks)][:, None]
                quadratic[:, tasks] = np.einsum("jat,jat->at", w, Gw)
                cross[:, tasks] = np.tensordot(self.x[k, rows], w, 1)
                shift[:, tasks] = np.tensordot(self.x0[k, rows], w, 1)
        b = intercepts - self.y0 + shift
        slopes, levels = self.yy + quadratic, b * (b * self.task_total + 2.0 * (cross - self.y))
        errors = slopes + levels
        fine = (errors >= 10 * _LEAST**1.5 * (self.yy + np.abs(levels))).all()
        return errors if fine else None


def statistics_reader(design, y, weight, *, centered=True):
    """Function ``read(counts=None)``: :class:`SufficientStatistics` of rows, each `counts` times.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
    y : ndarray
        Targets in the shape of the design's predictions.
    weight : ndarray
        Weights s that broadcast against y; 0 where a label is missing.
    centered : bool, default=True
        Whether moments about the means will be asked for. Origins are then near the means where
        those are large beside the spread, lest digits cancel; else they are zero.

    Returns
    -------
    callable
        All that it returns has the same origins; `counts` is in the order of the design's rows.
    """
    reader = _SharedReader if isinstance(design, SharedDesign) else _StackedReader
    return reader(design, y, weight, centered)


class _SharedReader:
    """Block by block, chunk by chunk of rows."""

    def __init__(self, design, y, weight, centered):
        self.X, self.y = design.X, y
        groups = design.blocks(weight)
        self.columns = [column for _, column, _ in groups]
        self.blocks = [tasks for *_, tasks in groups]
        self.x0, self.y0 = np.zeros((len(groups), self.X.shape[1])), np.zeros(y.shape[1])
        if centered:
            for k, column in enumerate(self.columns):
                if column.any():
                    self.x0[k] = _origin(self.X, np.flatnonzero(column))
            observed = np.broadcast_to(weight > 0, y.shape)
            count = np.maximum(observed.sum(axis=0), 1)
            self.y0 = np.where(observed, y, 0.0).sum(axis=0) / count

    def __call__(self, counts=None):
        parts = [
            self._block(*block, counts)
            for block in zip(self.columns, self.blocks, self.x0, strict=True)
        ]
        total, x, xx = (np.stack([part[i] for part in parts]) for i in range(3))
        y, yy = np.empty_like(self.y0), np.empty_like(self.y0)
        xy = np.empty((x.shape[1], len(y)))
        for tasks, part in zip(self.blocks, parts, strict=True):
            y[tasks], yy[tasks], xy[:, tasks] = part[3:]
        return SufficientStatistics(self.blocks, self.x0, self.y0, total, x, xx, y, yy, xy)

    def _block(self, column, tasks, x0, counts):
        p, T = self.X.shape[1], len(tasks)
        total, x, xx = 0.0, np.zeros(p), np.zeros((p, p))
        y, yy, xy = np.zeros(T), np.zeros(T), np.zeros((p, T))
        weight = column if counts is None else column * counts
        x0 = x0 if x0.any() else None
        for rows in _chunks(np.flatnonzero(weight), p):
            w = weight[rows]
            w = None if (w == 1.0).all() else w
            X, Y = self.X[rows], self.y[rows][:, tasks] - self.y0[tasks]
            if x0 is not None:
                X = (X.toarray() if sparse.issparse(X) else X) - x0
            X = X.astype(np.float64, copy=False)
            wX, wY = (X, Y) if w is None else (_scaled(X, w), w[:, None] * Y)
            total += len(Y) if w is None else w.sum()
            x += np.asarray(wX.sum(axis=0)).ravel()
            product = X.T @ wX
            xx += product.toarray() if sparse.issparse(product) else product
            y += wY.sum(axis=0)
            yy += np.einsum("it,it->t", Y, wY)
            xy += X.T @ wY
        return total, x, xx, y, yy, xy


class _StackedReader:
    """All sums of a task are entries of one product A'A, A the rows of (x, y, 1)."""

    def __init__(self, design, y, weight, centered):
        self.design, self.y, self.weight = design, y, weight
        self.blocks = list(np.arange(design.n_tasks)[:, None])
        self.x0, self.y0 = np.zeros((design.n_tasks, design.n_features)), np.zeros(design.n_tasks)
        self._whole = None
        if centered:
            first, last = design.ptr[:-1], design.ptr[1:] - 1
            few = (first, (first + last) // 2, last)  # the median is no outlier
            self.x0 = _median(*(_dense(design.X[rows]).astype(np.float64) for rows in few))
            self.y0 = _median(*(y[rows] for rows in few))
            self._improve_origins()

    def _improve_origins(self):
        """Means in place of medians of three, for tasks where that is far from the mean."""
        sums = self()
        total = np.where(sums.total > 0, sums.total, 1.0)
        mean, mean_y = sums.x / total[:, None], sums.y / total
        spread = np.einsum("kjj->kj", sums.xx) / total[:, None] - mean**2
        far = (mean**2 > 1e4 * spread).any(axis=1)
        far |= mean_y**2 > 1e4 * (sums.yy / total - mean_y**2)
        far &= mean.any(axis=1) | (mean_y != 0)
        if far.any():
            self.x0 = self.x0 + np.where(far[:, None], mean, 0.0)
            self.y0 = self.y0 + np.where(far, mean_y, 0.0)
        else:
            self._whole = sums

    def __call__(self, counts=None):
        if counts is None and self._whole is not None:
            return self._whole
        design, ptr = self.design, self.design.ptr
        p, T = design.n_features, design.n_tasks
        A2 = np.empty((T, p + 2, p + 2))
        per_chunk = max(1, _FLOATS // (p + 2))
        first = 0
        while first < T:
            stop = max(first + 1, int(np.searchsorted(ptr, ptr[first] + per_chunk, "right")) - 1)
            a, b = ptr[first], ptr[stop]
            A, X = np.empty((b - a, p + 2)), _dense(design.X[a:b])
            A[:, p], A[:, p + 1] = self.y[a:b] - self.y0[design.task_of_sample[a:b]], 1.0
            weight = self.weight[a:b] if counts is None else self.weight[a:b] * counts[a:b]
            root = None if (weight == 1.0).all() else np.sqrt(weight)[:, None]
            for t in range(first, stop):
                rows = slice(ptr[t] - a, ptr[t + 1] - a)
                np.subtract(X[rows], self.x0[t], out=A[rows, :p])
                if root is not None:
                    A[rows] *= root[rows]
                np.dot(A[rows].T, A[rows], out=A2[t])
            first = stop
        return SufficientStatistics(
            self.blocks,
            self.x0,
            self.y0,
            A2[:, p + 1, p + 1].copy(),
            A2[:, :p, p + 1].copy(),
            A2[:, :p, :p],
            A2[:, p, p + 1].copy(),
            A2[:, p, p].copy(),
            np.ascontiguousarray(A2[:, :p, p].T),
        )


def _chunks(rows, n_features):
    """Sorted row numbers in pieces, as slices where they are consecutive."""
    size = max(256, _FLOATS // n_features)
    for a in range(0, len(rows), size):
        part = rows[a : a + size]
        consecutive = part[-1] - part[0] + 1 == len(part)
        yield slice(part[0], part[-1] + 1) if consecutive else part


def _median(a, b, c):
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def _dense(X):
    return X.toarray() if sparse.issparse(X) else X


def _scaled(X, w):
    return sparse.diags(w) @ X if sparse.issparse(X) else X * w[:, None]


def _origin(X, rows):
    """Near the mean, over these rows, of columns whose mean is large beside their spread, else 0.

    A sparse X is densified, chunk by chunk, where there is such a column, so more is needed.
    """
    step = max(1, len(rows) // _SAMPLE)
    rows = slice(None, None, step) if len(rows) == X.shape[0] else rows[::step]
    sample = _dense(X[rows]).astype(np.float64, copy=False)
    mean, spread = sample.mean(axis=0), sample.std(axis=0)
    if sparse.issparse(X):
        return np.where((mean**2 > 1e4 * spread**2) & (spread > 0), mean, 0.0)
    mean = np.where(np.abs(mean) > spread, mean, 0.0)
    constant = (sample == sample[0]).all(axis=0)  # its mean may be rounded
    return np.where(constant, sample[0], mean)
