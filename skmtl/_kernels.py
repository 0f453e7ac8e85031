"""Every compiled function of the package, in one file on purpose.

Numba's disk cache hashes only the file of the cached function: a kernel that called another one
elsewhere would silently keep its old results after an edit there.

All of them do cyclic block coordinate descent over rows of W, or products, for
`1/2 sum_t (loss of task t) + sum_j lam_j ||W_j||_2 + ridge/2 ||W||_F^2`, W >= 0 if `positive`.
W is (n_features, n_tasks). The `sweep_` kernels touch the rows of the data; `gram_path` only their
second moments, and certifies what it returns. The `forward_` and `adjoint_` kernels are the
products of many small stacked tasks, accumulated into their last argument. The last two are those
of Gaussian processes. All release the GIL.
"""

import numpy as np
from numba import njit


def _compiled(function):
    """`njit` with a disk cache where there is a writable directory for it, else without.

    Private functions, called from compiled code alone, get no wrappers: they take time to compile.
    """
    inner = function.__name__.startswith("_")
    options = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
    options |= {"no_cpython_wrapper": inner, "no_cfunc_wrapper": True}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # raised at decoration: no locator for the cache
        return njit(**options)(function)


@_compiled
def _minimize_row(z, curvature, highest, ridge, lam, positive, start, w):
    """Write argmin_w `sum_t (c_t + ridge)/2 w_t^2 - z_t w_t + lam ||w||_2` into w; changes z.

    w_t = z_t x / ((c_t + ridge) x + lam) where x = ||w|| is the root of 1/phi(x) = 1,
    phi(x) = ||z / ((c + ridge) x + lam)||: 1/phi is increasing and concave, so Newton's method
    climbs to it monotonically, after the first step from a `start` beyond it; never below the root
    that the highest curvature alone would have.
    """
    T, norm2 = z.size, 0.0
    if positive:
        for t in range(T):
            z[t] = z[t] if z[t] > 0.0 else 0.0
    for t in range(T):
        norm2 += z[t] * z[t]
    norm = np.sqrt(norm2)
    if norm <= lam:
        for t in range(T):
            w[t] = 0.0
        return
    if lam == 0.0:
        for t in range(T):
            c = curvature[t] + ridge
            w[t] = z[t] / c if c > 0.0 else 0.0
        return
    least = (norm - lam) / (highest + ridge)
    x = start if start > least else least
    for _ in range(100):
        phi2, slope = 0.0, 0.0
        for t in range(T):
            c = curvature[t] + ridge
            r = 1.0 / (c * x + lam)
            u = z[t] * r
            phi2 += u * u
            slope += u * u * c * r
        if slope == 0.0:
            break
        step = (np.sqrt(phi2) - 1.0) * phi2 / slope
        x += step
        if x < least:
            x = least
        if abs(step) <= 1e-9 * x:
            break  # convergence is quadratic
    for t in range(T):
        w[t] = z[t] * x / ((curvature[t] + ridge) * x + lam)


@_compiled
def _copy(A, B):
    """B[:] = A; the assignment itself takes seconds to compile."""
    for j in range(A.shape[0]):
        for t in range(A.shape[1]):
            B[j, t] = A[j, t]


@_compiled
def _norm(w):
    norm2 = 0.0
    for t in range(w.size):
        norm2 += w[t] * w[t]
    return np.sqrt(norm2)


