"""Grams of the features that working sets ask for."""

import numpy as np

from skmtl._data.gram_products import weighted_gram
from skmtl.datafits import _gram_budget

_KEPT = 200  # features whose Grams are kept though not asked for


class GramCache:
    """Grams of the features asked for so far, (n, n, n_blocks); grows by those not yet seen.

    Parameters
    ----------
    groups : list of (X, weight, mean)
        Samples, their weights and the means of the features, for each block of tasks.
    n_features : int
        Number of features of X.
    """

    def __init__(self, groups, n_features):
        self.groups = groups
        self.n_blocks = len(groups)
        self.n_features = n_features
        self._forget()

    def _forget(self):
        self.position = np.full(self.n_features, -1)
        self.features = np.empty(0, dtype=np.intp)
        self.grams = np.empty((0, 0, self.n_blocks))

    def get(self, features):
        """Grams of these features, C-ordered."""
        known = self.position[features]
        new = features[known < 0]
        size = len(self.features) + len(new)
        largest = 2 * max(len(features), _KEPT)
        floats = size**2 * self.n_blocks
        if size > largest or floats > _gram_budget.GRAM_FLOATS:
            self._forget()  # mostly of features that are no longer asked for
            new = features
        if len(new):
            self._add(new)
        here = self.position[features]
        everything = np.arange(len(self.grams))
        if np.array_equal(here, everything):
            return self.grams
        index = np.ix_(here, here)
        grams = self.grams[index]
        return np.ascontiguousarray(grams)

    def _add(self, new):
        """Append the Grams of new features, and those between new and old ones."""
        old = self.features
        n = len(old)
        if n == 0 and self.n_blocks == 1:
            self.grams = weighted_gram(*self.groups[0], new)[:, :, None]
            self.features = new
            self.position[new] = np.arange(len(new))
            return
        size = n + len(new)
        added = slice(n, size)
        self.features = np.concatenate([old, new])
        self.position[new] = np.arange(n, size)
        grams = np.empty((size, size, self.n_blocks))
        grams[:n, :n] = self.grams
        for k, group in enumerate(self.groups):
            gram = grams[:, :, k]
            gram[added, added] = weighted_gram(*group, new)
            if n:
                across = weighted_gram(*group, old, new)
                gram[:n, added] = across
                gram[added, :n] = across.T
        self.grams = grams
