"""Models of single and of pooled tasks whose penalty does not depend on the units of features."""

from dataclasses import replace

from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array

from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta._pooled_tasks import PooledTasks
from skmtl.meta._task_models import rows_of


class _ScaledTasks:
    """Mixin of meta-estimators: what models see of features is divided by `feature_scale_`.

    These standard deviations are of the samples of all tasks, so that few samples of a task do not
    make them uncertain.
    """

    def _fit_scale(self, data):
        samples, _ = data.pooled()
        rows = rows_of(_numeric(data.features), samples.indices)
        scaler = StandardScaler(with_mean=False)
        self._scaler = scaler.fit(rows, sample_weight=samples.weight)
        self.feature_scale_ = self._scaler.scale_

    def _scaled(self, X):
        return self._scaler.transform(_numeric(X))


class ScaledIndependentTasks(_ScaledTasks, IndependentTasks):
    """:class:`IndependentTasks` of features divided by their standard deviations."""

    def _fit_parts(self, data):
        self._fit_scale(data)
        super()._fit_parts(replace(data, features=self._scaled(data.features)))

    def _inputs(self, X):
        return self._scaled(X)


class ScaledPooledTasks(_ScaledTasks, PooledTasks):
    """:class:`PooledTasks` of features divided by their standard deviations."""

    def _fit_parts(self, data):
        self._fit_scale(data)
        super()._fit_parts(data)

    def pooled_inputs(self, X, codes):
        return self._scaled(X)


def _numeric(X):
    """Return features as an array or sparse matrix of numbers."""
    return check_array(X, accept_sparse=("csr", "csc"), input_name="X")
