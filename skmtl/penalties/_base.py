"""What a penalty is, and the sum of several."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from skmtl._data.checks import check_real
from skmtl.penalties._graph_coupling import coupling_of
from skmtl.penalties._layouts import stack_columns, unstack_columns


class Penalty(ABC):
    """A convex function of W (n_features, n_tasks) that is zero at zero.

    A subclass is a frozen dataclass whose first field is its regularization strength `alpha`. It
    implements `value`, `prox`, and `dual_norm` if it is a norm or `conjugate` if it is the square
    of one. These are enough for every solver. Whatever else is known of the penalty is declared:
    the attributes below are class attributes (or fields) to be set where the default is wrong.

    Attributes
    ----------
    alpha : float
        Regularization strength.
    positive : bool, default=False
        Whether W is constrained to be at least 0.
    sees_tasks : bool, default=False
        Whether all that belongs to a task counts together. It matters for a classifier of K > 2
        classes, where a task has K columns: a penalty that sees tasks is then given one long
        column for each task (:meth:`for_columns`), any other is given all columns. Set it for
        penalties of whole tasks, of differences between tasks, and of singular values.
    is_quadratic : bool, default=False
        Whether the penalty is `1/2 tr(W M W')` with M from :meth:`matrix`. Solvers then add M to
        the loss; :class:`QuadraticPenalty` derives everything else from it.
    is_separable : bool, default=False
        Whether the penalty is a sum over features. Losses that are not squared are then solved on
        working sets of features, whose penalty :meth:`restrict` gives.
    selects : bool
        Whether features vanish for all tasks, alone or in groups. What one task alone is fitted
        with, to compare, then selects features too. By default so do norms that are separable.
    is_elementwise : bool, default=False
        Whether the penalty is a sum over the entries of W, wherever they are.
    is_group_norm : bool, default=False
        Whether the penalty is a sum of weighted 2-norms over features, the weights given by
        ``group_weights(n_features)``. Block coordinate descent takes such penalties.
    is_decomposition : bool, default=False
        Whether W is the sum of several parts, each with a penalty of its own (:attr:`parts`).
    """

    alpha: float
    positive = False
    sees_tasks = False
    is_quadratic = False
    is_separable = False
    is_elementwise = False
    is_group_norm = False
    is_decomposition = False

    @property
    def selects(self):
        return self.is_separable and not self.is_quadratic

    def __post_init__(self):
        """Check the parameters; the base checks alpha."""
        check_real(self.alpha, "alpha")

    @abstractmethod
    def value(self, W):
        """The penalty at W, a float."""

    @abstractmethod
    def prox(self, W, step):
        """`argmin_V 1/2 ||V - W||^2 + step * penalty(V)`, of W's shape."""

    def dual_norm(self, G):
        """The smallest c >= 0 with `<G, V> <= c * penalty(V)` for every V that is penalized.

        It is 0 for the square of a norm, which has a `conjugate` instead.
        """
        if type(self).conjugate is Penalty.conjugate:
            raise NotImplementedError(
                f"{type(self).__name__} has no dual: give it dual_norm if it is a norm, or "
                "conjugate if it is the square of one. Certificates need it."
            )
        return 0.0

    def conjugate(self, G):
        """`max_V <G, V> - penalty(V)` of the square of a norm; 0 for a norm."""
        return 0.0

    def matrix(self, n_tasks):
        """M (n_tasks, n_tasks) of the value `1/2 tr(W M W')`, strength included, if quadratic."""
        raise NotImplementedError(f"{type(self).__name__} is not quadratic: it has no matrix.")

    def between_tasks(self, n_tasks):
        """:meth:`matrix` as a :class:`Coupling`, which solvers use: its structure saves work."""
        return coupling_of(self.matrix(n_tasks))

    def unpenalized_features(self, n_features):
        """Indices of the features that the penalty does not see; by default there are none."""
        return np.empty(0, dtype=np.intp)

    def scaled(self, factor):
        """The same penalty, `factor` times as strong."""
        return replace(self, alpha=self.alpha * factor)

    def with_alpha(self, alpha):
        """The same penalty of this regularization strength."""
        return replace(self, alpha=alpha)

    def restrict(self, features):
        """The penalty of these features alone, if it is separable.

        Override it where a parameter has one value for each feature.
        """
        return self

    def for_features(self, features):
        """The penalty of the features of these names, (n_features,), to which parameters may go."""
        return self

    def for_columns(self, n_columns):
        """The penalty for tasks of `n_columns` columns each."""
        if n_columns == 1 or not self.sees_tasks:
            return self
        return ByTask(self, n_columns)

    def stacked(self, n_columns):
        """The penalty of columns as a function of W in the layout of :func:`stack_columns`.

        `n_columns` is a tuple where tasks have different numbers of columns.
        """
        if self.is_elementwise:
            return self
        return Unstacked(self, n_columns)

    @property
    def is_active(self):
        """Whether the penalty or its constraint has any effect."""
        return self.alpha > 0 or self.positive

    @property
    def terms(self):
        """The penalties whose sum this one is."""
        return (self,)

    @property
    def parts(self):
        """The penalties of the parts that W is the sum of."""
        return (self,)

    def __add__(self, other):
        if not isinstance(other, Penalty):
            return NotImplemented
        return Sum((*self.terms, *other.terms))

    def _per_alpha(self, value):
        """value / alpha, or the limit of it for alpha = 0."""
        if self.alpha > 0:
            return float(value) / self.alpha
        return np.inf if value > 0 else 0.0


