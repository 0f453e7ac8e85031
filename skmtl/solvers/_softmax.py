"""Newton's steps for softmax, with the exact curvature between the classes of a task.

The columns of a task are stacked to one long column, (n_columns * n_features, n_tasks), whose Gram
holds the curvature of all classes together. Tasks may have different numbers of classes, and other
losses in one column: `n_columns` is the most columns of a task, and what lies beyond those of a
task has no slope and the curvature of the rest, so that it stays zero.
"""

from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.special import softmax

from skmtl.datafits import GramForm
from skmtl.losses import Grouped, Softmax
from skmtl.penalties import stack_columns, unstack_columns
from skmtl.solvers._pulled_softmax import PulledModel

_FLOATS = 2**24  # of Grams of all tasks
_LARGEST = 1000  # unknowns of a task
_TINY = 1e-100
_LEAST = 1e-6  # probability in a curvature, relative to the gradient of its sample


def columns_to_stack(likelihood):
    """Number of columns of every task, if the exact curvature is affordable, else 0.

    It is a tuple with the numbers of all tasks if these differ. More is affordable for samples in
    partitions, which are not to be read again and again.
    """
    if likelihood.is_partitioned:
        sizes = likelihood.setup.sizes.tolist()
        return _affordable_stack(sizes, likelihood.shape[0], 2 * _LARGEST, 4 * _FLOATS)
    loss = likelihood.loss
    if not isinstance(loss, Grouped) or sparse.issparse(likelihood.design.X):
        return 0
    sizes = []
    for index, part in loss.parts:
        if not (isinstance(part, Softmax) or part.exact_curvature):
            return 0
        sizes.append(index.shape[1])
    return _affordable_stack(sizes, likelihood.shape[0], _LARGEST, _FLOATS)


def _affordable_stack(sizes, n_features, largest, most_floats):
    """What :func:`columns_to_stack` returns for tasks of these numbers of columns."""
    most = max(sizes)
    n_unknowns = most * n_features
    floats = n_unknowns**2 * len(sizes)
    if most == 1 or n_unknowns > largest or floats > most_floats:
        return 0
    return most if min(sizes) == most else tuple(sizes)


def softmax_step(
    point,
    penalty,
    inner,
    n_columns,
    enough,
    *,
    inner_solver,
    max_iter,
):
    """The minimum of the second-order model of a likelihood at a point, with the penalty.

    Parameters
    ----------
    point : Point
        The likelihood at some W.
    penalty : Penalty
        The penalty of the columns.
    inner : Solution
        The result of the step before, whose state is continued from.
    n_columns : int or tuple of int
        Of :func:`columns_to_stack`.
    enough : float
        Duality gap at which to stop.
    inner_solver : callable
        The solver of squared losses.
    max_iter : int
        Largest number of its iterations.

    Returns
    -------
    (Solution, ndarray of shape (n_columns,))
        The solution and its intercepts of centered features, in columns.
    """
    stacked = penalty.stacked(n_columns)
    if point.likelihood.pull is None:
        model = _SecondOrderModel(point, n_columns, fix_shift=fixes_shift(stacked))
    else:
        source = moments_at(point, fixes_shift(stacked))
        model = PulledModel(source, point.likelihood, n_columns)
    start = inner._replace(
        W=stack_columns(point.W, n_columns),
        state=_in_layout(inner.state, stack_columns, n_columns),
    )
    found = inner_solver(
        model.datafit,
        stacked,
        start,
        max_iter=max_iter,
        tol=enough / max(0.5 * model.datafit.yy, 1e-300),
    )
    b = model.intercepts(found.W, point.W.shape[1])
    found = found._replace(
        W=unstack_columns(found.W, n_columns),
        parts=tuple(unstack_columns(part, n_columns) for part in found.parts),
        state=_in_layout(found.state, unstack_columns, n_columns),
    )
    return found, b


def fixes_shift(penalty):
    """Whether nothing but a quadratic penalty sees what all classes of a task have in common."""
    return all(term.is_quadratic for term in penalty.terms if term.is_active)


def _in_layout(state, layout, n_columns):
    """The state of a solver with its arrays in another layout."""
    if state is None:
        return None

    def mapped(arrays):
        return np.array([layout(A, n_columns) for A in arrays])

    return state._replace(V=mapped(state.V), U=mapped(state.U))


