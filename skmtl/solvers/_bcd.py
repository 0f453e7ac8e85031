"""Block coordinate descent over features, in working sets."""

import numpy as np

from skmtl._row_norms import row_norms
from skmtl.datafits import ROUNDING
from skmtl.solvers._certificates import certify, null_objective
from skmtl.solvers._gram_path import gram_path
from skmtl.solvers._newton_on_samples import NewtonOnSamples
from skmtl.solvers._polish import polished
from skmtl.solvers._solution import certified_solution
from skmtl.solvers._sweeps import Sweeps

_SHARE = 0.03  # of the gap over all features, to which a working set is solved
_TIGHTER = 0.3  # the same of the tolerance
_SETTLED = 0.25  # of the features of a working set, as many new ones as make it look complete
_LEAST = 30  # features of a working set
_FIRST = 12  # sweeps before the first certificate, where they pass by zeros
_NEGLIGIBLE = 2.0  # times the square of the tolerance: a gap falls as the root of what sweeps gain


def bcd(
    datafit,
    penalty,
    W0,
    *,
    max_iter=1000,
    tol=1e-4,
    random_state=None,
    exact=False,
):
    """Block coordinate descent over the features, stopped by the duality gap.

    Working sets hold the features that are not zero and those that violate optimality most, and
    grow at least by half at every certificate over all features. Each is solved to a part of the
    gap, exactly for one feature after the other: in Gram form (:func:`~skmtl.solvers.gram_path`)
    unless the Gram is larger than the data.

    Parameters
    ----------
    datafit : SquaredDatafit
        The loss.
    penalty : L21
        The penalty.
    W0 : ndarray of shape (n_features, n_tasks)
        Initial values; not modified.
    max_iter : int, default=1000
        Largest number of sweeps.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.
    random_state : numpy.random.RandomState or None, default=None
        Visit the features in random order; None is cyclic.
    exact : bool, default=False
        Whether to make the last working set exact to rounding errors (:func:`polish`).

    Returns
    -------
    Solution
    """
    if datafit.has_spare_tasks and not penalty.positive:
        rotated, Q = datafit.rotated()
        options = {"max_iter": max_iter, "tol": tol, "random_state": random_state, "exact": exact}
        solution = bcd(rotated, penalty, W0 @ Q, **options)
        return solution._replace(W=_rotated_back(solution.W, Q))
    tol = max(tol, ROUNDING)  # no gap is known better than that
    null = null_objective(datafit, penalty)
    feasible = penalty.prox(W0, 0.0)
    sets = _WorkingSets(datafit, penalty, feasible, null, tol, exact)
    while sets.certificate.gap > tol * null and sets.n_iter < max_iter:
        enough = _NEGLIGIBLE * tol**2 * null if sets.n_iter == 0 else 0.0
        sweeps = Sweeps(max_iter - sets.n_iter, random_state, enough)
        changed = sets.solve_next(sweeps)
        if not changed:
            break  # a fixed point in floating point: no sweep can do better
    found = sets.certificate
    return certified_solution(
        np.ascontiguousarray(found.W),
        sets.n_iter,
        found.objective,
        found.gap,
        null=null,
        tol=tol,
        is_polished=sets.is_polished,
    )


def _rotated_back(W, Q):
    """W Q', of which most features are zero."""
    out = np.zeros((len(W), len(Q)))
    features = np.flatnonzero(W.any(axis=1))
    out[features] = W[features] @ Q.T
    return out


