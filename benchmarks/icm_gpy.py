"""GPy's Gaussian process of several tasks, for gaussian_process.py."""

from GPy.kern import RBF
from GPy.models import GPCoregionalizedRegression
from GPy.util.multioutput import ICM


class OwnRows:
    """Log marginal likelihood of y as a function of what GPy optimizes, `raw`; its gradient."""

    def __init__(self, X, y, task, rank):
        T = task.max() + 1
        kernel = ICM(X.shape[1], T, RBF(X.shape[1], ARD=True), W_rank=rank, name="icm")
        rows = [task == t for t in range(T)]
        labels = [y[here, None] for here in rows]
        self.model = GPCoregionalizedRegression([X[here] for here in rows], labels, kernel)
        kernel.rbf.variance.fix(1.0)

    def __call__(self, raw):
        value, gradient = self.model._objective_grads(raw)
        return -value, -gradient

    def raw_at(self, length_scale, L, kappa, noise):
        """The parameters of these lengths, task covariance and noise."""
        kernel = self.model.icm
        kernel.rbf.lengthscale[:], kernel.B.W[:], kernel.B.kappa[:] = length_scale, L, kappa
        for likelihood, variance in zip(self.model.likelihood.likelihoods_list, noise, strict=True):
            likelihood.variance[:] = variance
        return self.model.optimizer_array.copy()
