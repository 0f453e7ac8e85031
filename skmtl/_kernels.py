"""Every compiled function of the package, in one file on purpose.

Numba's disk cache hashes only the file of the cached function: a kernel that called another one
elsewhere would silently keep its old results after an edit there.

The `sweep_` kernels do cyclic block coordinate descent over rows of W for
`1/2 sum_t (loss of task t) + sum_j lam_j ||W_j||_2 + ridge/2 ||W||_F^2`, W >= 0 if `positive`.
They update W (n_features, n_tasks) and the residual or correlation that they are given in place,
and return the number of sweeps done. The `forward_` and `adjoint_` kernels are the products of many
small stacked tasks, accumulated into their last argument. All release the GIL.
"""

import numpy as np
from numba import njit


def _compiled(function):
    """`njit` with a disk cache where there is a writable directory for it, else without."""
    options = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # raised at decoration: no locator for the cache
        return njit(**options)(function)


@_compiled
def _minimise_row(z, curvature, ridge, lam, positive, w):
    """Write argmin_w `sum_t (c_t + ridge)/2 w_t^2 - z_t w_t + lam ||w||_2` into w; changes z.

    With equal curvatures a closed form. Else w_t = z_t x / ((c_t + ridge) x + lam) where x = ||w||
    is the root of 1/phi(x) = 1, phi(x) = ||z / ((c + ridge) x + lam)||: 1/phi is increasing and
    concave, so Newton's method from 0 climbs to the root monotonically.
    """
    T = z.size
    norm2, low, high = 0.0, np.inf, 0.0
    for t in range(T):
        if positive and z[t] < 0.0:
            z[t] = 0.0
        norm2 += z[t] * z[t]
        low = min(low, curvature[t])
        high = max(high, curvature[t])
    norm = np.sqrt(norm2)
    if norm <= lam:
        for t in range(T):
            w[t] = 0.0
        return
    if lam == 0.0 or low == high:
        shrink = 1.0 - lam / norm
        for t in range(T):
            c = curvature[t] + ridge
            w[t] = z[t] * shrink / c if c > 0.0 else 0.0
        return
    x = 0.0
    for _ in range(100):
        phi2, slope = 0.0, 0.0
        for t in range(T):
            c = curvature[t] + ridge
            u = z[t] / (c * x + lam)
            phi2 += u * u
            slope += u * u * c / (c * x + lam)
        if slope == 0.0:
            break
        phi = np.sqrt(phi2)
        step = (phi - 1.0) * phi2 / slope
        x += step
        if abs(step) <= 1e-15 * x:
            break
    for t in range(T):
        w[t] = z[t] * x / ((curvature[t] + ridge) * x + lam)


@_compiled
def sweep_dense(
    X,
    first_row,
    ptr,
    weight,
    first_weight,
    mean,
    curvature,
    ridge,
    lam,
    positive,
    rows,
    r,
    W,
    n_sweeps,
    tol,
):
    """Dense X (Fortran order). Task t has residuals `r[ptr[t]:ptr[t + 1]]`, which belong to the
    rows of X from `first_row[t]` and the weights from `first_weight[t]` on."""
    T = ptr.size - 1
    z, new = np.empty(T), np.empty(T)
    for sweep in range(n_sweeps):
        moved = 0.0
        for j in rows:
            for t in range(T):
                x, s, a, m = first_row[t], first_weight[t], ptr[t], mean[j, t]
                g = 0.0
                for i in range(ptr[t + 1] - a):
                    g += (X[x + i, j] - m) * weight[s + i] * r[a + i]
                z[t] = g + curvature[j, t] * W[j, t]
            _minimise_row(z, curvature[j], ridge, lam[j], positive, new)
            change = 0.0
            for t in range(T):
                d = new[t] - W[j, t]
                if d == 0.0:
                    continue
                x, a, m = first_row[t], ptr[t], mean[j, t]
                for i in range(ptr[t + 1] - a):
                    r[a + i] -= d * (X[x + i, j] - m)
                change += (curvature[j, t] + ridge) * d * d
                W[j, t] = new[t]
            moved = max(moved, change)
        if moved <= tol:
            return sweep + 1
    return n_sweeps