@_compiled
def fuse_rows(W, thresholds, out):
    """Write `argmin_x 1/2 ||x - w||^2 + sum_t thresholds[t] |x_t+1 - x_t|` of every row w of W.

    The taut string: the running sums of x are the shortest path through a tube around those of w,
    `thresholds` wide on either side and closed at both ends. From a knot, `low` and `high` are the
    steepest and flattest slopes that stay inside; where they cross, the string bends.
    """
    n, T = W.shape
    sums = np.empty(T + 1)
    for j in range(n):
        sums[0] = 0.0
        for t in range(T):
            sums[t + 1] = sums[t] + W[j, t]
        knot, height = 0, 0.0
        while knot < T:
            low, high, at_low, at_high = -np.inf, np.inf, knot, knot
            height_low, height_high = height, height
            i, bent = knot, False
            while i < T and not bent:
                i += 1
                width = thresholds[i - 1] if i < T else 0.0
                below, above = sums[i] - width, sums[i] + width
                if (below - height) / (i - knot) > high:
                    bent, slope, end, end_height = True, high, at_high, height_high
                elif (above - height) / (i - knot) < low:
                    bent, slope, end, end_height = True, low, at_low, height_low
                else:
                    if (below - height) / (i - knot) >= low:
                        low, at_low, height_low = (below - height) / (i - knot), i, below
                    if (above - height) / (i - knot) <= high:
                        high, at_high, height_high = (above - height) / (i - knot), i, above
            if not bent:
                slope, end, end_height = low, T, sums[T]
            for t in range(knot, end):
                out[j, t] = slope
            knot, height = end, end_height


@_compiled
def _sweep_one_gram(gram, lam, ridge, positive, rows, H, W, D, changed):
    """One sweep over `rows`, all tasks with one Gram; returns whether anything moved.

    The exact Gauss-Seidel iterates: H is brought up to date only after four rows have changed, in
    one pass; until then their changes D enter the rows that follow one by one.
    """
    T, last, m, moved = W.shape[1], rows.size - 1, 0, False
    for a in range(rows.size):
        j = rows[a]
        curvature, z, size, norm = gram[j, j], D[m], 0.0, 0.0
        for t in range(T):
            z[t] = H[j, t] + curvature * W[j, t]
            size += abs(W[j, t])
        for b in range(m):
            g = gram[changed[b], j]
            for t in range(T):
                z[t] -= g * D[b, t]
        if positive:
            for t in range(T):
                z[t] = max(z[t], 0.0)
        for t in range(T):
            norm += z[t] * z[t]
        norm = np.sqrt(norm)
        if norm > lam[j] or size > 0.0:
            total = curvature + ridge
            scale = (1.0 - lam[j] / norm) / total if norm > lam[j] and total > 0.0 else 0.0
            for t in range(T):
                new = scale * z[t]
                z[t] = new - W[j, t]
                moved |= z[t] != 0.0
                W[j, t] = new
            changed[m] = j
            m += 1
        if m == 4 or (m > 0 and a == last):
            for b in range(m, 4):
                changed[b] = j
                for t in range(T):
                    D[b, t] = 0.0
            a0, a1, a2, a3 = gram[changed[0]], gram[changed[1]], gram[changed[2]], gram[changed[3]]
            for i in rows:
                h, g0, g1, g2, g3 = H[i], a0[i], a1[i], a2[i], a3[i]
                for t in range(T):
                    h[t] -= g0 * D[0, t] + g1 * D[1, t] + g2 * D[2, t] + g3 * D[3, t]
            m = 0
    return moved


@_compiled
def _sweep_many_grams(
    grams, block, curvature, highest, lam, ridge, positive, rows, H, W, D, changed, new
):
    """As :func:`_sweep_one_gram`, tasks with Grams of their own."""
    T, last, m, moved = W.shape[1], rows.size - 1, 0, False
    each = grams.shape[2] == T
    for a in range(rows.size):
        j = rows[a]
        z, size = D[m], 0.0
        for t in range(T):
            z[t] = H[j, t] + curvature[j, t] * W[j, t]
            size += abs(W[j, t])
        for b in range(m):
            g, d = grams[changed[b], j], D[b]
            if each:
                for t in range(T):
                    z[t] -= g[t] * d[t]
            else:
                for t in range(T):
                    z[t] -= g[block[t]] * d[t]
        _minimize_row(z, curvature[j], highest[j], ridge, lam[j], positive, _norm(W[j]), new)
        for t in range(T):
            size += abs(new[t])
        if size > 0.0:
            for t in range(T):
                z[t] = new[t] - W[j, t]
                moved |= z[t] != 0.0
                W[j, t] = new[t]
            changed[m] = j
            m += 1
        if m == 4 or (m > 0 and a == last):
            for b in range(m, 4):
                changed[b] = j
                for t in range(T):
                    D[b, t] = 0.0
            d0, d1, d2, d3 = D[0], D[1], D[2], D[3]
            a0, a1, a2, a3 = (
                grams[changed[0]],
                grams[changed[1]],
                grams[changed[2]],
                grams[changed[3]],
            )
            for i in rows:
                g0, g1, g2, g3, h = a0[i], a1[i], a2[i], a3[i], H[i]
                if each:
                    for t in range(T):
                        h[t] -= g0[t] * d0[t] + g1[t] * d1[t] + g2[t] * d2[t] + g3[t] * d3[t]
                else:
                    for t in range(T):
                        k = block[t]
                        h[t] -= g0[k] * d0[t] + g1[k] * d1[t] + g2[k] * d2[t] + g3[k] * d3[t]
            m = 0
    return moved


