"""A map of the angles between the gradients of tasks."""

import numpy as np

from skmtl._data.fitted_final import fitted_final
from skmtl.deep import task_gradient_similarity
from skmtl.inspection._style import Display
from skmtl.inspection._task_similarity_display import TaskSimilarityDisplay

_CONFLICT = -0.1  # cosines below it count as conflicts


class GradientConflictDisplay(Display):
    """Cosines of the angles between the gradients of tasks, similar tasks next to each other.

    Tasks in blue agree on how to change the part of a network that they share, tasks in red are in
    conflict. The label below counts the pairs whose cosine is less than -0.1: nearer to 0, tasks
    neither agree nor disagree. Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    similarity : array-like of shape (n_tasks, n_tasks)
        Cosines, as :func:`task_gradient_similarity` returns them.
    tasks : array-like of shape (n_tasks,), default=None
        Task ids; None numbers the tasks.
    order : {"clustering", None}, default="clustering"
        Order of the tasks, as in :class:`TaskSimilarityDisplay`.

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
    task_gradient_similarity : Computes the cosines.
    TaskLossDisplay : Draws losses of tasks over epochs.

    Examples
    --------
    >>> from skmtl.inspection import GradientConflictDisplay
    >>> cosines = [[1.0, -0.3, 0.9], [-0.3, 1.0, 0.0], [0.9, 0.0, 1.0]]
    >>> display = GradientConflictDisplay(cosines, tasks=["a", "b", "c"]).plot()
    >>> display.ax_.get_xlabel()
    '1 of 3 pairs below -0.1'
    """

    def __init__(self, similarity, *, tasks=None, order="clustering"):
        self.similarity = similarity
        self.tasks = tasks
        self.order = order

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        sample_weight=None,
        *,
        tasks=None,
        with_respect_to="auto",
        order="clustering",
        ax=None,
    ):
        """Draw the conflicts of tasks in a fitted network.

        Parameters
        ----------
        estimator, X, y, sample_weight, tasks, with_respect_to
            As in :func:`task_gradient_similarity`.
        order : {"clustering", None}, default="clustering"
            Order of the tasks.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        GradientConflictDisplay
        """
        similarity = task_gradient_similarity(
            estimator,
            X,
            y,
            sample_weight,
            tasks=tasks,
            with_respect_to=with_respect_to,
        )
        display = cls(similarity, tasks=fitted_final(estimator).tasks_, order=order)
        return display.plot(ax=ax)

    def _draw(self, ax):
        similarity = np.asarray(self.similarity, dtype=float)
        display = TaskSimilarityDisplay(
            similarity,
            tasks=self.tasks,
            order=self.order,
            vmin=-1.0,
            vmax=1.0,
            label="cosine of gradients",
            x_label=_summary(similarity),
        ).plot(ax=ax)
        self.order_ = display.order_
        return display.ax_


def _summary(similarity):
    """How many pairs of tasks are in conflict, which those about 0 are not."""
    pairs = similarity[np.triu_indices(len(similarity), k=1)]
    n_conflicts = int((pairs < _CONFLICT).sum())
    if len(pairs) == 0:
        return ""
    return f"{n_conflicts} of {len(pairs)} pairs below {_CONFLICT}"
