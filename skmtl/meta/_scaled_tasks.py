"""Models of single and of pooled tasks whose penalty does not depend on the units of features."""

from dataclasses import replace

from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array

from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta._pooled_tasks import PooledTasks
from skmtl.meta._task_models import rows_of


class ScaledIndependentTasks(IndependentTasks):
    """:class:`IndependentTasks` of features divided by their standard deviations.

    These are of the samples of all tasks, so that few samples of a task do not make them uncertain.
    """

    def _fit_parts(self, data):
        self._scaler = _fit_scaler(data)
        scaled = replace(data, features=self._scaler.transform(_numeric(data.features)))
        super()._fit_parts(scaled)

    def _inputs(self, X):
        return self._scaler.transform(_numeric(X))


class ScaledPooledTasks(PooledTasks):
    """:class:`PooledTasks` of features divided by their standard deviations."""

    def _fit_parts(self, data):
        self._scaler = _fit_scaler(data)
        super()._fit_parts(data)

    def pooled_inputs(self, X, codes):
        return self._scaler.transform(_numeric(X))


def _fit_scaler(data):
    """Return a scaler of features by the samples of all tasks and their weights."""
    samples, _ = data.pooled()
    rows = rows_of(_numeric(data.features), samples.indices)
    return StandardScaler(with_mean=False).fit(rows, sample_weight=samples.weight)


def _numeric(X):
    """Return features as an array or sparse matrix of numbers."""
    return check_array(X, accept_sparse=("csr", "csc"), input_name="X")
