"""
==========================================================
Curves seen at different ages: can tasks fill in the rest?
==========================================================

Four groups of children are measured over a few years of age only: 2 to 8, 5 to 12, 8 to 15 and 11
to 18. A fifth group is measured from 2 to 18. Every group is a task with samples of its own. What
does a joint model predict at ages at which a group was not measured? The data are generated, so
the truth is known.
"""

# %%
# There is one row for each measurement, with the age and, as the last column of X, the group. A
# fifth of the targets are missing; in this form of data their samples are left out.

import matplotlib.pyplot as plt
import numpy as np

from skmtl import MultiTaskKernelRidge, MultiTaskKernelRidgeCV

seen = np.array([(2, 8), (5, 12), (8, 15), (11, 18), (2, 18)])
grid = np.linspace(2, 18, 161)
inside = (grid >= seen[:, :1]) & (grid <= seen[:, 1:])
everywhere = np.column_stack([np.tile(grid, 5), np.repeat(np.arange(5), len(grid))])


def draw(seed, spread=0.0):
    """Samples, their targets, true curves; `spread` of the age at the spurt, in years."""
    rng = np.random.RandomState(seed)
    level, slope, spurt = 2 * rng.randn(5), 0.15 * rng.randn(5), 13 + spread * rng.randn(5)

    def curve(age, t):
        fast = 6 * np.exp(-((age - spurt[t]) ** 2) / 3) + 4 * np.exp(-age / 4)
        return level[t] + slope[t] * (age - 10) + fast

    group = np.repeat(np.arange(5), 30)
    age = rng.uniform(*seen[group].T)
    y = curve(age, group) + 0.4 * rng.randn(len(age))
    y[rng.uniform(size=len(y)) < 0.2] = np.nan
    observed = ~np.isnan(y)
    truth = curve(grid, np.arange(5)[:, None])
    return np.column_stack([age, group])[observed], y[observed], truth


def rmse(curve, truth, where):
    return np.sqrt(np.mean((curve - truth)[where] ** 2))


# %%
# ``task_column=-1`` says where the groups are. All regularization strengths are chosen by
# leave-one-out; a task strength of 0 learns each group separately. Targets are not normalized: all
# are in one unit, and a few years do not show how much a group varies. The printed numbers are the
# errors at ages at which groups 0 to 3 were not measured.

options = {"gammas": [0.03, 0.1, 0.3, 1.0], "task_column": -1, "normalize_y": False}
alone = MultiTaskKernelRidgeCV(task_strengths=[0.0], **options)
together = MultiTaskKernelRidgeCV(**options)
X, y, truth = draw(0)
fig, axes = plt.subplots(1, 5, figsize=(12, 3.4), sharey=True, layout="constrained")
for model, style, name in ((alone, "C1--", "alone"), (together, "C0-", "together")):
    curves = model.fit(X, y).predict(everywhere).reshape(5, -1)
    print(f"{name:8}", *(f"{rmse(curves[t], truth[t], ~inside[t]):.2f}" for t in range(4)))
    for t, ax in enumerate(axes):
        ax.plot(grid, curves[t], style, label=name)
for t, ax in enumerate(axes):
    ax.plot(grid, truth[t], color="0.8", linewidth=5, zorder=0, label="truth")
    ax.plot(
        *np.column_stack([X[:, 0], y])[X[:, 1] == t].T, "k.", markersize=4, label="measurements"
    )
    ax.set(title=f"group {t}, {seen[t, 0]} to {seen[t, 1]}", xlabel="age")
axes[0].legend(frameon=False, fontsize="small")
plt.show()

# %%
# At ages without measurements, learning together is better: the growth spurt of group 0 comes from
# the others. But the level and the slope of a group are known from its own ages only: the curve of
# group 0 is too high.
#
# Does it still work if the spurt comes earlier in one group than in another? We print median
# errors alone and together, and how often together is better in 20 draws, for a spread of 0, 1 and
# 2 years:

for spread in (0.0, 1.0, 2.0):
    errors = np.empty((20, 2, 2))  # draws; seen or not; alone or together
    for seed in range(20):
        X, y, truth = draw(seed, spread)
        for m, model in enumerate((alone, together)):
            curves = model.fit(X, y).predict(everywhere).reshape(5, -1)
            errors[seed, :, m] = [rmse(curves, truth, where) for where in (inside, ~inside)]
    for where, pairs in (("seen", errors[:, 0]), ("not seen", errors[:, 1])):
        better = np.sum(pairs[:, 1] < pairs[:, 0])
        print(spread, f"{where:8}", *np.median(pairs, axis=0).round(2), f"better {better} times")

# %%
# If the spurt is at the same age in all groups, learning together is nearly always better. With a
# spread of one year little of this is left, with two years nothing: no model knows the age of a
# spurt if no sample of the group shows it. Where groups were measured, sharing then hurts more
# often than it helps, by little.
#
# The same samples as a two-dimensional y, with NaN where a group has no measurement, give the same
# model:

Y = np.full((len(y), 5), np.nan)
Y[np.arange(len(y)), X[:, 1].astype(int)] = y
wide = MultiTaskKernelRidge(0.1, gamma=0.1).fit(X[:, :1], Y).predict(grid[:, None])
long = MultiTaskKernelRidge(0.1, gamma=0.1, task_column=-1).fit(X, y).predict(everywhere)
print("equal:", np.allclose(wide.T.ravel(), long))
