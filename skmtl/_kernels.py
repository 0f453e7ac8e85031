"""Every compiled function of the package, in one file on purpose.

Numba's disk cache hashes only the file of the cached function: a kernel that called another one
elsewhere, or a named tuple defined elsewhere, would silently keep its old results after an edit
there.

Most of them do cyclic block coordinate descent over features, or products, for
`1/2 sum_t (loss of task t) + sum_j lam_j ||W_j||_2 + ridge/2 ||W||_F^2`, W >= 0 if `positive`.
W is (n_features, n_tasks). The `sweep_` kernels touch the samples; `gram_path` only their second
moments, and certifies what it returns. The `forward_` and `adjoint_` kernels are the products of
many small stacked tasks, accumulated into their last argument. The `task_` ones are those of
Gaussian processes, `solve_triangular` that of mixed effects, `lasso_path` is the lasso of a single
task. All release the GIL.

Numba is imported when the first of them is called: many fits call none, and it takes as long to
import as the rest of the package.
An argument that is None prunes the branches that need it before they are compiled.
What takes it longest to compile is an index: one that is used twice is a variable.
Long loops run over slices, whose indices the compiler knows not to be negative: up to ten times
faster.
"""

from functools import wraps
from typing import NamedTuple

import numpy as np

_SOURCES = {}  # the functions to compile by their names


class GramLoss(NamedTuple):
    """A squared loss in Gram form, but for the Grams.

    Attributes
    ----------
    block : ndarray of shape (n_tasks,)
        Which Gram each task has.
    curvature : ndarray of shape (n_features, n_tasks)
        Diagonals of the Grams.
    highest : ndarray of shape (n_features,)
        Largest of these of each feature.
    q : ndarray of shape (n_features, n_tasks)
        Correlation of the features with the targets.
    yy : float
        Sum of squares of the targets.
    """

    block: np.ndarray
    curvature: np.ndarray
    highest: np.ndarray
    q: np.ndarray
    yy: float


class GroupPenalty(NamedTuple):
    """`sum_j lam_j ||W_j||_2 + ridge/2 ||W||_F^2`, W >= 0 if `positive`.

    With a ratio r the norm of a feature is the least of `||P_j||_2 + ||Q_j||_1 / r` over
    `P_j + Q_j = W_j`: the largest `<g, W_j>` of the g with `||g||_2 <= 1`, `|g_t| <= 1 / r`.
    """

    lam: np.ndarray
    ratio: float | None
    ridge: float
    positive: bool


class PathRules(NamedTuple):
    """What :func:`gram_path` has to do.

    Attributes
    ----------
    group_weights : ndarray of shape (n_models, n_features)
        lam of each model.
    ridges : ndarray of shape (n_models,)
        Ridge of each model.
    ratio : float or None
        Of the :class:`GroupPenalty`; None with ridges or a constraint.
    positive : bool
        Whether W is constrained to be at least 0.
    order : ndarray of shape (n_features,)
        Order of the features in a sweep.
    tol : float
        Duality gap at which to stop.
    max_sweeps : int
        Largest number of sweeps for each model.
    """

    group_weights: np.ndarray
    ridges: np.ndarray
    ratio: float | None
    positive: bool
    order: np.ndarray
    tol: float
    max_sweeps: int


class Iterate(NamedTuple):
    """W and minus the gradient of its loss, `H = q - Gram W`, both changed in place.

    Attributes
    ----------
    H, W : ndarray of shape (n_features, n_tasks)
        The iterate.
    previous : ndarray of shape (n_features,)
        lam of the model solved last, infinite before the first.
    """

    H: np.ndarray
    W: np.ndarray
    previous: np.ndarray


class PathResults(NamedTuple):
    """Where :func:`gram_path` puts its results.

    Attributes
    ----------
    solutions : ndarray of shape (n_models, n_features, n_tasks)
        W of each model.
    report : ndarray of shape (n_models, 3)
        Number of sweeps, objective and duality gap of each model.
    """

    solutions: np.ndarray
    report: np.ndarray


class Lag(NamedTuple):
    """Changes of up to four features that H does not know yet.

    Attributes
    ----------
    D, changed : ndarray of shape (4, n_tasks), (4,)
        The changes, and the features.
    new : ndarray of shape (n_tasks,)
        The minimum of one feature.
    """

    D: np.ndarray
    changed: np.ndarray
    new: np.ndarray


class PathWork(NamedTuple):
    """Scratch arrays of :func:`gram_path`: allocations take long to compile.

    Attributes
    ----------
    lag : Lag
        Of a sweep.
    norms, dual_norms : ndarray of shape (n_features,)
        Norms of H, and dual norms of the gradient, of a certificate.
    kept : ndarray of shape (n_kept, 2, n_features * n_tasks)
        The last iterates: the rows of W of the working set, and those of H.
    kept_rows : ndarray of shape (n_kept, 2, n_features, n_tasks)
        The same memory, by rows.
    equations : ndarray of shape (n_kept - 1, n_kept)
        Of their extrapolation.
    in_set, features, support : ndarray of shape (n_features,)
        The working set, as flags and as indices, and its non-zero features.
    """

    lag: Lag
    norms: np.ndarray
    dual_norms: np.ndarray
    kept: np.ndarray
    kept_rows: np.ndarray
    equations: np.ndarray
    in_set: np.ndarray
    features: np.ndarray
    support: np.ndarray


def gram_work(n_features, n_tasks):
    """The :class:`PathWork` of a problem of this size."""
    norms = np.empty((2, n_features))
    kept = np.empty((6, 2, n_features * n_tasks))
    marks = np.empty((3, n_features), np.intp)
    return PathWork(
        lag=Lag(np.zeros((4, n_tasks)), np.zeros(4, np.intp), np.empty(n_tasks)),
        norms=norms[0],
        dual_norms=norms[1],
        kept=kept,
        kept_rows=kept.reshape(6, 2, n_features, n_tasks),
        equations=np.empty((5, 6)),
        in_set=marks[0],
        features=marks[1],
        support=marks[2],
    )


def _compiled(function):
    """What stands for a function until the first call of any: it then loads all, and calls it."""
    name = function.__name__
    _SOURCES[name] = function

    @wraps(function)
    def first_call(*arguments):
        _load()
        return globals()[name](*arguments)

    return first_call


def _load():
    """Put the functions in the places of what stood for them, each to be compiled when called.

    All at once, for they call one another: another thread sees all of them or none.
    """
    globals().update({name: _jit(function) for name, function in _SOURCES.items()})


def _jit(function):
    """`njit` with a disk cache where there is a writable directory for it, else without.

    Private functions, called from compiled code alone, get no wrappers: they take time to compile.
    """
    from numba import njit

    inner = function.__name__.startswith("_")
    options = {
        "nogil": True,
        "fastmath": {"reassoc", "contract", "nsz"},
        "error_model": "numpy",
        "no_cpython_wrapper": inner,
        "no_cfunc_wrapper": True,
    }
    try:
        return njit(cache=not inner, **options)(function)
    except RuntimeError:  # raised at decoration: no locator for the cache
        return njit(**options)(function)


@_compiled
def _norm(w):
    squares = 0.0
    for t in range(w.size):
        squares += w[t] * w[t]
    return np.sqrt(squares)


@_compiled
def _is_zero(w):
    size = 0.0
    for t in range(w.size):
        size += abs(w[t])
    return size == 0.0


