"""Group norms in Gram form: a whole path compiled, Newton's method where descent is slow."""

import numpy as np

from skmtl import _kernels
from skmtl._row_norms import row_norms
from skmtl.datafits import ROUNDING
from skmtl.solvers._newton import group_newton
from skmtl.solvers._solution import certified_solution

_FLOATS = 2**22  # of solutions kept at a time
_FIRST = 0  # sweeps before Newton's method is considered; negative to take it at once
_PATIENCE = 50  # sweeps after a Newton step that did not help
_EXACT = 1e-13  # gap, relative to the null objective, that is little more than rounding errors
_STATIONARY = 1e-11  # of the weight of a feature: what is left of its gradient


def gram_path(
    form,
    group_weights,
    ridges,
    W0,
    *,
    ratio=None,
    positive=False,
    max_iter=1000,
    tol=1e-4,
    random_state=None,
    null=None,
    exact=False,
):
    """Solutions of `loss + ridges[a]/2 ||W||^2 + sum_j group_weights[a, j] ||W_j||`, a after a.

    Parameters
    ----------
    form : GramForm
        The loss; its own ridge is ignored.
    group_weights : ndarray of shape (n_models, n_features)
        Strength of the norm of each feature, for each model.
    ridges : ndarray of shape (n_models,)
        Ridge of each model.
    W0 : ndarray of shape (n_features, n_tasks)
        Initial values of the first model; each other starts from the one before.
    ratio : float, default=None
        With a ratio, the norm of a feature is the least of `||P_j||_2 + ||Q_j||_1 / ratio`
        over `P_j + Q_j = W_j`. It takes neither ridges nor the constraint.
    positive : bool, default=False
        Whether W is constrained to be at least 0.
    max_iter : int, default=1000
        Largest number of sweeps and Newton steps for each model.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times `null`.
    random_state : numpy.random.RandomState or None, default=None
        Visit the features in random order; None is cyclic.
    null : float, default=None
        The objective that tolerances are relative to; None is that at W = 0.
    exact : bool, default=False
        Whether to sweep on until only rounding errors are left, unless Newton's method would be
        quicker. It is for one model without a ratio or the constraint.

    Yields
    ------
    Solution
    """
    tol = max(tol, ROUNDING)  # no gap is known better than that
    null = 0.5 * form.yy if null is None else null
    order = np.arange(len(W0))
    if random_state is not None:
        order = random_state.permutation(order)
    path = _Path(form, W0)
    n_models = max(1, _FLOATS // W0.size)  # at a time
    for first in range(0, len(ridges), n_models):
        models = slice(first, first + n_models)
        rules = _kernels.PathRules(
            group_weights=np.ascontiguousarray(group_weights[models]),
            ridges=np.ascontiguousarray(ridges[models]),
            ratio=ratio,
            positive=positive,
            order=order,
            tol=tol * null,
            max_sweeps=max_iter,
        )
        results = path.run(rules, min(_EXACT, tol) * null if exact else rules.tol)
        for W, report in zip(*results, strict=True):
            n_sweeps, objective, gap = report
            yield certified_solution(
                W,
                int(n_sweeps),
                objective,
                gap,
                null=null,
                tol=tol,
                is_polished=exact and path.is_stationary(rules),
            )


class _Path:
    """The iterate of a path, and what the compiled functions need to go on from it."""

    def __init__(self, form, W0):
        W = np.array(W0, order="C")
        self.form = form
        self.grams = form.grams if len(form.blocks) > 1 else form.grams[:, :, 0]
        self.loss = _kernels.GramLoss(
            block=form.block_of_task,
            curvature=form.curvature,
            highest=form.curvature.max(axis=1),
            q=form.q,
            yy=form.yy,
        )
        self.iterate = _kernels.Iterate(
            H=form.evaluate(W).correlation,
            W=W,
            previous=np.full(len(W), np.inf),  # no feature is discarded without looking
        )
        self.work = _kernels.gram_work(*W.shape)

    def run(self, rules, tol):
        """Solve the models of the rules one after the other: :class:`_kernels.PathResults`.

        A smaller tol than that of the rules holds while sweeps are quick.
        """
        n_models = len(rules.ridges)
        results = _kernels.PathResults(
            solutions=np.empty((n_models, *self.iterate.W.shape)),
            report=np.empty((n_models, 3)),
        )
        never = rules.max_sweeps  # sweeps after which to ask for Newton's method
        ask = never if rules.positive or rules.ratio is not None else _FIRST
        model = 0
        n_iter = 0
        present = rules._replace(tol=tol)
        while True:
            model, n_iter = _kernels.gram_path(
                self.grams,
                self.loss,
                present,
                self.iterate,
                results,
                self.work,
                model,
                n_iter,
                ask,
            )
            if model == n_models:
                return results
            if present.tol < rules.tol:
                present = rules
                continue
            n_steps, improved = self._try_newton(rules, model, rules.max_sweeps - n_iter)
            n_iter += n_steps
            ask = n_iter + (0 if improved else _PATIENCE)

    def is_stationary(self, rules):
        """Whether the iterate minimizes the last model of the rules, but for rounding errors."""
        W = self.iterate.W
        features = np.flatnonzero(W.any(axis=1))
        W = W[features]
        group_weights = rules.group_weights[-1][features]
        gradient = (group_weights / row_norms(W))[:, None] * W
        gradient -= self.iterate.H[features] - rules.ridges[-1] * W
        return bool((row_norms(gradient) <= _STATIONARY * group_weights).all())

    def _try_newton(self, rules, model, max_iter):
        """Improve the iterate by Newton's method; the steps taken and whether they helped."""
        W = self.iterate.W
        features = np.flatnonzero(W.any(axis=1))
        group_weights = rules.group_weights[model][features]
        if len(features) == 0 or max_iter == 0 or (group_weights == 0).any():
            return 0, False
        form = self.form.with_ridge(rules.ridges[model])
        local = form.restrict(features)
        enough = 0.3 * rules.tol
        improved, n_steps = group_newton(local, group_weights, W[features], enough, max_iter)
        if improved is None:
            return n_steps, False
        W[features] = improved
        self.iterate.H[:] = form.evaluate(W).correlation
        return n_steps, True
