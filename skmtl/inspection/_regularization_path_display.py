"""Curves over the regularization strength: held-out errors, or norms of coefficients."""

import numpy as np
from sklearn.base import is_classifier

from skmtl.base import namesake
from skmtl.inspection._names import LITERAL, default_names, given_names, legend_label, short_names
from skmtl.inspection._style import (
    BLUE,
    GREY,
    LINES,
    VERMILLION,
    Display,
    axes_of,
    count,
    is_wide,
    legend_above,
    log_axis,
    with_notes,
)
from skmtl.model_selection.path_search import choose_alpha, mean_errors


class RegularizationPathDisplay(Display):
    """Held-out errors, or norms of coefficients, over alpha.

    Use :meth:`from_estimator` or :meth:`from_path` to create one.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Regularization strengths.
    curves : array-like of shape (n_curves, n_alphas)
        Values of the curves. Without `names` there is one, of errors.
    standard_error : array-like of shape (n_alphas,), default=None
        Half width of the band around the curve of errors.
    names : array-like of shape (n_curves,), default=None
        Names of the curves; the largest seven curves are named in the legend.
    marks : dict of str to float, default=None
        Alphas to mark by a vertical line, with the text as key.
    y_label : str, default=""
        Label of the vertical axis.
    at : str, default=""
        Text below the horizontal axis.

    Attributes
    ----------
    ax_ : matplotlib axes
        Axes of the picture.
    figure_ : matplotlib figure
        Figure that holds the axes.

    See Also
    --------
    multi_task_path : Computes the path of :meth:`from_path`.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoCV, make_multitask_regression
    >>> from skmtl.inspection import RegularizationPathDisplay
    >>> data = make_multitask_regression(n_features=10, noise=1.0, random_state=0)
    >>> model = MultiTaskLassoCV(alphas=20, cv=3).fit(data.X, data.y)
    >>> display = RegularizationPathDisplay.from_estimator(model)
    >>> bool(display.marks["smallest error (chosen)"] == model.alpha_)
    True
    """

    def __init__(
        self,
        alphas,
        curves,
        *,
        standard_error=None,
        names=None,
        marks=None,
        y_label="",
        at="",
    ):
        self.alphas = alphas
        self.curves = curves
        self.standard_error = standard_error
        self.names = names
        self.marks = marks
        self.y_label = y_label
        self.at = at

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the cross-validation of a fitted estimator that chose its alpha.

        The curve is the mean over folds and tasks, the band is one standard error over folds to
        either side, as for ``selection_rule="1se"``. If other parameters were chosen as well, the
        curve is that of their chosen values.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted, with a path of errors: a ``...CV`` estimator or :class:`MultiTaskCV`.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        RegularizationPathDisplay

        Raises
        ------
        TypeError
            If the estimator has no path of errors.
        ValueError
            If the search did not vary alpha.
        """
        model = _estimator_with_path(estimator)
        squared = hasattr(model, "mse_path_")
        errors = model.task_mse_path_ if squared else model.task_cv_error_path_
        if errors.ndim == 3:  # one path
            errors = errors[None]
        smallest = mean_errors(errors).min(axis=1)
        best = int(np.argmin(smallest))
        alphas = np.broadcast_to(model.alphas_, errors.shape[:2])[best]
        errors = errors[best]
        if not np.isfinite(alphas).all():
            raise ValueError(
                f"{model!r} did not vary alpha, so there is no path: put 'alpha' into param_grid."
            )
        display = cls(
            alphas,
            mean_errors(errors)[None],
            standard_error=_standard_error(errors),
            marks=_marks(alphas, errors, model.selection_rule),
            y_label=f"held-out {_loss_name(model)}",
            at=_chosen_parameters(model, best),
        )
        return display.plot(ax=ax)

    @classmethod
    def from_path(cls, path, *, feature_names=None, ax=None):
        """Draw the norm over tasks of the coefficients of each feature.

        Parameters
        ----------
        path : MultiTaskPath
            The result of :func:`multi_task_path`.
        feature_names : array-like of shape (n_features,), default=None
            Names of the features; None takes x0, x1, ...
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        RegularizationPathDisplay

        Raises
        ------
        TypeError
            If the path is no path, or the names are no list.
        ValueError
            If the number of names is not the number of features.
        """
        if not hasattr(path, "coefs"):
            raise TypeError(f"path must be the result of multi_task_path, got {path!r}.")
        coefs = np.asarray(path.coefs)
        n_features, n_alphas = coefs.shape[-2:]
        norms = np.linalg.norm(coefs.reshape(-1, n_features, n_alphas), axis=0)
        if feature_names is None:
            feature_names = default_names(n_features)
        names = given_names(feature_names, "feature_names")
        if len(names) != n_features:
            raise ValueError(
                f"feature_names has {len(names)} names, but the path has {n_features} features."
            )
        label = "norm of the feature's coefficients"
        display = cls(path.alphas, norms, names=names, y_label=label)
        return display.plot(ax=ax)

    def _draw(self, ax):
        alphas = np.asarray(self.alphas, dtype=float)
        curves = np.asarray(self.curves, dtype=float)
        ax = axes_of(ax, 6.4, 4.6)
        if self.names is None:
            self._draw_error(ax, alphas, curves[0])
        else:
            self._draw_norms(ax, alphas, curves)
        if alphas.max() > 5 * alphas.min() > 0:
            log_axis(ax.xaxis, alphas)
        notes = [self.at] if self.at else []
        ax.set_xlabel(with_notes("alpha", notes), **LITERAL)
        ax.set_ylabel(self.y_label)
        legend_above(ax, n_columns=1 if self.names is None else 4)
        return ax

    def _draw_error(self, ax, alphas, curve):
        """Draw the curve of errors with its band and the marked alphas."""
        marker = "o" if len(alphas) < 3 else None
        ax.plot(alphas, curve, color=BLUE, marker=marker, label="mean over folds and tasks")
        if self.standard_error is not None:
            half_width = np.asarray(self.standard_error)
            ax.fill_between(
                alphas,
                curve - half_width,
                curve + half_width,
                color=BLUE,
                alpha=0.2,
                linewidth=0,
                label="one standard error",
            )
        if is_wide(curve):
            log_axis(ax.yaxis, curve)
        marks = self.marks or {}
        styles = ({"color": "black"}, {"color": VERMILLION, "linestyle": "--"})
        for (text, alpha), style in zip(marks.items(), styles, strict=False):
            label = f"{text}: alpha = {alpha:.3g}"
            ax.axvline(alpha, linewidth=1.2, label=label, **style)

    def _draw_norms(self, ax, alphas, curves):
        """Draw the curves of norms, the largest ones in color and with a name."""
        largest = curves.max(axis=1)
        ranked = np.argsort(-largest, kind="stable")
        named = ranked[: len(LINES)]
        others = ranked[len(LINES) :]
        label = count(len(others), "other")
        for j in others:
            ax.plot(alphas, curves[j], color=GREY, linewidth=0.6, alpha=0.6, label=label)
            label = None  # one entry of the legend for all
        names = list(self.names)
        for j, color in zip(named, LINES, strict=False):
            label = legend_label(names[j])
            ax.plot(alphas, curves[j], color=color, label=label, zorder=3)


def _estimator_with_path(estimator):
    """The fitted estimator with a path of errors, at the end of pipelines and searches."""
    if hasattr(estimator, "task_mse_path_") or hasattr(estimator, "task_cv_error_path_"):
        return estimator
    if hasattr(estimator, "steps"):
        _, last = estimator.steps[-1]
        return _estimator_with_path(last)
    if hasattr(estimator, "best_estimator_"):
        return _estimator_with_path(estimator.best_estimator_)
    raise TypeError(
        f"{estimator!r} has no path of held-out errors of tasks{namesake(estimator)}. Give a "
        "fitted estimator of skmtl that cross-validates alpha, such as MultiTaskLassoCV() or "
        "MultiTaskCV(...)."
    )


def _standard_error(errors):
    """Standard error over folds for each alpha, from errors (n_alphas, n_folds, n_tasks).

    As in :func:`choose_alpha`, it is that of the deviations from the mean of each task.
    """
    n_folds = errors.shape[1]
    if n_folds < 2:
        return None
    mean_of_task = np.nanmean(errors, axis=1, keepdims=True)
    deviations = np.nanmean(errors - mean_of_task, axis=2)
    return deviations.std(axis=1, ddof=1) / np.sqrt(n_folds)


def _marks(alphas, errors, rule):
    """The alphas that both selection rules choose, with the text of the mark as key."""
    smallest_error = float(alphas[choose_alpha(errors, "min")])
    one_standard_error = float(alphas[choose_alpha(errors, "1se")])
    texts = {"min": "smallest error", "1se": "largest alpha within one standard error"}
    if smallest_error == one_standard_error:
        return {f"{texts['min']} (chosen), and {texts['1se']}": smallest_error}
    texts[rule] += " (chosen)"
    return {texts["min"]: smallest_error, texts["1se"]: one_standard_error}


def _loss_name(model):
    """Name of the held-out error."""
    if hasattr(model, "mse_path_"):
        return "mean squared error"
    if is_classifier(model):
        return "log-loss"
    loss = getattr(model, "best_estimator_", model).loss
    return loss if isinstance(loss, str) else type(loss).__name__


def _chosen_parameters(model, best):
    """The chosen parameters beside alpha, as text."""
    if hasattr(model, "grid_"):
        chosen = model.grid_[best]
    elif hasattr(model, "l1_ratio_"):
        chosen = {"l1_ratio": model.l1_ratio_}
    else:
        chosen = {}
    texts = []
    for name, value in chosen.items():
        text = f"{value:.3g}" if isinstance(value, float) else str(value)
        texts.append(f"{name}={short_names([text])[0]}")
    return ", ".join(texts)