@_compiled
def sweep_gram(gram, lam, ridge, positive, H, W):
    """One sweep over all rows, all tasks with one Gram; returns whether anything moved."""
    D, changed, rows = np.zeros((4, W.shape[1])), np.zeros(4, np.intp), np.arange(len(W))
    return _sweep_one_gram(gram, lam, ridge, positive, rows, H, W, D, changed)


@_compiled
def subtract_product(grams, block, rows, W, H):
    """H -= Gram W, of W only the `rows`."""
    T = W.shape[1]
    for i in range(H.shape[0]):
        h = H[i]
        for j in rows:
            w = W[j]
            if grams.ndim == 2:
                for t in range(T):
                    h[t] -= grams[i, j] * w[t]
            elif grams.shape[2] == T:
                g = grams[i, j]
                for t in range(T):
                    h[t] -= g[t] * w[t]
            else:
                for t in range(T):
                    h[t] -= grams[i, j, block[t]] * w[t]


@_compiled
def _row_norm(H, W, ridge, positive, j):
    """Norm of row j of H - ridge W, of its positive part if `positive`."""
    norm2 = 0.0
    for t in range(W.shape[1]):
        g = H[j, t] - ridge * W[j, t]
        if positive:
            g = max(g, 0.0)
        norm2 += g * g
    return np.sqrt(norm2)


@_compiled
def _is_zero(w):
    size = 0.0
    for t in range(w.size):
        size += abs(w[t])
    return size == 0.0


@_compiled
def _certify(q, yy, lam, ridge, positive, rows, H, W, norms):
    """Objective and duality gap when only `rows` exist, as in `solvers._certificates`.

    `norms` is scratch.
    """
    T = W.shape[1]
    qW, HW, WW, penalty, excess = 0.0, 0.0, 0.0, 0.0, 0.0
    for a in range(rows.size):
        j = rows[a]
        w2, h2, g2 = 0.0, 0.0, 0.0
        for t in range(T):
            h, w = H[j, t], W[j, t]
            qW += q[j, t] * w
            HW += h * w
            w2 += w * w
            g = h - ridge * w
            if not positive or h > 0.0:
                h2 += h * h
            if not positive or g > 0.0:
                g2 += g * g
        WW += w2
        penalty += lam[j] * np.sqrt(w2)
        norms[a] = np.sqrt(h2)
        if lam[j] > 0.0:
            excess = max(excess, np.sqrt(g2) / lam[j])
    rr, ry = max(yy - qW - HW, 0.0), yy - qW
    primal = 0.5 * rr + 0.5 * ridge * WW + penalty
    augmented = rr + ridge * WW
    c = ry / augmented if augmented > 0.0 else 0.0
    if excess > 0.0:
        c = min(c, 1.0 / excess)
    c = max(c, 0.0)
    dual = c * ry - 0.5 * c * c * rr
    if ridge > 0.0:
        at_one = ry - 0.5 * rr
        for a in range(rows.size):
            least = lam[rows[a]]
            dual -= max(c * norms[a] - least, 0.0) ** 2 / (2.0 * ridge)
            at_one -= max(norms[a] - least, 0.0) ** 2 / (2.0 * ridge)
        dual = max(dual, at_one)
    return primal, max(primal - dual, 2.2e-16 * primal)


