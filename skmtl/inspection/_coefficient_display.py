"""Coefficients of features by tasks, the most important features on top."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int, check_option
from skmtl._data.task_ids import column_position
from skmtl.inspection._style import (
    Display,
    axes_of,
    count,
    default_names,
    fit_names,
    heatmap,
    height_of,
    short_names,
    side_of,
    symmetric_limit,
    with_notes,
)
from skmtl.inspection.coefficients import task_coefficients
from skmtl.meta.pipelines import fitted_final


class CoefficientDisplay(Display):
    """A map of coefficients: features are rows, tasks are columns; blue is above 0, red below.

    A task of more than two classes has a column for each of them, and lines divide such tasks.

    Parameters
    ----------
    coef : array-like of shape (n_columns, n_features)
    columns : array-like of shape (n_columns,)
        Names of tasks, or of tasks and classes.
    features : array-like of shape (n_features,)
        Names.
    bounds : array-like of int, default=()
        Columns before which a line is drawn.
    order : {"importance", None}, default="importance"
        "importance" sorts features by the 2-norm of their coefficients, as
        :func:`task_feature_importance`; None keeps the order of the columns of X.
    max_features : int, default=40
        Of more features, those of the largest importance are shown, and the picture says how many
        are left out.

    Attributes
    ----------
    order_ : ndarray
        Positions of the features that are shown, from top to bottom.
    ax_ : matplotlib axes
    figure_ : matplotlib figure

    See Also
    --------
    task_feature_importance : What features are sorted by.

    Examples
    --------
    >>> from skmtl import MultiTaskLasso, make_multitask_regression
    >>> from skmtl.inspection import CoefficientDisplay
    >>> data = make_multitask_regression(n_features=50, n_tasks=4, random_state=0)
    >>> model = MultiTaskLasso(alpha=0.5).fit(data.X, data.y)
    >>> display = CoefficientDisplay.from_estimator(model, max_features=20)
    >>> len(display.order_)
    20
    """

    def __init__(self, coef, *, columns, features, bounds=(), order="importance", max_features=40):
        self.coef = coef
        self.columns = columns
        self.features = features
        self.bounds = bounds
        self.order = order
        self.max_features = max_features

    @classmethod
    def from_estimator(
        cls, estimator, *, feature_names=None, order="importance", max_features=40, ax=None
    ):
        """Draw the coefficients of a fitted estimator.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted. Its last step is looked at, and of a search its best estimator.
        feature_names : array-like of shape (n_features,), default=None
            Without the task column. None takes those of the fit, else x0, x1, ... as the last step
            sees them.
        order : {"importance", None}, default="importance"
        max_features : int, default=40
        ax : matplotlib axes, default=None
            None makes a figure.

        Returns
        -------
        CoefficientDisplay

        Raises
        ------
        TypeError
            For an estimator without coefficients of each task.
        ValueError
            For names of another number than there are features.
        """
        final = fitted_final(estimator)
        check_is_fitted(final)
        blocks = _blocks(final)
        coef = np.concatenate(blocks)
        if feature_names is None:
            feature_names = _feature_names(estimator, final, coef.shape[1])
        elif len(feature_names) != coef.shape[1]:
            raise ValueError(
                f"feature_names has {len(feature_names)} names, but there are {coef.shape[1]} "
                "features beside the task column."
            )
        sizes = [len(block) for block in blocks]
        display = cls(
            coef,
            columns=_column_names(final, sizes),
            features=feature_names,
            bounds=np.cumsum(sizes)[:-1] if max(sizes) > 1 else (),
            order=order,
            max_features=max_features,
        )
        return display.plot(ax=ax)

    def _draw(self, ax):
        """Draw into these axes, or those of a new figure; return them."""
        check_option(self.order, "order", ("importance", None))
        check_int(self.max_features, "max_features")
        coef = np.asarray(self.coef, dtype=float).T
        importance = np.linalg.norm(coef, axis=1)
        ranked = np.argsort(-importance, kind="stable")
        kept, left = ranked[: self.max_features], ranked[self.max_features :]
        self.order_ = kept if self.order else np.sort(kept)
        shown, columns = coef[self.order_], short_names(self.columns)
        features = short_names(np.asarray(self.features)[self.order_])
        (width, below), (_, beside) = side_of(columns), side_of(features)
        ax = axes_of(ax, width + beside + 1.0, height_of(len(shown)) + below - 0.4)
        limit = symmetric_limit(shown)
        heatmap(ax, shown, vmin=-limit, vmax=limit, label="coefficient")
        for bound in self.bounds:
            ax.axvline(bound - 0.5, color="black", linewidth=0.6)
        notes = []
        if len(left):
            zero = int((importance[left] == 0).sum())
            notes = [f"{count(len(left), 'smaller feature')} left out, {zero} of them zero"]
        ax.set_xlabel(with_notes("task: class" if len(self.bounds) else "task", notes))
        fit_names(ax, x=columns, y=features)
        return ax


def _blocks(final):
    """For each task its coefficients, (n_classes, n_features) or (1, n_features)."""
    coef = task_coefficients(final)
    if coef is None:
        raise TypeError(
            f"{final!r} has no coefficients of each task: a linear model of skmtl was expected."
        )
    return [np.atleast_2d(one) for one in coef]


def _column_names(final, sizes):
    """Names of tasks, followed by those of classes where a task has several columns."""
    tasks, classes = short_names(final.tasks_), getattr(final, "classes_", None)
    names = []
    for t, (task, size) in enumerate(zip(tasks, sizes, strict=True)):
        own = classes[t] if isinstance(classes, list) else classes
        names += [task] if size == 1 else [f"{task}: {label}" for label in short_names(own)]
    return names


def _feature_names(estimator, final, n_features):
    """Names of the features that the last step sees, without the task column."""
    names = getattr(final, "feature_names_in_", None)
    estimator = getattr(estimator, "best_estimator_", estimator)
    if names is None and hasattr(estimator, "steps") and len(estimator.steps) > 1:
        try:
            names = estimator[:-1].get_feature_names_out()
        except (AttributeError, ValueError):  # a step that cannot name its output
            names = None
    n_columns, column = final.n_features_in_, getattr(final, "task_column", None)
    if names is None:
        names = default_names(n_columns)
    if column is not None:
        names = np.delete(names, column_position(names, n_columns, column))
    return names if len(names) == n_features else default_names(n_features)
