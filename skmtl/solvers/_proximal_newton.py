import numpy as np

from skmtl.penalties import Decomposition, move_unpenalized, separate_quadratic
from skmtl.solvers._quadratic import conjugate
from skmtl.solvers._softmax import n_classes_to_stack, softmax_step
from skmtl.solvers._solution import Solution, starting_at

_SHARE = 0.01  # of the gap, to which a squared loss in the place of the likelihood is solved
_INNER = 1000  # iterations that this may take
_MEMORY = 6  # steps that are extrapolated
_LEAST = 100  # rows of a working set
_ROUNDING = 1e2 * np.finfo(float).eps


def proximal_newton(likelihood, penalty, start=None, *, solve_penalized, max_iter=100, tol=1e-4):
    """Newton's method for any loss: the penalty stays, the loss becomes a squared one at each step.

    Those are solved by :func:`solve_penalized`, to a part of the gap that is left. Losses whose
    curvature is that of a parabola above them (Huber, softmax) take more steps.

    Parameters
    ----------
    likelihood : Likelihood
    penalty : Penalty
    start : Solution, default=None
        Of a similar problem, to start from.
    solve_penalized : callable
        The solver of squared losses.
    max_iter : int, default=100
        Largest number of steps.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model; where a
        quadratic penalty leaves directions free, when the gradient is at most `tol` times that at
        W = 0.

    Returns
    -------
    Solution

    References
    ----------
    Lee, Sun, Saunders (2014), "Proximal Newton-type methods for minimizing composite functions",
    SIAM J. Optim. 24, algorithm 1.
    """
    options = {"solve_penalized": solve_penalized, "max_iter": max_iter, "tol": max(tol, _ROUNDING)}
    terms, _ = separate_quadratic(penalty, likelihood.shape[1])
    apart = len(terms) == 1 and terms[0].is_separable
    if apart and likelihood.shape[0] > _LEAST:
        return _in_working_sets(likelihood, penalty, start, **options)
    return _newton(likelihood, penalty, start, **options)


def _in_working_sets(likelihood, penalty, start, *, solve_penalized, max_iter, tol):
    """Newton's method for the rows of W that are not zero and those that should not be."""
    (term,), coupling = separate_quadratic(penalty, likelihood.shape[1])
    free, positive = _free_rows([term], coupling, likelihood.shape[0])
    null = likelihood.null(free, positive)
    point = null if start is None else likelihood.at(start.W)
    bound, n_iter, share, known = 0.0, 0, _SHARE, None
    while True:
        point = likelihood.minimize_features(point, free, positive)
        objective = point.value + term.value(point.W)
        objective += 0.5 * float(np.vdot(point.W, point.W @ coupling))
        bound = max(bound, _dual(point, [term], coupling, None))
        gap = max(objective - bound, np.finfo(float).eps * objective)
        optimality = gap / null.value if null.value > 0 else 0.0
        if optimality <= tol or n_iter >= max_iter:
            break
        inside = point.W.any(axis=1)
        inside[term.unpenalized_features(len(inside))] = True
        excess = np.linalg.norm(term.prox(point.correlation - point.W @ coupling, 1.0), axis=1)
        excess[inside] = 0.0
        room = max(_LEAST, np.count_nonzero(inside))
        inside[np.argsort(-excess)[:room]] |= np.sort(-excess)[:room] < 0
        rows = np.flatnonzero(inside)
        share = 0.1 * share if np.array_equal(rows, known) else _SHARE
        known, W = rows, np.zeros(likelihood.shape)
        enough = max(share * gap, 50 * share * tol * null.value) / null.value
        begin = starting_at(point.W[rows])
        others = [t for t in penalty.terms if t.is_quadratic]
        local = sum(others, term.restrict(rows))
        options = {
            "max_iter": max(max_iter - n_iter, 1),
            "tol": enough,
            "solve_penalized": solve_penalized,
        }
        solution = _newton(likelihood.restrict(rows), local, begin, **options)
        W[rows], n_iter = solution.W, n_iter + solution.n_iter
        if share < 1e-9:
            break
        point = likelihood.at(W, point.b)
    converged = optimality <= tol
    return Solution(point.W, max(n_iter, 1), objective, gap, optimality, converged)


