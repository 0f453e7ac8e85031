"""Alternating directions for sums and decompositions of penalties."""

from typing import NamedTuple

import numpy as np

from skmtl.datafits import eigen
from skmtl.penalties import move_unpenalized
from skmtl.solvers._certificates import dual_value
from skmtl.solvers._solution import certified_solution

_CHECK = 5  # iterations between two certificates
_RELAX = 1.6
_SETTLED = 400  # iterations after which rho stays


class State(NamedTuple):
    """Copies V_k, scaled multipliers U_k, and the strength rho of the splitting."""

    V: list
    U: list
    rho: float


def admm(datafit, penalty, start=None, *, max_iter=1000, tol=1e-4):
    """Alternating directions: exact steps in the loss, proximal steps in the penalties.

    A sum of penalties gives each term its own copy V_k = W; a
    :class:`~skmtl.penalties.Decomposition` gives each its own part, W = sum V_k. The dual point is
    the residual of the step in the loss, whose correlations are known without a product.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
        The loss.
    penalty : Penalty
        A penalty whose terms, or the parts of a decomposition, have a prox.
    start : Solution, default=None
        Solution by this solver from which to continue.
    max_iter : int, default=1000
        Largest number of iterations.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.

    Returns
    -------
    Solution

    References
    ----------
    Boyd et al. (2011), "Distributed optimization and statistical learning via the alternating
    direction method of multipliers", sections 3.4, 7.1 and 7.3.
    """
    tol = max(tol, np.finfo(float).eps)  # no gap is known better than that
    null = 0.5 * datafit.yy
    splitting = (_Parts if penalty.is_decomposition else _Copies)(datafit, penalty)
    if splitting.is_null():
        rounding = np.finfo(float).eps * null
        return certified_solution(splitting.zero, 1, null, rounding, null=null, tol=tol)
    splitting.begin(start)
    n_iter = 0
    n_balanced = 0
    while True:
        splitting.step()
        n_iter += 1
        last = n_iter >= max_iter
        if n_iter % _CHECK and not last:
            continue
        objective = splitting.objective()
        bound = splitting.bound()
        if last or objective - bound <= tol * null:
            gap = max(objective - splitting.proof(), np.finfo(float).eps * objective)
            if last or gap <= tol * null:
                break
        may_balance = n_iter - n_balanced >= 2 * _CHECK and n_iter < _SETTLED
        if may_balance and splitting.balance():
            n_balanced = n_iter
    return certified_solution(
        splitting.coefficients(),
        n_iter,
        objective,
        gap,
        null=null,
        tol=tol,
        parts=splitting.parts(),
        state=State(splitting.V, splitting.U, splitting.rho),
    )


class _Splitting:
    """The iterates of alternating directions. Attributes:

    penalties : sequence of Penalty
        The K terms or parts.
    V, U : list of ndarray of shape (n_features, n_tasks)
        Copies and scaled multipliers.
    rho : float
        The strength of the splitting.
    S : ndarray of shape (n_features, n_tasks)
        The result of the step in the loss.
    X, targets : list of ndarray
        What each penalty has of S, and what it was pulled to.
    """

    def __init__(self, datafit, penalties):
        self.datafit = datafit
        self.penalties = penalties
        self.zero = np.zeros(datafit.shape)
        self.correlation = datafit.evaluate(self.zero).correlation
        self.best_bound = 0.0
        self.best_proof = 0.0
        self._solver = None
        self._solver_shift = None

    def is_null(self):
        """Whether W = 0 is known to be the solution."""
        return False

    def begin(self, start):
        """Set V, U and rho: those of the start, if it has a state that fits."""
        K = len(self.penalties)
        state = None if start is None else start.state
        if state is not None and len(state.V) == K:
            self.V, self.U, self.rho = state
            return
        self.V = [self.zero] * K
        self.U = [self.zero] * K
        self.rho = self._first_rho()

    def _first_rho(self):
        """The curvature of the loss, larger for stronger penalties."""
        norm = max(penalty.dual_norm(self.correlation) for penalty in self.penalties)
        ratio = 10 / norm if norm > 0 else 0.5
        curvature = self.datafit.mean_curvature or 1.0
        return curvature * float(np.clip(ratio, 0.05, 2.0))

    def step(self):
        """A step in the loss, steps in all penalties, a step of the multipliers."""
        self.targets = [v - u for v, u in zip(self.V, self.U, strict=True)]
        total = sum(self.targets)
        self.S = self._solve(total)
        self.X = self._spread(total)
        self.before = self.V
        self.V = []
        multipliers = []
        for k, penalty in enumerate(self.penalties):
            relaxed = _RELAX * self.X[k] + (1 - _RELAX) * self.before[k] + self.U[k]
            v = penalty.prox(relaxed, 1 / self.rho)
            self.V.append(v)
            multipliers.append(relaxed - v)
        self.U = multipliers

    def _solve(self, total):
        """The minimum of the loss, pulled to the targets of this sum."""
        pull = self._pull()
        shift = self._shift()
        if self._solver_shift != shift:
            self._solver = self.datafit.shifted_solver(self.datafit.ridge + shift)
            self._solver_shift = shift
        return self._solver(self.correlation + pull * total)

    def objective(self):
        """Loss and penalty at the coefficients."""
        value = self.datafit.value(self.coefficients())
        for penalty, v in zip(self.penalties, self._penalized(), strict=True):
            value += penalty.value(v)
        return value

    def bound(self):
        """The best lower bound so far, from correlations that take no product."""
        shares = [self.rho * (x - b) for x, b in zip(self.X, self.targets, strict=True)]
        self.at_S = self._whole(shares)
        self.shares = self._feasible(shares)
        yy = self.datafit.yy
        explained = float(np.vdot(self.correlation, self.S))
        rr = yy - explained - float(np.vdot(self.at_S, self.S))
        bound, _ = dual_value(max(rr, 0.0), yy - explained, self.shares, self.penalties)
        self.best_bound = max(self.best_bound, bound)
        return self.best_bound

    def proof(self):
        """The best lower bound from correlations by a product.

        It does not depend on what the solver of the step in the loss may have lost.
        """
        ridge = self.datafit.ridge
        S = self.datafit.minimize_features(self.S, self.free, self.positive)
        at = self.datafit.evaluate(S)
        error = self._error(at.correlation - ridge * S - self.at_S)
        shares = self._feasible([share + error for share in self.shares])
        rr = at.rr + ridge * float(np.vdot(S, S))
        bound, _ = dual_value(rr, at.ry, shares, self.penalties)
        self.best_proof = max(self.best_proof, bound)
        return self.best_proof

    def _feasible(self, shares):
        """Shares of the correlation that leave room in the dual."""
        return move_unpenalized(shares, self.penalties)

    def balance(self):
        """Change rho if that would balance primal and dual residuals; returns whether it did."""
        primal = _size([x - v for x, v in zip(self.X, self.V, strict=True)])
        dual = _size([v - b for v, b in zip(self.V, self.before, strict=True)])
        if primal == 0 or dual == 0:
            return False
        tiny = np.finfo(float).tiny
        primal = primal / max(_size(self.V), tiny)
        dual = dual / max(_size(self.U), tiny)
        factor = np.sqrt(primal / dual)
        if 0.4 < factor < 2.5:
            return False
        factor = float(np.clip(factor, 0.1, 10.0))
        self.rho *= factor
        self.U = [u / factor for u in self.U]
        return True


