"""Cross-validation by the parts of statistics."""

from numbers import Integral

from skmtl._data.checks import check_int
from skmtl._threads import one_blas_thread
from skmtl.statistics.fitting import FitsStatistics

_N_FOLDS = 5  # of partial_fit and of Dask collections, as of fit


class SearchOfStatistics(FitsStatistics):
    """Mixin of the searches of models that take statistics."""

    def _n_folds(self):
        if self.cv is None:
            return _N_FOLDS
        if not isinstance(self.cv, Integral):
            raise ValueError(
                "Samples of partial_fit and of Dask collections are divided into folds by their "
                f"positions: cv={self.cv!r} must be a number of folds or None. "
                "TaskStatistics.from_batches and from_dask take folds of your own, for "
                "fit_statistics."
            )
        return check_int(self.cv, "cv", low=2)

    @one_blas_thread
    def _fit_statistics(self, statistics):
        self._check_params()
        self._check_parts(statistics)
        worker = self._worker()
        read = worker._read_statistics(statistics)
        return self._search(worker, read, worker._make_part_folds(read))

    def _check_parts(self, statistics):
        n_parts = len(statistics.parts_)
        name = type(self).__name__
        if n_parts < 2:
            raise ValueError(
                f"{name} chooses by cross-validation, but the statistics have {n_parts} parts: "
                "make them with n_folds=5, folds or TaskStatistics.of_sites."
            )
        if self.cv is None or self.cv == n_parts:
            return
        raise ValueError(
            f"{name} has cv={self.cv!r}, but the statistics have {n_parts} parts, each of which is "
            "left out once: set cv=None, or make the statistics with other folds."
        )