def _newton(likelihood, penalty, start, *, solve_penalized, max_iter, tol):
    """All rows at once."""
    terms, coupling = separate_quadratic(penalty, likelihood.shape[1])
    free, positive = _free_rows(terms, coupling, likelihood.shape[0])
    null = likelihood.null(free, positive)
    if start is None:
        point, inner = null, starting_at(null.W)
    else:
        point, inner = likelihood.minimize_features(likelihood.at(start.W), free, positive), start
    parts, n_classes = _parts(inner, terms, point.W), n_classes_to_stack(likelihood)
    bound, n_iter, share, history, progress = 0.0, 0, _SHARE, [], np.inf

    def paid(parts):
        """The penalty of W = sum of parts."""
        W = sum(parts)
        quadratic = 0.5 * float(np.vdot(W, W @ coupling))
        if len(parts) > 1:
            values = [p.value(V) for p, V in zip(terms[0].parts, parts, strict=True)]
        else:
            values = [term.value(W) for term in terms]
        return quadratic + sum(values)

    while True:
        objective = point.value + paid(parts)
        if terms or np.linalg.eigvalsh(coupling)[0] > 1e-10 * max(coupling.max(), 1e-300):
            bound = max(bound, _dual(point, terms, coupling, inner.state))
            gap = max(objective - bound, np.finfo(float).eps * objective)
            optimality, left = gap / null.value if null.value > 0 else 0.0, gap
        else:
            gap, slope = np.nan, np.linalg.norm(point.correlation - point.W @ coupling)
            optimality = slope / max(np.linalg.norm(null.correlation), likelihood.rounding)
            left = optimality**2 * null.value
        if optimality <= tol or n_iter >= max_iter:
            break
        enough, options = share * max(min(left, progress), tol * null.value), {"max_iter": _INNER}
        if n_classes:
            options["solve_penalized"] = solve_penalized
            inner, b = softmax_step(point, penalty, inner, n_classes, enough, **options)
        else:
            Q = point.quadratic()
            options["tol"] = enough / max(0.5 * Q.yy, 1e-300)
            inner = solve_penalized(Q, penalty, inner._replace(W=point.W), **options)
            b = Q.intercepts(inner.W)
        new = _parts(inner, terms, inner.W)
        other = likelihood.direction(inner.W, b)
        moved, step = likelihood.search(
            point, other, lambda s, a=parts, b=new: paid(_between(a, b, s))
        )
        if step == 0 and share < 1e-6:
            break  # rounding: nothing is lower
        parts, n_iter = _between(parts, new, step), n_iter + 1
        if not (likelihood.loss.exact or n_classes):
            history = [*history[-_MEMORY:], (moved, parts)]
            moved, parts = _extrapolated(likelihood, history, paid)
        progress = objective - moved.value - paid(parts)
        share = _SHARE if progress > 0.5 * share * left else 0.1 * share
        point = likelihood.minimize_features(moved, free, positive)
        parts[0] = parts[0] + (point.W - moved.W)
    return Solution(
        point.W,
        max(n_iter, 1),
        objective,
        gap,
        optimality,
        optimality <= tol,
        tuple(parts) if len(parts) > 1 else (),
        inner.state,
    )


def _extrapolated(likelihood, history, paid):
    """The last point with its parts, or the affine combination of all whose steps cancel best, if
    that is lower: Anderson's extrapolation."""
    point, parts = history[-1]
    if len(history) < 3:
        return point, parts
    iterates = np.array([np.stack(parts) for _, parts in history])
    steps = np.diff(iterates, axis=0).reshape(len(history) - 1, -1)
    A = steps @ steps.T
    A.flat[:: len(A) + 1] += 1e-8 * np.trace(A)
    if not A.any():
        return point, parts
    c = np.linalg.solve(A, np.ones(len(A)))
    c /= c.sum()
    further = list(np.tensordot(c, iterates[1:], 1))
    forward = np.tensordot(c, np.array([p.forward for p, _ in history[1:]]), 1)
    b = np.tensordot(c, np.array([p.b for p, _ in history[1:]]), 1)
    other = likelihood.settled(sum(further), forward, b)
    if other.value + paid(further) < point.value + paid(parts):
        return other, further
    return point, parts


def _between(parts, others, step):
    if step == 1:
        return list(others)
    return [a + step * (b - a) for a, b in zip(parts, others, strict=True)]


def _parts(solution, terms, W):
    """[W], or the parts of a decomposition."""
    if any(isinstance(term, Decomposition) for term in terms):
        return list(solution.parts or (W, np.zeros_like(W)))
    return [W]


def _free_rows(terms, coupling, n_features):
    """Features that neither a term nor a ridge sees; whether they have to be positive."""
    free = np.arange(n_features) if terms and not coupling.any() else np.empty(0, dtype=np.intp)
    for term in terms:
        free = np.intersect1d(free, term.unpenalized_features(n_features))
    return free, any(getattr(term, "positive", False) for term in terms)


def _dual(point, terms, coupling, state):
    """A lower bound of the minimum, from a multiple of the slopes at the point."""
    C, W = point.correlation, point.W
    if not terms:
        return point.bound(1.0) - conjugate(coupling, C)
    WM = W @ coupling
    bears, penalties = _shares(C - WM, terms, state)
    norm = max(term.dual_norm(B) for term, B in zip(penalties, bears, strict=True))
    scale = min(1.0, 1.0 / norm) if norm > 0 else 1.0
    conjugates = sum(term.conjugate(scale * B) for term, B in zip(penalties, bears, strict=True))
    bound = point.bound(scale) - conjugates - 0.5 * scale**2 * float(np.vdot(W, WM))
    if coupling.any() and any(len(term.unpenalized_features(len(C))) for term in penalties):
        bound = -np.inf  # the ridge does not bear all that is left to it
    ridge = coupling[0, 0]
    if (
        ridge > 0
        and len(penalties) == 1
        and np.array_equal(coupling, ridge * np.eye(len(coupling)))
    ):
        V = penalties[0].prox(C / ridge, 1 / ridge)  # the conjugate of both together, at C
        conjugates = float(np.vdot(C, V)) - penalties[0].value(V) - 0.5 * ridge * np.vdot(V, V)
        bound = max(bound, point.bound(1.0) - float(conjugates))
    return bound


def _shares(R, terms, state):
    """What every norm bears of the correlation R: their sum, or all of it in a decomposition."""
    if isinstance(terms[0], Decomposition):
        return [R] * len(terms[0].parts), terms[0].parts
    if len(terms) == 1:
        return [R], terms
    bears = [np.zeros_like(R) for _ in terms]
    if state is not None:
        bears = [state.rho * U for U in state.U[: len(terms)]]
    rest = (R - sum(bears)) / len(terms)
    bears = [B + rest for B in bears]
    return move_unpenalized(bears, terms), terms
