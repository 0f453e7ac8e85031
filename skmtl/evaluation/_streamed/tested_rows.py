"""The second pass over the rows: losses of the models that did not see them."""

import numpy as np

from skmtl.evaluation._streamed.loss_sums import LossSums


class TestedRows:
    """Sums the losses of models over rows that come in batches.

    Parameters
    ----------
    models : list of SplitModels
        The models of every split.
    folds : RepeatedFolds
        The folds of the parts.
    tolerance : ndarray of shape (n_tasks,)
        Losses up to this are rounding.
    reading : SecondReading
        It is told of all rows.

    Attributes
    ----------
    sums : LossSums
        The sums so far.
    """

    __test__ = False  # no test class, whatever pytest thinks of the name

    def __init__(self, models, folds, tolerance, reading):
        self.coef = np.array([one.coef for one in models])
        self.intercept = np.array([one.intercept for one in models])
        self.folds = folds
        self.n_tasks = len(tolerance)
        self.reading = reading
        self._folds_of_parts = folds.fold_of_part.T
        n_methods = self.coef.shape[1]
        self.sums = LossSums(n_methods, folds.n_repeats, folds.n_folds, tolerance)

    def add(self, X, y, codes, parts):
        """Add the rows of the next batch.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Features.
        y : ndarray of shape (n_rows,)
            Targets.
        codes : ndarray of int of shape (n_rows,)
            Their tasks.
        parts : ndarray of int of shape (n_rows,)
            Their parts.
        """
        own = parts * self.n_tasks + codes
        rows = np.argsort(own, kind="stable")
        segments, sizes = np.unique(own, return_counts=True)
        parts, tasks = np.divmod(segments, self.n_tasks)
        X = X[rows]
        y = y[rows]
        self.reading.add(X, y, parts, tasks, sizes)
        predictions = self._predict(X, parts, tasks, sizes)
        residuals = y[:, None, None] - predictions
        self.sums.add(
            residuals**2,
            tasks,
            self._folds_of_parts[parts],
            sizes,
        )

    def _predict(self, X, parts, tasks, sizes):
        """Predictions of rows in segments of a part and a task, (n_rows, n_repeats, n_methods)."""
        n_methods = self.coef.shape[1]
        n_models = self.folds.n_repeats * n_methods
        predictions = np.empty((len(X), n_models))
        splits_of_parts = self.folds.splits_of_parts
        start = 0
        for part, task, size in zip(parts, tasks, sizes, strict=True):
            splits = splits_of_parts[part]
            coef = self.coef[splits, :, task]
            coef = coef.reshape(n_models, -1)
            intercept = self.intercept[splits, :, task]
            segment = slice(start, start + size)
            predictions[segment] = X[segment] @ coef.T
            predictions[segment] += intercept.ravel()
            start += size
        return predictions.reshape(-1, self.folds.n_repeats, n_methods)
