"""Maps of tasks against tasks: how alike they are, or how much they help."""

import numpy as np

from skmtl._data.checks import check_option
from skmtl.inspection._style import (
    Display,
    axes_of,
    count,
    fit_names,
    heatmap,
    short_names,
    side_of,
    symmetric_limit,
    with_notes,
)
from skmtl.inspection._task_similarity import task_similarity

_MOST_WRITTEN = 10  # tasks; the numbers of more do not fit into the cells
_MOST_OPTIMAL = 300  # tasks; the order of leaves takes time cubic in their number


class TaskSimilarityDisplay(Display):
    """A matrix of tasks against tasks, similar ones next to each other.

    Blue is above 0, red below, grey not a number. Make one with :meth:`from_estimator`,
    :meth:`from_transfer` or :meth:`from_matrix`.

    Parameters
    ----------
    matrix : array-like of shape (n_tasks, n_tasks)
    tasks : array-like of shape (n_tasks,), default=None
        Labels; None numbers them.
    order : {"clustering", None}, default="clustering"
        "clustering" puts the leaves of a hierarchical clustering in the order that has neighbors
        most alike (average linkage, of the symmetric part of the matrix, NaN as 0); None keeps the
        order.
    vmin, vmax : float, default=None
        Ends of the colors; None takes the largest absolute value of both signs.
    label : str, default="similarity"
        Of the color bar.
    x_label, y_label : str, default=""
    percent : bool, default=False
        Whether entries are written as percentages.

    Attributes
    ----------
    order_ : ndarray of shape (n_tasks,)
        Positions of the tasks in the order that is drawn.
    ax_ : matplotlib axes
    figure_ : matplotlib figure

    See Also
    --------
    task_similarity : The matrix of :meth:`from_estimator`.
    task_transfer_matrix : The matrix of :meth:`from_transfer`.

    Examples
    --------
    >>> from skmtl.inspection import TaskSimilarityDisplay
    >>> matrix = [[1.0, 0.1, 0.9], [0.1, 1.0, 0.0], [0.9, 0.0, 1.0]]
    >>> display = TaskSimilarityDisplay.from_matrix(matrix, tasks=["a", "b", "c"])
    >>> [text.get_text() for text in display.ax_.get_xticklabels()]
    ['b', 'a', 'c']
    """

    def __init__(
        self,
        matrix,
        *,
        tasks=None,
        order="clustering",
        vmin=None,
        vmax=None,
        label="similarity",
        x_label="",
        y_label="",
        percent=False,
    ):
        self.matrix = matrix
        self.tasks = tasks
        self.order = order
        self.vmin = vmin
        self.vmax = vmax
        self.label = label
        self.x_label = x_label
        self.y_label = y_label
        self.percent = percent

    @classmethod
    def from_matrix(
        cls,
        matrix,
        *,
        tasks=None,
        order="clustering",
        vmin=None,
        vmax=None,
        label="similarity",
        ax=None,
    ):
        """Draw any matrix of tasks against tasks.

        Parameters
        ----------
        matrix : array-like of shape (n_tasks, n_tasks)
        tasks, order, vmin, vmax, label
            As in the class.
        ax : matplotlib axes, default=None
            None makes a figure.

        Returns
        -------
        TaskSimilarityDisplay

        Raises
        ------
        ValueError
            For a matrix that is not square, labels of another length, or an unknown order.
        """
        display = cls(matrix, tasks=tasks, order=order, vmin=vmin, vmax=vmax, label=label)
        return display.plot(ax=ax)

    @classmethod
    def from_estimator(cls, estimator, *, kind="coefficients", order="clustering", ax=None):
        """Draw how alike the tasks of a fitted estimator are.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted.
        kind : {"coefficients", "covariance"}, default="coefficients"
            As in :func:`task_similarity`: cosines of coefficients, or the learned correlation.
        order : {"clustering", None}, default="clustering"
        ax : matplotlib axes, default=None

        Returns
        -------
        TaskSimilarityDisplay

        Raises
        ------
        TypeError
            For an estimator that has no such similarity.
        ValueError
            For an unknown kind.
        """
        check_option(kind, "kind", tuple(_LABELS))
        found = task_similarity(estimator, kind=kind)
        options = {"tasks": found.tasks, "order": order, "vmin": -1.0, "vmax": 1.0}
        return cls(found.similarity, label=_LABELS[kind], **options).plot(ax=ax)

    @classmethod
    def from_transfer(cls, result, *, order="clustering", ax=None):
        """Draw which tasks help which; colors end at a gain of 100 %.

        Parameters
        ----------
        result : Bunch
            Of :func:`task_transfer_matrix`: a row is a helper, a column the task that is helped.
        order : {"clustering", None}, default="clustering"
        ax : matplotlib axes, default=None

        Returns
        -------
        TaskSimilarityDisplay
        """
        limit = min(symmetric_limit(np.asarray(result.gain, dtype=float)), 1.0)
        display = cls(
            result.gain,
            tasks=result.tasks,
            order=order,
            vmin=-limit,
            vmax=limit,
            label="gain",
            x_label="gain on task",
            y_label="from task",
            percent=True,
        )
        return display.plot(ax=ax)

    def _draw(self, ax):
        """Draw into these axes, or those of a new figure; return them."""
        matrix, tasks = self._checked()
        check_option(self.order, "order", ("clustering", None))
        self.order_ = _leaves(matrix) if self.order else np.arange(len(matrix))
        matrix, names = matrix[np.ix_(self.order_, self.order_)], short_names(tasks[self.order_])
        side, room = side_of(names)
        ax = axes_of(ax, side + room + 1.2, side + room)
        limit = symmetric_limit(matrix)
        vmin = -limit if self.vmin is None else self.vmin
        vmax = limit if self.vmax is None else self.vmax
        options = {"label": self.label, "aspect": "equal", "percent": self.percent}
        image = heatmap(ax, matrix, vmin=vmin, vmax=vmax, **options)
        lost = int((~np.isfinite(matrix)).sum())
        notes = [f"grey: {count(lost, 'pair')} without a number"] if lost else []
        ax.set(xlabel=with_notes(self.x_label, notes).strip(), ylabel=self.y_label)
        fit_names(ax, x=names, y=names)
        if len(matrix) <= _MOST_WRITTEN:
            _write_entries(ax, image, matrix, self.percent)
        return ax

    def _checked(self):
        """The matrix and the labels as arrays."""
        matrix = np.asarray(self.matrix, dtype=float)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) == 0:
            raise ValueError(
                f"matrix has shape {matrix.shape}, expected a row and a column for each task."
            )
        tasks = np.arange(len(matrix)) if self.tasks is None else np.asarray(self.tasks)
        if len(tasks) != len(matrix):
            raise ValueError(f"There are {len(tasks)} labels for a matrix of {len(matrix)} tasks.")
        return matrix, tasks


_LABELS = {"coefficients": "cosine of coefficients", "covariance": "correlation of tasks"}


def _leaves(matrix):
    """Order of tasks in which neighbors are alike."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(matrix) < 3:
        return np.arange(len(matrix))
    known = np.where(np.isfinite(matrix), matrix, 0.0)
    alike = (known + known.T) / 2
    off = ~np.eye(len(alike), dtype=bool)
    distance = np.where(off, alike[off].max() - alike, 0.0)
    distance = squareform(distance, checks=False)
    optimal = len(matrix) <= _MOST_OPTIMAL
    return leaves_list(linkage(distance, "average", optimal_ordering=optimal))


def _write_entries(ax, image, matrix, percent):
    """Write the numbers into the cells."""
    for (s, t), value in np.ndenumerate(matrix):
        if np.isfinite(value):
            strong = abs(image.norm(value) - 0.5) > 0.35
            text = f"{value:+.0%}" if percent else f"{value:.2f}"
            color = "white" if strong else "black"
            ax.text(t, s, text, ha="center", va="center", color=color, fontsize=7)