class _WorkingSets:
    """The certificate over all features, and the features of the last working set."""

    def __init__(
        self,
        datafit,
        penalty,
        W,
        null,
        tol,
        exact,
    ):
        self.datafit = datafit
        self.penalty = penalty
        self.null = null
        self.tol = tol
        self.exact = exact
        self.is_polished = False
        self.group_weights = penalty.group_weights(len(W))
        self.features = np.empty(0, dtype=np.intp)
        self.newton = NewtonOnSamples(datafit, penalty, _TIGHTER * tol * null)
        self.certificate = certify(datafit, penalty, W)
        self.n_iter = 0

    def solve_next(self, sweeps):
        """Choose the next working set and solve it; returns whether anything changed."""
        before = self.certificate.W
        known = self.features
        self.features = self._choose()
        same = np.array_equal(self.features, known)
        local = self.datafit.restrict(self.features)
        if local is None:
            self._sweep_in_place(sweeps)
        else:
            n_new = len(self.features) - len(known)
            is_all = len(self.features) == len(before)
            settled = is_all or n_new <= _SETTLED * len(known)
            self._solve_alone(local, sweeps, same, settled)
        changed = not (same and np.array_equal(self.certificate.W, before))
        if local is None:  # choose afresh: looking at all features costs no more than a sweep
            self.features = self.features[:0]
        return changed

    def _choose(self):
        """Features that are not zero or unpenalized, and those that violate optimality most.

        Of the latter as many again as the others, and a quarter of the samples at first.
        """
        W = self.certificate.W
        G = self.certificate.evaluation.descent(self.datafit.ridge, W)
        if self.penalty.positive:
            G = np.maximum(G, 0.0)
        norms = row_norms(G)
        inside = W.any(axis=1) | (self.group_weights == 0)
        inside[self.features] = True
        violates = norms > self.group_weights
        violating = np.flatnonzero(violates & ~inside)
        n_inside = np.count_nonzero(inside)
        room = max(_LEAST, int(self.datafit.first_set), n_inside)
        if len(violating) > room:
            excess = norms[violating] / self.group_weights[violating]
            worst = np.argpartition(-excess, room)[:room]
            violating = violating[worst]
        inside[violating] = True
        if np.count_nonzero(inside) > self.datafit.largest_set:
            return np.arange(len(W))
        return np.flatnonzero(inside)

    def _sweep_in_place(self, sweeps):
        """Sweeps of the whole datafit over the working set."""
        # with initial values from far away most of the features will not stay
        n_sweeps = None
        if self.n_iter == 0:
            n_sweeps = _FIRST if self.datafit.passes_by_zeros else 2
        W = np.array(self.certificate.W, order="C")
        before = self.certificate
        self.certificate, n_done = sweeps.improve(
            self.datafit,
            self.penalty,
            W,
            self.features,
            before.objective,
            n_sweeps=n_sweeps,
        )
        self.n_iter += n_done
        left = sweeps.max_iter - n_done
        if left and self.newton.pays(self.certificate, before.gap, n_done, len(self.features)):
            self.certificate, n_steps = self.newton.improve(self.certificate, left)
            self.n_iter += n_steps

    def _solve_alone(self, local, sweeps, again, settled):
        """Solve the loss of the working set alone: to the end if it is settled."""
        enough = _TIGHTER * self.tol * self.null
        if not settled:
            enough = max(enough, _SHARE * self.certificate.gap)
        if again:
            enough *= 0.1
        self.is_polished = False
        W = np.array(self.certificate.W, order="C")
        penalty = self.penalty.restrict(self.features)
        inside = W[self.features]
        if local.is_gram:
            options = {
                "max_iter": sweeps.max_iter,
                "random_state": sweeps.random_state,
                "tol": enough / self.null if self.null > 0 else 0.0,
                "null": self.null,
            }
            inside, n_done = _solve_gram(local, penalty, inside, **options)
            if settled and self.exact:
                inside = self._polish(local, penalty, inside)
        else:
            inside, n_done = sweeps.solve(local, penalty, inside, enough)
        W[self.features] = inside
        self.certificate = certify(self.datafit, self.penalty, W)
        self.n_iter += n_done

    def _polish(self, local, penalty, W):
        """W of the working set, exact to rounding errors if that is cheap."""
        better = polished(local, penalty, self.certificate._replace(W=W), self.datafit)
        if better is W:
            return W
        before = certify(local, penalty, W)
        found = certify(local, penalty, better)
        self.is_polished = found.gap <= before.gap
        return found.W if self.is_polished else W


def _solve_gram(form, penalty, W, **options):
    """W and the number of sweeps, until the gap among its features is `tol` of `null`."""
    group_weights = penalty.group_weights(len(W))
    free = np.flatnonzero(group_weights == 0)
    if len(free) and not penalty.positive:
        rest = np.flatnonzero(group_weights)
        reduced, free_features_of = form.eliminate(free)
        W = W.copy()
        n_iter = 1
        if len(rest):
            W[rest], n_iter = _solve_gram(reduced, penalty.restrict(rest), W[rest], **options)
        W[free] = free_features_of(W[rest])
        return W, n_iter
    path = gram_path(
        form,
        group_weights[None],
        np.array([form.ridge]),
        W,
        positive=penalty.positive,
        **options,
    )
    (solution,) = path
    return solution.W, solution.n_iter
