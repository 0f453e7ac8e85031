"""A squared loss whose intercepts are not free but pulled to their mean.

The intercept a_t of a task is its level: what it predicts at a point c that all tasks have in
common, so that a shift of the features changes nothing. To the loss is added
`strength/2 sum_t (a_t - abar)^2`. Minimized over the intercepts, with S_t the weight of a task,
m_t and u_t its means of features and targets, and `D_t = S_t strength / (S_t + strength)`, the loss
centered in each task gets

    1/2 sum_t D_t (e_t - ebar)^2,   e_t = u_t - (m_t - c)'w_t,   ebar = sum_t D_t e_t / sum_t D_t.

Given ebar, that is a further sample of each task. That ebar is free takes a square of one number
off, which couples the tasks: the Hessian is that of separate tasks less the product of one vector
with itself.
"""

from functools import cache, cached_property, partial

import numpy as np

from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._less_squares import less_squares
from skmtl.datafits._linear_algebra import ROUNDING, inner
from skmtl.datafits._shifted_solvers import LastSolver
from skmtl.datafits._squared import Evaluation, SquaredDatafit


class Levels:
    """The levels of the tasks as a further sample of each.

    Parameters
    ----------
    datafit : SquaredDatafit
        The loss, intercepts free.
    strength : float
        Strength of the pull, positive; infinite for one common intercept.
    center : ndarray of shape (n_features, 1) or (n_features, n_tasks), default=None
        Where the levels are, None at the mean of all samples.
    n_levels : int, default=1
        Number of common levels: the columns of a task with several classes have one each.

    Attributes
    ----------
    weight : ndarray of shape (n_tasks,)
        D, the weight of the further samples.
    x : ndarray of shape (n_features, n_tasks)
        Their features, `m_t - c`.
    y : ndarray of shape (n_tasks,)
        Their targets, whose mean is zero for each common level.
    share : ndarray of shape (n_tasks,)
        How much of its own level a task keeps, `S_t / (S_t + strength)`.
    """

    def __init__(self, datafit, strength, center=None, n_levels=1):
        total = datafit.task_total
        self.center = center
        if center is None:
            mean = datafit.mean_x @ total / (total.sum() or 1.0)
            self.center = mean[:, None]
        self.n_levels = n_levels
        self.weight = total / (1 + total / strength)
        self.share = total / (total + strength)
        x = datafit.mean_x - self.center
        differs = (total > 0) & (np.abs(x) > 10 * ROUNDING * np.abs(datafit.mean_x))
        self.x = np.where(differs, x, 0.0)  # of a constant feature rounding would be left
        if center is None and len(datafit.blocks) == 1:
            self.x[:] = 0.0  # what rounding leaves where all tasks have the same samples
        self.middle = self.means(datafit.mean_y)
        y = datafit.mean_y - self.middle
        known = (total > 0) & (np.abs(y) > 10 * ROUNDING * np.abs(self.middle))
        self.y = np.where(known, y, 0.0)

    def sums(self, values):
        """Weighted sums of values of the tasks, one for each common level: (..., n_levels)."""
        weighted = self.weight * values
        by_level = weighted.reshape(*weighted.shape[:-1], -1, self.n_levels)
        return by_level.sum(axis=-2)

    @property
    def correlation(self):
        """What the further samples add to the correlations with the targets, as x."""
        return self.x * (self.weight * self.y)

    @property
    def yy(self):
        """What they add to the squares of the targets."""
        return float(self.weight @ self.y**2)

    @cached_property
    def totals(self):
        """The weight of each common level, 1 where no task has any."""
        totals = self.sums(np.ones(len(self.weight)))
        return np.where(totals > 0, totals, 1.0)

    def means(self, values):
        """Weighted means of values of the tasks, repeated for the tasks of each common level."""
        means = self.sums(values) / self.totals
        return np.tile(means, len(self.weight) // self.n_levels)

    def explained(self, W):
        """What the features explain of the levels, (n_tasks,)."""
        return np.einsum("jt,jt->t", self.x, W)

    def borders(self):
        """Vectors v (n_features, n_tasks), with `sum <v, W>^2` the squares of ebar.

        There is one for each common level, but for those that would be 0.
        """
        borders = []
        for level, total in enumerate(self.totals):
            border = np.zeros(self.x.shape)
            own = slice(level, None, self.n_levels)
            border[:, own] = self.weight[own] * self.x[:, own] / np.sqrt(total)
            if border.any():
                borders.append(border)
        return borders

    def intercepts(self, W):
        """The optimal intercepts at W, (n_tasks,), of the features as they are."""
        left = self.y - self.explained(W)
        common = self.means(left)
        level = self.middle + common + self.share * (left - common)
        return level - np.einsum("jt,jt->t", np.broadcast_to(self.center, W.shape), W)


class WithLevels(SquaredDatafit):
    """A loss and a further sample of each task, the mean level being given.

    Parameters
    ----------
    base : ResidualForm
        The loss, intercepts free.
    levels : Levels
        The further samples.
    """

    def __init__(self, base, levels):
        super().__init__()
        self.base = base
        self.levels = levels
        self.blocks = base.blocks
        self.mean_x = base.mean_x
        self.mean_y = base.mean_y
        self.is_sparse = base.is_sparse
        self.is_factorable = base.is_factorable
        self.yy = base.yy + levels.yy

    @property
    def curvature(self):
        return self.base.curvature + self.levels.weight * self.levels.x**2

    def evaluate(self, W):
        at = self.base.evaluate(W)
        levels = self.levels
        left = levels.y - levels.explained(W)
        weighted = levels.weight * left
        correlation = at.correlation + levels.x * weighted
        return Evaluation(
            correlation,
            at.rr + float(weighted @ left),
            at.ry + float(weighted @ levels.y),
        )

    def restrict(self, features):
        return None

    def gram_block(self, k, features):
        return self.base.gram_block(k, features) + self._square(k, features)

    def _square(self, k, features):
        """What the further sample adds to the Gram of block k."""
        task = self.blocks[k][0]
        x = self.levels.x[features, task]
        return self.levels.weight[task] * np.outer(x, x)

    def lipschitz(self):
        squares = np.einsum("jt,jt->t", self.levels.x, self.levels.x)
        return self.ridge + self.base.lipschitz() + float((self.levels.weight * squares).max())

    def _compute_spectra(self):
        spectra = []
        for tasks, (values, V) in zip(self.blocks, self.base.spectra(), strict=True):
            x = np.sqrt(self.levels.weight[tasks[0]]) * self.levels.x[:, tasks[0]]
            A = np.column_stack([V * np.sqrt(values), x])
            U, roots, _ = np.linalg.svd(A, full_matrices=False)
            kept = roots > 10 * len(A) * ROUNDING * roots[0]
            spectra.append((roots[kept] ** 2, U[:, kept]))
        return spectra


class SharedIntercepts(SquaredDatafit):
    """The loss with intercepts that are pulled to their mean.

    Parameters
    ----------
    free : GramForm or ResidualForm
        The loss with intercepts that are free.
    levels : Levels
        What the pull adds.
    """

    def __init__(self, free, levels):
        super().__init__()
        self.free = free
        self.levels = levels
        given = _with_gram_levels if free.is_gram else WithLevels
        self._separate = cache(partial(given, free, levels))  # made once for all copies
        self.borders = levels.borders()
        self.blocks = free.blocks
        self.mean_x = free.mean_x
        self.mean_y = free.mean_y
        self.yy = free.yy + levels.yy
        self.is_gram = free.is_gram
        self.is_sparse = free.is_sparse
        self.is_factorable = free.is_factorable
        self._solvers = LastSolver()

    @property
    def separate(self):
        """The loss of tasks that do not meet: the mean level is given."""
        return self._separate()

    @property
    def level_at(self):
        """The features (n_features,) at which the intercepts are pulled to their mean."""
        return self.levels.center[:, 0]

    @property
    def curvature(self):
        return self.free.curvature

    def intercepts(self, W):
        return self.levels.intercepts(W)

    def evaluate(self, W):
        at = self.separate.evaluate(W)
        correlation = at.correlation
        rr = at.rr
        for border in self.borders:
            size = inner(border, W)
            correlation = correlation + size * border
            rr -= size**2
        return Evaluation(correlation, max(rr, 0.0), at.ry)

    def restrict(self, features):
        return None

    def minimize_features(self, W, features, positive=False):
        if len(features):
            raise NotImplementedError("Pulled intercepts need a penalty that sees all features.")
        return W.copy()

    def shifted_solve(self, B, shift):
        solve = partial(self.separate.shifted_solve, shift=shift)
        return less_squares(solve, self.borders)(B)

    def shifted_solver(self, shift):
        return self._solvers.get(shift, self._make_shifted_solver)

    def _make_shifted_solver(self, shift):
        return less_squares(self.separate.shifted_solver(shift), self.borders)

    def mean_spectrum(self):
        """That of the mean Gram of the tasks, the mean level being given."""
        return self.separate.mean_spectrum()

    def gram_block(self, k, features):
        return self.separate.gram_block(k, features)

    def lipschitz(self):
        return self.ridge + self.separate.lipschitz()

    def _compute_spectra(self):
        return self.separate.spectra()


class LessOwnSquares(SharedIntercepts):
    """A loss of separate tasks less squares of functions that tasks have in common.

    Parameters
    ----------
    separate : GramForm
        The loss of separate tasks.
    borders : list of ndarray of shape (n_features, n_tasks)
        The v by whose squares `<v, W>^2 / 2` the loss is less.
    """

    def __init__(self, separate, borders):
        SquaredDatafit.__init__(self)
        self.free = separate
        self._separate = lambda: separate
        self.borders = borders
        self.blocks = separate.blocks
        self.mean_x = separate.mean_x
        self.mean_y = separate.mean_y
        self.yy = separate.yy
        self.is_gram = True
        self._solvers = LastSolver()


def _with_gram_levels(form, levels):
    """A Gram form and a further sample of each task, as a Gram form."""
    first = [tasks[0] for tasks in form.blocks]
    x = np.sqrt(levels.weight[first]) * levels.x[:, first]
    squares = x[:, None] * x
    return GramForm(
        form.grams + squares,
        form.q + levels.correlation,
        form.yy + levels.yy,
        form.blocks,
        form.mean_x,
        form.mean_y,
    )


def with_shared_intercepts(datafit, strength, **where):
    """The loss with its intercepts pulled to their mean.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
        The loss, with intercepts that are free.
    strength : float
        Strength of the pull, at least 0; infinite for one common intercept.
    **where : dict
        `center` and `n_levels` of :class:`Levels`.

    Returns
    -------
    SquaredDatafit
    """
    if strength == 0:
        return datafit
    return SharedIntercepts(datafit, Levels(datafit, strength, **where))
