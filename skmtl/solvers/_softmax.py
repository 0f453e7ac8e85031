"""Newton's steps for softmax, with the exact curvature between the classes of a task.

The columns of a task are stacked to one long column, (n_classes * n_features, n_tasks), whose Gram
holds the curvature of all classes together.
"""

import numpy as np
from scipy import sparse
from scipy.special import softmax

from skmtl.datafits import GramForm
from skmtl.losses import Grouped, Softmax
from skmtl.penalties import stack_columns, unstack_columns

_FLOATS = 2**24  # of Grams of all tasks
_LARGEST = 1000  # unknowns of a task
_TINY = 1e-100
_LEAST = 1e-6  # probability in a curvature, relative to the gradient of its sample


def n_classes_to_stack(likelihood):
    """Number of classes of every task, if the exact curvature is affordable, else 0."""
    loss = likelihood.loss
    if not isinstance(loss, Grouped) or sparse.issparse(likelihood.design.X):
        return 0
    sizes = set()
    for index, part in loss.parts:
        if not isinstance(part, Softmax):
            return 0
        sizes.add(index.shape[1])
    if len(sizes) > 1:
        return 0
    (n_classes,) = sizes
    n_unknowns = n_classes * likelihood.shape[0]
    floats = n_unknowns**2 * len(loss.parts)
    affordable = n_unknowns <= _LARGEST and floats <= _FLOATS
    return n_classes if affordable else 0


def softmax_step(
    point,
    penalty,
    inner,
    n_classes,
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
    n_classes : int
        Number of classes of every task.
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
    stacked = penalty.stacked(n_classes)
    fixed = all(term.is_quadratic for term in stacked.terms if term.is_active)
    model = _SecondOrderModel(point, n_classes, fix_shift=fixed)
    start = inner._replace(
        W=stack_columns(point.W, n_classes),
        state=_in_layout(inner.state, stack_columns, n_classes),
    )
    found = inner_solver(
        model.datafit,
        stacked,
        start,
        max_iter=max_iter,
        tol=enough / max(0.5 * model.datafit.yy, 1e-300),
    )
    b = model.intercepts(found.W)
    found = found._replace(
        W=unstack_columns(found.W, n_classes),
        parts=tuple(unstack_columns(part, n_classes) for part in found.parts),
        state=_in_layout(found.state, unstack_columns, n_classes),
    )
    return found, b


def _in_layout(state, layout, n_classes):
    """The state of a solver with its arrays in another layout."""
    if state is None:
        return None

    def mapped(arrays):
        return np.array([layout(A, n_classes) for A in arrays])

    return state._replace(V=mapped(state.V), U=mapped(state.U))


class _SecondOrderModel:
    """The second-order model of a likelihood at a point as a GramForm, intercepts eliminated.

    What all classes of a task have in common is not seen by the likelihood. With `fix_shift` it has
    a curvature like that of the rest, about 0: the minimum is the same where the penalty treats
    classes alike and is quadratic, and no direction is without curvature.
    """

    def __init__(self, point, n_classes, *, fix_shift):
        self.n_classes = n_classes
        self.fix_shift = fix_shift
        self.fit_intercept = point.likelihood.fit_intercept
        self.n_features, n_columns = point.likelihood.shape
        n_tasks = n_columns // n_classes
        size = n_classes * self.n_features
        grams = np.empty((size, size, n_tasks))
        q = np.empty((size, n_tasks))
        self.eliminated = []
        yy = 0.0
        for t in range(n_tasks):
            samples = _samples_of_task(point, t, n_classes)
            gram, right, squares = self._task(*samples)
            if self.fit_intercept:
                gram, right, explained = self._eliminate_intercepts(gram, right)
                squares -= explained
            grams[:, :, t] = gram.reshape(size, size)
            q[:, t] = right.reshape(size)
            yy += squares
        self.datafit = GramForm(
            grams,
            q,
            max(yy, 0.0),
            blocks=list(np.arange(n_tasks)[:, None]),
            mean_x=np.zeros((size, n_tasks)),
            mean_y=np.zeros(n_tasks),
        )

    def _task(self, X, weight, z, y):
        """Gram (K, p, K, p), right-hand side (K, p) and yy of a task, an intercept among p."""
        K = self.n_classes
        probability = softmax(z, axis=1)
        v = y - probability
        least = _LEAST * np.abs(v).max(axis=1, keepdims=True) + _TINY
        probability = (probability + least) / (1 + K * least)
        mean_z = (probability * z).sum(axis=1, keepdims=True)
        Hz = probability * (z - mean_z)
        if self.fit_intercept:
            ones = np.ones(len(X))
            X = np.column_stack([X, ones])
        shift = np.zeros(len(X))
        if self.fix_shift:
            shift = (probability * (1 - probability)).sum(axis=1) / K**2
        gram = _gram(X, weight, probability, shift)
        weighted = (Hz + v) * weight[:, None]
        squares = z * (Hz + 2 * v)
        squares += v**2 / probability
        yy = weight @ squares.sum(axis=1)
        return gram, weighted.T @ X, float(yy)

    def _eliminate_intercepts(self, gram, right):
        """Gram and right-hand side at the optimal intercepts, and what these take off yy."""
        K = self.n_classes
        p = self.n_features
        size = K * p
        of_features = gram[:, :p, :, :p].reshape(size, size)
        across = gram[:, :p, :, p].reshape(size, K)
        of_intercepts = gram[:, p, :, p]
        target = right[:, :p].reshape(size)
        target_of_intercepts = right[:, p]
        inverse = np.linalg.pinv(of_intercepts, rcond=1e-12, hermitian=True)
        first = inverse @ target_of_intercepts
        self.eliminated.append((first, inverse @ across.T))
        gram = of_features - across @ inverse @ across.T
        right = target - across @ first
        explained = target_of_intercepts @ first
        return gram, right, float(explained)

    def intercepts(self, W):
        """The optimal intercepts of all columns at W, stacked: (n_columns,)."""
        if not self.fit_intercept:
            return np.zeros(self.n_classes * W.shape[1])
        columns = []
        for w, (first, A) in zip(W.T, self.eliminated, strict=True):
            columns.append(first - A @ w)
        return np.concatenate(columns)


def _samples_of_task(point, t, n_classes):
    """Centered X, weights (n,), linear predictions and targets (n, n_classes) of the task."""
    likelihood = point.likelihood
    design = likelihood.design
    index, _ = likelihood.loss.parts[t]
    first_column = t * n_classes
    X = design.X
    if X.shape[0] != len(index):  # samples of its own
        start, stop = design.ptr[first_column:][:2]
        X = X[start:stop]
    weight = likelihood.weight.reshape(-1)
    weight = weight[index[:, 0]]
    seen = weight > 0
    index = index[seen]
    z = point.z.reshape(-1)[index]
    y = likelihood.y.reshape(-1)[index]
    return X[seen] - likelihood.center[:, first_column], weight[seen], z, y


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
