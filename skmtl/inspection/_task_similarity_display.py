"""Maps of tasks by tasks: how similar they are, or how much they help each other."""

import numpy as np

from skmtl._data.checks import check_option
from skmtl.inspection._names import fit_names, given_names, short_names
from skmtl.inspection._style import (
    Display,
    axes_of,
    count,
    heatmap,
    map_size,
    symmetric_limit,
    with_notes,
)
from skmtl.inspection._task_similarity import task_similarity

_MAX_WRITTEN = 10  # tasks; the numbers of more tasks do not fit into the cells
_MAX_OPTIMAL = 300  # tasks; the time of the optimal order is cubic in their number


class TaskSimilarityDisplay(Display):
    """A matrix of tasks by tasks, similar tasks next to each other.

    Blue is above 0, red is below, and grey is not a number. Use :meth:`from_estimator`,
    :meth:`from_transfer` or :meth:`from_matrix` to create one.

    Parameters
    ----------
    matrix : array-like of shape (n_tasks, n_tasks)
        Entries for each pair of tasks.
    tasks : array-like of shape (n_tasks,), default=None
        Task ids; None numbers the tasks.
    order : {"clustering", None}, default="clustering"
        "clustering" takes the leaves of a hierarchical clustering in the order in which neighbors
        are most similar (average linkage of the symmetric part of the matrix, NaN as 0); None keeps
        the order of the matrix.
    vmin, vmax : float, default=None
        Ends of the color scale; None takes the largest absolute value with both signs.
    label : str, default="similarity"
        Label of the color bar.
    x_label, y_label : str, default=""
        Labels of the axes.
    percent : bool, default=False
        Whether to write entries as percentages.

    Attributes
    ----------
    order_ : ndarray of shape (n_tasks,)
        Positions of the tasks in the order in which they are drawn.
    ax_ : matplotlib axes
        Axes of the picture.
    figure_ : matplotlib figure
        Figure that holds the axes.

    See Also
    --------
    task_similarity : Computes the matrix of :meth:`from_estimator`.
    task_transfer_matrix : Computes the matrix of :meth:`from_transfer`.

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
        """Draw any matrix of tasks by tasks.

        Parameters
        ----------
        matrix : array-like of shape (n_tasks, n_tasks)
            Entries for each pair of tasks.
        tasks, order, vmin, vmax, label
            As in the class.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskSimilarityDisplay

        Raises
        ------
        ValueError
            If the matrix is not square, if there are more or fewer task ids, or if the order is
            unknown.
        """
        display = cls(matrix, tasks=tasks, order=order, vmin=vmin, vmax=vmax, label=label)
        return display.plot(ax=ax)

    @classmethod
    def from_estimator(cls, estimator, *, kind="coefficients", order="clustering", ax=None):
        """Draw how similar the tasks of a fitted estimator are.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted.
        kind : {"coefficients", "covariance"}, default="coefficients"
            As in :func:`task_similarity`: cosines of coefficients, or the learned correlations.
        order : {"clustering", None}, default="clustering"
            Order of the tasks: similar ones next to each other, or that of the estimator.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskSimilarityDisplay

        Raises
        ------
        TypeError
            If the estimator has no such similarity.
        ValueError
            If the kind is unknown.
        """
        check_option(kind, "kind", tuple(_LABELS))
        found = task_similarity(estimator, kind=kind)
        display = cls(
            found.similarity,
            tasks=found.tasks,
            order=order,
            vmin=-1.0,
            vmax=1.0,
            label=_LABELS[kind],
        )
        return display.plot(ax=ax)

    @classmethod
    def from_transfer(cls, result, *, order="clustering", ax=None):
        """Draw which tasks help which; the color scale ends at a gain of 100 %.

        Parameters
        ----------
        result : Bunch
            The result of :func:`task_transfer_matrix`. The task of a row helps, the task of a
            column is helped.
        order : {"clustering", None}, default="clustering"
            Order of the tasks: similar ones next to each other, or that of the result.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskSimilarityDisplay
        """
        gain = np.asarray(result.gain, dtype=float)
        limit = min(symmetric_limit(gain), 1.0)
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
        matrix, tasks = self._check_input()
        check_option(self.order, "order", ("clustering", None))
        self.order_ = _leaves(matrix) if self.order else np.arange(len(matrix))
        matrix = matrix[np.ix_(self.order_, self.order_)]
        names = short_names(tasks[self.order_])
        side, room = map_size(names)
        ax = axes_of(ax, side + room + 1.2, side + room)
        limit = symmetric_limit(matrix)
        image = heatmap(
            ax,
            matrix,
            vmin=-limit if self.vmin is None else self.vmin,
            vmax=limit if self.vmax is None else self.vmax,
            label=self.label,
            aspect="equal",
            percent=self.percent,
        )
        n_missing = int((~np.isfinite(matrix)).sum())
        notes = [f"grey: {count(n_missing, 'pair')} without a number"] if n_missing else []
        ax.set_xlabel(with_notes(self.x_label, notes).strip())
        ax.set_ylabel(self.y_label)
        fit_names(ax, x=names, y=names)
        if len(matrix) <= _MAX_WRITTEN:
            _write_entries(ax, image, matrix, self.percent)
        return ax

    def _check_input(self):
        """The matrix and the task ids as arrays."""
        matrix = np.asarray(self.matrix, dtype=float)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) == 0:
            raise ValueError(
                f"matrix has shape {matrix.shape}, expected a row and a column for each task."
            )
        tasks = np.arange(len(matrix))
        if self.tasks is not None:
            tasks = given_names(self.tasks, "tasks")
        if len(tasks) != len(matrix):
            raise ValueError(
                f"There are {len(tasks)} task ids for a matrix of {len(matrix)} tasks."
            )
        return matrix, tasks


_LABELS = {"coefficients": "cosine of coefficients", "covariance": "correlation of tasks"}


def _leaves(matrix):
    """The order of tasks in which neighbors are similar."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(matrix) < 3:
        return np.arange(len(matrix))
    finite = np.where(np.isfinite(matrix), matrix, 0.0)
    similarity = (finite + finite.T) / 2
    is_pair = ~np.eye(len(similarity), dtype=bool)
    largest = similarity[is_pair].max()
    distance = np.where(is_pair, largest - similarity, 0.0)
    tree = linkage(
        squareform(distance, checks=False),
        "average",
        optimal_ordering=len(matrix) <= _MAX_OPTIMAL,
    )
    return leaves_list(tree)


def _write_entries(ax, image, matrix, percent):
    """Write the numbers into the cells."""
    for (s, t), value in np.ndenumerate(matrix):
        if not np.isfinite(value):
            continue
        is_dark = abs(image.norm(value) - 0.5) > 0.35
        text = f"{value:+.0%}" if percent else f"{value:z.2f}"  # no -0.00
        color = "white" if is_dark else "black"
        ax.text(t, s, text, ha="center", va="center", color=color, fontsize=7)
