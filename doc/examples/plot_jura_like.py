"""
========================================================
A costly metal and two cheap ones: a map with error bars
========================================================

Cadmium in soil is measured at few sites, nickel and zinc at many. Can these two help to map the
first? Geostatistics calls this co-kriging, and the heavy metals of the Swiss Jura are its standard
example. The license of those data does not allow us to package them, so the data here are
generated, with similar correlations; the page :doc:`/models/gaussian_process` has the figures for
the real data.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.gaussian_process.kernels import RBF, Matern

from skmtl import MultiTaskGaussianProcessRegressor

metals = ["cadmium", "nickel", "zinc"]
side = np.linspace(0, 5, 31)
grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def draw(seed, n_few=50, n_sites=170):
    """Sites (n_sites, 2), logarithms of metals with NaN where not measured; the same on the grid.

    Patches of two sizes, each with correlations of its own, and noise.
    """
    rng = np.random.default_rng(seed)
    sites = rng.uniform(0, 5, size=(n_sites, 2))
    places = np.vstack([sites, grid])
    functions = np.zeros((len(places), 3))
    for kernel, C in (
        (Matern(0.5, nu=1.5), [[0.3, 0.2, 0.25], [0.2, 0.3, 0.15], [0.25, 0.15, 0.3]]),
        (RBF(1.5), [[0.2, 0.1, 0.15], [0.1, 0.3, 0.1], [0.15, 0.1, 0.2]]),
    ):
        root = np.linalg.cholesky(kernel(places) + 1e-8 * np.eye(len(places)))
        functions += root @ rng.standard_normal(functions.shape) @ np.linalg.cholesky(C).T
    Y = functions[:n_sites] + 0.25 * rng.standard_normal((n_sites, 3))
    unseen = Y[n_few:, 0].copy()
    Y[n_few:, 0] = np.nan
    return sites, Y, unseen, functions[n_sites:, 0]


# %%
# Each row is a site and each column of Y is a metal, with NaN where cadmium was not measured. All
# parameters come from the likelihood of the measurements.

sites, Y, unseen, truth = draw(0)
few = ~np.isnan(Y[:, 0])
alone = MultiTaskGaussianProcessRegressor("matern32").fit(sites[few], Y[few, :1])
together = MultiTaskGaussianProcessRegressor("matern32").fit(sites, Y)
print("correlations\n", together.task_correlation_.round(2))

# %%
# The mean is the map, and the standard deviation says where to trust it. Large points are sites
# with cadmium, small points are sites with the helpers only.

fig, axes = plt.subplots(2, 3, figsize=(10.5, 6.4), sharex=True, sharey=True, layout="constrained")
maps = {}
for name, model in (("alone", alone), ("together", together)):
    mean, std = model.predict(grid, return_std=True, include_noise=False)
    maps[name] = mean[:, 0], std[:, 0]
    error = np.sqrt(np.mean((mean[:, 0] - truth) ** 2))
    print(f"{name:8} error of the map {error:.2f}, mean deviation {std[:, 0].mean():.2f}")
shown = {
    "log cadmium": {"truth": truth, **{name: found[0] for name, found in maps.items()}},
    "standard deviation": {name: found[1] for name, found in maps.items()},
}
axes[1, 0].set_axis_off()
for row, (label, pictures) in zip(axes, shown.items(), strict=True):
    values = np.concatenate(list(pictures.values()))
    for ax, (name, z) in zip(row[-len(pictures) :], pictures.items(), strict=True):
        z, limits = z.reshape(31, 31), {"vmin": values.min(), "vmax": values.max()}
        picture = ax.pcolormesh(side, side, z, cmap="viridis", shading="gouraud", **limits)
        if name == "together":
            ax.plot(*sites[~few].T, ".", color="w", markersize=2, alpha=0.6)
        if name != "truth":
            ax.plot(*sites[few].T, "ko", markersize=3)
        ax.set(title=f"{label}, {name}", aspect="equal")
    fig.colorbar(picture, ax=row[-len(pictures) :])
plt.show()

# %%
# The next figure shows the same as bands, for the sites without cadmium, sorted by the prediction.
# A 95% band for new measurements, noise included, should contain 95% of them.

fig, axes = plt.subplots(1, 2, figsize=(10.5, 3.6), sharey=True, layout="constrained")
for (name, model), ax, color in zip(
    (("alone", alone), ("together", together)), axes, ("C1", "C0"), strict=True
):
    mean, std = (values[:, 0] for values in model.predict(sites[~few], return_std=True))
    inside = np.abs(unseen - mean) < 1.96 * std
    order = np.argsort(mean)
    rank = np.arange(len(mean))
    ends = (mean - 1.96 * std)[order], (mean + 1.96 * std)[order]
    ax.fill_between(rank, *ends, color=color, alpha=0.25, lw=0)
    ax.plot(rank, mean[order], color)
    ax.plot(rank[inside[order]], unseen[order][inside[order]], "k.", markersize=3)
    ax.plot(rank[~inside[order]], unseen[order][~inside[order]], "rx", markersize=5)
    error = np.abs(unseen - mean).mean()
    ax.set(title=f"{name}: mean error {error:.2f}, {inside.mean():.0%} in the band")
    ax.set(xlabel="site, by its prediction")
axes[0].set_ylabel("log cadmium")
plt.show()

# %%
# One draw may be luck. These are the mean absolute errors, and the shares of measurements in the
# band, of ten more draws:

found = np.empty((10, 2, 2))  # draws; alone or together; error, share
for seed in range(10):
    sites, Y, unseen, _ = draw(seed + 1)
    few = ~np.isnan(Y[:, 0])
    for m, (rows, columns) in enumerate(((few, [0]), (slice(None), [0, 1, 2]))):
        model = MultiTaskGaussianProcessRegressor("matern32", n_restarts=1)
        model.fit(sites[rows], Y[rows][:, columns])
        mean, std = (values[:, 0] for values in model.predict(sites[~few], return_std=True))
        off = np.abs(unseen - mean)
        found[seed, m] = off.mean(), np.mean(off < 1.96 * std)
for m, name in enumerate(("alone", "together")):
    print(f"{name:8} error {found[:, m, 0].mean():.3f}, in the band {found[:, m, 1].mean():.1%}")
print("better", np.sum(found[:, 1, 0] < found[:, 0, 0]), "times of 10")

# %%
# The helpers gain each time. The bands contain a little less than 95% in both cases: parameters
# that are estimated from few measurements are treated as known. Besides, the truth has patches of
# two sizes here, and the model has one length scale for each direction.
