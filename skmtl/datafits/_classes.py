"""Classification tasks -> columns: which labels a task has, and their targets, weights and loss.

With two classes a task is one column, the log-odds of the second. With more, each class of a task
is a column, all of them softmax; then W has the columns (task 0, class 0), (task 0, class 1), ...
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.task_ids import some_of
from skmtl.datafits._columns import ColumnProblem
from skmtl.losses import Grouped, Logistic, Softmax


@dataclass(frozen=True)
class ClassProblem(ColumnProblem):
    """A classification problem as columns; `data.y` are labels, `data.weight` has class weights.

    Attributes
    ----------
    classes : list of ndarray
        Labels of every task, sorted.
    positions : list of ndarray
        Where they are among the labels of all tasks.
    """

    classes: list
    positions: list

    def restore(self, W, b):
        """`coef_` and `intercept_`."""
        if self.sizes[0] == 1:
            return np.ascontiguousarray(W.T), b
        return unpack_classes(W, b, self.sizes)

    def strata(self):
        """Of each of the user's rows of positive weight, in their order, its task and class."""
        data, most = self.data, 1 + max(place.max() for place in self.positions)
        if data.layout != "wide":
            spans = np.split(data.y, data.design.ptr[1:-1])
            codes = [np.searchsorted(c, y) for c, y in zip(self.classes, spans, strict=True)]
            return (data.design.task_of_sample * most + np.concatenate(codes))[
                np.argsort(data.sample_indices)
            ]
        codes = np.full(data.y.shape, -1)
        for t, (c, seen) in enumerate(zip(self.classes, (data.weight > 0).T, strict=True)):
            codes[seen, t] = np.searchsorted(c, data.y[seen, t])
        rarest = [np.unique(column, return_counts=True)[1].min() for column in codes.T]
        order = np.argsort(rarest, kind="stable")
        return np.unique(codes[:, order], axis=0, return_inverse=True)[1].ravel()

    def targets(self, weight):
        """Where a task lacks a class it gets one row more, of all classes as often as elsewhere."""
        counts = self._counts(weight)
        lacking = self._lacking(counts)
        if not lacking.any():
            return self.y
        share, frequency = np.zeros(len(self.sizes)), np.zeros(self.sizes.sum())
        everywhere, ends = self._pooled(counts), np.cumsum(self.sizes)
        for t in np.flatnonzero(lacking):
            own = everywhere[self.positions[t]]
            share[t] = 1.0 / (counts[t].sum() + 1.0)
            own = (own / own.sum())[-self.sizes[t] :]  # one column is that of the second class
            frequency[ends[t] - self.sizes[t] : ends[t]] = own
        share = self.design.spread(np.repeat(share, self.sizes))
        return (1 - share) * self.y + share * self.design.spread(frequency)

    @property
    def smoothed(self):
        """Labels of the tasks that lack a class."""
        return self.data.tasks[self._lacking(self._counts(self.data.weight))]

    def pooled_weights(self):
        """Weight of each label in all tasks, a dict."""
        total = self._pooled(self._counts(self.data.weight))
        pairs = zip(self.classes, self.positions, strict=True)
        return {label: w for c, at in pairs for label, w in zip(c.tolist(), total[at], strict=True)}

    def _counts(self, weight):
        """Weights of the classes of every task, a list of arrays."""
        weight = self.of_columns(weight)
        sums = np.split(self.design.task_sum(weight * self.y), np.cumsum(self.sizes)[:-1])
        if self.sizes[0] != 1:
            return sums
        totals = self.design.task_sum(weight * np.ones_like(self.y))
        return [np.array([n - s[0], s[0]]) for s, n in zip(sums, totals, strict=True)]

    @staticmethod
    def _lacking(counts):
        return np.array([(c <= 1e-12 * c.sum()).any() and c.sum() > 0 for c in counts])

    def _pooled(self, counts):
        """Weights of all labels in all tasks."""
        total = np.zeros(1 + max(place.max() for place in self.positions))
        for place, count in zip(self.positions, counts, strict=True):
            total[place] += count
        return total