@_compiled
def _keep(rows, W, H, W_kept, H_kept):
    for j in rows:
        for t in range(W.shape[1]):
            W_kept[j, t], H_kept[j, t] = W[j, t], H[j, t]


@_compiled
def _objective(q, yy, lam, ridge, rows, H, W):
    qW, HW, WW, penalty = 0.0, 0.0, 0.0, 0.0
    for j in rows:
        w2 = 0.0
        for t in range(W.shape[1]):
            qW += q[j, t] * W[j, t]
            HW += H[j, t] * W[j, t]
            w2 += W[j, t] * W[j, t]
        WW += w2
        penalty += lam[j] * np.sqrt(w2)
    return 0.5 * max(yy - qW - HW, 0.0) + 0.5 * ridge * WW + penalty


@_compiled
def _weights(A):
    """c proportional to `A^-1 1` with sum 1, by Gaussian elimination of a definite A."""
    n, total = len(A), 0.0
    c = np.ones(n)
    for a in range(n):
        for b in range(a + 1, n):
            f = A[b, a] / A[a, a]
            c[b] -= f * c[a]
            for i in range(a, n):
                A[b, i] -= f * A[a, i]
    for a in range(n - 1, -1, -1):
        for b in range(a + 1, n):
            c[a] -= A[a, b] * c[b]
        c[a] /= A[a, a]
        total += c[a]
    for a in range(n):
        c[a] /= total
    return c


@_compiled
def _extrapolate(q, yy, lam, ridge, rows, Ws, Hs, H, W):
    """Anderson's extrapolation of the last iterates, taken if it lowers the objective.

    `Ws[s]`, `Hs[s]` are W and H after sweep s; H is affine in W, so it needs no product. They are
    overwritten.
    """
    n, T = len(Ws) - 1, W.shape[1]
    A, trace = np.empty((n, n)), 0.0
    for a in range(n):
        for j in rows:
            for t in range(T):
                Ws[a, j, t] = Ws[a + 1, j, t] - Ws[a, j, t]
    for a in range(n):
        for b in range(a + 1):
            total = 0.0
            for j in rows:
                for t in range(T):
                    total += Ws[a, j, t] * Ws[b, j, t]
            A[a, b] = A[b, a] = total
        trace += A[a, a]
    if trace == 0.0:
        return
    for a in range(n):
        A[a, a] += 1e-4 * trace  # near-collinear steps would amplify rounding
    c = _weights(A)
    W_new, H_new = Ws[n], Hs[n]  # the last iterate, from which steps are taken back
    for a in range(n - 1, 0, -1):
        back = 0.0
        for b in range(a):
            back += c[b]
        for j in rows:
            for t in range(T):
                W_new[j, t] -= back * Ws[a, j, t]
                H_new[j, t] -= back * (Hs[a + 1, j, t] - Hs[a, j, t])
    before = _objective(q, yy, lam, ridge, rows, H, W)
    if _objective(q, yy, lam, ridge, rows, H_new, W_new) < before:
        _keep(rows, W_new, H_new, W, H)


def gram_work(p, T):
    """Scratch arrays of :func:`gram_path`."""
    lag = np.zeros((4, T)), np.zeros(4, np.intp), np.empty(T)
    return *lag, np.empty(p), np.empty((2, 6, p, T)), np.empty((3, p), np.intp)


