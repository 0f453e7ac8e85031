"""All that the squared loss sees of rows, task by task: to be added up, saved and fitted."""

from functools import partial, reduce
from operator import add
from os import PathLike

import numpy as np

from skmtl._data.checks import check_int
from skmtl._data.task_ids import as_id_array, codes_of, some_of
from skmtl.statistics._addition import (
    check_names_of_sites,
    check_same_folds,
    joint_parts,
    joint_tasks,
)
from skmtl.statistics._batches import check_batches, split_batch
from skmtl.statistics._columns import row_reader
from skmtl.statistics._from_dask import FromDask
from skmtl.statistics._from_rows import statistics_of_batches, statistics_of_rows
from skmtl.statistics._memory import bytes_of_moments, in_words
from skmtl.statistics._moments import Moments
from skmtl.statistics._storage import load_statistics, save_statistics


class TaskStatistics(FromDask):
    """Means and second moments of the rows of every task: all that squared losses see of them.

    The statistics of two sets of rows add up to those of both, so that rows may come in chunks,
    from the partitions of a cluster, or from sites that do not share them. Models are fitted to the
    sum with `fit_statistics`, and are the same as those of `fit` on all rows. The time of a fit
    depends on the numbers of features and tasks only.

    Rows may belong to parts, folds or sites, whose statistics are kept apart. Cross-validated
    estimators then leave out one part at a time, exactly and without a second pass over the rows.

    It is made by :meth:`from_data`, :meth:`from_batches`, :meth:`from_dask`, :meth:`of_sites` or
    :meth:`load`, and not to be called directly.

    Attributes
    ----------
    tasks_ : ndarray of shape (n_tasks,)
        Task ids, sorted; of a two-dimensional y, the names of its columns or their positions.
    n_tasks_ : int
        Number of tasks.
    n_samples_per_task_ : ndarray of shape (n_tasks,)
        Number of rows of each task with a target and a positive weight.
    n_rows_ : int
        Number of rows.
    parts_ : ndarray of shape (n_parts,)
        Labels of the folds or sites; empty if rows are not divided into parts.
    n_features_in_ : int
        Number of columns of X, the task column included.
    feature_names_in_ : ndarray of shape (n_columns,)
        Names of the columns of X, if these have names.
    nbytes : int
        Memory in bytes.
    total : TaskStatistics
        The statistics of the same rows without parts.

    See Also
    --------
    MultiTaskLasso.fit_statistics : A model of statistics.
    MultiTaskLassoCV.fit_statistics : Its cross-validation by the parts of statistics.

    Notes
    -----
    Moments are about the means of each task and part, and those of two sets of rows are added with
    the difference of their means, so that features and targets may be far from zero. The tasks of a
    two-dimensional y with the same missing targets and weights share the moments of the features.

    References
    ----------
    Chan, Golub, LeVeque (1983), "Algorithms for computing the sample variance", The American
    Statistician 37, equation 2.1.

    Examples
    --------
    >>> from skmtl import MultiTaskLasso, TaskStatistics, load_radon
    >>> X, y = load_radon(return_X_y=True, as_frame=True)
    >>> chunks = [(X[:500], y[:500]), (X[500:], y[500:])]
    >>> statistics = TaskStatistics.from_batches(chunks, task_column="county")
    >>> statistics
    TaskStatistics(85 tasks, 2 features, 919 rows, 8.84 kB)
    >>> model = MultiTaskLasso(0.01, task_column="county").fit_statistics(statistics)
    """

    def __init__(self, columns, tasks, parts, n_rows, n_folds=None):
        self._columns = columns
        self.tasks_ = tasks
        self._parts = parts  # {label: Moments}, the label None if there are no parts
        self.n_rows_ = n_rows
        self._n_folds = n_folds  # None if the parts have been given
        self.n_tasks_ = len(tasks)
        columns.describe(self)

    @classmethod
    def from_data(
        cls,
        X,
        y,
        sample_weight=None,
        *,
        tasks=None,
        task_column=None,
        n_folds=None,
        folds=None,
        first_row=0,
        memory_limit=None,
    ):
        """Statistics of rows in memory.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_rows, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. X may have no rows.
        y : array-like of shape (n_rows, n_tasks) or (n_rows,)
            Targets: two-dimensional, NaN where one is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_rows,) or (n_rows, n_tasks), default=None
            Non-negative weights; a weight of 2 is the same as the row twice.
        tasks : array-like of shape (n_rows,), default=None
            Task ids, in place of `task_column`.
        task_column : str or int, default=None
            Column of X with the task ids.
        n_folds : int, default=None
            Number of folds, at least 2, into which rows are divided by a hash of their positions.
        folds : array-like of shape (n_rows,), default=None
            The fold or site of each row, in place of `n_folds`.
        first_row : int, default=0
            Position of the first row among all rows, for `n_folds`: where pieces of few rows are
            to be added up, they would all begin with the same folds otherwise.
        memory_limit : float, default=None
            Largest memory of the statistics in bytes. None is half of that of the machine.

        Returns
        -------
        TaskStatistics

        Raises
        ------
        ValueError
            If the input is invalid, as in `fit` of the estimators; tasks may have no targets.
        MemoryError
            If the statistics would be larger than `memory_limit`.
        """
        reader = row_reader(cls.__name__, task_column)
        return statistics_of_rows(
            cls,
            reader,
            X,
            y,
            sample_weight,
            tasks,
            n_folds=n_folds,
            folds=folds,
            first_row=check_int(first_row, "first_row", low=0),
            memory_limit=memory_limit,
        )

    @classmethod
    def from_batches(
        cls,
        batches,
        *,
        target=None,
        weight=None,
        task_column=None,
        n_folds=None,
        fold_column=None,
        memory_limit=None,
    ):
        """Statistics of rows that come in batches, one of them in memory at a time.

        Parameters
        ----------
        batches : iterable
            Tuples (X, y), (X, y, sample_weight), (X, y, sample_weight, tasks) or (X, y,
            sample_weight, tasks, folds) as in :meth:`from_data`; or frames, such as the chunks of
            ``pandas.read_csv(chunksize=)``, or the record batches of
            ``pyarrow.parquet.ParquetFile(path).iter_batches()``. All columns of frames are features
            but those that the other arguments name.
        target : str or list of str, default=None
            Where batches are frames, the column of y; a list is that of the columns of a
            two-dimensional y.
        weight : str, default=None
            Where batches are frames, the column of the weights.
        task_column : str or int, default=None
            Column of X with the task ids.
        n_folds : int, default=None
            Number of folds, at least 2, into which rows are divided by a hash of their positions
            in all batches: folds do not depend on the size of batches.
        fold_column : str, default=None
            Column with the fold or site of each row, in place of `n_folds`. It is not used as a
            feature.
        memory_limit : float, default=None
            Largest memory of the statistics in bytes. None is half of that of the machine.

        Returns
        -------
        TaskStatistics

        Raises
        ------
        ValueError, TypeError
            If the input is invalid, or a batch has other columns, other types of columns or task
            ids of another type than those before it; with the number of the batch.
        MemoryError
            If the statistics would be larger than `memory_limit`.
        """
        if n_folds is not None and fold_column is not None:
            raise ValueError(
                f"Both n_folds={n_folds} and fold_column={fold_column!r} were given; use one."
            )
        check_batches(batches)
        options = {"n_folds": n_folds, "memory_limit": memory_limit}
        split = partial(
            split_batch,
            target=target,
            weight=weight,
            fold_column=fold_column,
            task_column=task_column,
        )
        return statistics_of_batches(cls, map(split, batches), task_column, **options)

    @classmethod
    def of_sites(cls, sites):
        """Statistics with a part for each site.

        Cross-validated estimators then leave out one site at a time.

        Parameters
        ----------
        sites : dict
            The :class:`TaskStatistics` of every site, {name: statistics}. Their own parts are added
            up.

        Returns
        -------
        TaskStatistics
        """
        if not isinstance(sites, dict) or not sites:
            raise TypeError(f"sites must be a dict {{name: TaskStatistics}}, got {sites!r}.")
        check_names_of_sites(sites)
        named = []
        for name, statistics in sites.items():
            _check_statistics(name, statistics)
            whole = statistics.total
            named.append(cls(whole._columns, whole.tasks_, {name: whole._moments}, whole.n_rows_))
        return sum(named)

    @property
    def parts_(self):
        return as_id_array([label for label in self._parts if label is not None])

    @property
    def n_samples_per_task_(self):
        counts = np.zeros(self.n_tasks_, dtype=np.int64)
        for moments in self._parts.values():
            counts += moments.counts
        return counts

    @property
    def nbytes(self):
        return sum(moments.nbytes for moments in self._parts.values())

    @staticmethod
    def estimate_nbytes(n_features, n_tasks, *, n_parts=1, share=False):
        """Memory of statistics in bytes, before there are any.

        Parameters
        ----------
        n_features : int
            Number of features.
        n_tasks : int
            Number of tasks.
        n_parts : int, default=1
            Number of folds (`n_folds`) or sites.
        share : bool, default=False
            Whether all tasks share the moments of the features, as those of a complete
            two-dimensional y.

        Returns
        -------
        int
        """
        n_blocks = 1 if share else n_tasks
        return bytes_of_moments(n_features, n_tasks, n_blocks, n_parts)

    @property
    def total(self):
        """The statistics of the same rows without parts."""
        return TaskStatistics(self._columns, self.tasks_, {None: self._moments}, self.n_rows_)

    @property
    def _moments(self):
        """The :class:`Moments` of all rows."""
        none = Moments.zeros(np.arange(self.n_tasks_), self._columns.n_features)
        return reduce(add, self._parts.values()) if self._parts else none

    def without_tasks(self, tasks):
        """The statistics of the other tasks.

        Parameters
        ----------
        tasks : array-like
            Ids of the tasks to leave out.

        Returns
        -------
        TaskStatistics
        """
        positions = codes_of(np.atleast_1d(tasks), self.tasks_)
        if (positions < 0).any():
            raise ValueError(
                f"No such task(s): {some_of(tasks)}; there are {some_of(self.tasks_)}."
            )
        kept = np.setdiff1d(np.arange(self.n_tasks_), positions)
        parts = {label: moments.of_tasks(kept) for label, moments in self._parts.items()}
        return TaskStatistics(self._columns, self.tasks_[kept], parts, self.n_rows_, self._n_folds)

    def __add__(self, other):
        if not isinstance(other, TaskStatistics):
            return NotImplemented
        self._columns.check_same(other._columns)
        wide = self._columns.layout == "wide"
        tasks = joint_tasks(self.tasks_, other.tasks_, same=wide)
        mine = self._parts_among(tasks)
        check_same_folds(self, other)
        parts = joint_parts(mine, other._parts_among(tasks))
        n_rows = self.n_rows_ + other.n_rows_
        columns = self._columns.with_kinds_of(other._columns)
        return TaskStatistics(columns, tasks, parts, n_rows, self._n_folds or other._n_folds)

    def __radd__(self, other):
        """With 0, so that `sum` adds up statistics."""
        return self if other == 0 else NotImplemented

    def _parts_among(self, tasks):
        """The moments of every part, for these tasks in their order."""
        positions = codes_of(self.tasks_, tasks)
        n_tasks = len(tasks)
        return {label: one.among(positions, n_tasks) for label, one in self._parts.items()}

    def small_tasks(self, min_rows):
        """The tasks that have few rows in some part.

        Parameters
        ----------
        min_rows : int
            Number of rows that are not few.

        Returns
        -------
        ndarray
            Ids of the tasks that have fewer rows than `min_rows`, but some, in at least one part.
        """
        check_int(min_rows, "min_rows")
        return self.tasks_[self._smallest_counts() < min_rows]

    def _smallest_counts(self):
        """The smallest number of rows of each task in a part that has some; infinity if none."""
        smallest = np.full(self.n_tasks_, np.inf)
        for moments in self._parts.values():
            counts = np.where(moments.counts > 0, moments.counts, np.inf)
            smallest = np.minimum(smallest, counts)
        return smallest

    def save(self, path, *, min_rows=None):
        """Write the statistics to a file for :meth:`load`: a NumPy archive without pickle.

        Parameters
        ----------
        path : str, Path or binary file
            The file, whose name stays as it is, whether or not it ends in ``.npz``. One that is
            open stays open.
        min_rows : int, default=None
            Refuse to write the statistics of tasks that have fewer rows than these in some part
            (:meth:`small_tasks`), since the moments of few rows reveal their values. Choose it
            larger than the number of features: moments of no more rows than features reveal them up
            to a rotation.

        Raises
        ------
        ValueError
            If a task has fewer rows than `min_rows`, but some.
        TypeError
            If task ids or labels of parts are neither numbers, strings, truth values nor dates.
        """
        if min_rows is not None:
            self._refuse_small_tasks(min_rows)
        save_statistics(path, self._columns, self.tasks_, self._parts, self.n_rows_, self._n_folds)

    def _refuse_small_tasks(self, min_rows):
        small = self.small_tasks(min_rows)
        if not len(small):
            return
        are_divided = len(self.parts_) > 0
        raise ValueError(
            f"{len(small)} task(s) have fewer rows than min_rows={min_rows}"
            f"{' in some part' if are_divided else ''}: {some_of(small)}; the smallest has "
            f"{self._smallest_counts().min():.0f}. Leave them out with "
            f"statistics.without_tasks(statistics.small_tasks({min_rows}))"
            f"{', or take fewer folds' if are_divided else ''}."
        )

    @classmethod
    def load(cls, path):
        """Read statistics that :meth:`save` has written.

        Parameters
        ----------
        path : str, Path or binary file
            The file; one that is open stays open.

        Returns
        -------
        TaskStatistics

        Raises
        ------
        ValueError
            If the file holds no statistics, or those of another version.
        """
        return cls(*load_statistics(path))

    def __repr__(self):
        words = [
            f"{self.n_tasks_} tasks",
            f"{self._columns.n_features} features",
            f"{self.n_rows_} rows",
            in_words(self.nbytes),
        ]
        n_parts = len(self.parts_)
        if n_parts:
            words.insert(3, f"{n_parts} parts")
        return f"TaskStatistics({', '.join(words)})"


def _check_statistics(name, statistics):
    """Raise TypeError unless what was given for a site are statistics."""
    if isinstance(statistics, TaskStatistics):
        return
    hint = ""
    if isinstance(statistics, str | PathLike):
        hint = ": TaskStatistics.load(path) reads a file"
    raise TypeError(
        f"sites[{name!r}] must be a TaskStatistics, got {type(statistics).__name__} "
        f"{statistics!r}{hint}."
    )