@_compiled
def _copy(A, B):
    """B[:] = A; the assignment itself takes seconds to compile."""
    for j in range(A.shape[0]):
        for t in range(A.shape[1]):
            B[j, t] = A[j, t]


@_compiled
def _root_of_norm(z, curvature, ridge, lam, x, least):
    """The x of :func:`_minimize_feature`, from a start."""
    for _ in range(100):
        phi2 = 0.0
        derivative = 0.0
        for t in range(z.size):
            c = curvature[t] + ridge
            r = 1.0 / (c * x + lam)
            u = z[t] * r
            phi2 += u * u
            derivative += u * u * c * r
        if derivative == 0.0:
            break
        step = (np.sqrt(phi2) - 1.0) * phi2 / derivative
        x += step
        if x < least:
            x = least
        if abs(step) <= 1e-9 * x:
            break  # convergence is quadratic
    return x


@_compiled
def _minimize_feature(
    z,
    curvature,
    highest,
    ridge,
    lam,
    positive,
    start,
    w,
):
    """Write argmin_w `sum_t (c_t + ridge)/2 w_t^2 - z_t w_t + lam ||w||_2` into w; changes z.

    w_t = z_t x / ((c_t + ridge) x + lam) where x = ||w|| is the root of 1/phi(x) = 1,
    phi(x) = ||z / ((c + ridge) x + lam)||: 1/phi is increasing and concave, so Newton's method
    climbs to it monotonically, after the first step from a `start` beyond it; never below the root
    that the highest curvature alone would have.
    """
    if positive:
        for t in range(z.size):
            z[t] = z[t] if z[t] > 0.0 else 0.0
    norm = _norm(z)
    if norm <= lam:
        for t in range(z.size):
            w[t] = 0.0
        return
    if lam == 0.0:
        for t in range(z.size):
            c = curvature[t] + ridge
            w[t] = z[t] / c if c > 0.0 else 0.0
        return
    least = (norm - lam) / (highest + ridge)
    x = start if start > least else least
    x = _root_of_norm(z, curvature, ridge, lam, x, least)
    for t in range(z.size):
        w[t] = z[t] * x / ((curvature[t] + ridge) * x + lam)


@_compiled
def _capped_squares(z, curvature, cap, x):
    """`sum_t g_t^2` of `g_t = z_t / (1 + c_t x)` capped at `cap`, minus half its derivative."""
    squares = 0.0
    slope = 0.0
    for t in range(z.size):
        r = 1.0 / (1.0 + curvature[t] * x)
        g = abs(z[t]) * r
        if g < cap:
            squares += g * g
            slope += g * g * curvature[t] * r
        else:
            squares += cap * cap
    return squares, slope


@_compiled
def _minimize_capped(z, curvature, lam, cap, start, w):
    """As :func:`_minimize_feature` with `max <g, w>` over `||g|| <= lam`, `|g_t| <= cap` as norm.

    The maximal g is `z_t / (1 + c_t x)`, capped, with the x >= 0 at which its norm is lam, or x = 0
    if that is less; then `c_t w_t = z_t - g_t`. Newton's method for 1 / ||g||, within bounds of x.
    """
    x = 0.0
    squares, slope = _capped_squares(z, curvature, cap, x)
    if squares > lam * lam:
        low = 0.0
        high = np.inf
        x = start / lam
        for _ in range(100):
            squares, slope = _capped_squares(z, curvature, cap, x)
            if squares > lam * lam:
                low = x
            else:
                high = x
            step = 2.0 * (high - low)
            if slope > 0.0:
                step = (np.sqrt(squares) / lam - 1.0) * squares / slope
            if abs(step) <= 1e-10 * x:
                break
            x += step
            if not low < x < high:
                x = 0.5 * (low + high) if high < np.inf else 2.0 * low + 1.0 / curvature.max()
    for t in range(z.size):
        c = curvature[t]
        g = z[t] / (1.0 + c * x)
        if abs(g) < cap:
            w[t] = x * g
        else:
            w[t] = (z[t] - np.copysign(cap, g)) / c if c > 0.0 else 0.0


@_compiled
def _capped_norm(w, ratio):
    """The norm of :class:`GroupPenalty` with a ratio.

    It is that of `P = clip(w, -c, c)`, `Q = w - P`, where `sum_t min(|w_t| / c, 1)^2 = ratio^2`:
    c^2 is the sum of the squares below it, over ratio^2 less the number of those beyond it.
    """
    squares = 0.0
    for t in range(w.size):
        squares += w[t] * w[t]
    if squares == 0.0:
        return 0.0
    c = np.sqrt(squares) / ratio
    n_beyond = 0.0
    more = True
    while more:
        below = 0.0
        n = 0.0
        for t in range(w.size):
            if abs(w[t]) > c:
                n += 1.0
            else:
                below += w[t] * w[t]
        more = n > n_beyond
        if more:
            n_beyond = n
            left = ratio * ratio - n
            c = np.sqrt(below / left) if left > 0.0 else 0.0
    squares = 0.0
    rest = 0.0
    for t in range(w.size):
        p = min(abs(w[t]), c)
        squares += p * p
        rest += abs(w[t]) - p
    return np.sqrt(squares) + rest / ratio


@_compiled
def fuse_rows(W, thresholds, out):
    """Write `argmin_x 1/2 ||x - w||^2 + sum_t thresholds[t] |x_t+1 - x_t|` of every row w of W.

    The taut string: the running sums of x are the shortest path through a tube around those of w,
    `thresholds` wide on either side and closed at both ends. From a knot, `low` and `high` are the
    steepest and flattest lines that stay inside; where they cross, the string bends.
    """
    n_rows, T = W.shape
    sums = np.empty(T + 1)
    for j in range(n_rows):
        sums[0] = 0.0
        for t in range(T):
            sums[t + 1] = sums[t] + W[j, t]
        knot = 0
        height = 0.0
        while knot < T:
            low = -np.inf
            high = np.inf
            at_low = knot
            at_high = knot
            height_low = height
            height_high = height
            i = knot
            bent = False
            while i < T and not bent:
                i += 1
                width = thresholds[i - 1] if i < T else 0.0
                below = sums[i] - width
                above = sums[i] + width
                to_below = (below - height) / (i - knot)
                to_above = (above - height) / (i - knot)
                if to_below > high:
                    bent = True
                    steepness, end, end_height = high, at_high, height_high
                elif to_above < low:
                    bent = True
                    steepness, end, end_height = low, at_low, height_low
                else:
                    if to_below >= low:
                        low, at_low, height_low = to_below, i, below
                    if to_above <= high:
                        high, at_high, height_high = to_above, i, above
            if not bent:
                steepness, end, end_height = low, T, sums[T]
            for t in range(knot, end):
                out[j, t] = steepness
            knot = end
            height = end_height


@_compiled
def _fill_lag(m, j, D, changed):
    """Fill the places of D from m on with a feature j that has not changed."""
    for b in range(m, 4):
        changed[b] = j
        for t in range(D.shape[1]):
            D[b, t] = 0.0


@_compiled
def _flush_one_gram(gram, features, H, D, changed):
    """Bring H up to date with four changes."""
    j0 = changed[0]
    j1 = changed[1]
    j2 = changed[2]
    j3 = changed[3]
    for i in features:
        h = H[i]
        g0 = gram[j0, i]
        g1 = gram[j1, i]
        g2 = gram[j2, i]
        g3 = gram[j3, i]
        for t in range(h.size):
            h[t] -= g0 * D[0, t] + g1 * D[1, t] + g2 * D[2, t] + g3 * D[3, t]


