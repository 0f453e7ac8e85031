"""A Gaussian process of several tasks with known parameters, given its labels."""

import numpy as np

from skmtl.gaussian_process._problem import effective_noise


class Process:
    """What labels tell with one theta; all on its scale.

    Functions are those of the tasks, and behind them the average function, for tasks not seen.
    New rows X ask for all functions of tasks (codes None, p = T), or each for that of its code
    (p = 1).

    Parameters
    ----------
    problem : SpectralProblem or DenseProblem
    theta : ndarray
    scale : ndarray of shape (T,)
        Leads to units of y, in which averages are taken.
    mean : ndarray of shape (T,), default=0
        Of the functions.

    Attributes
    ----------
    kernels : list of Kernel
    Bs : list of ndarray of shape (T + 1, T + 1)
    noise : ndarray of shape (T + 1,)
    jitter : float
        What was added to the noise.
    """

    def __init__(self, problem, theta, scale, mean=None):
        layout, cells = problem.layout, problem.cells
        mean = np.zeros(layout.n_tasks) if mean is None else mean
        share = scale / scale.mean()
        self.mean_of_task = np.append(mean, np.mean(mean * share))
        pairs = zip(problem.kernels, layout.inputs(theta), strict=True)
        self.X, self.n_tasks = problem.X, layout.n_tasks
        self.kernels = [kernel.clone_with_theta(part) for kernel, part in pairs]
        Ks = [kernel(self.X) for kernel in self.kernels]
        Bs, own = layout.covariances(theta), layout.noise(theta)
        noise = effective_noise(own, Ks, Bs)
        self.jitter = float((noise - own).max())
        self.posterior = problem.posterior(Ks, Bs, noise, problem.y - mean[cells.task])
        self.Bs = [_with_average_task(B, share) for B in Bs]
        self.noise = np.append(noise, np.mean(noise * share**2))

    def moments(self, name, X, codes, include_noise):
        """Mean (n, p) of the functions asked for, and what a method of that name gives; or 0."""
        asked = self._asked(X, codes)
        own = self.mean_of_task[:-1] if codes is None else self.mean_of_task[codes, None]
        mean = own + self.posterior.mean(asked)
        return mean, getattr(self, name)(asked, X, codes, include_noise) if name else 0.0

    def variance(self, asked, X, codes, include_noise):
        """Of the functions asked for, (n, p)."""
        functions = np.arange(self.n_tasks) if codes is None else codes[:, None]
        prior = sum(
            kernel.diag(X)[:, None] * B[functions, functions]
            for kernel, B in zip(self.kernels, self.Bs, strict=True)
        )
        variance = np.maximum(prior - self.posterior.variance(asked), 0.0)
        return variance + include_noise * self.noise[functions]

    def covariance_by_row(self, asked, X, codes, include_noise):
        """Of all tasks, (n, T, T)."""
        T = self.n_tasks
        prior = sum(
            kernel.diag(X)[:, None, None] * B[:T, :T]
            for kernel, B in zip(self.kernels, self.Bs, strict=True)
        )
        covariance = prior - self.posterior.covariance_by_row(asked)
        return covariance + include_noise * np.diag(self.noise[:T])

    def covariance(self, asked, X, codes, include_noise):
        """Of all rows and functions asked for, (n, p, n, p)."""
        n, T = len(X), self.n_tasks
        functions = np.tile(np.arange(T), (n, 1)) if codes is None else codes[:, None]
        prior = sum(
            kernel(X)[:, None, :, None] * B[functions[:, :, None, None], functions]
            for kernel, B in zip(self.kernels, self.Bs, strict=True)
        )
        covariance = prior - self.posterior.covariance(asked)
        flat = covariance.reshape(functions.size, functions.size)
        flat.flat[:: functions.size + 1] += include_noise * self.noise[functions.ravel()]
        return covariance

    def leave_one_out(self, y):
        """Mean and variance of each label y of the data given the others, (n_cells,)."""
        precisions = self.posterior.precisions()
        return y - self.posterior.dual / precisions, 1 / precisions

    def _asked(self, X, codes):
        """What the posterior takes for rows X."""
        T = self.n_tasks
        Cs = [B[:T, :T] if codes is None else B[codes[:, None], :T] for B in self.Bs]
        return self.posterior.asked([kernel(X, self.X) for kernel in self.kernels], Cs)


def _with_average_task(B, share):
    """A task covariance with the average function behind, of the mean variance of the tasks.

    The share of a task in averages is that of units of y.
    """
    between = share @ B / len(B)
    last = np.append(between, np.mean(share**2 * B.diagonal()))
    return np.column_stack([np.vstack([B, between]), last])
