"""Classification tasks -> columns: which labels a task has, and their targets, weights and loss.

With two classes a task is one column, the log-odds of the second. With more, each class of a task
is a column, all of them softmax; then W has the columns (task 0, class 0), (task 0, class 1), ...
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from skmtl.columns import ColumnProblem
from skmtl.designs import SharedDesign, StackedDesign
from skmtl.labels import some_of
from skmtl.losses import Grouped, Logistic, Softmax


@dataclass(frozen=True)
class ClassProblem(ColumnProblem):
    """A classification problem as columns; `data.y` are labels, `data.weight` has class weights.

    Attributes
    ----------
    classes : list of ndarray
        Labels of every task, sorted.
    smoothed : ndarray
        Tasks that lack a class, and got a pseudo-count.
    """

    classes: list
    smoothed: np.ndarray


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
    rows, classes = _rows_of_tasks(data), []
    for labels, _ in rows:
        check_classification_targets(labels)
        classes.append(np.unique(labels))
    everything = np.unique(np.concatenate([c.astype(object) for c in classes]))
    everything = everything.astype(np.result_type(*classes)) if len(classes) else everything
    if len(everything) < 2:
        raise ValueError(
            f"y holds one class, {everything.tolist()}, but a classifier needs at least 2 classes "
            "in the data."
        )
    if data.layout == "wide":
        classes = [c if len(c) > 1 else everything for c in classes]
    else:
        classes = [everything] * data.n_tasks
    codes = [np.searchsorted(c, labels) for c, (labels, _) in zip(classes, rows, strict=True)]
    factors = [
        _class_factors(class_weight, c, code, weight)
        for c, code, (_, weight) in zip(classes, codes, rows, strict=True)
    ]
    weights = [w * f[code] for (_, w), f, code in zip(rows, factors, codes, strict=True)]
    counts = [
        np.bincount(code, w, minlength=len(c))
        for c, code, w in zip(classes, codes, weights, strict=True)
    ]
    frequencies = _pooled_frequencies(classes, counts, everything)
    soft = []
    for c, code, count, frequency in zip(classes, codes, counts, frequencies, strict=True):
        target = np.eye(len(c))[code]
        if (count == 0).any():  # one row more, of all classes as often as elsewhere
            total = count.sum()
            target = (total * target + frequency) / (total + 1.0)
        soft.append(target)
    lacking = np.array([(count == 0).any() for count in counts])
    most = max(len(c) for c in classes)
    sizes = np.array([1 if most == 2 else len(c) for c in classes])
    return _assemble(data, classes, soft, weights, sizes, data.tasks[lacking])


def _assemble(data, classes, soft, weights, sizes, smoothed):
    columns = [target[:, 1:] if sizes[0] == 1 else target for target in soft]
    softmax = sizes[0] != 1
    ends = np.cumsum(sizes)
    parts = []
    if data.layout == "wide":
        n, C = data.y.shape[0], ends[-1]
        y, weight = np.zeros((n, C)), np.zeros((n, data.n_tasks))
        for t, (target, w) in enumerate(zip(columns, weights, strict=True)):
            here = np.flatnonzero(np.broadcast_to(data.weight, data.y.shape)[:, t] > 0)
            own = np.arange(ends[t] - sizes[t], ends[t])
            y[np.ix_(here, own)] = target
            weight[here, t] = w
            if softmax:
                parts.append((np.arange(n)[:, None] * C + own, Softmax()))
        data = replace(data, weight=weight)
        design = SharedDesign(data.design.X, C)
    else:
        weight, ptr, K = np.concatenate(weights), data.design.ptr, sizes[0]
        data, design = replace(data, weight=weight), data.design
        y = np.concatenate([target.T.ravel() for target in columns])
        if softmax:
            spans = [np.arange(a, b) for a, b in pairwise(ptr)]
            lengths = np.repeat(np.diff(ptr), K)
            bounds = np.concatenate([[0], np.cumsum(lengths)])
            design = StackedDesign(
                data.design.X[np.concatenate([s for span in spans for s in [span] * K])], bounds
            )
            firsts = bounds[:-1].reshape(-1, K)
            parts = [
                (np.arange(len(span))[:, None] + first, Softmax())
                for span, first in zip(spans, firsts, strict=True)
            ]
    loss = Grouped(tuple(parts)) if softmax else Logistic()
    return ClassProblem(data, design, y, loss, sizes, classes, smoothed)


def _rows_of_tasks(data):
    """Labels and weights of the labelled rows of every task."""
    if data.layout != "wide":
        bounds = data.design.ptr[1:-1]
        return list(zip(np.split(data.y, bounds), np.split(data.weight, bounds), strict=True))
    weight = np.broadcast_to(data.weight, data.y.shape)
    seen = weight > 0
    return [(y[s], w[s]) for y, w, s in zip(data.y.T, weight.T, seen.T, strict=True)]


def _class_factors(class_weight, classes, codes, weight):
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


def _pooled_frequencies(classes, counts, everything):
    """How often the classes of every task are in all tasks that have them."""
    position = {label: k for k, label in enumerate(everything.tolist())}
    total = np.zeros(len(everything))
    places = [np.array([position[label] for label in c.tolist()]) for c in classes]
    for place, count in zip(places, counts, strict=True):
        total[place] += count
    return [total[place] / total[place].sum() for place in places]


def describe_smoothed(tasks):
    """The warning about tasks that lack a class."""
    return (
        f"Task(s) {some_of(tasks)} lack a class, so that an intercept would be infinite: they got "
        "one pseudo-count of the class frequencies of all tasks."
    )
