"""Models of single tasks whose penalty does not depend on the units of features."""

from dataclasses import replace

from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array

from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta._task_models import rows_of


class ScaledIndependentTasks(IndependentTasks):
    """:class:`IndependentTasks` of features divided by their standard deviations.

    These are of the samples of all tasks, so that few samples of a task do not make them uncertain.
    """

    def _fit_parts(self, data):
        samples, _ = data.pooled()
        features = _numeric(data.features)
        rows = rows_of(features, samples.indices)
        self._scaler = StandardScaler(with_mean=False).fit(rows, sample_weight=samples.weight)
        scaled = replace(data, features=self._scaler.transform(features))
        super()._fit_parts(scaled)

    def _inputs(self, X):
        return self._scaler.transform(_numeric(X))


def _numeric(X):
    """Return features as an array or sparse matrix of numbers."""
    return check_array(X, accept_sparse=("csr", "csc"), input_name="X")