@_compiled
def gram_path(
    grams,
    block,
    curvature,
    highest,
    q,
    yy,
    group_weights,
    ridges,
    positive,
    order,
    tol,
    max_sweeps,
    ask,
    previous,
    a,
    n,
    H,
    W,
    solutions,
    report,
    work,
):
    """Solutions at row weights `row_weights[a]` and ridges `ridges[a]`, from `a` on.

    Each is started from the one before and ends with a duality gap of at most `tol`, after
    `max_sweeps`, or at a fixed point; `solutions[a]` takes W, `report[a]` the sweeps, objective
    and gap. `order` is that of the rows in a sweep, `previous` the row weights before `a`. Returns
    (len(ridges), 0), or (a, n), with H and W of that moment, when after n > `ask` sweeps so many
    more would be needed, at the rate seen, that Newton's method looks cheaper; whatever the rate
    if `ask` is negative.

    Sweeps visit a working set: non-zero rows, those that the sequential strong rule keeps, and
    whatever violates optimality after that. `work` is :func:`gram_work`: allocations take long to
    compile.
    """
    p, T = W.shape
    D, changed, new, norms, iterates, marks = work
    Ws, Hs = iterates[0], iterates[1]
    in_set, rows, support = marks[0], marks[1], marks[2]
    n_grams = 1 if grams.ndim == 2 else grams.shape[-1]
    share = 0.01 if positive else 0.0  # plain sweeps are slow: no more of them than it takes
    while a < len(ridges):
        lam, ridge, least = group_weights[a], ridges[a], 0.5 * tol
        moved, first = True, True
        while True:
            objective, gap = _certify(q, yy, lam, ridge, positive, order, H, W, norms)
            if gap <= tol or n >= max_sweeps:
                break
            k = 0
            for j in order:
                if first or in_set[j] == 0:
                    keep = lam[j]
                    if first:
                        keep = min(keep, max(2.0 * lam[j] - previous[j], 0.0))
                    in_set[j] = not _is_zero(W[j]) or _row_norm(H, W, ridge, positive, j) > keep
                    moved |= in_set[j]
                if in_set[j]:
                    rows[k] = j
                    k += 1
            if not moved:
                break
            local, before, first = np.inf, np.inf, False
            enough = max(least, share * gap, 4.4e-16 * objective)
            least *= 0.3
            burst, kept = 3, 0
            while local > enough and n < max_sweeps and moved:
                burst = min(burst, max_sweeps - n)
                for _ in range(burst):
                    if kept == 0:
                        _keep(rows[:k], W, H, Ws[0], Hs[0])
                    if grams.ndim == 2:
                        moved = _sweep_one_gram(
                            grams, lam, ridge, positive, rows[:k], H, W, D, changed
                        )
                    else:
                        moved = _sweep_many_grams(
                            grams,
                            block,
                            curvature,
                            highest,
                            lam,
                            ridge,
                            positive,
                            rows[:k],
                            H,
                            W,
                            D,
                            changed,
                            new,
                        )
                    n += 1
                    if not moved:
                        break
                    if not positive:
                        kept += 1
                        _keep(rows[:k], W, H, Ws[kept], Hs[kept])
                        if kept == len(Ws) - 1:
                            _extrapolate(q, yy, lam, ridge, rows[:k], Ws, Hs, H, W)
                            kept = 0
                before = local
                _, local = _certify(q, yy, lam, ridge, positive, rows[:k], H, W, norms)
                if local <= enough or before == np.inf:
                    continue
                left = np.inf
                if local < before:
                    left = burst * np.log(local / enough) / np.log(before / local)
                size = 0
                for i in range(k):
                    size += not _is_zero(W[rows[i]])
                if n > ask and (ask < 0 or left > _newton_pays(size, k, T, n_grams)):
                    _refresh(grams, block, q, rows[:k], support, H, W)
                    return a, n
                burst = int(max(2.0, min(10.0, left)))
            _refresh(grams, block, q, rows[:k], support, H, W)
        _copy(W, solutions[a])
        report[a, 0], report[a, 1], report[a, 2] = n, objective, gap
        for j in range(p):
            previous[j] = lam[j]
        a, n = a + 1, 0
    return a, n


@_compiled
def _refresh(grams, block, q, rows, support, H, W):
    """H = q - Gram W from scratch; the non-zero rows of W are among `rows`."""
    k = 0
    for j in rows:
        if not _is_zero(W[j]):
            support[k] = j
            k += 1
    _copy(q, H)
    subtract_product(grams, block, support[:k], W, H)