class _Copies(_Splitting):
    """The terms of a sum each have a copy of W."""

    def __init__(self, datafit, penalty):
        super().__init__(datafit, penalty.terms)
        n_features, n_tasks = datafit.shape
        constrained = [k for k, term in enumerate(self.penalties) if term.positive]
        self.positive = bool(constrained)
        self.returned = constrained[0] if constrained else 0  # the copy that is W
        self.ranges = [_range(term, n_tasks) for term in self.penalties]
        n_unseen = _count_unseen(self.penalties, n_features)
        self.free = np.flatnonzero(n_unseen == len(self.penalties))

    def is_null(self):
        if len(self.penalties) > 1:
            return False
        norm = self.penalties[0].dual_norm(self.correlation)
        return 0 < norm <= 1 + 1e-9

    def _shift(self):
        return self.rho * len(self.penalties)

    def _pull(self):
        return self.rho

    def _spread(self, total):
        return [self.S] * len(self.penalties)

    def coefficients(self):
        return self.V[self.returned]

    def _penalized(self):
        return [self.coefficients()] * len(self.penalties)

    def parts(self):
        return ()

    def _whole(self, shares):
        return sum(shares)

    def _error(self, error):
        return error / len(self.penalties)

    def _feasible(self, shares):
        return super()._feasible(self._shift_to_norms(shares))

    def _shift_to_norms(self, shares):
        """Quadratic terms have the share that they have at V, in their range; norms the rest."""
        first_norm = next((k for k, pair in enumerate(self.ranges) if pair is None), None)
        if first_norm is None or all(pair is None for pair in self.ranges):
            return shares
        exact = []
        for share, v, pair in zip(shares, self.V, self.ranges, strict=True):
            if pair is not None:
                matrix, projection = pair
                share = v @ matrix @ projection
            exact.append(share)
        exact[first_norm] = exact[first_norm] + (sum(shares) - sum(exact))
        return exact


class _Parts(_Splitting):
    """The penalties of a decomposition each have a part of W."""

    positive = False

    def __init__(self, datafit, penalty):
        super().__init__(datafit, penalty.parts)
        n_unseen = _count_unseen(self.penalties, datafit.shape[0])
        self.free = np.flatnonzero(n_unseen)

    def _shift(self):
        return self.rho / len(self.penalties)

    def _pull(self):
        return self.rho / len(self.penalties)

    def _spread(self, total):
        missing = (self.S - total) / len(self.penalties)
        return [b + missing for b in self.targets]

    def coefficients(self):
        return sum(self.V)

    def _penalized(self):
        return self.V

    def parts(self):
        return tuple(self.V)

    def _whole(self, shares):
        return shares[0]

    def _error(self, error):
        return error


def _count_unseen(penalties, n_features):
    """How many penalties do not see a feature, (n_features,).

    Features that a part or all terms of a sum do not see leave no room in the dual.
    """
    counts = np.zeros(n_features, dtype=np.intp)
    for penalty in penalties:
        counts[penalty.unpenalized_features(n_features)] += 1
    return counts


def _range(term, n_tasks):
    """The matrix of a quadratic term and the projection on its range; None for other terms."""
    if not term.is_quadratic:
        return None
    matrix = term.matrix(n_tasks)
    values, U = eigen(matrix)
    U = U[:, values > 0]
    return matrix, U @ U.T


def _size(arrays):
    """The norm of several arrays together."""
    squares = sum(float(np.vdot(a, a)) for a in arrays)
    return np.sqrt(squares)
