"""What the regressor and the classifier of one family share: their penalty and its parameters."""

from copy import copy
from itertools import chain

import numpy as np

from skmtl._data.checks import check_real
from skmtl._data.task_parameters import check_strength
from skmtl.solvers import are_solved_together, solve_path


class PenalizedModel:
    """Mixin of a family of models, for any loss. A family implements `_penalty`.

    Attributes
    ----------
    _ranges : dict
        The interval of every parameter that is a number: ``{name: (low, high, include)}``.
    _selects : bool
        Whether the model selects features; so does then what one task alone is fitted with.
    _empties : bool
        Whether a large enough alpha empties the model, so that there is a critical alpha.
    _norm_share : float
        Share of alpha that is the strength of the norm; the rest is that of a ridge.
    _intercept_strength : float
        Strength of the pull of the intercepts to their mean, 0 if they are free.
    """

    _ranges = {}  # noqa: RUF012
    _selects = False
    _empties = True
    _norm_share = 1.0
    _intercept_strength = 0.0

    def _check_params(self):
        super()._check_params()
        self._check_alpha()
        for name, (low, high, include) in self._ranges.items():
            check_real(getattr(self, name), name, low=low, high=high, include=include)

    def _check_alpha(self):
        check_strength(self.alpha, "alpha", type(self).__name__)

    def _penalty(self, features, tasks):
        """The :class:`~skmtl.penalties.Penalty` of the parameters.

        `features` are the names of the features, or 0, 1, ... where they have none, and `tasks` the
        task ids.
        """
        raise NotImplementedError

    def _with_intercepts(self, datafit, read):
        """The loss, with its intercepts as this model has them: free."""
        return datafit

    def _task_shares(self):
        """Weights of the tasks in the model of those that fit did not see; None if equal."""
        return None

    def _store_shared(self):
        """Store the model of tasks that fit did not see: the average of all tasks."""
        shares = self._task_shares()
        if shares is None:
            self.shared_coef_ = self.coef_.mean(axis=0)
            self._shared_intercept = self.intercept_.mean(axis=0)
            return
        self.shared_coef_ = np.average(self.coef_, axis=0, weights=shares)
        self._shared_intercept = np.average(self.intercept_, axis=0, weights=shares)

    def _store_parts(self, solution, unpack):
        """Store P and Q of a decomposition; P is everything if nothing is penalized."""
        parts = solution.parts or (solution.W, np.zeros_like(solution.W))
        self.shared_part_, self.specific_part_ = (unpack(part) for part in parts)


def model_path(model, datafit, read, alphas):
    """Yield the solutions of a model for these alphas, each started from the one before.

    An alpha of NaN stands for a model without that parameter.
    """
    penalties = path_penalties(model, read, alphas)
    return solve_path(datafit, penalties, max_iter=model.max_iter, tol=model.tol)


def path_penalties(model, read, alphas):
    """Yield the penalty of a model for each alpha."""
    model = copy(model)  # folds in other threads have the same one
    for alpha in alphas:
        if not np.isnan(alpha):
            model.alpha = alpha
        yield model._penalty_of(read)


class PathSolver:
    """A function of the loss with free intercepts, of whatever fold, and of the fold's number.

    It yields the indices of models, their loss, and their solutions, model after model. Models of
    the same loss that only couple tasks are solved together, with penalties that are made
    once for all folds.

    Parameters
    ----------
    models : list of PenalizedModel
        The models, of one class and with the same data, iterations and tolerance.
    grids : list of sequences of float
        The alphas of each model.
    datafit : SquaredDatafit or Likelihood
        The loss of all samples.
    read : Reading
        What the models read.
    """

    def __init__(self, models, grids, datafit, read):
        self.models = models
        self.grids = grids
        self.read = read
        self.groups = {}  # numbers of models by what they have in common
        for which, model in enumerate(models):
            (first,) = path_penalties(model, read, grids[which][:1])
            together = are_solved_together(datafit, first)
            alone = None if together else which
            self.groups.setdefault((alone, model._intercept_strength), []).append(which)
        self.penalties = {}
        for key, same in self.groups.items():
            if key[0] is None:
                paths = [path_penalties(models[which], read, grids[which]) for which in same]
                self.penalties[key] = list(chain.from_iterable(paths))

    def __call__(self, datafit, fold):
        for key, same in self.groups.items():
            model = self.models[same[0]]
            loss = model._with_intercepts(datafit, self.read)
            if key in self.penalties:
                options = {"max_iter": model.max_iter, "tol": model.tol}
                yield same, loss, solve_path(loss, self.penalties[key], **options)
            else:
                (which,) = same
                yield same, loss, model_path(model, loss, self.read, self.grids[which])