@_compiled
def _newton_pays(support, rows, n_tasks, n_grams):
    """Sweeps over `rows` that cost as much as Newton's method on `support`: timings, in ns."""
    if n_grams == n_tasks > 1:
        sweep = 0.25 * rows * support * n_tasks + 6.0 * rows * n_tasks
        step = 0.2 * support**3 * n_tasks
    else:
        sweep = 0.12 * rows * support * n_tasks + 2.0 * rows * n_tasks
        step = 0.14 * support**3 * n_grams + 0.1 * support**2 * n_tasks + 3.0 * support**2
    return 4.0 * (step + 8e4) / sweep


@_compiled
def _factor(B, inverse, n):
    """Cholesky factors of the first n of many matrices B (k, k, width), lower, in place.

    Their diagonals go inverted into `inverse` (k, width).
    """
    for j in range(len(B)):
        b, r = B[j, j], inverse[j]
        for a in range(j):
            x = B[j, a]
            for t in range(n):
                b[t] -= x[t] * x[t]
        for t in range(n):
            r[t] = 1.0 / np.sqrt(b[t])
        for i in range(j + 1, len(B)):
            b = B[i, j]
            for a in range(j):
                x, y = B[i, a], B[j, a]
                for t in range(n):
                    b[t] -= x[t] * y[t]
            for t in range(n):
                b[t] *= r[t]


@_compiled
def _invert_factor(L, inverse, C, n):
    """Write L^-1 of the first n factors of :func:`_factor` into the lower triangles of C."""
    for j in range(len(L)):
        c, r = C[j, j], inverse[j]
        for t in range(n):
            c[t] = r[t]
        for i in range(j + 1, len(L)):
            c, r = C[i, j], inverse[i]
            for t in range(n):
                c[t] = 0.0
            for a in range(j, i):
                x, y = L[i, a], C[a, j]
                for t in range(n):
                    c[t] -= x[t] * y[t]
            for t in range(n):
                c[t] *= r[t]


@_compiled
def shifted_inverses(grams, shift, out):
    """Write `(G_t + shift_t I)^-1` into out; grams and out (k, k, n_grams), 32 at a time."""
    k, T, width = len(grams), grams.shape[2], 32
    B, C, inverse = np.empty((k, k, width)), np.empty((k, k, width)), np.empty((k, width))
    for first in range(0, T, width):
        n = min(width, T - first)
        for i in range(k):
            for j in range(i + 1):
                g, b = grams[i, j, first : first + n], B[i, j]
                for t in range(n):
                    b[t] = g[t]
            b = B[i, i]
            for t in range(n):
                b[t] += shift[first + t]
        _factor(B, inverse, n)
        _invert_factor(B, inverse, C, n)
        for i in range(k):
            for j in range(i + 1):
                upper, lower = out[i, j, first : first + n], out[j, i, first : first + n]
                for t in range(n):
                    upper[t] = 0.0
                for a in range(i, k):
                    x, y = C[a, i], C[a, j]
                    for t in range(n):
                        upper[t] += x[t] * y[t]
                for t in range(n):
                    lower[t] = upper[t]


