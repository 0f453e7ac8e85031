"""
============================================
Radon in 85 counties: what do counties gain?
============================================

Radon is a gas that comes from the ground and may cause cancer. It was measured in 919 houses of 85
counties of Minnesota. Some counties have more than a hundred houses, others one or two. Each county
is a task: how much radon will be in another house? Gelman and Hill's book on multilevel models has
made this survey the textbook case of *partial pooling*, so that results can be looked up.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# The data
# --------
# The target is the logarithm of the radon. There is one feature: whether it was measured on the
# first floor rather than in the basement. (The uranium of the county's soil comes later.)

import matplotlib.pyplot as plt
import numpy as np

from skmtl import MixedEffectsRegressor, compare_to_single_task, load_radon

radon = load_radon()
floor, uranium, _ = np.hsplit(radon.X, 3)
y = radon.y
counties = radon.county_names[radon.tasks - 1]
names, houses = np.unique(counties, return_counts=True)
print(f"{len(y)} houses in {len(names)} counties, half of which have at most {np.median(houses):g}")

# %%
# Three answers
# -------------
# A county may have its own mean. That of *Lac qui Parle* is the highest, but it has two houses. Or
# all counties share one mean, which cannot be right for those with many houses. The mixed-effects
# model is between the two: the means of counties vary about a common one, by how much is estimated,
# and a county with few houses stays near the common mean. (We leave the floor aside for a moment.)

nothing = np.zeros_like(floor)
means = np.array([y[counties == name].mean() for name in names])
partial = MixedEffectsRegressor("intercept").fit(nothing, y, tasks=counties)

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.axhline(y.mean(), color="0.6", label="one mean for all")
ax.vlines(houses, means, partial.intercept_, color="0.85", zorder=0)
ax.plot(houses, means, "o", color="C1", markersize=4, label="mean of the county")
ax.plot(houses, partial.intercept_, "o", color="C0", markersize=4, label="partial pooling")
highest = np.argmax(means)
ax.annotate(names[highest], (houses[highest], means[highest]), (6, -3), textcoords="offset points")
ax.set(xscale="log", xlabel="houses of the county", ylabel="logarithm of the radon")
ax.legend(frameon=False)
plt.show()

# %%
# The figures of the book
# -----------------------
# With the floor of the measurement, and the settings of lme4 ("flat" and "common"), this is the
# varying-intercept model in chapter 12 of the book. It has the intercept 1.46, the slope -0.69, and
# the standard deviations 0.33 between counties and 0.76 within. The book writes 0.1 for houses
# without radon, where our data add 0.1 to all, so we undo that first.

y_of_the_book = np.log(np.maximum(np.exp(y) - 0.1, 0.1))
lme4 = MixedEffectsRegressor("intercept", fixed_effects="flat", task_noise="common")
print(lme4.fit(floor, y_of_the_book, tasks=counties).summary())

# %%
# Does it help?
# -------------
# The comparison hides a quarter of the houses, in four parts and five times over, and predicts them
# from the others: by a regression of each county alone, and by the model that shares.

model = MixedEffectsRegressor("intercept")
report = compare_to_single_task(model, floor, y, tasks=counties, random_state=0)
print(report)

# %%
# It helps, and mainly the small counties. From two houses a county learns next to nothing; from
# fifty it hardly needs the others.

report.plot(kind="size")
plt.show()

for size, gain, low, high in zip([2, 10, 50], *report.size_curve([2, 10, 50]), strict=True):
    print(f"{size:2} houses to learn from: gain {gain:.0%} ({low:.0%} to {high:.0%})")

# %%
# *Lac qui Parle* is not among those that surely gain or lose. Its two houses agree that there is
# much radon, so that each predicts the other well, and sharing does not believe them. Two houses
# cannot tell whether that is right.
#
# One model for all?
# ------------------
# What about all houses as one data set, without counties? And what if we knew why counties differ?
# The soil of some has more uranium, from which radon comes. Here are the root mean squared errors
# over all houses, with and without the uranium as a second feature.


def error_of_all_houses(report, method):
    squares = report.table_[f"error_{method}"] ** 2
    return np.sqrt(np.average(squares, weights=report.table_["n_test"]))


with_uranium = compare_to_single_task(
    model, np.hstack([floor, uranium]), y, tasks=counties, random_state=0
)
print(f"{'':28}  floor  and uranium")
for method, name in {
    "single": "each county alone",
    "pooled": "one model for all",
    "intercept": "an intercept for each county",
    "multi": "mixed effects",
}.items():
    without = error_of_all_houses(report, method)
    print(f"{name:28}  {without:.3f}  {error_of_all_houses(with_uranium, method):.3f}")

# %%
# Without the uranium, one model for all is hardly better than counties alone, and partial pooling
# is better than both. (The report is less sure of that: there each county counts the same, and most
# have few houses.) With it, one model for all comes close: what made counties differ is known
# now. A model of a single county cannot learn from the uranium, which is the same in all its
# houses. So a feature of tasks can be worth as much as the sharing, and has to be shared to be
# learned.