@_compiled
def _sweep_one_gram(gram, curvatures, penalty, ratio, features, H, W, lag):
    """One sweep over `features`, all tasks with one Gram; returns whether anything moved.

    The exact Gauss-Seidel iterates: H is brought up to date only after four features have changed,
    in one pass; until then their changes D enter the features that follow one by one.
    """
    lam = penalty.lam
    floor = 0.0 if penalty.positive else -np.inf
    D = lag.D
    changed = lag.changed
    left = features.size
    m = 0
    moved = False
    for j in features:
        curvature = gram[j, j]
        h = H[j]
        w = W[j]
        z = D[m]
        size = 0.0
        for t in range(w.size):
            before = w[t]
            z[t] = h[t] + curvature * before
            size += abs(before)
        for b in range(m):
            g = gram[changed[b], j]
            d = D[b]
            for t in range(d.size):
                z[t] -= g * d[t]
        squares = 0.0
        for t in range(z.size):
            z_t = max(z[t], floor)
            z[t] = z_t
            squares += z_t * z_t
        norm = np.sqrt(squares)
        strength = lam[j]
        if ratio is not None:
            new = lag.new
            _minimize_capped(z, curvatures[j], strength, strength / ratio, _norm(w), new)
            for t in range(new.size):
                size += abs(new[t])
            if size > 0.0:
                moved |= _write_change(new, w, z)
                changed[m] = j
                m += 1
        elif norm > strength or size > 0.0:
            total = curvature + penalty.ridge
            scale = 0.0
            if norm > strength and total > 0.0:
                scale = (1.0 - strength / norm) / total
            for t in range(w.size):
                moved_to = scale * z[t]
                change = moved_to - w[t]
                moved |= change != 0.0
                z[t] = change
                w[t] = moved_to
            changed[m] = j
            m += 1
        left -= 1
        if m == 4 or (m > 0 and left == 0):
            _fill_lag(m, j, D, changed)
            _flush_one_gram(gram, features, H, D, changed)
            m = 0
    return moved


@_compiled
def _write_change(new, w, z):
    """Write `new - w` into z and new into w; whether they differ."""
    moved = False
    for t in range(w.size):
        moved_to = new[t]
        change = moved_to - w[t]
        moved |= change != 0.0
        z[t] = change
        w[t] = moved_to
    return moved


@_compiled
def _flush_many_grams(grams, block, features, H, D, changed):
    """Bring H up to date with four changes."""
    each = grams.shape[2] == block.size
    j0 = changed[0]
    j1 = changed[1]
    j2 = changed[2]
    j3 = changed[3]
    for i in features:
        h = H[i]
        a0 = grams[j0, i]
        a1 = grams[j1, i]
        a2 = grams[j2, i]
        a3 = grams[j3, i]
        for t in range(h.size):
            k = t if each else block[t]
            h[t] -= a0[k] * D[0, t] + a1[k] * D[1, t] + a2[k] * D[2, t] + a3[k] * D[3, t]


@_compiled
def _sweep_many_grams(grams, loss, penalty, ratio, features, H, W, lag):
    """As :func:`_sweep_one_gram`, tasks with Grams of their own."""
    block = loss.block
    each = grams.shape[2] == block.size
    D = lag.D
    changed = lag.changed
    new = lag.new
    left = features.size
    m = 0
    moved = False
    for j in features:
        z = D[m]
        c = loss.curvature[j]
        h = H[j]
        w = W[j]
        size = 0.0
        for t in range(w.size):
            before = w[t]
            z[t] = h[t] + c[t] * before
            size += abs(before)
        for b in range(m):
            g = grams[changed[b], j]
            d = D[b]
            for t in range(d.size):
                z[t] -= g[t if each else block[t]] * d[t]
        strength = penalty.lam[j]
        start = _norm(w)
        if ratio is not None:
            _minimize_capped(z, c, strength, strength / ratio, start, new)
        else:
            ridge = penalty.ridge
            _minimize_feature(z, c, loss.highest[j], ridge, strength, penalty.positive, start, new)
        for t in range(new.size):
            size += abs(new[t])
        if size > 0.0:
            moved |= _write_change(new, w, z)
            changed[m] = j
            m += 1
        left -= 1
        if m == 4 or (m > 0 and left == 0):
            _fill_lag(m, j, D, changed)
            _flush_many_grams(grams, block, features, H, D, changed)
            m = 0
    return moved


@_compiled
def sweep_gram(gram, lam, ridge, positive, H, W):
    """One sweep over all features, all tasks with one Gram; returns whether anything moved."""
    n_features, n_tasks = W.shape
    D = np.zeros((4, n_tasks))
    lag = Lag(D, np.zeros(4, np.intp), D[0])
    penalty = GroupPenalty(lam, None, ridge, positive)
    features = np.arange(n_features)
    curvatures = W  # not read without a ratio
    return _sweep_one_gram(gram, curvatures, penalty, None, features, H, W, lag)


@_compiled
def subtract_product(grams, block, features, W, H):
    """H -= Gram W, of W only the `features`."""
    T = W.shape[1]
    for i in range(H.shape[0]):
        h = H[i]
        for j in features:
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
def _certify(loss, penalty, ratio, features, iterate, work):
    """Objective and duality gap when only `features` exist, as in `solvers._certificates`."""
    lam = penalty.lam
    ridge = penalty.ridge
    floor = 0.0 if penalty.positive else -np.inf
    qW = 0.0
    HW = 0.0
    WW = 0.0
    lam_norms = 0.0
    excess = 0.0  # largest norm of the gradient relative to lam
    for a, j in enumerate(features):
        q = loss.q[j]
        h = iterate.H[j]
        w = iterate.W[j]
        squares = 0.0
        h2 = 0.0
        g2 = 0.0
        largest = 0.0
        for t in range(w.size):
            w_t = w[t]
            h_t = h[t]
            qW += q[t] * w_t
            HW += h_t * w_t
            squares += w_t * w_t
            g = max(h_t - ridge * w_t, floor)
            g2 += g * g
            if ratio is not None:
                largest = max(largest, abs(g))
            g = max(h_t, floor)
            h2 += g * g
        WW += squares
        norm = np.sqrt(squares)
        dual_norm = np.sqrt(g2)
        if ratio is not None:
            norm = _capped_norm(w, ratio)
            dual_norm = max(dual_norm, ratio * largest)
        strength = lam[j]
        lam_norms += strength * norm
        if strength > 0.0:
            excess = max(excess, dual_norm / strength)
        work.norms[a] = np.sqrt(h2)
        work.dual_norms[a] = dual_norm
    ry = loss.yy - qW
    rr = max(ry - HW, 0.0)
    primal = 0.5 * rr + 0.5 * ridge * WW + lam_norms
    dual = _dual_objective(penalty, features, work.norms, excess, ry, rr, rr + ridge * WW)
    return primal, max(primal - dual, 2.2e-16 * primal)


