"""Losses of tasks over the epochs of a network: training, validation, and the epochs kept."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl._data.fitted_final import fitted_final
from skmtl._data.task_ids import codes_of, some_of
from skmtl.base import namesake
from skmtl.inspection._names import given_names, legend_label
from skmtl.inspection._style import (
    BLUE,
    GREY,
    LINES,
    Display,
    axes_of,
    count,
    legend_above,
    log_axis,
    with_notes,
)

_MOST_LINES = 6  # tasks with a line each; of more tasks there is a band
_MOST_NAMED = 4  # tasks with the largest losses that are drawn above the band
_BAND = (10, 90)  # percentiles over tasks
_FACTOR_OF_LOG = 5.0  # between the largest and the smallest loss


class TaskLossDisplay(Display):
    """Loss of each task over the epochs of training.

    Dashed lines are training losses. Solid lines are validation losses, means over the members of
    the network that leave out samples of the task, and the dots on them are the epochs whose
    weights were kept. Of more than six tasks there are the medians and a band with eight tenths of
    the tasks, and lines for the four tasks with the largest losses in the kept epochs.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs, n_tasks)
        Training losses.
    tasks : array-like of shape (n_tasks,)
        Task ids.
    validation_curve : array-like of shape (n_epochs, n_members, n_tasks), default=None
        Validation losses, NaN where a member leaves out no sample of a task. None, or one without
        epochs, draws none.
    best_epoch : array-like of int of shape (n_members,) or (n_members, n_tasks), default=None
        Epochs whose weights were kept; the first one is 1.
    loss_name : str, default="loss"
        Label of the vertical axis.

    Attributes
    ----------
    ax_ : matplotlib axes
        Axes of the picture.
    figure_ : matplotlib figure
        Figure that holds the axes.

    See Also
    --------
    GradientConflictDisplay : Draws whether tasks pull a network in different directions.
    TaskScoreDisplay : Draws scores of tasks on test samples.

    Examples
    --------
    >>> from skmtl.inspection import TaskLossDisplay
    >>> curve = [[1.0, 1.0], [0.5, 0.8], [0.3, 0.7]]
    >>> display = TaskLossDisplay(curve, tasks=["north", "south"]).plot()
    >>> [text.get_text() for text in display.ax_.get_legend().get_texts()]
    ['north', 'south', 'training']
    """

    def __init__(
        self,
        loss_curve,
        *,
        tasks,
        validation_curve=None,
        best_epoch=None,
        loss_name="loss",
    ):
        self.loss_curve = loss_curve
        self.tasks = tasks
        self.validation_curve = validation_curve
        self.best_epoch = best_epoch
        self.loss_name = loss_name

    @classmethod
    def from_estimator(cls, estimator, *, tasks=None, ax=None):
        """Draw the losses of a fitted estimator with a network.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted, such as :class:`MultiTaskMLPRegressor`.
        tasks : array-like, default=None
            Ids of the tasks to draw; None draws all.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskLossDisplay

        Raises
        ------
        TypeError
            If the estimator has no losses of epochs.
        ValueError
            If the estimator has no such task.
        """
        model = fitted_final(estimator)
        check_is_fitted(model)
        if not hasattr(model, "validation_curve_"):
            raise TypeError(
                f"{model!r} has no losses of tasks over epochs{namesake(model)}: give a fitted "
                "network, such as MultiTaskMLPRegressor() or MultiTaskMLPClassifier()."
            )
        drawn = np.arange(model.n_tasks_)
        if tasks is not None:
            drawn = _positions(tasks, model.tasks_)
        best_epoch = model.best_epoch_
        if best_epoch.ndim == 2:
            best_epoch = best_epoch[:, drawn]
        display = cls(
            model.loss_curve_[:, drawn],
            tasks=model.tasks_[drawn],
            validation_curve=model.validation_curve_[:, :, drawn],
            best_epoch=best_epoch,
            loss_name="mean loss of the task",
        )
        return display.plot(ax=ax)

    def _draw(self, ax):
        ax = axes_of(ax, 6.4, 4.6)
        curves = _Curves(self.loss_curve, self.validation_curve, self.best_epoch)
        worst_first = np.argsort(-curves.losses_kept(), kind="stable")  # NaN come last
        if curves.n_tasks <= _MOST_LINES:
            named = np.arange(curves.n_tasks)
        else:
            named = worst_first[:_MOST_NAMED]
            _draw_band(ax, curves.epochs, curves.training, GREY, "--", "training")
            if curves.validation is not None:
                _draw_band(ax, curves.epochs, curves.validation, BLUE, "-", "validation")
        handles = self._draw_lines(ax, curves, named)
        handles += _handles_of_styles(curves)
        smallest, largest = curves.range()
        if smallest > 0 and largest > _FACTOR_OF_LOG * smallest:
            log_axis(ax.yaxis, [smallest, largest])
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel(with_notes("epoch", _notes(curves)))
        ax.set_ylabel(self.loss_name)
        legend_above(ax, n_columns=4, handles=handles)
        return ax

    def _draw_lines(self, ax, curves, named):
        """Draw the lines of the named tasks; return the entries of the legend."""
        names = np.asarray(self.tasks)
        marker = "." if len(curves.epochs) == 1 else None
        colors = [color for color in LINES if curves.n_tasks <= _MOST_LINES or color != BLUE]
        handles = []
        for t, color in zip(named, colors, strict=False):
            label = legend_label(names[t])
            is_alone = curves.n_tasks <= _MOST_LINES
            if is_alone or curves.validation is None:
                of_task = curves.training[:, t]
                ax.plot(curves.epochs, of_task, "--", color=color, linewidth=1, marker=marker)
            (line,) = ax.plot([], [], color=color, label=label)
            handles.append(line)
            if curves.validation is None:
                continue
            of_task = curves.validation[:, t]
            ax.plot(curves.epochs, of_task, color=color, linewidth=1.5, zorder=3)
            kept = curves.positions_kept(t)
            ax.scatter(curves.epochs[kept], of_task[kept], 22, color=color, zorder=4)
        return handles


class _Curves:
    """The curves as arrays, with a mean over members."""

    def __init__(self, training, validation, best_epoch):
        self.training = np.asarray(training, dtype=float)
        n_epochs, self.n_tasks = self.training.shape
        self.epochs = np.arange(1, n_epochs + 1)
        self.validation = None
        if validation is not None and len(validation):
            self.validation = _mean_of_members(np.asarray(validation, dtype=float))
        self.best_epoch = None
        if best_epoch is not None and self.validation is not None:
            best_epoch = np.asarray(best_epoch)
            self.best_epoch = best_epoch.reshape(len(best_epoch), -1)

    def positions_kept(self, t):
        """Positions in the curves of the epochs that members kept; none if none is known."""
        if self.best_epoch is None:
            return np.empty(0, dtype=int)
        shape = (len(self.best_epoch), self.n_tasks)
        return np.unique(np.broadcast_to(self.best_epoch, shape)[:, t]) - 1

    def losses_kept(self):
        """The mean validation loss of each task in the epochs kept, or its last training loss."""
        losses = np.array([_last_known(losses) for losses in self.training.T])
        if self.validation is None:
            return losses
        for t in range(self.n_tasks):
            kept = self.positions_kept(t)
            of_task = self.validation[:, t]
            losses[t] = of_task[kept].mean() if len(kept) else _last_known(of_task)
        return losses

    def range(self):
        """The smallest and the largest loss."""
        drawn = self.training
        if self.validation is not None:
            drawn = np.concatenate([drawn, self.validation])
        return np.nanmin(drawn), np.nanmax(drawn)


def _mean_of_members(validation):
    """Mean over members, (n_epochs, n_tasks), of those that have a loss; NaN if none has."""
    is_known = ~np.isnan(validation)
    n_known = is_known.sum(axis=1)
    sums = np.where(is_known, validation, 0.0).sum(axis=1)
    return np.where(n_known > 0, sums / np.maximum(n_known, 1), np.nan)


def _last_known(losses):
    """The last loss that is a number, NaN if none is: tasks may have had fewer epochs."""
    known = losses[~np.isnan(losses)]
    return known[-1] if len(known) else np.nan


def _draw_band(ax, epochs, losses, color, style, label):
    """Draw the median over tasks and the band with most tasks."""
    has_loss = ~np.isnan(losses).all(axis=0)
    if not has_loss.any():
        return
    losses = losses[:, has_loss]
    low, middle, high = np.nanpercentile(losses, [_BAND[0], 50, _BAND[1]], axis=1)
    ax.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0)
    ax.plot(epochs, middle, style, color=color, linewidth=2, label=label)


def _handles_of_styles(curves):
    """Entries of the legend for the kinds of lines."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if curves.n_tasks <= _MOST_LINES:
        handles = [Line2D([], [], color="0.3", linestyle="--", linewidth=1, label="training")]
        if curves.validation is not None:
            handles.append(Line2D([], [], color="0.3", label="validation"))
    else:
        handles = [Line2D([], [], color=GREY, linestyle="--", label="training, median")]
        if curves.validation is not None:
            handles.append(Line2D([], [], color=BLUE, label="validation, median"))
        handles.append(Patch(color="0.8", label="80% of tasks"))
    if curves.best_epoch is not None:
        mark = Line2D([], [], color="0.3", marker="o", linestyle="", label="epoch kept")
        handles.append(mark)
    return handles


def _notes(curves):
    """What is not drawn."""
    if curves.validation is None:
        return []
    n_missing = int(np.isnan(curves.validation).all(axis=0).sum())
    return [f"{count(n_missing, 'task')} without validation samples"] if n_missing else []


def _positions(tasks, known):
    """Positions of the task ids among those of the estimator."""
    ids = given_names(tasks, "tasks")
    positions = codes_of(ids, known)
    unknown = ids[positions < 0]
    if len(unknown):
        raise ValueError(
            f"tasks has {some_of(unknown)}, which the estimator has not seen; its tasks_ are "
            f"{some_of(known)}."
        )
    return positions