@_compiled
def newton_terms(grams, q, scale, ridge, U, M):
    """Terms of a Newton step in the variational form (`solvers._newton`), one Gram a task.

    With `B_t = S (G_t + ridge I) S + I`, S = diag(scale): writes `u_t = B_t^-1 S q_t` into the
    columns of U (n_rows, n_tasks) and `sum_t (I - B_t^-1) o u_t u_t'` into M (n_rows, n_rows).
    Cholesky factors and inverses of 32 tasks at a time, the loops over tasks innermost.
    """
    k, T, width = q.shape[0], q.shape[1], 32
    B, C, inverse = np.empty((k, k, width)), np.empty((k, k, width)), np.empty((k, width))
    for i in range(k):
        for j in range(k):
            M[i, j] = 0.0
    for first in range(0, T, width):
        n = min(width, T - first)
        for i in range(k):
            for j in range(i + 1):
                s, g, b = scale[i] * scale[j], grams[i, j, first : first + n], B[i, j]
                for t in range(n):
                    b[t] = s * g[t]
            b, u = B[i, i], U[i, first : first + n]
            for t in range(n):
                b[t] += 1.0 + ridge * scale[i] * scale[i]
                u[t] = scale[i] * q[i, first + t]
        _factor(B, inverse, n)
        for i in range(k):  # u = L'^-1 L^-1 S q
            u, r = U[i, first : first + n], inverse[i]
            for a in range(i):
                x, y = B[i, a], U[a, first : first + n]
                for t in range(n):
                    u[t] -= x[t] * y[t]
            for t in range(n):
                u[t] *= r[t]
        for i in range(k - 1, -1, -1):
            u, r = U[i, first : first + n], inverse[i]
            for a in range(i + 1, k):
                x, y = B[a, i], U[a, first : first + n]
                for t in range(n):
                    u[t] -= x[t] * y[t]
            for t in range(n):
                u[t] *= r[t]
        _invert_factor(B, inverse, C, n)
        for j in range(k):  # C = L^-1 diag(u), so that C'C = B^-1 o uu'
            u = U[j, first : first + n]
            for i in range(j, k):
                c = C[i, j]
                for t in range(n):
                    c[t] *= u[t]
        for i in range(k):
            u = U[i, first : first + n]
            for t in range(n):
                M[i, i] += u[t] * u[t]
            for j in range(i + 1):
                total = 0.0
                for a in range(i, k):
                    x, y = C[a, i], C[a, j]
                    for t in range(n):
                        total += x[t] * y[t]
                M[i, j] -= total
    for i in range(k):
        for j in range(i):
            M[j, i] = M[i, j]


@_compiled
def _record(W, rows, out):
    for a in range(rows.size):
        for t in range(W.shape[1]):
            out[a, t] = W[rows[a], t]


@_compiled
def sweep_dense(
    X,
    first_row,
    ptr,
    weight,
    first_weight,
    mean,
    curvature,
    highest,
    ridge,
    lam,
    positive,
    rows,
    r,
    W,
    n_sweeps,
    history,
):
    """Dense X (Fortran order). Task t has residuals `r[ptr[t]:ptr[t + 1]]`, which belong to the
    rows of X from `first_row[t]` and the weights from `first_weight[t]` on. Slot ``s %
    len(history)`` takes those rows of W after sweep s; returns how many sweeps moved anything."""
    T = ptr.size - 1
    z, new = np.empty(T), np.empty(T)
    for sweep in range(n_sweeps):
        moved = False
        for j in rows:
            for t in range(T):
                x, s, a, m = first_row[t], first_weight[t], ptr[t], mean[j, t]
                g = 0.0
                for i in range(ptr[t + 1] - a):
                    g += (X[x + i, j] - m) * weight[s + i] * r[a + i]
                z[t] = g + curvature[j, t] * W[j, t]
            _minimize_row(z, curvature[j], highest[j], ridge, lam[j], positive, _norm(W[j]), new)
            for t in range(T):
                d = new[t] - W[j, t]
                if d == 0.0:
                    continue
                x, a, m = first_row[t], ptr[t], mean[j, t]
                for i in range(ptr[t + 1] - a):
                    r[a + i] -= d * (X[x + i, j] - m)
                moved = True
                W[j, t] = new[t]
        if not moved:
            return sweep
        _record(W, rows, history[sweep % len(history)])
    return n_sweeps