class _SecondOrderModel:
    """The second-order model of a likelihood at a point as a GramForm, intercepts eliminated.

    What all classes of a task have in common is not seen by the likelihood. With `fix_shift` it has
    a curvature like that of the rest, about 0: the minimum is the same where the penalty treats
    classes alike and is quadratic, and no direction is without curvature.
    """

    def __init__(self, point, n_columns, *, fix_shift):
        self.fit_intercept = point.likelihood.fit_intercept
        self.n_features = point.likelihood.shape[0]
        source = moments_at(point, fix_shift)
        n_tasks = source.n_tasks
        size = np.max(n_columns) * self.n_features
        grams = np.zeros((size, size, n_tasks))
        q = np.zeros((size, n_tasks))
        self.eliminated = []
        yy = 0.0
        for t, (gram, right, squares, here) in enumerate(source.task_moments()):
            if self.fit_intercept:
                gram, right, explained = self._eliminate_intercepts(gram, right, here)
                squares -= explained
            yy += squares
            own = right.size
            gram = gram.reshape(own, own)
            grams[:own, :own, t] = gram
            q[:own, t] = right.reshape(own)
            beyond = np.arange(own, size)
            grams[beyond, beyond, t] = np.trace(gram) / own or 1.0
        self.datafit = GramForm(
            grams,
            q,
            max(yy, 0.0),
            blocks=list(np.arange(n_tasks)[:, None]),
            mean_x=np.zeros(q.shape),
            mean_y=np.zeros(n_tasks),
        )

    def _eliminate_intercepts(self, gram, right, here):
        """Gram and right-hand side at the optimal intercepts, and what these take off yy.

        Their changes are 0 where there is no curvature, as of a class without targets.
        """
        K = len(right)
        p = self.n_features
        size = K * p
        of_features = gram[:, :p, :, :p].reshape(size, size)
        across = gram[:, :p, :, p].reshape(size, K)
        of_intercepts = gram[:, p, :, p]
        target = right[:, :p].reshape(size)
        target_of_intercepts = right[:, p]
        inverse = np.linalg.pinv(of_intercepts, rcond=1e-12, hermitian=True)
        first = inverse @ target_of_intercepts
        self.eliminated.append((here + first, inverse @ across.T))
        gram = of_features - across @ inverse @ across.T
        right = target - across @ first
        explained = target_of_intercepts @ first
        return gram, right, float(explained)

    def intercepts(self, W, n_all_columns):
        """The optimal intercepts of all columns at W, stacked: (n_all_columns,)."""
        if not self.fit_intercept:
            return np.zeros(n_all_columns)
        columns = []
        for w, (first, A) in zip(W.T, self.eliminated, strict=True):
            own = A.shape[1]
            columns.append(first - A @ w[:own])
        return np.concatenate(columns)


def moments_at(point, fix_shift):
    """What has the moments of the second-order models of the tasks at a point."""
    if point.likelihood.is_partitioned:
        return point
    return _SampleMoments(point, fix_shift)


class _SampleMoments:
    """The moments of a second-order model of a likelihood, summed over the samples of a point."""

    def __init__(self, point, fix_shift):
        self.point = point
        self.fix_shift = fix_shift

    @property
    def n_tasks(self):
        return len(self.point.likelihood.loss.parts)

    def task_moments(self):
        """Yield Gram (K, p, K, p), right-hand side (K, p), yy and intercepts of tasks of K columns.

        The last of the p is the intercept, if there are any.
        """
        likelihood = self.point.likelihood
        first_column = 0
        for index, loss in likelihood.loss.parts:
            X, index = _samples_of_task(self.point, index, first_column)
            if likelihood.fit_intercept:
                ones = np.ones(len(X))
                X = np.column_stack([X, ones])
            of_loss = self._classes if isinstance(loss, Softmax) else self._numbers
            here = self.point.b[first_column:][: index.shape[1]]
            first_column += index.shape[1]
            yield *of_loss(X, index, here), here

    def _classes(self, X, index, here):
        """The same of a softmax, at intercepts `here`; their changes may be unknowns."""
        K = index.shape[1]
        likelihood = self.point.likelihood
        weight = likelihood.weight.reshape(-1)
        weight = weight[index[:, 0]]
        z = self.point.z.reshape(-1)[index]
        probability = softmax(z, axis=1)
        z = z - here
        v = likelihood.y.reshape(-1)[index] - probability
        least = _LEAST * np.abs(v).max(axis=1, keepdims=True) + _TINY
        probability = (probability + least) / (1 + K * least)
        mean_z = (probability * z).sum(axis=1, keepdims=True)
        Hz = probability * (z - mean_z)
        shift = np.zeros(len(X))
        if self.fix_shift:
            shift = (probability * (1 - probability)).sum(axis=1) / K**2
        gram = _gram(X, weight, probability, shift)
        weighted = (Hz + v) * weight[:, None]
        squares = z * (Hz + 2 * v)
        squares += v**2 / probability
        yy = weight @ squares.sum(axis=1)
        return gram, weighted.T @ X, float(yy)

    def _numbers(self, X, index, here):
        """The same of a loss of one column, which is a parabola for every target."""
        target, weight = self._parabolas
        target = target.reshape(-1)[index] - here
        weighted = weight.reshape(-1)[index] * X
        gram = weighted.T @ X
        right = target.T @ weighted
        yy = weight.reshape(-1)[index[:, 0]] @ target[:, 0] ** 2
        return gram[None, :, None], right, float(yy)

    @cached_property
    def _parabolas(self):
        return self.point.parabolas()


def _samples_of_task(point, index, first_column):
    """Centered X of the samples of a task that count, and their rows of the index."""
    likelihood = point.likelihood
    design = likelihood.design
    X = design.X
    if X.shape[0] != len(index):  # samples of its own
        start, stop = design.ptr[first_column:][:2]
        X = X[start:stop]
    weight = likelihood.weight.reshape(-1)
    seen = weight[index[:, 0]] > 0
    return X[seen] - likelihood.center[:, first_column], index[seen]


def _gram(X, weight, probability, shift):
    """`sum_i weight_i H_i (x) x_i x_i'`, (K, p, K, p), H the curvature of softmax plus a shift."""
    K = probability.shape[1]
    p = X.shape[1]
    G = np.empty((K, p, K, p))
    for k in range(K):
        for c in range(k + 1):
            curvature = shift - probability[:, k] * probability[:, c]
            if k == c:
                curvature += probability[:, k]
            curvature *= weight
            weighted = X * curvature[:, None]
            block = weighted.T @ X
            G[k, :, c] = block
            G[c, :, k] = block.T
    return G
