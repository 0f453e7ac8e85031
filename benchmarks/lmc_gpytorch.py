"""GPyTorch's approximate classification of several tasks, for gaussian_process_classification.py.

The linear model of coregionalization of GPyTorch's guide for several tasks with samples of their
own: latent processes with inducing points of their own, a Bernoulli likelihood, stochastic
variational inference.
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

LATENTS = 3
INDUCING = 100
BATCH = 256
RATE = 0.02


class Model(gpytorch.models.ApproximateGP):
    """Latent processes with RBF kernels, mixed by a coefficient for each task."""

    def __init__(self, inducing, n_tasks):
        batch = torch.Size([LATENTS])
        distribution = CholeskyVariationalDistribution(inducing.shape[-2], batch_shape=batch)
        inner = VariationalStrategy(self, inducing, distribution, learn_inducing_locations=True)
        strategy = LMCVariationalStrategy(inner, n_tasks, LATENTS, latent_dim=-1)
        super().__init__(strategy)
        d = inducing.shape[-1]
        self.mean = gpytorch.means.ConstantMean(batch_shape=batch)
        rbf = gpytorch.kernels.RBFKernel(ard_num_dims=d, batch_shape=batch)
        rbf.lengthscale = np.sqrt(d)  # as skmtl begins, for standardized features
        self.kernel = gpytorch.kernels.ScaleKernel(rbf, batch_shape=batch)

    def forward(self, X):
        return gpytorch.distributions.MultivariateNormal(self.mean(X), self.kernel(X))


class Classifier:
    """A model that is trained epoch by epoch.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        0 or 1.
    task : ndarray of int of shape (n,)
    """

    def __init__(self, X, y, task):
        torch.manual_seed(0)
        self.X = torch.tensor(X, dtype=torch.float32)
        self.y = torch.tensor(y, dtype=torch.float32)
        self.task = torch.tensor(task)
        chosen = [torch.randperm(len(X))[:INDUCING] for _ in range(LATENTS)]
        inducing = torch.stack([self.X[rows] for rows in chosen])
        self.model = Model(inducing, int(task.max()) + 1)
        self.likelihood = gpytorch.likelihoods.BernoulliLikelihood()
        self.elbo = gpytorch.mlls.VariationalELBO(self.likelihood, self.model, len(X))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=RATE)
        self.seconds = 0.0

    def train(self):
        """One epoch."""
        start = process_time()
        self.model.train()
        for rows in torch.randperm(len(self.X)).split(BATCH):
            self.optimizer.zero_grad()
            latent = self.model(self.X[rows], task_indices=self.task[rows])
            loss = -self.elbo(latent, self.y[rows])
            loss.backward()
            self.optimizer.step()
        self.seconds += process_time() - start

    def predict_proba(self, X, task):
        """Probabilities of class 1, (n,)."""
        self.model.eval()
        X = torch.tensor(X, dtype=torch.float32)
        parts = []
        with torch.no_grad():
            for rows in torch.arange(len(X)).split(500):
                latent = self.model(X[rows], task_indices=torch.tensor(task)[rows])
                parts.append(self.likelihood(latent).mean)
        return torch.cat(parts).double().numpy()