@_compiled
def sweep_sparse(
    data,
    indices,
    indptr,
    weight,
    first_moment,
    mean,
    curvature,
    highest,
    ridge,
    lam,
    positive,
    rows,
    R,
    W,
    n_sweeps,
    history,
):
    """CSC X that all tasks share; R (n_samples, n_tasks), weight (n_samples, 1 or n_tasks).

    One pass over the non-zeros of a column serves all tasks. The true residual is `R + shift`, so
    that a centered column costs no more than its non-zeros; `first_moment[j, t]` is
    `sum_i weight_it x_ij`. `history` and the result as in :func:`sweep_dense`.
    """
    T = W.shape[1]
    z, new, shift = np.empty(T), np.empty(T), np.zeros(T)
    alike = weight.shape[1] == 1
    for sweep in range(n_sweeps):
        moved = False
        for j in rows:
            size = 0.0
            for t in range(T):
                z[t] = curvature[j, t] * W[j, t] + first_moment[j, t] * shift[t]
            begin, end = indptr[j], indptr[j + 1]
            if alike:
                quads = begin + (end - begin) // 4 * 4
                for k in range(begin, quads, 4):  # four at a time: z is written less often
                    a, b, c, d = indices[k], indices[k + 1], indices[k + 2], indices[k + 3]
                    xa, xb = data[k] * weight[a, 0], data[k + 1] * weight[b, 0]
                    xc, xd = data[k + 2] * weight[c, 0], data[k + 3] * weight[d, 0]
                    for t in range(T):
                        z[t] += xa * R[a, t] + xb * R[b, t] + xc * R[c, t] + xd * R[d, t]
                for k in range(quads, end):
                    x, r = data[k] * weight[indices[k], 0], R[indices[k]]
                    for t in range(T):
                        z[t] += x * r[t]
            else:
                for k in range(begin, end):
                    x, r, w = data[k], R[indices[k]], weight[indices[k]]
                    for t in range(T):
                        z[t] += x * w[t] * r[t]
            _minimize_row(z, curvature[j], highest[j], ridge, lam[j], positive, _norm(W[j]), new)
            for t in range(T):
                z[t] = new[t] - W[j, t]
                size += abs(z[t])
                shift[t] += z[t] * mean[j, t]
                W[j, t] = new[t]
            if size == 0.0:
                continue
            moved = True
            for k in range(begin, end):
                x, r = data[k], R[indices[k]]
                for t in range(T):
                    r[t] -= x * z[t]
        if not moved:
            return sweep
        _record(W, rows, history[sweep % len(history)])
    return n_sweeps


@_compiled
def sweep_stacked_sparse(
    data,
    indices,
    indptr,
    ptr,
    weight,
    mean,
    curvature,
    highest,
    ridge,
    lam,
    positive,
    rows,
    r,
    W,
    n_sweeps,
    history,
):
    """CSC X of stacked tasks, row indices sorted. As :func:`sweep_sparse`, r (n_rows,)."""
    T = ptr.size - 1
    z, new, shift = np.empty(T), np.empty(T), np.zeros(T)
    for sweep in range(n_sweeps):
        moved = False
        for j in rows:
            size = 0.0
            for t in range(T):
                z[t] = curvature[j, t] * W[j, t]
            t = 0
            for k in range(indptr[j], indptr[j + 1]):
                i = indices[k]
                while i >= ptr[t + 1]:
                    t += 1
                z[t] += data[k] * weight[i] * (r[i] + shift[t])
            _minimize_row(z, curvature[j], highest[j], ridge, lam[j], positive, _norm(W[j]), new)
            for t in range(T):
                z[t] = new[t] - W[j, t]
                size += abs(z[t])
                shift[t] += z[t] * mean[j, t]
                W[j, t] = new[t]
            if size == 0.0:
                continue
            moved = True
            t = 0
            for k in range(indptr[j], indptr[j + 1]):
                i = indices[k]
                while i >= ptr[t + 1]:
                    t += 1
                r[i] -= z[t] * data[k]
        if not moved:
            return sweep
        _record(W, rows, history[sweep % len(history)])
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


@_compiled
def add_task_product(K, B, task, out):
    """Add ``K o B[task, task]`` to out, over cells."""
    for i in range(task.size):
        b = B[task[i]]
        for j in range(task.size):
            out[i, j] += K[i, j] * b[task[j]]


@_compiled
def task_derivatives(precision, a, K, B, task, by_K, by_B):
    """Write the derivative of the likelihood by K, and add that by B, over cells.

    With ``G = (a a' - precision) / 2``, of which the upper triangle is read, they are
    ``G o B[task, task]`` and the sums of ``G o K`` over blocks of tasks.
    """
    for i in range(task.size):
        t = task[i]
        for j in range(i, task.size):
            u = task[j]
            g = 0.5 * (a[i] * a[j] - precision[i, j])
            by_K[i, j] = g * B[t, u]
            by_B[t, u] += g * K[i, j]
            if j > i:
                by_K[j, i] = by_K[i, j]
                by_B[u, t] += g * K[i, j]