@_compiled
def _dual_objective(penalty, features, norms, excess, ry, rr, augmented):
    """The better of two dual points of :func:`_certify`."""
    c = ry / augmented if augmented > 0.0 else 0.0
    if excess > 0.0:
        c = min(c, 1.0 / excess)
    c = max(c, 0.0)
    dual = c * ry - 0.5 * c * c * rr
    if penalty.ridge > 0.0:
        at_one = ry - 0.5 * rr
        for a in range(features.size):
            least = penalty.lam[features[a]]
            norm = norms[a]
            beyond = max(c * norm - least, 0.0)
            dual -= beyond * beyond / (2.0 * penalty.ridge)
            beyond = max(norm - least, 0.0)
            at_one -= beyond * beyond / (2.0 * penalty.ridge)
        dual = max(dual, at_one)
    return dual


@_compiled
def _keep(features, iterate, rows):
    """Copy these features of W, and of H."""
    for a, j in enumerate(features):
        for t in range(iterate.W.shape[1]):
            rows[0, a, t] = iterate.W[j, t]
            rows[1, a, t] = iterate.H[j, t]


@_compiled
def _restore(features, rows, iterate):
    """Undo what was done after :func:`_keep`."""
    for a, j in enumerate(features):
        for t in range(iterate.W.shape[1]):
            iterate.W[j, t] = rows[0, a, t]
            iterate.H[j, t] = rows[1, a, t]


@_compiled
def _step_equations(kept, size, A):
    """Write into A the regularized products of the steps between iterates, and a column of ones.

    Returns their trace.
    """
    n = len(A)
    trace = 0.0
    for a in range(n):
        total = 0.0
        for b in range(a + 1):
            total = 0.0
            for i in range(size):
                x = kept[a + 1, 0, i] - kept[a, 0, i]
                total += x * (kept[b + 1, 0, i] - kept[b, 0, i])
            A[a, b] = total
            A[b, a] = total
        A[a, n] = 1.0
        trace += total
    for a in range(n):
        A[a, a] += 1e-4 * trace  # near-collinear steps would amplify rounding
    return trace


@_compiled
def _solve_equations(A):
    """Write the running sums of x, B x = y, into the last column of A = [B, y], by elimination."""
    n = len(A)
    for a in range(n):
        for b in range(n):
            f = A[b, a] / A[a, a]
            if b != a:
                for i in range(a, n + 1):
                    A[b, i] -= f * A[a, i]
    total = 0.0
    for a in range(n):
        total += A[a, n] / A[a, a]
        A[a, n] = total
    return total


@_compiled
def _extrapolate(loss, penalty, ratio, features, iterate, work):
    """Anderson's extrapolation of the last iterates, taken if it lowers the objective.

    H is affine in W, so it needs no product.
    """
    rows = work.kept_rows
    A = work.equations
    n = len(A)
    n_tasks = iterate.W.shape[1]
    if _step_equations(work.kept, features.size * n_tasks, A) == 0.0:
        return
    total = _solve_equations(A)
    before, _ = _certify(loss, penalty, ratio, features, iterate, work)
    for b, j in enumerate(features):
        w = iterate.W[j]
        h = iterate.H[j]
        for a in range(1, n):
            back = A[a - 1, n] / total  # steps are taken back from the last iterate
            for t in range(n_tasks):
                w[t] -= back * (rows[a + 1, 0, b, t] - rows[a, 0, b, t])
                h[t] -= back * (rows[a + 1, 1, b, t] - rows[a, 1, b, t])
    after, _ = _certify(loss, penalty, ratio, features, iterate, work)
    if after >= before:
        _restore(features, rows[n], iterate)


@_compiled
def _choose(lam, order, first, previous, W, work):
    """Write the working set into `work.features`; its size, and whether features are new in it.

    It holds non-zero features, those that the sequential strong rule keeps at `first`, and
    whatever violates optimality after that, by the certificate of all features in this order.
    """
    grown = False
    k = 0
    for a, j in enumerate(order):
        inside = work.in_set[j] != 0 and not first
        if not inside:
            keep = lam[j]
            if first:
                keep = min(keep, max(2.0 * keep - previous[j], 0.0))
            inside = work.dual_norms[a] > keep or not _is_zero(W[j])
            work.in_set[j] = inside
            grown = grown or inside
        if inside:
            work.features[k] = j
            k += 1
    return k, grown


@_compiled
def _next_burst(burst, before, gap, enough):
    """How many sweeps more are needed at the rate of the last burst, and how many to do at once."""
    left = np.inf
    if gap < before:
        left = burst * np.log(gap / enough) / np.log(before / gap)
    return left, int(max(2.0, min(10.0, left)))


@_compiled
def _store(a, n, objective, gap, lam, iterate, results):
    """Store the solution of model a, after n sweeps."""
    _copy(iterate.W, results.solutions[a])
    report = results.report[a]
    report[0] = n
    report[1] = objective
    report[2] = gap
    for j in range(lam.size):
        iterate.previous[j] = lam[j]


@_compiled
def gram_path(grams, loss, rules, iterate, results, work, a, n, ask):
    """Solutions of the models of the `rules`, from model `a` on, after n sweeps for that model.

    Each is started from the one before and ends with a duality gap of at most `rules.tol`, after
    `rules.max_sweeps`, or at a fixed point. Sweeps visit a working set, in bursts between two
    certificates. Returns (n_models, 0), or (a, n), with the iterate of that moment, when after
    n > `ask` sweeps so many more would be needed, at the rate seen, that Newton's method looks
    cheaper; whatever the rate if `ask` is negative.

    It is one function, and those that it calls call few others, because each level of calls is
    optimized anew by the compiler.
    """
    tol = rules.tol
    ratio = rules.ratio
    H = iterate.H
    W = iterate.W
    rows = work.kept_rows
    share = 0.01 if rules.positive else 0.0  # plain sweeps are slow: no more than it takes
    while a < len(rules.ridges):
        lam = rules.group_weights[a]
        penalty = GroupPenalty(lam, ratio, rules.ridges[a], rules.positive)
        least = 0.5 * tol
        first = True
        moved = True
        while True:
            objective, gap = _certify(loss, penalty, ratio, rules.order, iterate, work)
            if gap <= tol or n >= rules.max_sweeps:
                break
            k, grown = _choose(lam, rules.order, first, iterate.previous, W, work)
            moved = moved or grown
            if not moved:
                break
            first = False
            features = work.features[:k]
            enough = max(least, share * gap, 4.4e-16 * objective)
            least *= 0.3
            gap = np.inf  # among these features
            burst = 3
            n_kept = 0
            while gap > enough and n < rules.max_sweeps and moved:
                burst = min(burst, rules.max_sweeps - n)
                for _ in range(burst):
                    _keep(features, iterate, rows[n_kept])
                    if grams.ndim == 2:
                        moved = _sweep_one_gram(
                            grams, loss.curvature, penalty, ratio, features, H, W, work.lag
                        )
                    else:
                        moved = _sweep_many_grams(
                            grams, loss, penalty, ratio, features, H, W, work.lag
                        )
                    n += 1
                    if not moved:
                        break
                    n_kept = 0 if rules.positive else n_kept + 1
                    if n_kept == len(rows) - 1:
                        _keep(features, iterate, rows[n_kept])
                        _extrapolate(loss, penalty, ratio, features, iterate, work)
                        n_kept = 0
                before = gap
                _, gap = _certify(loss, penalty, ratio, features, iterate, work)
                if gap <= enough or before == np.inf:
                    continue
                left, burst = _next_burst(burst, before, gap, enough)
                if n > ask and (ask < 0 or left > _newton_pays(grams, features, W)):
                    _refresh(grams, loss, features, iterate, work)
                    return a, n
            _refresh(grams, loss, features, iterate, work)
        _store(a, n, objective, gap, lam, iterate, results)
        a += 1
        n = 0
    return a, n


