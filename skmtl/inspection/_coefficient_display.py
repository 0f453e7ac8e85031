"""A map of coefficients of features by tasks, the most important features on top."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int, check_option
from skmtl._data.fitted_final import fitted_final
from skmtl._data.task_ids import column_position
from skmtl.base import namesake
from skmtl.inspection._names import default_names, fit_names, given_names, short_names
from skmtl.inspection._style import (
    Display,
    axes_of,
    count,
    heatmap,
    height_of,
    map_size,
    symmetric_limit,
    with_notes,
)
from skmtl.inspection.coefficients import task_coefficients


class CoefficientDisplay(Display):
    """A map of coefficients, features by tasks; blue is above 0, red below.

    A task of more than two classes has a column for each class, and lines divide such tasks.

    Parameters
    ----------
    coef : array-like of shape (n_columns, n_features)
        Coefficients, transposed in the picture.
    columns : array-like of shape (n_columns,)
        Names of the columns of the picture: tasks, or tasks and classes.
    features : array-like of shape (n_features,)
        Names of the features.
    bounds : array-like of int, default=()
        Columns before which a line is drawn.
    order : {"importance", None}, default="importance"
        "importance" sorts features by the 2-norm of their coefficients, as in
        :func:`task_feature_importance`; None keeps the order of the columns of X.
    max_features : int, default=40
        Largest number of features that are shown. If there are more, those of the largest
        importance are shown, and the picture says how many are left out.

    Attributes
    ----------
    order_ : ndarray of shape (n_shown,)
        Positions of the features that are shown, from top to bottom.
    ax_ : matplotlib axes
        Axes of the picture.
    figure_ : matplotlib figure
        Figure that holds the axes.

    See Also
    --------
    task_feature_importance : The importances that features are sorted by.

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
            Fitted. The coefficients are those of the last step of a pipeline, and of the best
            estimator of a search.
        feature_names : array-like of shape (n_features,), default=None
            Names of the features as the last step sees them, without the task column. None takes
            the names of the fit, or x0, x1, ...
        order : {"importance", None}, default="importance"
            Order of the features: by importance, or that of the columns of X.
        max_features : int, default=40
            Largest number of features that are shown.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        CoefficientDisplay

        Raises
        ------
        TypeError
            If the estimator has no coefficients for each task.
        ValueError
            If the number of names is not the number of features.
        """
        final = fitted_final(estimator)
        check_is_fitted(final)
        blocks = _coefficient_blocks(final)
        coef = np.concatenate(blocks)
        n_features = coef.shape[1]
        if feature_names is None:
            feature_names = _feature_names(estimator, final, n_features)
        feature_names = given_names(feature_names, "feature_names")
        if len(feature_names) != n_features:
            raise ValueError(
                f"feature_names has {len(feature_names)} names, but there are {n_features} "
                "features besides the task column."
            )
        sizes = [len(block) for block in blocks]
        ends = np.cumsum(sizes)
        display = cls(
            coef,
            columns=_column_names(final, sizes),
            features=feature_names,
            bounds=ends[:-1] if max(sizes) > 1 else (),
            order=order,
            max_features=max_features,
        )
        return display.plot(ax=ax)

    def _draw(self, ax):
        check_option(self.order, "order", ("importance", None))
        check_int(self.max_features, "max_features")
        coef = np.asarray(self.coef, dtype=float).T
        importance = np.linalg.norm(coef, axis=1)
        ranked = np.argsort(-importance, kind="stable")
        kept = ranked[: self.max_features]
        left_out = ranked[self.max_features :]
        self.order_ = kept if self.order else np.sort(kept)
        shown = coef[self.order_]
        columns = short_names(self.columns)
        features = short_names(np.asarray(self.features)[self.order_])

        width, room_below = map_size(columns)
        _, room_beside = map_size(features)
        height = height_of(len(shown))
        ax = axes_of(ax, width + room_beside + 1.0, height + room_below - 0.4)
        limit = symmetric_limit(shown)
        heatmap(ax, shown, vmin=-limit, vmax=limit, label="coefficient")
        for bound in self.bounds:
            ax.axvline(bound - 0.5, color="black", linewidth=0.6)
        label = "task: class" if len(self.bounds) else "task"
        ax.set_xlabel(with_notes(label, _notes_on_left_out(importance[left_out])))
        fit_names(ax, x=columns, y=features)
        return ax


def _notes_on_left_out(importance):
    """A note on the features that are not shown, if there are any."""
    if len(importance) == 0:
        return []
    n_zero = int((importance == 0).sum())
    return [f"{count(len(importance), 'smaller feature')} left out, {n_zero} of them zero"]


def _coefficient_blocks(final):
    """The coefficients of each task, (n_classes, n_features) or (1, n_features)."""
    coef = task_coefficients(final)
    if coef is None:
        raise TypeError(
            f"{final!r} has no coefficients of each task{namesake(final)}. A linear model of skmtl "
            "was expected."
        )
    return [np.atleast_2d(one) for one in coef]


def _column_names(final, sizes):
    """Names of tasks, followed by the class label if a task has several columns."""
    names = []
    for t, task in enumerate(short_names(final.tasks_)):
        if sizes[t] == 1:
            names.append(task)
            continue
        classes = final.classes_
        own_classes = classes[t] if isinstance(classes, list) else classes
        names += [f"{task}: {label}" for label in short_names(own_classes)]
    return names


def _feature_names(estimator, final, n_features):
    """Names of the features that the last step sees, without the task column."""
    n_columns = final.n_features_in_
    names = _names_of_columns(estimator, final)
    if names is None:
        names = default_names(n_columns)
    if final.task_column is not None:
        position = column_position(names, n_columns, final.task_column)
        names = np.delete(names, position)
    return names if len(names) == n_features else default_names(n_features)


def _names_of_columns(estimator, final):
    """Names of the columns that the last step sees; None if they are not known."""
    if hasattr(final, "feature_names_in_"):
        return final.feature_names_in_
    estimator = getattr(estimator, "best_estimator_", estimator)
    if not hasattr(estimator, "steps") or len(estimator.steps) < 2:
        return None
    try:
        return estimator[:-1].get_feature_names_out()
    except (AttributeError, ValueError):  # a step that cannot name its output
        return None
