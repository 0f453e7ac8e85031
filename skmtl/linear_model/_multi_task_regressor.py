"""Any penalty of :mod:`skmtl.penalties`, or one's own."""

import numpy as np

from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.penalties import Penalty


class PenaltyModel(PenalizedModel):
    """Any penalty, for any loss."""

    @property
    def _selects(self):
        """Whether a part of the penalty selects features."""
        parts = [part for term in self.penalty.terms for part in term.parts]
        return any(part.selects for part in parts)

    def _check_alpha(self):
        if not isinstance(self.penalty, Penalty):
            raise TypeError(
                f"penalty must be a skmtl.penalties.Penalty, got {self.penalty!r}; for example "
                "skmtl.penalties.TraceNorm(0.1)."
            )

    def _penalty(self, features, tasks):
        penalty = self.penalty.for_features(features)
        check_fits(penalty, len(features), len(tasks))
        return penalty

    def _store_model(self, solution, unpack):
        vars(self).pop("shared_part_", None)  # of another penalty
        vars(self).pop("specific_part_", None)
        if self.penalty.is_decomposition:
            self._store_parts(solution, unpack)


def check_fits(penalty, n_features, n_tasks):
    """ValueError for a penalty of coefficients of another shape, or one that is not convex."""
    for term in penalty.terms:
        for part in term.parts:
            _check_shape(part, n_features, n_tasks)
            if part.is_quadratic:
                _check_convex(part, n_tasks)


def _check_shape(penalty, n_features, n_tasks):
    try:
        penalty.value(np.zeros((n_features, n_tasks)))
    except ValueError as error:
        raise ValueError(
            f"{type(penalty).__name__} does not fit coefficients of {n_features} features and "
            f"{n_tasks} tasks: {error}"
        ) from error


def _check_convex(penalty, n_tasks):
    least = penalty.between_tasks(n_tasks).least
    if least < 0:
        raise ValueError(
            f"The matrix of a {type(penalty).__name__} has the negative eigenvalue {least:.4g}: "
            "tasks that repel each other have no convex penalty."
        )


@documented
class MultiTaskRegressor(PenaltyModel, LinearMultiTaskRegressor):
    """Linear regressions with any penalty, or a sum of penalties.

    The objective is::

        loss(W, b) + penalty(W)

    {loss}

    Parameters
    ----------
    penalty : Penalty
        From :mod:`skmtl.penalties`, a sum of them, or an instance of a subclass of
        :class:`~skmtl.penalties.Penalty`.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    shared_part_ : ndarray of the shape of `coef_`
        P, transposed, where `penalty` is a :class:`~skmtl.penalties.Decomposition`.
    specific_part_ : ndarray of the shape of `coef_`
        Q, transposed.
    {linear_attributes}

    Raises
    ------
    ValueError
        In `fit`, for a sum that no solver takes.

    See Also
    --------
    MultiTaskClassifier : Classification counterpart.

    Examples
    --------
    >>> from skmtl import MultiTaskRegressor, make_multitask_regression
    >>> from skmtl.penalties import L1, TraceNorm
    >>> data = make_multitask_regression(random_state=0)
    >>> model = MultiTaskRegressor(TraceNorm(0.3) + L1(0.1)).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        penalty,
        *,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
    ):
        self.penalty = penalty
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


@documented
class MultiTaskClassifier(PenaltyModel, LinearMultiTaskClassifier):
    """Logistic regressions with any penalty, or a sum of penalties.

    The objective is::

        loss(W, b) + penalty(W)

    {class_loss}

    Parameters
    ----------
    penalty : Penalty
        From :mod:`skmtl.penalties`, a sum of them, or an instance of a subclass of
        :class:`~skmtl.penalties.Penalty`.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    shared_part_ : ndarray of the shape of `coef_`
        P, transposed, where `penalty` is a :class:`~skmtl.penalties.Decomposition`.
    specific_part_ : ndarray of the shape of `coef_`
        Q, transposed.
    {class_attributes}

    Raises
    ------
    ValueError
        In `fit`, for a sum that no solver takes.

    See Also
    --------
    MultiTaskRegressor : Regression counterpart.

    Examples
    --------
    >>> from skmtl import MultiTaskClassifier, make_multitask_classification
    >>> from skmtl.penalties import L1, TraceNorm
    >>> data = make_multitask_classification(random_state=0)
    >>> model = MultiTaskClassifier(TraceNorm(0.03) + L1(0.01)).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        penalty,
        *,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.penalty = penalty
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