@_compiled
def _refresh(grams, loss, features, iterate, work):
    """H = q - Gram W from scratch; the non-zero features of W are among `features`."""
    H = iterate.H
    W = iterate.W
    support = work.support
    k = 0
    for j in features:
        if not _is_zero(W[j]):
            support[k] = j
            k += 1
    _copy(loss.q, H)
    subtract_product(grams, loss.block, support[:k], W, H)


@_compiled
def _newton_pays(grams, features, W):
    """Sweeps over `features` that cost as much as Newton's method on those that are not zero.

    Timings, in ns.
    """
    n_tasks = W.shape[1]
    n_grams = 1 if grams.ndim == 2 else grams.shape[-1]
    support = 0.0
    for j in features:
        if not _is_zero(W[j]):
            support += 1.0
    squared = support * support
    if n_grams == n_tasks > 1:
        sweep = 0.25 * features.size * support * n_tasks + 6.0 * features.size * n_tasks
        step = 0.2 * squared * support * n_tasks
    else:
        sweep = 0.12 * features.size * support * n_tasks + 2.0 * features.size * n_tasks
        step = 0.14 * squared * support * n_grams
        step += 0.1 * squared * n_tasks
        step += 3.0 * squared
    return 4.0 * (step + 8e4) / sweep


@_compiled
def _negate_inverses(B, v, root, n):
    """Replace the first n of many definite matrices B (k, k, width), lower triangles, by -B^-1.

    The sweep operator of statistics, pivot by pivot; v (k, width) and root (width,) are scratch.
    """
    k = len(B)
    for p in range(k):
        pivot = B[p, p]
        for t in range(n):
            root[t] = 1.0 / np.sqrt(pivot[t])
        for i in range(k):
            b = B[max(i, p), min(i, p)]
            x = v[i]
            for t in range(n):
                x[t] = b[t] * root[t]
                b[t] = 0.0
        x = v[p]
        for t in range(n):
            x[t] = -root[t]
        for i in range(k):
            x = v[i]
            for j in range(i + 1):
                b = B[i, j]
                y = v[j]
                for t in range(n):
                    b[t] -= x[t] * y[t]


@_compiled
def shifted_inverses(grams, shift, out):
    """Write `(G_t + shift_t I)^-1` into out; grams and out (k, k, n_grams), 32 at a time."""
    k = len(grams)
    n_grams = grams.shape[2]
    width = 32
    B = np.empty((k, k, width))
    v = np.empty((k + 1, width))
    for first in range(0, n_grams, width):
        n = min(width, n_grams - first)
        stop = first + n
        for i in range(k):
            for j in range(i + 1):
                g = grams[i, j, first:stop]
                b = B[i, j]
                for t in range(n):
                    b[t] = g[t]
            b = B[i, i]
            for t in range(n):
                b[t] += shift[first + t]
        _negate_inverses(B, v, v[k], n)
        for i in range(k):
            for j in range(i + 1):
                lower = out[i, j, first:stop]
                upper = out[j, i, first:stop]
                b = B[i, j]
                for t in range(n):
                    inverse = -b[t]
                    lower[t] = inverse
                    upper[t] = inverse


@_compiled
def _write_scaled(grams, scale, ridge, first, n, B):
    """Write `B_t = S (G_t + ridge I) S + I` of n tasks into the lower triangles of B."""
    stop = first + n
    for i in range(scale.size):
        for j in range(i + 1):
            s = scale[i] * scale[j]
            g = grams[i, j, first:stop]
            b = B[i, j]
            diagonal = 1.0 + ridge * s if i == j else 0.0
            for t in range(n):
                b[t] = s * g[t] + diagonal


@_compiled
def _newton_sums(B, scale, q, first, n, U, M):
    """Add the share of n tasks to the results of :func:`newton_terms`; B has -B_t^-1."""
    k = len(B)
    stop = first + n
    for i in range(k):
        u = U[i, first:stop]
        for t in range(n):
            u[t] = 0.0
        for j in range(k):
            b = B[max(i, j), min(i, j)]
            s = scale[j]
            y = q[j, first:stop]
            for t in range(n):
                u[t] -= b[t] * s * y[t]
    for i in range(k):
        u = U[i, first:stop]
        for j in range(i + 1):
            b = B[i, j]
            y = U[j, first:stop]
            diagonal = 1.0 if i == j else 0.0
            total = 0.0
            for t in range(n):
                total += (diagonal + b[t]) * u[t] * y[t]
            M[i, j] += total


@_compiled
def newton_terms(grams, q, scale, ridge, U, M):
    """Terms of a Newton step in the variational form (`solvers._newton`), one Gram a task.

    With `B_t = S (G_t + ridge I) S + I`, S = diag(scale): writes `u_t = B_t^-1 S q_t` into the
    columns of U (n_features, n_tasks) and adds `sum_t (I - B_t^-1) o u_t u_t'` to the lower
    triangle of M (n_features, n_features). Inverses of 32 tasks at a time, the loops over tasks
    innermost.
    """
    k, n_tasks = q.shape
    width = 32
    B = np.empty((k, k, width))
    v = np.empty((k + 1, width))
    for first in range(0, n_tasks, width):
        n = min(width, n_tasks - first)
        _write_scaled(grams, scale, ridge, first, n, B)
        _negate_inverses(B, v, v[k], n)
        _newton_sums(B, scale, q, first, n, U, M)


@_compiled
def _record(W, features, out):
    """Copy these features of W."""
    for a in range(features.size):
        w = W[features[a]]
        for t in range(w.size):
            out[a, t] = w[t]


@_compiled
def sweep_dense(
    X,
    first_sample,
    ptr,
    weight,
    first_weight,
    mean,
    curvature,
    highest,
    ridge,
    lam,
    positive,
    features,
    r,
    W,
    n_sweeps,
    history,
):
    """Sweeps over a dense X (Fortran order).

    Task t has residuals `r[ptr[t]:ptr[t + 1]]`, which belong to the samples of X from
    `first_sample[t]` and the weights from `first_weight[t]` on. Slot ``s % len(history)`` takes
    those features of W after sweep s; returns how many sweeps moved anything.
    """
    T = ptr.size - 1
    z = np.empty(T)
    new = np.empty(T)
    for sweep in range(n_sweeps):
        moved = False
        for j in features:
            c = curvature[j]
            w = W[j]
            column = X[:, j]
            for t in range(T):
                n = ptr[t + 1] - ptr[t]
                x = column[first_sample[t] : first_sample[t] + n]
                s = weight[first_weight[t] : first_weight[t] + n]
                residual = r[ptr[t] : ptr[t + 1]]
                m = mean[j, t]
                g = 0.0
                for i in range(n):
                    g += (x[i] - m) * s[i] * residual[i]
                z[t] = g + c[t] * w[t]
            _minimize_feature(
                z,
                c,
                highest[j],
                ridge,
                lam[j],
                positive,
                _norm(w),
                new,
            )
            for t in range(T):
                d = new[t] - w[t]
                if d == 0.0:
                    continue
                n = ptr[t + 1] - ptr[t]
                x = column[first_sample[t] : first_sample[t] + n]
                residual = r[ptr[t] : ptr[t + 1]]
                m = mean[j, t]
                for i in range(n):
                    residual[i] -= d * (x[i] - m)
                moved = True
                w[t] = new[t]
        if not moved:
            return sweep
        _record(W, features, history[sweep % len(history)])
    return n_sweeps