@_compiled
def sweep_sparse(
    data,
    indices,
    indptr,
    first_row,
    ptr,
    weight,
    first_weight,
    total,
    mean,
    curvature,
    ridge,
    lam,
    positive,
    rows,
    r,
    W,
    n_sweeps,
    tol,
):
    """CSC X. As :func:`sweep_dense`, with the true residual of task t equal to `r + shift[t]`, so
    that a centred column costs no more than its non-zeros; `total` is each task's weight. Row
    indices are sorted in each column."""
    T = ptr.size - 1
    z, new, shift, delta = np.empty(T), np.empty(T), np.zeros(T), np.empty(T)
    shared = T == 1 or first_row[1] == 0
    for sweep in range(n_sweeps):
        moved = 0.0
        for j in rows:
            begin, end = indptr[j], indptr[j + 1]
            for t in range(T):
                z[t] = curvature[j, t] * W[j, t]
            if shared:
                for t in range(T):
                    s, a, g = first_weight[t], ptr[t], 0.0
                    for k in range(begin, end):
                        i = indices[k]
                        g += data[k] * weight[s + i] * (r[a + i] + shift[t])
                    z[t] += g
            else:
                t = 0
                for k in range(begin, end):
                    i = indices[k]
                    while i >= ptr[t + 1]:
                        t += 1
                    z[t] += data[k] * weight[i] * (r[i] + shift[t])
            _minimise_row(z, curvature[j], ridge, lam[j], positive, new)
            change = 0.0
            for t in range(T):
                delta[t] = new[t] - W[j, t]
                shift[t] += delta[t] * mean[j, t]
                change += (curvature[j, t] + ridge) * delta[t] * delta[t]
                W[j, t] = new[t]
            if change > 0.0:
                if shared:
                    for t in range(T):
                        a, d = ptr[t], delta[t]
                        for k in range(begin, end):
                            r[a + indices[k]] -= d * data[k]
                else:
                    t = 0
                    for k in range(begin, end):
                        i = indices[k]
                        while i >= ptr[t + 1]:
                            t += 1
                        r[i] -= delta[t] * data[k]
            moved = max(moved, change)
        if moved <= tol:
            return sweep + 1
    return n_sweeps


@_compiled
def sweep_gram(grams, block, curvature, ridge, lam, positive, rows, H, W, n_sweeps, tol):
    """Gram form: `H = (q - Q W)'` (n_tasks, n_features); task t has the Gram `grams[block[t]]`."""
    T, p = H.shape
    z, new = np.empty(T), np.empty(T)
    for sweep in range(n_sweeps):
        moved = 0.0
        for j in rows:
            for t in range(T):
                z[t] = H[t, j] + curvature[j, t] * W[j, t]
            _minimise_row(z, curvature[j], ridge, lam[j], positive, new)
            change = 0.0
            for t in range(T):
                d = new[t] - W[j, t]
                if d == 0.0:
                    continue
                b = block[t]
                for k in range(p):
                    H[t, k] -= d * grams[b, j, k]
                change += (curvature[j, t] + ridge) * d * d
                W[j, t] = new[t]
            moved = max(moved, change)
        if moved <= tol:
            return sweep + 1
    return n_sweeps


@_compiled
def forward_dense(X, ptr, W, z):
    """z += x_i . W[:, t(i)], X in Fortran order."""
    for t in range(ptr.size - 1):
        for j in range(X.shape[1]):
            w = W[j, t]
            if w != 0.0:
                for i in range(ptr[t], ptr[t + 1]):
                    z[i] += X[i, j] * w


@_compiled
def adjoint_dense(X, ptr, r, G):
    """G[:, t] += X_t' r_t, X in Fortran order."""
    for t in range(ptr.size - 1):
        for j in range(X.shape[1]):
            g = 0.0
            for i in range(ptr[t], ptr[t + 1]):
                g += X[i, j] * r[i]
            G[j, t] += g


@_compiled
def forward_sparse(data, indices, indptr, ptr, W, z):
    """As :func:`forward_dense`, CSC with sorted indices."""
    for j in range(indptr.size - 1):
        t = 0
        for k in range(indptr[j], indptr[j + 1]):
            i = indices[k]
            while i >= ptr[t + 1]:
                t += 1
            z[i] += data[k] * W[j, t]


@_compiled
def adjoint_sparse(data, indices, indptr, ptr, r, G):
    """As :func:`adjoint_dense`, CSC with sorted indices."""
    for j in range(indptr.size - 1):
        t = 0
        for k in range(indptr[j], indptr[j + 1]):
            i = indices[k]
            while i >= ptr[t + 1]:
                t += 1
            G[j, t] += data[k] * r[i]
