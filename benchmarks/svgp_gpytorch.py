"""GPyTorch's stochastic variational process of several tasks, for sparse_gaussian_process.py.

A linear model of coregionalization with one kernel, in single precision as GPyTorch has it by
default, whitened, with inducing points that are learned. Means and variances of the tasks are
summed up from those of the latent functions: GPyTorch's own ``model(X, task_indices=)`` makes the
covariances of all samples of a batch first, and takes 30 times longer for a step.
"""

from time import process_time

import gpytorch
import numpy as np
import torch
from gpytorch.variational import (
    CholeskyVariationalDistribution,
    LMCVariationalStrategy,
    VariationalStrategy,
)

torch.set_num_threads(1)
NEXT = 1.25  # times the seconds before, when predictions are made


class Process(gpytorch.models.ApproximateGP):
    """Latent functions of one RBF kernel, mixed by tasks."""

    def __init__(self, Z, n_tasks, n_latents):
        q = CholeskyVariationalDistribution(len(Z), batch_shape=torch.Size([n_latents]))
        latent = VariationalStrategy(self, Z, q, learn_inducing_locations=True)
        mixed = LMCVariationalStrategy(latent, n_tasks, n_latents, latent_dim=-1)
        super().__init__(mixed)
        d = Z.shape[1]
        self.mean = gpytorch.means.ZeroMean()
        self.kernel = gpytorch.kernels.RBFKernel(ard_num_dims=d)
        with torch.no_grad():
            self.kernel.lengthscale = np.sqrt(d)
        self.log_noise = torch.nn.Parameter(torch.full((n_tasks,), -1.0))

    def forward(self, X):
        return gpytorch.distributions.MultivariateNormal(self.mean(X), self.kernel(X))

    def latent(self, X):
        """Means and variances of the latent functions, (n_latents, n)."""
        found = self.variational_strategy.base_variational_strategy(X)
        return found.mean, found.variance

    def loss(self, X, y, task, n_samples):
        """Minus the bound for each sample, by a batch."""
        mean, variance = self.latent(X)
        mixing = self.variational_strategy.lmc_coefficients[:, task]
        errors = (y - (mixing * mean).sum(0)) ** 2 + (mixing**2 * variance).sum(0)
        log_noise = self.log_noise[task]
        fit = 0.5 * (np.log(2 * np.pi) + log_noise + errors * torch.exp(-log_noise)).mean()
        return fit + self.variational_strategy.kl_divergence() / n_samples

    def predict(self, X):
        """Means and variances of targets of all tasks, (n, n_tasks)."""
        self.eval()
        with torch.no_grad():
            mean, variance = self.latent(X)
            mixing = self.variational_strategy.lmc_coefficients
            moments = mean.T @ mixing, variance.T @ mixing**2 + torch.exp(self.log_noise)
        self.train()
        return [moment.double().numpy() for moment in moments]


def curve(X, y, task, new, n_inducing, n_latents, learning_rate, batch_size, seconds):
    """CPU seconds of training, and means and variances at new samples after these."""
    torch.manual_seed(0)
    X, y, new = (torch.tensor(np.asarray(a), dtype=torch.float32) for a in (X, y, new))
    task = torch.tensor(task)
    n = len(X)
    model = Process(X[torch.randperm(n)[:n_inducing]], int(task.max()) + 1, n_latents)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    used, due = 0.0, 1.0
    batches = []
    model.train()
    while used < seconds:
        start = process_time()
        batches = batches or list(torch.randperm(n).split(batch_size))
        batch = batches.pop()
        optimizer.zero_grad()
        model.loss(X[batch], y[batch], task[batch], n).backward()
        optimizer.step()
        used += process_time() - start
        if used >= due:
            due = max(NEXT * due, used)
            yield used, *model.predict(new)
