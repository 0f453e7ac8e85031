"""Curves over the strength of the penalty: held-out errors, or norms of coefficients."""

import numpy as np

from skmtl.inspection._style import (
    BLUE,
    GREY,
    LINES,
    VERMILLION,
    Display,
    axes_of,
    count,
    default_names,
    is_wide,
    legend_above,
    log_axis,
    short_names,
    with_notes,
)
from skmtl.model_selection.path_search import choose_alpha, mean_errors


class RegularizationPathDisplay(Display):
    """Held-out error, or the size of coefficients, over alpha.

    Make one with :meth:`from_estimator` or :meth:`from_path`.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
    curves : array-like of shape (n_curves, n_alphas)
    standard_error : array-like of shape (n_alphas,), default=None
        Half width of the band around the first curve.
    names : array-like of shape (n_curves,), default=None
        Of the curves; the largest seven are named in the legend.
    marks : dict of str to float, default=None
        Alphas to mark by a vertical line, by their text.
    y_label : str, default=""
    at : str, default=""
        Said below the axis.

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure

    See Also
    --------
    multi_task_path : The solutions of :meth:`from_path`.

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

        The curve is the mean over folds and tasks, the band one standard error of the folds to
        either side, as for ``selection_rule="1se"``. Where other parameters were chosen too, the
        curve is the one at their chosen values.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted, with a path of errors: a ``...CV`` estimator or :class:`MultiTaskCV`.
        ax : matplotlib axes, default=None
            None makes a figure.

        Returns
        -------
        RegularizationPathDisplay

        Raises
        ------
        TypeError
            For an estimator that has no path of errors.
        ValueError
            For a search that did not vary alpha.
        """
        model = _with_path(estimator)
        measure = "log_loss" if hasattr(model, "log_loss_path_") else "mse"
        errors = getattr(model, f"task_{measure}_path_")
        errors = errors if errors.ndim == 4 else errors[None]
        best = int(np.argmin(mean_errors(errors).min(axis=1)))
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
            y_label="held-out log-loss" if measure == "log_loss" else _loss_of(model),
            at=_chosen(model, best),
        )
        return display.plot(ax=ax)

    @classmethod
    def from_path(cls, path, *, feature_names=None, ax=None):
        """Draw the norm over tasks of the coefficients of each feature.

        Parameters
        ----------
        path : MultiTaskPath
            Of :func:`multi_task_path`.
        feature_names : array-like of shape (n_features,), default=None
            None is x0, x1, ...
        ax : matplotlib axes, default=None

        Returns
        -------
        RegularizationPathDisplay

        Raises
        ------
        ValueError
            For names of another number than there are features.
        """
        coefs = np.reshape(path.coefs, (-1, *np.shape(path.coefs)[-2:]))
        norms = np.linalg.norm(coefs, axis=0)
        names = default_names(len(norms)) if feature_names is None else list(feature_names)
        if len(names) != len(norms):
            raise ValueError(
                f"feature_names has {len(names)} names, but the path has {len(norms)} features."
            )
        label = "norm of the feature's coefficients"
        return cls(path.alphas, norms, names=names, y_label=label).plot(ax=ax)

    def _draw(self, ax):
        """Draw into these axes, or those of a new figure; return them."""
        alphas, curves = np.asarray(self.alphas, dtype=float), np.asarray(self.curves, dtype=float)
        ax = axes_of(ax, 6.4, 4.6)
        if self.names is None:
            self._draw_error(ax, alphas, curves[0])
        else:
            self._draw_norms(ax, alphas, curves)
        if alphas.max() > 5 * alphas.min() > 0:
            log_axis(ax.xaxis, alphas)
        ax.set_xlabel(with_notes("alpha", [self.at] if self.at else []))
        ax.set_ylabel(self.y_label)
        legend_above(ax, n_columns=1 if self.names is None else 4)
        return ax

    def _draw_error(self, ax, alphas, curve):
        marker = "o" if len(alphas) < 3 else None
        ax.plot(alphas, curve, color=BLUE, marker=marker, label="mean over folds and tasks")
        if self.standard_error is not None:
            half = np.asarray(self.standard_error)
            label = "one standard error"
            ax.fill_between(
                alphas, curve - half, curve + half, color=BLUE, alpha=0.2, linewidth=0, label=label
            )
        if is_wide(curve):
            log_axis(ax.yaxis, curve)
        styles = ({"color": "black"}, {"color": VERMILLION, "linestyle": "--"})
        for (text, alpha), style in zip((self.marks or {}).items(), styles, strict=False):
            ax.axvline(alpha, linewidth=1.2, label=f"{text}: alpha = {alpha:.3g}", **style)

    def _draw_norms(self, ax, alphas, curves):
        ranked = np.argsort(-curves.max(axis=1), kind="stable")
        named, others = ranked[: len(LINES)], ranked[len(LINES) :]
        for k, j in enumerate(others):
            label = None if k else count(len(others), "other")
            ax.plot(alphas, curves[j], color=GREY, linewidth=0.6, alpha=0.6, label=label)
        names = short_names(np.asarray(self.names)[named])
        for j, name, color in zip(named, names, LINES, strict=False):
            ax.plot(alphas, curves[j], color=color, label=name, zorder=3)


def _with_path(estimator):
    """The fitted estimator with a path of errors, at the end of pipelines and searches."""
    if hasattr(estimator, "mse_path_") or hasattr(estimator, "log_loss_path_"):
        return estimator
    if hasattr(estimator, "steps"):
        return _with_path(estimator.steps[-1][1])
    if hasattr(estimator, "best_estimator_"):
        return _with_path(estimator.best_estimator_)
    raise TypeError(
        f"{estimator!r} has no path of held-out errors: give a fitted estimator that "
        "cross-validates alpha, such as MultiTaskLassoCV() or MultiTaskCV(...)."
    )


def _standard_error(errors):
    """Standard error over folds for each alpha, of errors (n_alphas, n_folds, n_tasks).

    That of :func:`choose_alpha`: from how folds deviate from the mean of each task.
    """
    n_folds = errors.shape[1]
    if n_folds < 2:
        return None
    deviations = np.nanmean(errors - np.nanmean(errors, axis=1, keepdims=True), axis=2)
    return deviations.std(axis=1, ddof=1) / np.sqrt(n_folds)


def _marks(alphas, errors, rule):
    """The alphas of both rules by what they are."""
    texts = {"min": "smallest error", "1se": "largest alpha within one standard error"}
    found = {r: float(alphas[choose_alpha(errors, r)]) for r in texts}
    if found["min"] == found["1se"]:
        return {f"{texts['min']} (chosen), and {texts['1se']}": found["min"]}
    return {text + (" (chosen)" if r == rule else ""): found[r] for r, text in texts.items()}


def _loss_of(model):
    loss = getattr(getattr(model, "best_estimator_", model), "loss", "squared_error")
    return f"held-out {'mean squared error' if loss == 'squared_error' else loss}"


def _chosen(model, best):
    """The other parameters of the path that is drawn, as text."""
    if hasattr(model, "grid_"):
        chosen = model.grid_[best]
    else:
        chosen = {"l1_ratio": model.l1_ratio_} if hasattr(model, "l1_ratio_") else {}
    texts = {n: f"{v:.3g}" if isinstance(v, float) else str(v) for n, v in chosen.items()}
    return ", ".join(f"{name}={short_names([text])[0]}" for name, text in texts.items())
