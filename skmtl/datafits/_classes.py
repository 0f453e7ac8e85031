"""Class labels -> columns: the classes of every task, and their targets, weights and loss.

With two classes a task is one column, the log-odds of the second. With more, each class of a task
is a column, all of them softmax; then W has the columns (task 0, class 0), (task 0, class 1), ...
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.spellings import of_same_kind, plain_labels, union_of_labels
from skmtl._data.task_ids import as_id_array, codes_of, some_of
from skmtl.datafits._columns import ColumnProblem
from skmtl.losses import Grouped, Logistic, Softmax


@dataclass(frozen=True)
class ClassProblem(ColumnProblem):
    """A classification problem as columns.

    `data.y` holds class labels, and `data.weight` has the class weights in it.

    Attributes
    ----------
    classes : list of ndarray
        Class labels of every task, sorted.
    positions : list of ndarray
        Where they are among the class labels of all tasks.
    """

    classes: list
    positions: list

    @property
    def n_labels(self):
        """Number of class labels of all tasks together."""
        return 1 + max(position.max() for position in self.positions)

    def restore(self, W, b):
        """`coef_` and `intercept_`."""
        if self.sizes[0] == 1:
            return np.ascontiguousarray(W.T), b
        return unpack_classes(W, b, self.sizes)

    def strata(self):
        """The stratum of each of the user's samples of positive weight, in their order.

        It is the task and the class of a sample of long data, the combination of classes of a
        sample of wide data.
        """
        if self.data.layout == "wide":
            return self._wide_strata()
        design = self.data.design
        codes = []
        for t, y in enumerate(np.split(self.data.y, design.ptr[1:-1])):
            codes.append(np.searchsorted(self.classes[t], y))
        strata = design.task_of_sample * self.n_labels + np.concatenate(codes)
        return strata[np.argsort(self.data.sample_indices)]

    def _wide_strata(self):
        y = self.data.y
        seen = self.data.weight > 0
        codes = np.full(y.shape, -1)
        rarest = []
        for t, classes in enumerate(self.classes):
            known = seen[:, t]
            codes[known, t] = np.searchsorted(classes, y[known, t])
            _, counts = np.unique(codes[:, t], return_counts=True)
            rarest.append(counts.min())
        order = np.argsort(rarest, kind="stable")
        _, strata = np.unique(codes[:, order], axis=0, return_inverse=True)
        return strata.ravel()

    def degenerate(self, weight):
        loss = Softmax()
        counts = self._counts(weight)
        sizes = np.array([len(of_task) for of_task in counts])
        flags = np.empty(len(counts), dtype=bool)
        for size in np.unique(sizes):
            tasks = np.flatnonzero(sizes == size)
            sums = np.array([counts[t] for t in tasks])
            flags[tasks] = loss.degenerate(sums, sums.sum(axis=1))
        return flags

    def mean_targets(self, weight, degenerate):
        """Frequencies of the classes in all tasks, for the columns of the degenerate ones."""
        pooled = self._pooled(self._counts(weight))
        ends = np.cumsum(self.sizes)
        mean = np.zeros(ends[-1])
        for t in np.flatnonzero(degenerate):
            own = pooled[self.positions[t]]
            frequencies = own / own.sum()
            size = self.sizes[t]
            columns = slice(ends[t] - size, ends[t])
            mean[columns] = frequencies[-size:]  # one column is that of the second class
        return mean

    def pooled_weights(self):
        """Weight of each class label in all tasks, a dict."""
        pooled = self._pooled(self._counts(self.data.weight))
        weights = {}
        for classes, position in zip(self.classes, self.positions, strict=True):
            weights.update(zip(classes.tolist(), pooled[position], strict=True))
        return weights

    def _counts(self, weight):
        """Weights of the classes of every task, a list of arrays."""
        sums, totals = self._sums(weight)
        if self.sizes[0] == 1:
            both = np.column_stack([totals - sums, sums])
            return list(both)
        return np.split(sums, np.cumsum(self.sizes)[:-1])

    def _pooled(self, counts):
        """Weights of all class labels in all tasks, (n_labels,)."""
        total = np.zeros(self.n_labels)
        for position, count in zip(self.positions, counts, strict=True):
            total[position] += count
        return total


def class_problem(data, class_weight):
    """The problem of class labels as columns.

    Parameters
    ----------
    data : TaskData
        Its y holds class labels of any type.
    class_weight : None, "balanced" or dict
        As in the classifiers.

    Returns
    -------
    ClassProblem
    """
    coded = code_classes(data, class_weight)
    sizes = np.array([len(own) for own in coded.classes])
    if sizes.max() == 2:
        sizes = np.ones_like(sizes)
    targets = []
    for codes, own, size in zip(coded.codes, coded.classes, sizes, strict=True):
        indicators = np.eye(len(own))[codes]
        targets.append(indicators[:, -size:])
    assemble = _wide if data.layout == "wide" else _long
    columns = assemble(data, targets, coded.weights, sizes)
    return ClassProblem(*columns, sizes, coded.classes, coded.positions)


def check_binary(problem):
    """Raise for tasks of more than two classes."""
    if problem.sizes.max() == 1:
        return
    t = int(np.argmax(problem.sizes))
    raise ValueError(
        "Only binary classification is supported. The type of the target is multiclass: task "
        f"{some_of(problem.data.tasks[t : t + 1])} has the classes {some_of(problem.classes[t])}. "
        "MeanRegularizedClassifier, TraceNormClassifier, MultiTaskGroupLassoClassifier and the "
        "other linear classifiers of skmtl take more classes, and so does RandomInterceptTasks."
    )


class CodedClasses(NamedTuple):
    """Class labels of every task as codes: lists with an array for each task.

    Attributes
    ----------
    classes : list of ndarray
        Class labels, sorted.
    positions : list of ndarray of int
        Where they are among the class labels of all tasks.
    codes : list of ndarray of int
        Of the known targets: their positions in `classes`.
    weights : list of ndarray
        Their sample weights times their class weights.
    """

    classes: list
    positions: list
    codes: list
    weights: list


def code_classes(data, class_weight):
    """Return the CodedClasses of TaskData, whose y holds class labels of any type.

    `class_weight` is None, "balanced" or a dict, as in the classifiers.
    """
    labels, weights = _labels_of_tasks(data)
    check_labels(labels)
    all_labels = unique_labels(labels)
    check_class_weight(class_weight, all_labels)
    classes = [all_labels] * data.n_tasks
    if data.layout == "wide":
        classes = []
        for own, task in zip(labels, data.tasks, strict=True):
            classes.append(at_least_two(np.unique(own), all_labels, task))
    codes_of_tasks = []
    weighted = []
    for t, own in enumerate(classes):
        codes = np.searchsorted(own, labels[t])
        factors = class_factors(class_weight, own, codes, weights[t])
        codes_of_tasks.append(codes)
        weighted.append(weights[t] * factors[codes])
    return CodedClasses(
        classes=classes,
        positions=[positions_of(own, all_labels) for own in classes],
        codes=codes_of_tasks,
        weights=weighted,
    )


def check_class_weight(class_weight, all_labels):
    """Raise if a dict of weights names none of the classes; one may be missing in these data."""
    if not isinstance(class_weight, dict) or not class_weight:
        return
    named = as_id_array(list(class_weight))
    if (codes_of(named, all_labels) < 0).all():
        raise ValueError(
            f"class_weight has entries for {some_of(named)}, none of which is a class; classes are "
            f"{some_of(all_labels)}."
        )


def _labels_of_tasks(data):
    """Known class labels of every task, and their weights: two lists of arrays."""
    if data.layout != "wide":
        bounds = data.design.ptr[1:-1]
        return np.split(plain_labels(data.y), bounds), np.split(data.weight, bounds)
    weight = np.broadcast_to(data.weight, data.y.shape)
    seen = weight > 0
    labels = []
    weights = []
    for t in range(data.n_tasks):
        known = seen[:, t]
        labels.append(plain_labels(data.y[known, t]))
        weights.append(weight[known, t])
    return labels, weights


def check_labels(labels):
    """ValueError for labels that are no classes, of which those of one type are checked at once."""
    by_type = {}
    for own in labels:
        by_type.setdefault(own.dtype.kind, []).append(own)
    for alike in by_type.values():
        check_classification_targets(np.concatenate(alike))


def positions_of(classes, all_labels):
    """Where class labels are among those of all tasks."""
    order = {label: k for k, label in enumerate(all_labels.tolist())}
    return np.array([order[label] for label in classes.tolist()])


def at_least_two(classes, all_labels, task):
    """The classes of a task or, of a task with one class, those of all tasks that are like it."""
    if len(classes) > 1:
        return classes
    alike = of_same_kind(all_labels, classes[0])
    if len(alike) < 2:
        raise ValueError(
            f"Task(s) {some_of([task])} hold one class, {classes.tolist()}, and no other task has "
            "class labels of this type: leave them out."
        )
    return alike


def unique_labels(labels):
    """The class labels of all tasks, sorted unless tasks have labels of different types."""
    found = union_of_labels([np.unique(own) for own in labels])
    if len(found) < 2:
        raise ValueError(
            f"y holds one class, {found.tolist()}, but a classifier needs at least 2 classes in "
            "the data."
        )
    return found


def _wide(data, targets, weights, sizes):
    """Data with class weights, design, targets and loss of tasks that share their samples."""
    n_samples = len(data.y)
    ends = np.cumsum(sizes)
    n_columns = ends[-1]
    y = np.zeros((n_samples, n_columns))
    weight = np.zeros((n_samples, data.n_tasks))
    first_cells = np.arange(n_samples)[:, None] * n_columns
    seen = np.broadcast_to(data.weight > 0, data.y.shape)
    parts = []
    for t in range(data.n_tasks):
        known = seen[:, t]
        columns = np.arange(ends[t] - sizes[t], ends[t])
        y[np.ix_(known, columns)] = targets[t]
        weight[known, t] = weights[t]
        parts.append((first_cells + columns, Softmax()))
    loss = Logistic() if sizes[0] == 1 else Grouped(tuple(parts))
    data = replace(data, weight=weight)
    return data, SharedDesign(data.design.X, n_columns), y, loss


def _long(data, targets, weights, sizes):
    """The same of tasks with samples of their own, repeated for more than two classes."""
    n_classes = sizes[0]
    design = data.design
    y = np.concatenate([target.T.ravel() for target in targets])
    data = replace(data, weight=np.concatenate(weights))
    if n_classes == 1:
        return data, design, y, Logistic()
    lengths = np.repeat(np.diff(design.ptr), n_classes)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    first_cells = bounds[:-1].reshape(-1, n_classes)
    samples = []
    parts = []
    for t, (first, last) in enumerate(pairwise(design.ptr)):
        own = np.arange(first, last)
        samples += [own] * n_classes
        cells = (own - first)[:, None] + first_cells[t]
        parts.append((cells, Softmax()))
    repeated = StackedDesign(design.X[np.concatenate(samples)], bounds)
    return data, repeated, y, Grouped(tuple(parts))


def unpack_classes(W, b, sizes):
    """`coef_` and `intercept_` of tasks with several classes.

    Coefficients (n_tasks, n_classes, n_features) are 0 for classes that a task does not have, and
    intercepts (n_tasks, n_classes) minus infinity; the intercepts of a task add up to 0.
    """
    ends = np.cumsum(sizes)
    shape = len(sizes), sizes.max()
    coef = np.zeros((*shape, len(W)))
    intercept = np.full(shape, -np.inf)
    for t, (end, size) in enumerate(zip(ends, sizes, strict=True)):
        columns = slice(end - size, end)
        coef[t, :size] = W[:, columns].T
        intercept[t, :size] = b[columns] - b[columns].mean()
    return coef, intercept


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
        equal_share = counts.sum() / np.count_nonzero(present)
        factors = np.ones(len(classes))
        factors[present] = equal_share / counts[present]
        return factors
    if not isinstance(class_weight, dict):
        raise TypeError(f"class_weight must be None, 'balanced' or a dict, got {class_weight!r}.")
    factors = [float(class_weight.get(label, 1.0)) for label in classes.tolist()]
    factors = np.array(factors)
    if not np.isfinite(factors).all() or not (factors > 0).all():
        raise ValueError(f"class_weight must be positive and finite, got {factors.min()}.")
    return factors
