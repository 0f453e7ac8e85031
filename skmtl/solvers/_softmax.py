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
_LEAST = 1e-6  # probability in a curvature


def n_classes_to_stack(likelihood):
    """Classes of every task, if the exact curvature is affordable, else 0."""
    loss = likelihood.loss
    if not isinstance(loss, Grouped) or sparse.issparse(likelihood.design.X):
        return 0
    if not all(isinstance(part, Softmax) for _, part in loss.parts):
        return 0
    sizes = {index.shape[1] for index, _ in loss.parts}
    size = max(sizes) * likelihood.shape[0]
    if len(sizes) > 1 or size > _LARGEST or size**2 * len(loss.parts) > _FLOATS:
        return 0
    return sizes.pop()


def softmax_step(point, penalty, inner, K, enough, *, solve_penalized, max_iter):
    """Where the second-order model of the likelihood at a point is least, with the penalty.

    Solved to a gap of `enough`. Returns the solution and its intercepts, in columns.
    """
    datafit, intercepts = _second_order(point, K)
    start = inner._replace(
        W=stack_columns(point.W, K), state=_mapped(inner.state, stack_columns, K)
    )
    tol = enough / max(0.5 * datafit.yy, 1e-300)
    found = solve_penalized(datafit, penalty.stacked(K), start, max_iter=max_iter, tol=tol)
    b = intercepts(found.W)
    found = found._replace(
        W=unstack_columns(found.W, K),
        parts=tuple(unstack_columns(part, K) for part in found.parts),
        state=_mapped(found.state, unstack_columns, K),
    )
    return found, b


def _mapped(state, layout, K):
    if state is None:
        return None
    V, U = ([layout(A, K) for A in arrays] for arrays in (state.V, state.U))
    return state._replace(V=V, U=U)


def _second_order(point, K):
    """The model as a GramForm, intercepts eliminated; the function that gives these back."""
    f, (p, C) = point.likelihood, point.likelihood.shape
    T, size = C // K, K * p
    grams, q, yy = np.empty((size, size, T)), np.empty((size, T)), 0.0
    backs, intercept = [], f.fit_intercept
    for t, (index, _) in enumerate(f.loss.parts):
        X = f.design.X
        if X.shape[0] != len(index):  # rows of its own
            X = X[f.design.ptr[t * K] : f.design.ptr[t * K + 1]]
        weight = f.weight.reshape(-1)[index][:, 0]
        seen = weight > 0
        X, weight, index = X[seen], weight[seen], index[seen]
        z, y = point.z.reshape(-1)[index], f.y.reshape(-1)[index]
        probability = softmax(z, axis=1)
        v = y - probability
        probability = (probability + _LEAST) / (1 + K * _LEAST)
        Hz = probability * (z - (probability * z).sum(axis=1, keepdims=True))
        rows = np.column_stack([X, np.ones(len(X))]) if intercept else X
        G = _gram(rows, weight, probability)
        right = ((Hz + v) * weight[:, None]).T @ rows  # (K, p or p + 1)
        yy += float(weight @ (z * (Hz + 2 * v) + v**2 / probability).sum(axis=1))
        inner, right = G[:, :p, :, :p].reshape(size, size), right.copy()
        target = right[:, :p].reshape(size)
        if intercept:
            inverse = np.linalg.pinv(G[:, p, :, p], rcond=1e-12, hermitian=True)
            across = G[:, :p, :, p].reshape(size, K)
            inner = inner - across @ inverse @ across.T
            target = target - across @ (inverse @ right[:, p])
            yy -= float(right[:, p] @ inverse @ right[:, p])
            backs.append((inverse @ right[:, p], inverse @ across.T))
        grams[:, :, t], q[:, t] = inner, target

    def intercepts(W):
        if not intercept:
            return np.zeros(C)
        return np.concatenate([first - A @ w for (first, A), w in zip(backs, W.T, strict=True)])

    blocks = list(np.arange(T)[:, None])
    datafit = GramForm(grams, q, max(yy, 0.0), blocks, np.zeros((size, T)), np.zeros(T))
    return datafit, intercepts


def _gram(X, weight, probability):
    """`sum_i weight_i H_i (x) x_i x_i'`, (K, p, K, p), H the curvature of softmax."""
    K, p = probability.shape[1], X.shape[1]
    G = np.empty((K, p, K, p))
    for k in range(K):
        for c in range(k + 1):
            h = probability[:, k] * ((k == c) - probability[:, c]) * weight
            block = (X * h[:, None]).T @ X
            G[k, :, c], G[c, :, k] = block, block.T
    return G