@_compiled
def _move(new, mean, w, z, shift):
    """Write the change `new - w` into z, add it to the shift, and set w; whether it moved."""
    size = 0.0
    for t in range(w.size):
        z[t] = new[t] - w[t]
        size += abs(z[t])
        shift[t] += z[t] * mean[t]
        w[t] = new[t]
    return size > 0.0


@_compiled
def _add_column_product(data, indices, weight, R, z):
    """Add `sum_k data_k weight_k R_k` over the non-zeros of a column to z."""
    T = z.size
    n = data.size
    if weight.shape[1] > 1:
        for k in range(n):
            x = data[k]
            r = R[indices[k]]
            w = weight[indices[k]]
            for t in range(T):
                z[t] += x * w[t] * r[t]
        return
    quads = n // 4 * 4
    for k in range(0, quads, 4):  # four at a time: z is written less often
        a = indices[k]
        b = indices[k + 1]
        c = indices[k + 2]
        d = indices[k + 3]
        xa = data[k] * weight[a, 0]
        xb = data[k + 1] * weight[b, 0]
        xc = data[k + 2] * weight[c, 0]
        xd = data[k + 3] * weight[d, 0]
        for t in range(T):
            z[t] += xa * R[a, t] + xb * R[b, t] + xc * R[c, t] + xd * R[d, t]
    for k in range(quads, n):
        x = data[k] * weight[indices[k], 0]
        r = R[indices[k]]
        for t in range(T):
            z[t] += x * r[t]


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
    features,
    R,
    W,
    n_sweeps,
    history,
    n_whole,
    enough,
):
    """Sweeps over a CSC X that all tasks share.

    R (n_samples, n_tasks), weight (n_samples, 1 or n_tasks). One pass over the non-zeros of a
    column serves all tasks. The true residual is `R + shift`, so that a centered column costs no
    more than its non-zeros; `first_moment[j, t]` is `sum_i weight_it x_ij`. `history` and the
    result as in :func:`sweep_dense`. Sweeps after the first `n_whole` pass by the features that are
    zero, and end with one that lowers the objective by no more than about `enough`.
    """
    T = W.shape[1]
    z = np.empty(T)
    new = np.empty(T)
    shift = np.zeros(T)
    for sweep in range(n_sweeps):
        moved = False
        lowered = 0.0
        for j in features:
            c = curvature[j]
            w = W[j]
            if sweep >= n_whole and _is_zero(w):
                continue
            first = indptr[j]
            stop = indptr[j + 1]
            for t in range(T):
                z[t] = c[t] * w[t] + first_moment[j, t] * shift[t]
            _add_column_product(data[first:stop], indices[first:stop], weight, R, z)
            _minimize_feature(
                z,
                c,
                highest[j],
                ridge,
                lam[j],
                positive,
                _norm(w),
                new,
            )
            if not _move(new, mean[j], w, z, shift):
                continue
            moved = True
            lowered += 0.5 * highest[j] * _norm(z) ** 2
            for k in range(first, stop):
                x = data[k]
                r = R[indices[k]]
                for t in range(T):
                    r[t] -= x * z[t]
        if not moved:
            return sweep
        _record(W, features, history[sweep % len(history)])
        if lowered <= enough and sweep >= n_whole:
            return sweep + 1
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
    features,
    r,
    W,
    n_sweeps,
    history,
):
    """Sweeps over a CSC X of stacked tasks, row indices sorted.

    As :func:`sweep_sparse`, r (n_samples,).
    """
    T = ptr.size - 1
    z = np.empty(T)
    new = np.empty(T)
    shift = np.zeros(T)
    for sweep in range(n_sweeps):
        moved = False
        for j in features:
            c = curvature[j]
            w = W[j]
            for t in range(T):
                z[t] = c[t] * w[t]
            t = 0
            for k in range(indptr[j], indptr[j + 1]):
                i = indices[k]
                while i >= ptr[t + 1]:
                    t += 1
                z[t] += data[k] * weight[i] * (r[i] + shift[t])
            _minimize_feature(
                z,
                c,
                highest[j],
                ridge,
                lam[j],
                positive,
                _norm(w),
                new,
            )
            if not _move(new, mean[j], w, z, shift):
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
        _record(W, features, history[sweep % len(history)])
    return n_sweeps


@_compiled
def forward_dense(X, ptr, W, z):
    """z += x_i . W[:, t(i)], X in Fortran order, which is read as it lies in memory."""
    for j in range(X.shape[1]):
        column = X[:, j]
        for t in range(ptr.size - 1):
            w = W[j, t]
            if w == 0.0:
                continue
            x = column[ptr[t] : ptr[t + 1]]
            predicted = z[ptr[t] : ptr[t + 1]]
            for i in range(x.size):
                predicted[i] += x[i] * w


@_compiled
def adjoint_dense(X, ptr, r, G):
    """G[:, t] += X_t' r_t, X in Fortran order, which is read as it lies in memory."""
    for j in range(X.shape[1]):
        column = X[:, j]
        for t in range(ptr.size - 1):
            x = column[ptr[t] : ptr[t + 1]]
            residual = r[ptr[t] : ptr[t + 1]]
            g = 0.0
            for i in range(x.size):
                g += x[i] * residual[i]
            G[j, t] += g


@_compiled
def forward_sparse(data, indices, indptr, ptr, W, z):
    """As :func:`forward_dense`, CSC with sorted indices."""
    for j in range(indptr.size - 1):
        w = W[j]
        t = 0
        for k in range(indptr[j], indptr[j + 1]):
            i = indices[k]
            while i >= ptr[t + 1]:
                t += 1
            z[i] += data[k] * w[t]


@_compiled
def adjoint_sparse(data, indices, indptr, ptr, r, G):
    """As :func:`adjoint_dense`, CSC with sorted indices."""
    for j in range(indptr.size - 1):
        g = G[j]
        t = 0
        for k in range(indptr[j], indptr[j + 1]):
            i = indices[k]
            while i >= ptr[t + 1]:
                t += 1
            g[t] += data[k] * r[i]


@_compiled
def gram_sparse(data, indices, indptr, weight, step, gram):
    """gram += X' diag(weight) X of a CSR X; of entries (j, k) and (k, j) only one is written.

    `step` rows of `gram` are written at a time if the indices are sorted: as many as a cache holds.
    """
    n_features = gram.shape[0]
    next_entry = indptr[:-1].copy()  # of each sample, of the features not yet come to
    for first in range(0, n_features, step):
        for i in range(next_entry.size):
            start = next_entry[i]
            row = data[start : indptr[i + 1]]
            features = indices[start : indptr[i + 1]]
            n_done = 0
            while n_done < row.size and features[n_done] < first + step:
                x = row[n_done] * weight[i]
                g = gram[features[n_done]]
                for b in range(n_done, row.size):
                    g[features[b]] += x * row[b]
                n_done += 1
            next_entry[i] = start + n_done


@_compiled
def cross_gram_sparse(data, indices, indptr, other_data, other_indices, other_indptr, weight, gram):
    """gram += X' diag(weight) Z of CSR X and Z."""
    for i in range(indptr.size - 1):
        row = other_data[other_indptr[i] : other_indptr[i + 1]]
        features = other_indices[other_indptr[i] : other_indptr[i + 1]]
        for a in range(indptr[i], indptr[i + 1]):
            x = data[a] * weight[i]
            g = gram[indices[a]]
            for b in range(row.size):
                g[features[b]] += x * row[b]


