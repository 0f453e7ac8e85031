"""
===============================================
A new task with six points: do the others help?
===============================================

Five sensors have been read 25 times each in the course of a day. A sixth sensor is new: it has six
readings, all before noon. Every sensor is a task with a curve of its own, and the curves are not
linear. The data are generated, so the truth is known. Sensors differ in their level, in the hours
of their peaks, and in how they drift over the day.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import root_mean_squared_error as rmse

from skmtl import MultiTaskKernelRidge, MultiTaskKernelRidgeCV

grid = np.linspace(0, 24, 200)
tasks = np.repeat(np.arange(6), [25, 25, 25, 25, 25, 6])


def draw(seed, other_kind=False):
    """Hours and readings of all samples; true curves on the grid, one for each sensor."""
    rng = np.random.RandomState(seed)
    level, delay, drift = rng.randn(6), 0.5 * rng.randn(6), 0.3 * rng.randn(6)

    def curve(hour, t):
        own = np.sin((hour - delay[t]) * np.pi / 6) + 0.5 * np.cos(hour * np.pi / 4)
        other = -1.2 * np.sin((hour - delay[t]) * np.pi / 10)
        drifting = level[t] + drift[t] * np.cos(hour * np.pi / 12)
        return drifting + np.where(other_kind & (t == 5), other, own)

    hour = rng.uniform(0, np.where(tasks == 5, 12, 24))
    y = curve(hour, tasks) + 0.15 * rng.randn(len(tasks))
    return hour[:, None], y, curve(grid, np.arange(6)[:, None])


# %%
# Each curve is learned separately (task strength 0), or as the sum of a part that all share and a
# part of its own. Both models choose alpha and gamma, the same for all tasks, by leave-one-out;
# the second model also chooses the task strength. All sensors have one unit, and six readings from
# one half of the day do not show how much a sensor varies, so targets are not normalized.

gammas = [0.003, 0.01, 0.03, 0.1]
alone = MultiTaskKernelRidgeCV(task_strengths=[0.0], gammas=gammas, normalize_y=False)
together = MultiTaskKernelRidgeCV(gammas=gammas, normalize_y=False)


def predict(model, t):
    return model.predict(grid[:, None], tasks=np.full(len(grid), t))


X, y, truth = draw(0)
fig, axes = plt.subplots(2, 3, figsize=(10, 5.5), sharex=True, layout="constrained")
for model, style, name in ((alone, "C1--", "alone"), (together, "C0-", "together")):
    model.fit(X, y, tasks=tasks)
    print(f"{name:8}", *(f"{rmse(truth[t], predict(model, t)):.2f}" for t in range(6)))
    for t, ax in enumerate(axes.flat):
        ax.plot(grid, predict(model, t), style, label=name)
for t, ax in enumerate(axes.flat):
    ax.plot(grid, truth[t], color="0.8", linewidth=5, zorder=0, label="truth")
    ax.plot(X[tasks == t], y[tasks == t], "k.", label="readings")
    ax.set(title="the new sensor" if t == 5 else f"sensor {t}", xlabel="hour" if t > 2 else None)
axes[0, 0].legend(frameon=False, fontsize="small")
plt.show()

# %%
# The printed numbers are the errors of the curves, with the new sensor last. Alone, the new sensor
# falls back to its level after noon; together, it continues as the others do. Most of the others
# gain, too.
#
# Leave-one-out chose how much is shared. These are its errors, and the true error for the new
# sensor:

g, _, a = np.unravel_index(together.loo_scores_.argmax(), together.loo_scores_.shape)
for strength, score in zip(together.task_strengths_, together.loo_scores_[g, :, a], strict=True):
    model = MultiTaskKernelRidge(
        together.alpha_, gamma=gammas[g], task_strength=strength, normalize_y=False
    )
    error = rmse(truth[5], predict(model.fit(X, y, tasks=tasks), 5))
    print(f"strength {strength:<5}: leave-one-out {np.sqrt(-score):.3f}, new sensor {error:.2f}")

# %%
# They agree here, but 125 of the 131 errors are those of the old sensors. Next, we draw the data
# 20 times, and 20 more times with a new sensor of another kind, and print median errors alone and
# together.

fig, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for kind, mark in (("same", "o"), ("other", "x")):
    pairs, strengths = np.empty((20, 2)), []
    for seed in range(20):
        X, y, truth = draw(seed, kind == "other")
        for m, model in enumerate((alone, together)):
            pairs[seed, m] = rmse(truth[5], predict(model.fit(X, y, tasks=tasks), 5))
        strengths.append(together.task_strength_)
    print(kind, "kind: median errors", *np.median(pairs, axis=0).round(2), end=", ")
    print("better", np.sum(pairs[:, 1] < pairs[:, 0]), "times, strength", np.median(strengths))
    ax.plot(*pairs.T, mark, label=f"{kind} kind")
ax.axline((0, 0), slope=1, color="0.7", zorder=0)
ax.set(xlim=(0, 1.6), ylim=(0, 1.6), xlabel="error alone", ylabel="error together")
ax.legend(frameon=False)
plt.show()

# %%
# A sensor of the same kind gains nearly always. A sensor of another kind gains or loses by chance,
# and leave-one-out still chooses strong sharing: six readings hardly count.