def class_problem(data, class_weight):
    """The columns of labels.

    Parameters
    ----------
    data : TaskData
        Its y holds labels of any type.
    class_weight : None, "balanced" or dict

    Returns
    -------
    ClassProblem
    """
    rows = _rows_of_tasks(data)
    for labels, _ in rows:
        check_classification_targets(labels)
    classes = [np.unique(labels) for labels, _ in rows]
    kind = np.result_type(*classes)
    everything = np.unique(np.concatenate([c.astype(object) for c in classes])).astype(kind)
    if len(everything) < 2:
        raise ValueError(
            f"y holds one class, {everything.tolist()}, but a classifier needs at least 2 classes "
            "in the data."
        )
    if data.layout == "wide":
        classes = [c if len(c) > 1 else everything for c in classes]
    else:
        classes = [everything] * data.n_tasks
    order = {label: k for k, label in enumerate(everything.tolist())}
    positions = [np.array([order[label] for label in c.tolist()]) for c in classes]
    codes = [np.searchsorted(c, labels) for c, (labels, _) in zip(classes, rows, strict=True)]
    weights = [
        w * class_factors(class_weight, c, code, w)[code]
        for c, code, (_, w) in zip(classes, codes, rows, strict=True)
    ]
    most = max(len(c) for c in classes)
    sizes = np.array([1 if most == 2 else len(c) for c in classes])
    hard = [np.eye(len(c))[code][:, -k:] for c, code, k in zip(classes, codes, sizes, strict=True)]
    assemble = _wide if data.layout == "wide" else _long
    return ClassProblem(*assemble(data, hard, weights, sizes), sizes, classes, positions)


def _wide(data, hard, weights, sizes):
    """Data with class weights, design, targets and loss, of tasks that share rows."""
    n, ends = len(data.y), np.cumsum(sizes)
    y, weight, parts = np.zeros((n, ends[-1])), np.zeros((n, data.n_tasks)), []
    seen = np.broadcast_to(data.weight > 0, data.y.shape)
    for t, (target, w) in enumerate(zip(hard, weights, strict=True)):
        own = np.arange(ends[t] - sizes[t], ends[t])
        y[np.ix_(seen[:, t], own)] = target
        weight[seen[:, t], t] = w
        parts.append((np.arange(n)[:, None] * ends[-1] + own, Softmax()))
    loss = Grouped(tuple(parts)) if sizes[0] != 1 else Logistic()
    return replace(data, weight=weight), SharedDesign(data.design.X, ends[-1]), y, loss


def _long(data, hard, weights, sizes):
    """The same of tasks with rows of their own; those are repeated for more than two classes."""
    design, K = data.design, sizes[0]
    y = np.concatenate([target.T.ravel() for target in hard])
    data = replace(data, weight=np.concatenate(weights))
    if K == 1:
        return data, design, y, Logistic()
    bounds = np.concatenate([[0], np.cumsum(np.repeat(np.diff(design.ptr), K))])
    spans = [np.arange(a, b) for a, b in pairwise(design.ptr)]
    repeated = design.X[np.concatenate([span for span in spans for _ in range(K)])]
    firsts = bounds[:-1].reshape(-1, K)
    parts = [
        (np.arange(len(span))[:, None] + first, Softmax())
        for span, first in zip(spans, firsts, strict=True)
    ]
    return data, StackedDesign(repeated, bounds), y, Grouped(tuple(parts))


def unpack_classes(W, b, sizes):
    """`coef_` (n_tasks, n_classes, n_features), 0 for classes that a task does not have, and
    `intercept_`, there minus infinity; those of a task add up to 0."""
    ends, most = np.cumsum(sizes), sizes.max()
    coef = np.zeros((len(sizes), most, len(W)))
    intercept = np.full((len(sizes), most), -np.inf)
    for t, (end, size) in enumerate(zip(ends, sizes, strict=True)):
        coef[t, :size] = W[:, end - size : end].T
        own = b[end - size : end]
        intercept[t, :size] = own - own.mean()
    return coef, intercept


def _rows_of_tasks(data):
    """Labels and weights of the labeled rows of every task."""
    if data.layout != "wide":
        bounds = data.design.ptr[1:-1]
        return list(zip(np.split(data.y, bounds), np.split(data.weight, bounds), strict=True))
    weight = np.broadcast_to(data.weight, data.y.shape)
    seen = weight > 0
    return [(y[s], w[s]) for y, w, s in zip(data.y.T, weight.T, seen.T, strict=True)]


def class_factors(class_weight, classes, codes, weight):
    """What the weight of every class of a task is multiplied by."""
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(
                f"class_weight={class_weight!r} is not known: use None, 'balanced' or a dict "
                "{label: weight}."
            )
        counts = np.bincount(codes, weight, minlength=len(classes))
        present = counts > 0
        factors = np.ones(len(classes))
        factors[present] = counts.sum() / (np.count_nonzero(present) * counts[present])
        return factors
    if not isinstance(class_weight, dict):
        raise TypeError(f"class_weight must be None, 'balanced' or a dict, got {class_weight!r}.")
    factors = np.array([float(class_weight.get(label, 1.0)) for label in classes.tolist()])
    if not (np.isfinite(factors) & (factors > 0)).all():
        raise ValueError(f"class_weight must be positive and finite, got {factors.min()}.")
    return factors


def describe_smoothed(tasks):
    """The warning about tasks that lack a class."""
    return (
        f"Task(s) {some_of(tasks)} lack a class, so that an intercept would be infinite: they got "
        "one pseudo-count of the class frequencies of all tasks."
    )
