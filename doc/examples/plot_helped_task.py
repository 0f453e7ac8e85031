"""
=================================================
A gap filled by other tasks: how sure may one be?
=================================================

Three gauges in a river measure the same floods at different places. The third gauge failed for
half of the time. A multi-task Gaussian process fills the gap from the others, and tells how well
it can. The data are generated, so the truth is known.
"""

import matplotlib.pyplot as plt
import numpy as np

from skmtl import MultiTaskGaussianProcessRegressor

grid = np.linspace(0, 10, 201)
gap = (grid > 3.5) & (grid < 8.5)


def draw(seed, shared=(1.0, 0.8, 1.2)):
    """Days (40, 1), levels (40, 3) with NaN in the gap, true levels on the grid (201, 3)."""
    rng = np.random.default_rng(seed)
    days = np.append(np.sort(rng.uniform(0, 10, size=40)), grid)
    # a wave that all share, and a smaller one of each gauge
    frequency, phase = rng.uniform(0.8, 2.5, size=(4, 3)), rng.uniform(0, 6, size=(4, 3))
    wave, *own = np.sin(days[:, None, None] * frequency + phase).sum(axis=2).T
    levels = np.outer(wave, shared) + 0.2 * np.column_stack(own) + [6.0, 8.0, 12.0]
    Y = levels[:40] + 0.15 * rng.standard_normal((40, 3))
    Y[(days[:40] > 3.5) & (days[:40] < 8.5), 2] = np.nan
    return days[:40, None], Y, levels[40:]


# %%
# The same model is fitted twice: to the third gauge only, and to all gauges. How much the gauges
# have in common, the length scale and the noise of each gauge are determined by the likelihood of
# the readings; nothing is tuned.

X, Y, truth = draw(0)
fitted = {
    "alone": MultiTaskGaussianProcessRegressor().fit(X, Y[:, 2:]),
    "together": MultiTaskGaussianProcessRegressor().fit(X, Y),
}
print("correlations\n", fitted["together"].task_correlation_.round(2))

fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, layout="constrained")
for (name, model), ax, color in zip(fitted.items(), axes, ("C1", "C0"), strict=True):
    mean, std = model.predict(grid[:, None], return_std=True, include_noise=False)
    mean, std = mean[:, -1], std[:, -1]
    ax.fill_between(grid, mean - 1.96 * std, mean + 1.96 * std, color=color, alpha=0.25, lw=0)
    ax.plot(grid, mean, color, label="mean and 95% band")
    ax.plot(grid, truth[:, 2], "k:", label="truth")
    if name == "together":
        ax.plot(X, Y[:, :2], ".", color="0.6", markersize=4, label="the other gauges")
    ax.plot(X, Y[:, 2], "k.", label="readings")
    ax.set(title=name, xlabel="day")
handles, labels = ax.get_legend_handles_labels()
fig.legend(handles[:3] + handles[4:], labels[:3] + labels[4:], loc="outside lower center", ncols=4)
axes[0].set_ylabel("level of the third gauge")
plt.show()

# %%
# Alone, the model knows nothing in the gap but the mean of the gauge and how much it varies, and
# its band says so. Together, it follows the floods that the other gauges saw. The band is
# narrower, but its width is not zero: every gauge has a part of its own that no other gauge shows.
#
# ``include_noise=False`` gives the band of the level itself, as above; by default, bands are those
# of new readings. Draws from the posterior are levels as they may have been, with or without
# noise:

draws = fitted["together"].sample_y(grid[::2, None], n_samples=200, include_noise=False)[:, 2]
crest = draws[gap[::2]].max(axis=0)
print("crest in the gap, 95% of draws:", *np.quantile(crest, [0.025, 0.975]).round(1), end=", ")
print("truth", truth[gap, 2].max().round(1))

# %%
# One picture proves little. We draw the data 12 times, and 12 more times with a third gauge that
# shares nothing with the others, and print the median error in the gap and how much of the truth
# the bands contain. With ``n_draws``, predictions are averaged over parameters that are plausible
# given the readings.

for kind, shared in (("related", (1.0, 0.8, 1.2)), ("unrelated", (1.0, 0.8, 0.0))):
    errors, inside, widths = np.empty((3, 12, 3))
    for seed in range(12):
        X, Y, truth = draw(seed, shared)
        for m, (targets, n_draws) in enumerate(((Y[:, 2:], 0), (Y, 0), (Y, 50))):
            model = MultiTaskGaussianProcessRegressor(n_draws=n_draws).fit(X, targets)
            asked = grid[gap, None]
            mean, std = model.predict(asked, return_std=True, include_noise=False)
            off = mean[:, -1] - truth[gap, 2]
            errors[seed, m] = np.sqrt(np.mean(off**2))
            inside[seed, m] = np.mean(np.abs(off) < 1.96 * std[:, -1])
            widths[seed, m] = 3.92 * std[:, -1].mean()
    for m, name in enumerate(("alone", "together", "averaged")):
        print(f"{kind:9} {name:8} error {np.median(errors[:, m]):.2f}", end=", ")
        print(f"bands hold {inside[:, m].mean():.0%}, width {np.median(widths[:, m]):.1f}", end="")
        print(f", better {np.sum(errors[:, m] < errors[:, 0])} times" if m else "")

# %%
# Gauges that are related gain nearly always. An unrelated gauge has nothing to gain, and loses a
# little as often as not: with twenty readings, some correlation is found by chance. The bands of
# all gauges together contain less than 95% of the truth: parameters are estimated from few
# readings but treated as known. Averaged over draws of the parameters, bands are wider and contain
# about what they promise.
