"""Alternating directions for sums and decompositions of penalties."""

from typing import NamedTuple

import numpy as np

from skmtl.datafits import ROUNDING, inner
from skmtl.penalties import move_unpenalized
from skmtl.solvers._certificates import best_bound
from skmtl.solvers._solution import certified_solution, gap_between

_CHECK = 5  # iterations between two certificates, at most
_BALANCE = 4  # iterations between two changes of rho, at least
_RELAX = 1.6
_SETTLED = 400  # iterations after which rho stays


class State(NamedTuple):
    """The state of a splitting.

    Attributes
    ----------
    V, U : ndarray of shape (n_copies, n_features, n_tasks)
        Copies and scaled multipliers.
    rho : float
        The strength of the splitting.
    """

    V: np.ndarray
    U: np.ndarray
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
    tol = max(tol, ROUNDING)  # no gap is known better than that
    null = 0.5 * datafit.yy
    enough = tol * null
    splitting = (_Parts if penalty.is_decomposition else _Copies)(datafit, penalty)
    if splitting.is_null():
        gap = ROUNDING * null
        return certified_solution(
            splitting.zero,
            1,
            null,
            gap,
            null=null,
            tol=tol,
        )
    splitting.begin(start)
    n_iter = 0
    n_balanced = 0
    before = 0, np.inf
    check = _CHECK if start is None or start.state is None else 2
    while True:
        splitting.step()
        n_iter += 1
        last = n_iter >= max_iter
        if n_iter < check and not last:
            continue
        gap = splitting.estimated_gap()
        if last or gap <= enough:
            objective = splitting.objective()
            gap = gap_between(objective, splitting.proof())
            if last or gap <= enough:
                break
        check = n_iter + _iterations_left(n_iter, gap, before, enough)
        before = n_iter, gap
        waited = n_iter - n_balanced >= _BALANCE
        if waited and n_iter < _SETTLED and splitting.balance():
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


def _iterations_left(n_iter, gap, before, enough):
    """Iterations until the next certificate: what is left at the rate since the last one."""
    n_before, gap_before = before
    if not enough < gap < gap_before or gap_before == np.inf:
        return 2
    rate = np.log(gap_before / gap) / (n_iter - n_before)
    left = np.ceil(np.log(gap / enough) / rate)
    return int(min(max(left, 1), _CHECK))


class _Splitting:
    """The iterates of alternating directions. Attributes:

    penalties : sequence of Penalty
        The K terms or parts.
    V, U : ndarray of shape (K, n_features, n_tasks)
        Copies and scaled multipliers.
    rho : float
        The strength of the splitting.
    S : ndarray of shape (n_features, n_tasks)
        The result of the step in the loss.
    X, targets : ndarray of shape (K, n_features, n_tasks)
        What each penalty has of S, and what it was pulled to.
    """

    def __init__(self, datafit, penalties):
        self.datafit = datafit
        self.penalties = penalties
        self.n_copies = len(penalties)
        self.zero = np.zeros(datafit.shape)
        self.correlation = datafit.evaluate(self.zero).correlation
        self.best_bound = 0.0
        self.best_proof = 0.0
        self.curvature = datafit.mean_curvature
        self._solver = None
        self._solver_shift = None

    def is_null(self):
        """Whether W = 0 is known to be the solution."""
        return False

    def begin(self, start):
        """Set V, U and rho: those of the start, if it has a state that fits."""
        state = None if start is None else start.state
        if state is not None and len(state.V) == self.n_copies:
            self.V, self.U, self.rho = state
            self._shrink_multipliers()
            return
        self.V = np.zeros((self.n_copies, *self.zero.shape))
        self.U = self.V
        self.rho = self._first_rho()

    def _shrink_multipliers(self):
        """Scale multipliers to the dual balls, where those of a stronger penalty are outside."""
        pairs = zip(self.penalties, self.U, strict=True)
        norm = max(penalty.dual_norm(self.rho * share) for penalty, share in pairs)
        if 1 < norm < np.inf:
            self.U = self.U / norm

    def _first_rho(self):
        """The curvature of the loss, larger for stronger penalties."""
        norm = max(penalty.dual_norm(self.correlation) for penalty in self.penalties)
        ratio = 10 / norm if norm > 0 else 0.5
        ratio = np.clip(ratio, 0.05, 2.0)
        return (self.curvature or 1.0) * float(ratio)

    def step(self):
        """A step in the loss, steps in all penalties, a step of the multipliers."""
        self.targets = self.V - self.U
        total = self.targets.sum(axis=0)
        self.S = self._solve(total)
        self.X = self._distribute(total)
        self.before = self.V
        relaxed = _RELAX * self.X + (1 - _RELAX) * self.V
        relaxed = relaxed + self.U
        self.V = np.empty_like(relaxed)
        for k, penalty in enumerate(self.penalties):
            self.V[k] = penalty.prox(relaxed[k], 1 / self.rho)
        self.U = relaxed - self.V

    def _solve(self, total):
        """The minimum of the loss, pulled to the targets of this sum."""
        shift = self._shift()
        if self._solver_shift != shift:
            self._solver = self.datafit.shifted_solver(self.datafit.ridge + shift)
            self._solver_shift = shift
        pulled = self.correlation + self._pull() * total
        return self._solver(pulled)

    def objective(self):
        """Loss and penalty at the coefficients."""
        return self.datafit.value(self.coefficients()) + self._paid()

    def _paid(self):
        """The penalty at the coefficients."""
        pairs = zip(self.penalties, self._penalized(), strict=True)
        return sum(penalty.value(v) for penalty, v in pairs)

    def estimated_gap(self):
        """The duality gap, from correlations that take no product.

        The loss at the coefficients is that at S, where it and its gradient are known, and a square
        of their difference, of mean curvature.
        """
        shares = self.rho * (self.X - self.targets)
        self.at_S = self._whole(shares)
        self.shares = self._feasible(shares)
        ry = self.datafit.yy - inner(self.correlation, self.S)
        rr = max(ry - inner(self.at_S, self.S), 0.0)
        bound, _ = best_bound(rr, ry, self.shares, self.penalties)
        self.best_bound = max(self.best_bound, bound)
        moved = self.coefficients() - self.S
        curvature = self.curvature + self.datafit.ridge
        loss = 0.5 * rr - inner(self.at_S, moved) + 0.5 * curvature * inner(moved, moved)
        return loss + self._paid() - self.best_bound

    def proof(self):
        """The best lower bound from correlations by a product.

        It does not depend on what the solver of the step in the loss may have lost.
        """
        ridge = self.datafit.ridge
        S = self.datafit.minimize_features(self.S, self.free, self.positive)
        at = self.datafit.evaluate(S)
        correlation = at.correlation - ridge * S
        error = self._error(correlation - self.at_S)
        shares = self._feasible(self.shares + error)
        rr = at.rr + ridge * inner(S, S)
        bound, _ = best_bound(rr, at.ry, shares, self.penalties)
        self.best_proof = max(self.best_proof, bound)
        return self.best_proof

    def _feasible(self, shares):
        """Shares of the correlation that leave room in the dual."""
        return move_unpenalized(shares, self.penalties)

    def balance(self):
        """Change rho if that would balance primal and dual residuals; returns whether it did."""
        primal = _relative_norm(self.X - self.V, self.V)
        dual = _relative_norm(self.V - self.before, self.U)
        if not ROUNDING < min(primal, dual) < np.inf:
            return False
        factor = np.sqrt(primal / dual)
        if 0.4 < factor < 2.5:
            return False
        factor = float(np.clip(factor, 0.1, 10.0))
        self.rho *= factor
        self.U = self.U / factor
        return True


