"""GPyTorch's Gaussian processes of several tasks, for gaussian_process.py.

Their parameters are one vector, `raw`, of what GPyTorch optimizes; likelihoods are in nats, not
divided by the number of labels as GPyTorch's.
"""

from contextlib import suppress

import gpytorch
import numpy as np
import torch
from gpytorch.distributions import MultitaskMultivariateNormal, MultivariateNormal
from gpytorch.kernels import IndexKernel, MultitaskKernel, RBFKernel
from gpytorch.likelihoods import HadamardGaussianLikelihood, MultitaskGaussianLikelihood
from gpytorch.means import MultitaskMean, ZeroMean
from linear_operator import to_linear_operator
from scipy.optimize import minimize
from torch.nn.utils import parameters_to_vector, vector_to_parameters

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

SEARCH = {"maxiter": 1000, "maxfun": 2000, "maxcor": 20, "ftol": 1e-9, "gtol": 0.05}


class Reached(Exception):
    """The search has come as far as was asked for."""


class Likelihood(gpytorch.models.ExactGP):
    """Log marginal likelihood of y as a function of `raw`, and its gradient."""

    def __init__(self, inputs, y, likelihood, cholesky_size):
        super().__init__(inputs, y, likelihood)
        torch.manual_seed(0)  # GPyTorch's own beginning is random
        self.cholesky_size = cholesky_size  # up to which GPyTorch makes a dense factor
        self.train()

    def __call__(self, raw):
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(self.likelihood, self)
        vector_to_parameters(torch.tensor(raw), self.parameters())
        self.zero_grad()
        with gpytorch.settings.max_cholesky_size(self.cholesky_size):
            latent = super().__call__(*self.train_inputs)
            value = mll(latent, self.train_targets, *self.noise_inputs())
            value *= self.train_targets.numel()
            value.backward()
        gradient = torch.cat([parameter.grad.ravel() for parameter in self.parameters()])
        return value.item(), gradient.numpy()

    def noise_inputs(self):
        return ()

    def raw(self):
        """The parameters as they are."""
        return parameters_to_vector(self.parameters()).detach().numpy().copy()

    def raw_at(self, length_scale, L, kappa, noise):
        """The parameters of these lengths, task covariance and noise."""
        self.rbf.lengthscale = torch.tensor(length_scale)
        self.index.covar_factor.data = torch.tensor(L)
        self.index.var = torch.tensor(kappa)
        self.set_noise(torch.tensor(noise))
        return self.raw()

    def search(self, raw, stop=np.inf):
        """The values that L-BFGS-B from `raw` sees on its way, up to the first above `stop`."""
        values = []

        def objective(raw):
            value, gradient = self(raw)
            values.append(value)
            if value >= stop:
                raise Reached
            return -value, -gradient

        with suppress(Reached):
            minimize(objective, raw, jac=True, method="L-BFGS-B", options=SEARCH)
        return values


class CommonRows(Likelihood):
    """Y (n, T), by eigenvectors of the kernel: at these sizes faster than a dense factor."""

    def __init__(self, X, Y, rank):
        T = Y.shape[1]
        noise = MultitaskGaussianLikelihood(num_tasks=T, rank=0, has_global_noise=False)
        super().__init__(torch.tensor(X), torch.tensor(Y), noise, cholesky_size=0)
        self.mean = MultitaskMean(ZeroMean(), num_tasks=T)
        self.rbf = RBFKernel(ard_num_dims=X.shape[1])
        self.product = MultitaskKernel(self.rbf, num_tasks=T, rank=rank)
        self.index = self.product.task_covar_module

    def set_noise(self, noise):
        self.likelihood.task_noises = noise

    def forward(self, X):
        return MultitaskMultivariateNormal(self.mean(X), self.product(X))


class OwnRows(Likelihood):
    """y (n,) with the task of each row, by a dense Cholesky factor."""

    def __init__(self, X, y, task, rank):
        T = task.max() + 1
        inputs = torch.tensor(X), torch.tensor(task[:, None])
        noise = HadamardGaussianLikelihood(num_tasks=T)
        super().__init__(inputs, torch.tensor(y), noise, cholesky_size=len(y))
        self.mean = ZeroMean()
        self.rbf = RBFKernel(ard_num_dims=X.shape[1])
        self.index = IndexKernel(num_tasks=T, rank=rank)

    def noise_inputs(self):
        return ([self.train_inputs[1]],)

    def set_noise(self, noise):
        self.likelihood.noise = noise[:, None]

    def forward(self, X, task):
        B, t = self.index.covar_matrix.to_dense(), task[:, 0]
        # faster than the product of kernels in GPyTorch's guide
        A = self.rbf(X).to_dense() * B.index_select(0, t).index_select(1, t)
        return MultivariateNormal(self.mean(X), to_linear_operator(A))