@_compiled
def add_task_product(K, B, task, out):
    """Add ``K o B[task, task]`` to out, over observations."""
    for i in range(task.size):
        b = B[task[i]]
        for j in range(task.size):
            out[i, j] += K[i, j] * b[task[j]]


@_compiled
def task_derivatives(precision, a, K, B, task, by_K, by_B):
    """Write the derivative of the likelihood by K, and add that by B, over observations.

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


@_compiled
def _dot(x, y):
    """The inner product of two vectors."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@_compiled
def _orthonormal(columns, Q, R):
    """Write orthonormal rows Q and a triangle R with ``columns = Q' R``; columns are overwritten.

    A column that depends on those before it has zeros in its rows of Q and R.
    """
    for j in range(len(columns)):
        x = columns[j]
        before = np.sqrt(_dot(x, x))
        R[j] = 0.0
        for _ in range(2):  # once leaves rounding errors of nearly parallel columns
            for i in range(j):
                along = _dot(Q[i], x)
                R[i, j] += along
                for t in range(x.size):
                    x[t] -= along * Q[i, t]
        length = np.sqrt(_dot(x, x))
        if length > 1e-14 * before:
            R[j, j] = length
            for t in range(x.size):
                Q[j, t] = x[t] / length
        else:
            Q[j] = 0.0


@_compiled
def _invert_positive(S):
    """Invert a small symmetric matrix in place; its determinant, NaN if it is not positive."""
    determinant = 1.0
    for k in range(len(S)):
        pivot = S[k, k]
        if not pivot > 0:
            return np.nan
        determinant *= pivot
        S[k, k] = 1.0
        for j in range(len(S)):
            S[k, j] /= pivot
        for i in range(len(S)):
            if i != k:
                factor = S[i, k]
                S[i, k] = 0.0
                for j in range(len(S)):
                    S[i, j] -= factor * S[k, j]
    return determinant


@_compiled
def low_rank_likelihood(values, kappa, L, noise, Z, C, by_L, by_kappa, by_noise, traces):
    """The sums of ``z_k' M_k^-1 z_k`` and of ``log|M_k|`` over all directions k, and derivatives.

    ``M_k = values[k] (L' L + diag(kappa)) + diag(noise)``, L of shape (rank, n_tasks). Writes
    ``M_k^-1 z_k`` to C, and to `traces` those of ``M_k^-1 (L' L + diag(kappa))``. Adds half the
    derivatives of minus both sums with respect to ``L' L`` (times L), kappa and noise. Returns NaN
    if an M_k is not positive definite.
    """
    rank, n_tasks = L.shape
    root = np.empty(n_tasks)
    across = np.empty(n_tasks)
    diagonal = np.empty(n_tasks)
    along = np.empty(rank)
    Q = np.empty((rank, n_tasks))
    R = np.empty((rank, rank))
    S = np.empty((rank, rank))
    of_L = np.empty((rank, n_tasks))
    fit = 0.0
    log_determinant = 0.0
    for k in range(values.size):
        s = values[k]
        product = 1.0
        for t in range(n_tasks):
            own = s * kappa[t] + noise[t]
            if not own > 0:
                return np.nan, np.nan
            root[t] = 1.0 / np.sqrt(own)
            across[t] = root[t] * Z[k, t]
            product *= own
            if not 1e-200 < product < 1e200:
                log_determinant += np.log(product)
                product = 1.0
        for j in range(rank):
            for t in range(n_tasks):
                of_L[j, t] = root[t] * L[j, t]
        _orthonormal(of_L, Q, R)
        for i in range(rank):
            for j in range(rank):
                S[i, j] = s * _dot(R[i], R[j])
            S[i, i] += 1.0
        determinant = _invert_positive(S)
        if not determinant > 0:
            return np.nan, np.nan
        log_determinant += np.log(product) + np.log(determinant)
        c = C[k]
        fit += _low_rank_direction(root, Q, S, across, along, c, diagonal)
        _times_loadings(root, Q, R, S, of_L)
        trace = _dot(diagonal, kappa)
        for t in range(n_tasks):
            excess = 0.5 * (c[t] * c[t] - diagonal[t])
            by_kappa[t] += s * excess
            by_noise[t] += excess
        for j in range(rank):
            trace += _dot(of_L[j], L[j])
            cL = _dot(c, L[j])
            for t in range(n_tasks):
                by_L[j, t] += 0.5 * s * (cL * c[t] - of_L[j, t])
        traces[k] = trace
    return fit, log_determinant


@_compiled
def _low_rank_direction(root, Q, S, z, along, dual, diagonal):
    """Write one direction's M^-1 z and diagonal of M^-1; z is scaled, and is overwritten.

    Returns ``z' M^-1 z``.
    """
    rank, n_tasks = Q.shape
    for j in range(rank):
        along[j] = _dot(Q[j], z)
    for j in range(rank):
        for t in range(n_tasks):
            z[t] -= along[j] * Q[j, t]
    fit = _dot(z, z)
    dual[:] = z
    diagonal[:] = 1.0
    for i in range(rank):
        shrunk = 0.0
        for j in range(rank):
            shrunk += S[i, j] * along[j]
        fit += shrunk * along[i]
        for t in range(n_tasks):
            dual[t] += shrunk * Q[i, t]
        for j in range(rank):
            explained = -S[i, j]
            if i == j:
                explained += 1.0
            for t in range(n_tasks):
                diagonal[t] -= explained * Q[i, t] * Q[j, t]
    for t in range(n_tasks):
        dual[t] *= root[t]
        diagonal[t] *= root[t] * root[t]
    return fit


@_compiled
def _times_loadings(root, Q, R, S, out):
    """Write one direction's M^-1 L', (rank, n_tasks)."""
    rank, n_tasks = Q.shape
    out[:] = 0.0
    for i in range(rank):
        for j in range(rank):
            weight = 0.0
            for m in range(j + 1):
                weight += S[i, m] * R[m, j]
            for t in range(n_tasks):
                out[j, t] += weight * Q[i, t]
    for j in range(rank):
        for t in range(n_tasks):
            out[j, t] *= root[t]


@_compiled
def _factor_feature(gram, ridge, active, k, L):
    """Add the k-th active feature to a factor of the Gram; whether it is independent of others."""
    j = active[k]
    row = L[k]
    g = gram[j]
    full = g[j] + ridge
    pivot = full
    for a in range(k):
        v = g[active[a]]
        x = L[a]
        for b in range(a):
            v -= row[b] * x[b]
        row[a] = v / x[a]
        pivot -= row[a] * row[a]
    if pivot <= 1e-11 * full:
        return False
    row[k] = np.sqrt(pivot)
    return True


@_compiled
def _solve_lower(L, k, x):
    """x = L^-1 x, of the first k features."""
    for a in range(k):
        row = L[a]
        for b in range(a):
            x[a] -= row[b] * x[b]
        x[a] /= row[a]


@_compiled
def _solve_upper(L, k, x):
    """x = L'^-1 x, of the first k features."""
    for a in range(k - 1, -1, -1):
        row = L[a]
        x[a] /= row[a]
        for b in range(a):
            x[b] -= row[b] * x[a]