class _Copies(_Splitting):
    """The terms of a sum each have a copy of W."""

    def __init__(self, datafit, penalty):
        super().__init__(datafit, penalty.terms)
        n_features, n_tasks = datafit.shape
        positive = [term.positive for term in self.penalties]
        self.positive = any(positive)
        self.returned = positive.index(True) if self.positive else 0  # the copy that is W
        n_unseen = _count_unseen(self.penalties, n_features)
        self.free = np.flatnonzero(n_unseen == self.n_copies)
        self.couplings = [_coupling(term, n_tasks) for term in self.penalties]
        self.norms = [k for k, term in enumerate(self.penalties) if not term.is_quadratic]

    def is_null(self):
        if self.n_copies > 1 or len(self.free):
            return False
        (penalty,) = self.penalties
        norm = penalty.dual_norm(self.correlation)
        return 0 < norm <= 1 + 1e-9

    def _shift(self):
        return self.rho * self.n_copies

    def _pull(self):
        return self.rho

    def _distribute(self, total):
        """S to every copy."""
        return self.S[None]

    def coefficients(self):
        return self.V[self.returned]

    def _penalized(self):
        return [self.coefficients()] * self.n_copies

    def parts(self):
        return ()

    def _whole(self, shares):
        return shares.sum(axis=0)

    def _error(self, error):
        return error / self.n_copies

    def _feasible(self, shares):
        """Quadratic terms have the share that they have at V, in their range; norms the rest."""
        if 0 < len(self.norms) < self.n_copies:
            whole = shares.sum(axis=0)
            shares = shares.copy()
            for k, coupling in enumerate(self.couplings):
                if coupling is not None:
                    shares[k] = coupling.in_range(self.V[k] @ coupling)
            shares[self.norms[0]] += whole - shares.sum(axis=0)
        return super()._feasible(shares)


class _Parts(_Splitting):
    """The penalties of a decomposition each have a part of W."""

    positive = False

    def __init__(self, datafit, penalty):
        super().__init__(datafit, penalty.parts)
        n_unseen = _count_unseen(self.penalties, datafit.shape[0])
        self.free = np.flatnonzero(n_unseen)

    def _shift(self):
        return self.rho / self.n_copies

    def _pull(self):
        return self.rho / self.n_copies

    def _distribute(self, total):
        """S less the sum of the targets, in equal shares on top of the targets."""
        missing = self.S - total
        return self.targets + missing / self.n_copies

    def coefficients(self):
        return self.V.sum(axis=0)

    def _penalized(self):
        return self.V

    def parts(self):
        return tuple(self.V)

    def _whole(self, shares):
        return shares[0]

    def _error(self, error):
        return error


def _relative_norm(change, size):
    """Norm of a change relative to a size, infinite if that is 0."""
    norm = np.linalg.norm(size)
    return np.linalg.norm(change) / norm if norm > ROUNDING else np.inf


def _count_unseen(penalties, n_features):
    """How many penalties do not see a feature, (n_features,).

    Features that a part or all terms of a sum do not see leave no room in the dual.
    """
    counts = np.zeros(n_features, dtype=np.intp)
    for penalty in penalties:
        unseen = penalty.unpenalized_features(n_features)
        counts[unseen] += 1
    return counts


def _coupling(term, n_tasks):
    """The coupling of a quadratic term; None for other terms."""
    return term.between_tasks(n_tasks) if term.is_quadratic else None