@dataclass(frozen=True)
class Sum(Penalty):
    """The sum of several penalties of the same W: the result of ``+``.

    Parameters
    ----------
    penalties : tuple of Penalty
        The terms.
    """

    penalties: tuple

    def __post_init__(self):
        """The terms are checked already."""

    def value(self, W):
        return sum(term.value(W) for term in self.penalties)

    def prox(self, W, step):
        raise NotImplementedError(
            f"A sum of {len(self.penalties)} penalties has no proximal operator of its own; "
            "skmtl.solvers.solve_penalized takes it apart."
        )

    def dual_norm(self, G):
        raise NotImplementedError(
            f"A sum of {len(self.penalties)} penalties has no dual norm of its own: its terms "
            "share what each has to bear; skmtl.solvers.solve_penalized takes it apart."
        )

    def conjugate(self, G):
        raise NotImplementedError(
            f"A sum of {len(self.penalties)} penalties has no conjugate of its own: its terms "
            "share what each has to bear; skmtl.solvers.solve_penalized takes it apart."
        )

    def scaled(self, factor):
        return Sum(tuple(term.scaled(factor) for term in self.penalties))

    def with_alpha(self, alpha):
        """The terms scaled by alpha: a sum has no strength of its own."""
        return self.scaled(alpha)

    def for_features(self, features):
        return Sum(tuple(term.for_features(features) for term in self.penalties))

    def for_columns(self, n_columns):
        return Sum(tuple(term.for_columns(n_columns) for term in self.penalties))

    def stacked(self, n_columns):
        return Sum(tuple(term.stacked(n_columns) for term in self.penalties))

    @property
    def terms(self):
        return self.penalties

    @property
    def positive(self):
        return any(term.positive for term in self.penalties)

    @property
    def sees_tasks(self):
        return any(term.sees_tasks for term in self.penalties)

    @property
    def is_decomposition(self):
        return any(term.is_decomposition for term in self.penalties)

    @property
    def is_active(self):
        return any(term.is_active for term in self.penalties)


class _OtherLayout(Penalty):
    """A penalty that is given W in another layout; `_inward` changes to that layout."""

    @property
    def alpha(self):
        return self.penalty.alpha

    @property
    def positive(self):
        return self.penalty.positive

    @abstractmethod
    def _inward(self, W):
        """W in the layout of the inner penalty."""

    @abstractmethod
    def _outward(self, W):
        """W in the layout of this penalty."""

    def value(self, W):
        return self.penalty.value(self._inward(W))

    def prox(self, W, step):
        shrunk = self.penalty.prox(self._inward(W), step)
        return self._outward(shrunk)

    def dual_norm(self, G):
        return self.penalty.dual_norm(self._inward(G))

    def conjugate(self, G):
        return self.penalty.conjugate(self._inward(G))

    def scaled(self, factor):
        return replace(self, penalty=self.penalty.scaled(factor))

    def with_alpha(self, alpha):
        return replace(self, penalty=self.penalty.with_alpha(alpha))


@dataclass(frozen=True)
class ByTask(_OtherLayout):
    """A penalty for tasks of several columns each: it sees one long column for each task.

    Parameters
    ----------
    penalty : Penalty
        Penalty of a matrix (n_columns * n_features, n_tasks).
    n_columns : int
        Number of columns of every task.
    """

    penalty: Penalty
    n_columns: int
    sees_tasks = True

    @property
    def is_quadratic(self):
        return self.penalty.is_quadratic

    def matrix(self, n_tasks):
        """M of all columns, which the columns of a class share: `M (x) I`."""
        between_tasks = self.penalty.matrix(n_tasks // self.n_columns)
        return np.kron(between_tasks, np.eye(self.n_columns))

    def between_tasks(self, n_tasks):
        between_tasks = self.penalty.between_tasks(n_tasks // self.n_columns)
        return between_tasks.repeated(self.n_columns)

    def unpenalized_features(self, n_features):
        """The features of which no column is penalized."""
        stacked = self.penalty.unpenalized_features(self.n_columns * n_features)
        counts = np.bincount(stacked % n_features, minlength=n_features)
        return np.flatnonzero(counts == self.n_columns)

    def stacked(self, n_columns):
        return self.penalty

    def _inward(self, W):
        return stack_columns(W, self.n_columns)

    def _outward(self, W):
        return unstack_columns(W, self.n_columns)


@dataclass(frozen=True)
class Unstacked(_OtherLayout):
    """A penalty of columns, as a function of W in the layout of :func:`stack_columns`.

    Parameters
    ----------
    penalty : Penalty
        Penalty of a matrix with all columns of all tasks.
    n_columns : int or tuple of int
        Number of columns of every task, or of each. The zeros at the end of the long columns of
        tasks that have fewer are no unknowns.
    """

    penalty: Penalty
    n_columns: int | tuple

    def unpenalized_features(self, n_features):
        """The entries of the long columns that belong to features without a penalty."""
        n_columns = np.max(self.n_columns)
        n_features = n_features // n_columns
        inner = self.penalty.unpenalized_features(n_features)
        first = np.arange(n_columns)[:, None] * n_features
        return (first + inner).ravel()

    def _inward(self, W):
        return unstack_columns(W, self.n_columns)

    def _outward(self, W):
        return stack_columns(W, self.n_columns)