@_compiled
def _step_to_zero(active, n, direction, longest, w):
    """w += t direction, with t at most `longest`, until an active feature is zero and leaves.

    Returns how many of the n remain, and the position of the first that left, n if none.
    """
    t = longest
    for a in range(n):
        w_a = w[active[a]]
        if w_a * direction[a] < 0.0:
            t = min(t, -w_a / direction[a])
    kept = 0
    first = n
    for a in range(n):
        j = active[a]
        w_a = w[j]
        left = w_a * direction[a] < 0.0 and -w_a / direction[a] <= t and t < longest
        w[j] = 0.0 if left else w_a + t * direction[a]
        if left:
            first = min(first, a)
        else:
            active[kept] = j
            kept += 1
    return kept, first


@_compiled
def _flat_direction(active, k, L, w, x):
    """Write into x a direction of active features that the loss does not see, down the norm.

    It is the k-th less its least-squares fit to those before it, whose factor is L; row k of L
    holds their products.
    """
    x[k] = 1.0
    for a in range(k):
        x[a] = -L[k, a]
    _solve_upper(L, k, x)
    slope = 0.0  # of the norm
    for a in range(k + 1):
        slope += np.sign(w[active[a]]) * x[a]
    if slope > 1e-9 or (slope > -1e-9 and w[active[k]] > 0.0):
        for a in range(k + 1):
            x[a] = -x[a]


@_compiled
def _direction_of_signs(q, lam, active, n, L, w, x):
    """Write into x the step to the minimum over the active features, given their signs."""
    for a in range(n):
        j = active[a]
        x[a] = q[j] - lam * np.sign(w[j])
    _solve_lower(L, n, x)
    _solve_upper(L, n, x)
    for a in range(n):
        x[a] -= w[active[a]]


@_compiled
def _settle(gram, q, lam, ridge, active, n, n_factored, L, x, w):
    """Minimize over the n active features; those that would change their sign leave.

    Returns how many are active, and how many of them are in the factor L.
    """
    settled = n == 0
    while not settled:
        while n_factored < n and _factor_feature(gram, ridge, active, n_factored, L):
            n_factored += 1
        before = n
        if n_factored < n:
            _flat_direction(active, n_factored, L, w, x)
            for a in range(n_factored + 1, n):
                x[a] = 0.0
            n, kept = _step_to_zero(active, n, x, np.inf, w)
        else:
            _direction_of_signs(q, lam, active, n, L, w, x)
            n, kept = _step_to_zero(active, n, x, 1.0, w)
            settled = n == before or n == 0
        n_factored = min(n_factored, kept)
    return n, n_factored


@_compiled
def _activate(gram, lam, ridge, slack, positive, active, n, h, w):
    """Move features that are zero and should not be, one after the other; how many are active."""
    for j in range(w.size):
        if w[j] != 0.0:
            continue
        size = h[j] if positive else abs(h[j])
        if size <= lam + slack:
            continue
        w[j] = np.sign(h[j]) * (size - lam) / (gram[j, j] + ridge)
        active[n] = j
        n += 1
        g = gram[j]
        for i in range(w.size):
            h[i] -= g[i] * w[j]
    return n


@_compiled
def _write_correlation(gram, q, active, n, w, h):
    """h = q - gram w."""
    for i in range(h.size):
        h[i] = q[i]
    for a in range(n):
        j = active[a]
        g = gram[j]
        for i in range(h.size):
            h[i] -= g[i] * w[j]


@_compiled
def lasso_path(gram, q, strengths, ridges, positive, max_steps, solutions):
    """Minima of `w'(gram + ridge I)w / 2 - q'w + strength |w|_1`, one after the other.

    They are exact but for rounding: descent finds which features are not zero and their signs, the
    equations that these signs leave are solved. Returns how many are written into `solutions`, all
    unless one takes more than `max_steps`, and the steps of the last.
    """
    n_features = q.size
    w = np.zeros(n_features)
    h = np.empty(n_features)
    active = np.empty(n_features, np.intp)
    x = np.empty(n_features)
    L = np.empty((n_features, n_features))
    n = 0
    n_factored = 0
    largest = 0.0
    for j in range(n_features):
        largest = max(largest, abs(q[j]))
    steps = 0
    for a in range(strengths.size):
        lam = strengths[a]
        ridge = ridges[a]
        if a > 0 and ridge != ridges[a - 1]:
            n_factored = 0
        slack = 1e-9 * lam + 1e-14 * largest  # rounding errors
        steps = 0
        before = -1
        while n != before:
            if steps == max_steps:
                return a, steps
            n, n_factored = _settle(gram, q, lam, ridge, active, n, n_factored, L, x, w)
            _write_correlation(gram, q, active, n, w, h)
            before = n
            n = _activate(gram, lam, ridge, slack, positive, active, n, h, w)
            steps += 1
        solution = solutions[a]
        for j in range(n_features):
            solution[j] = w[j]
    return strengths.size, steps


@_compiled
def solve_triangular(factors, right):
    """Replace right, (n_tasks, n, m), by ``L_t^-1 right_t`` for lower triangular L_t."""
    n = factors.shape[1]
    for t in range(factors.shape[0]):
        L = factors[t]
        B = right[t]
        for i in range(n):
            for k in range(i):
                share = L[i, k]
                for j in range(B.shape[1]):
                    B[i, j] -= share * B[k, j]
            share = 1.0 / L[i, i]
            for j in range(B.shape[1]):
                B[i, j] *= share


@_compiled
def write_deviations(X, stride, rows, y, root, origin, out):
    """Write `root_i (x_i - origin, y_i - origin, 1)` of some rows into out, (n_rows, p + 2).

    X is flat; its row i begins at `i * stride`. The last entry of `origin` is that of y.
    """
    p = origin.size - 1
    for k in range(rows.size):
        i = rows[k]
        first = i * stride
        x = X[first : first + p]  # without a slice, indices may be negative: three times slower
        factor = root[i]
        deviations = out[k]
        for j in range(p):
            deviations[j] = factor * (x[j] - origin[j])
        deviations[p] = factor * (y[i] - origin[p])
        deviations[p + 1] = factor


@_compiled
def add_products(A, origin, t, total, mean_x, xx, mean_y, yy, xy):
    """Add rows to the moments of task t; A, (p + 2, p + 2), has the products of their deviations.

    Of A only the lower triangle is read. The moments are about the means, which move.
    """
    p = mean_x.shape[1]
    sums = A[p + 1]
    added = sums[p + 1]
    if added == 0:
        return
    before = total[t]
    whole = before + added
    share = added / whole
    between = before * share
    mean = sums / added  # of the new rows, about the origin
    step = mean.copy()
    if before > 0:
        for j in range(p):
            step[j] = mean[j] - (mean_x[t, j] - origin[j])
        step[p] = mean[p] - (mean_y[t] - origin[p])
    for j in range(p):
        products = A[j]
        moments = xx[t, j]
        a = added * mean[j]
        b = between * step[j]
        for k in range(j + 1):
            moments[k] += products[k] - a * mean[k] + b * step[k]
        for k in range(j):
            xx[t, k, j] = moments[k]
        xy[j, t] += A[p, j] - a * mean[p] + b * step[p]
    yy[t] += A[p, p] - added * mean[p] ** 2 + between * step[p] ** 2
    total[t] = whole
    if before > 0:
        for j in range(p):
            mean_x[t, j] += share * step[j]
        mean_y[t] += share * step[p]
    else:
        for j in range(p):
            mean_x[t, j] = origin[j] + mean[j]
        mean_y[t] = origin[p] + mean[p]
