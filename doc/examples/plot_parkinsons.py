"""
=========================================================
Six recordings of each patient: does joint learning help?
=========================================================

Patients with Parkinson's disease recorded their voice at home, for half a year. Each recording has
16 voice measures, the time since the start, and a score of the disease, motor_UPDRS. Suppose that
only six recordings of each patient have been scored. How well can the scores of the others be
predicted?

Each patient is a task. Six recordings are few for 17 features. Perhaps the other 41 patients can
help: what matters for them may matter for this one. We learn each patient alone, all jointly with
the multi-task lasso, and all pooled as if they were one, and compare.
"""

# sphinx_gallery_thumbnail_number = 3

# %%
# The data
# --------
# 42 patients, more than a hundred recordings each. The last column of X is the patient's number.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import SymLogNorm
from sklearn.linear_model import LassoCV, LinearRegression
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MultiTaskLassoCV,
    TaskStratifiedShuffleSplit,
    compare_to_single_task,
    keep_task_column,
    load_parkinsons,
    task_score,
)

data = load_parkinsons()
X, y, patients = data.X, data.y, data.tasks
print(f"{len(y)} recordings of {len(np.unique(patients))} patients, {X.shape[1] - 1} features")

cv = TaskStratifiedShuffleSplit(6, train_size=6, test_size=None, task_column=-1, random_state=0)
train, test = next(cv.split(X))

# %%
# Four of the patients. The scores are not measured at every recording: clinicians saw a patient a
# few times, and the values between the visits were interpolated linearly. Some scores follow one
# straight line (30), others go up and down (11, 17). Remember this for later.

fig, axes = plt.subplots(1, 4, figsize=(10, 2.6), layout="constrained", sharex=True)
for ax, patient in zip(axes, [30, 5, 11, 17], strict=True):
    own = patients == patient
    ax.plot(X[own, 0], y[own], ".", color="0.75", markersize=4, label="all")
    own = train[patients[train] == patient]
    ax.plot(X[own, 0], y[own], "o", color="C0", label="six for training")
    ax.set(title=f"patient {patient}", xlabel="days")
axes[0].set_ylabel("motor_UPDRS")
axes[0].legend(frameon=False, fontsize="small")
plt.show()

# %%
# The comparison
# --------------
# The model standardises the features, all but the patient's number, and chooses the strength of
# the multi-task lasso by cross-validation on the training recordings. ``compare_to_single_task``
# runs it next to a lasso for each patient (single) and a lasso for all (pooled), after the same
# scaling and tuned in the same way, over six random draws of the training recordings.

model = make_pipeline(
    keep_task_column(StandardScaler(), -1), MultiTaskLassoCV(task_column=-1, max_iter=10_000)
)
report = compare_to_single_task(model, X, y, task_column=-1, cv=cv, random_state=0)
print(report.verdict())

# %%
# The mean error went down, and most patients gained. But the mean *relative* gain is absurd, and
# the report says why: a few patients are predicted nearly perfectly alone, and a small error more
# is then a huge relative loss. Nor can it be sure of any single patient, since the intervals from
# such small training sets are very wide. So look at each of them.
#
# Who gains, who loses?
# ---------------------
# One point for each patient: the error alone, and what becomes of it when learned jointly. Below
# the line sharing helped.

table = report.table_
ratio = table["error_multi"] / table["error_single"]
lost = ratio > 1

fig, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
ax.axhline(1, color="0.4", linewidth=1)
ax.plot(table["error_single"][~lost], ratio[~lost], "o", color="C0", label="gained")
ax.plot(table["error_single"][lost], ratio[lost], "o", color="C3", label="lost")
for row, value in zip(table[ratio > 1.1], ratio[ratio > 1.1], strict=True):
    ax.annotate(
        f"{row['task']:.0f}", (row["error_single"], value), (6, 0), textcoords="offset points",
        va="center", fontsize="small",
    )  # fmt: skip
ax.set(
    xscale="log",
    yscale="log",
    xlabel="RMSE of the patient learned alone (points of motor_UPDRS)",
    ylabel="RMSE jointly / RMSE alone",
    title=f"{np.sum(~lost)} patients gained, {np.sum(lost)} lost",
)
ax.set_yticks([0.5, 1, 2, 5, 10, 50, 100], ["0.5", "1", "2", "5", "10", "50", "100"])
ax.set_xticks([0.01, 0.1, 1, 5], ["0.01", "0.1", "1", "5"])
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()

# %%
# The large losses are on the left: patients who are easy alone. Do they have something in common?
# How far are the scores of a patient from one straight line over time?


def line(patient):
    """Slope of a patient's straight line over time, and the standard deviation around it."""
    days, score = X[patients == patient, 0], y[patients == patient]
    coef = np.polyfit(days, score, 1)
    return coef[0], np.std(score - np.polyval(coef, days))


slope, distance = np.array([line(patient) for patient in table["task"]]).T
print(f"median distance from a line: {np.median(distance[lost]):.2f} points for those who lost,")
print(f"                             {np.median(distance[~lost]):.2f} points for those who gained")

# %%
# Most of those who lost follow a line closely. Six recordings are enough to find it, so there is
# nothing that others could add.
#
# What joint learning does
# ------------------------
# Here are the coefficients from the first draw of recordings.

alone = make_pipeline(
    keep_task_column(StandardScaler(), -1),
    IndependentTasks(LassoCV(max_iter=100_000), task_column=-1),
).fit(X[train], y[train])
jointly = model.fit(X[train], y[train])

coefs = {
    "Alone": np.array([lasso.coef_ for lasso in alone[-1].estimators_]),
    "Jointly": jointly[-1].coef_,
}
fig, axes = plt.subplots(2, 1, figsize=(10, 7), layout="constrained", sharex=True)
for ax, (name, coef) in zip(axes, coefs.items(), strict=True):
    norm = SymLogNorm(linthresh=0.1, vmin=-10, vmax=10)
    image = ax.imshow(coef.T, cmap="RdBu_r", norm=norm, aspect="auto", interpolation="nearest")
    ax.set_title(f"{name}: {(coef != 0).any(axis=0).sum()} features in use")
    ax.set_yticks(range(coef.shape[1]), data.feature_names[:-1], fontsize="small")
axes[1].set_xticks(range(0, 42, 3), range(1, 43, 3))
axes[1].set_xlabel("patient")
bar = fig.colorbar(image, ax=axes, shrink=0.6, ticks=[-10, -1, -0.1, 0, 0.1, 1, 10])
bar.ax.set_yticklabels(["-10", "-1", "-0.1", "0", "0.1", "1", "10"])
bar.set_label("coefficient (points per standard deviation of the feature)")
plt.show()

# %%
# Alone, each patient has a pattern of its own, and for several the lasso misses even the time.
# Jointly, a feature is used for all or for none. Time is used for all. Few voice measures are left,
# with small coefficients: what they seem to say about one patient, from six recordings, the others
# do not confirm.
#
# Where do the losses come from, then? One strength of the penalty serves all patients, and it
# shrinks every slope over time. That hardly matters to a patient who goes up and down. It does to
# one who follows a line. Over all draws:

straight = distance < 0.2
n_used, shrunk = [], []
for fold_train, _ in cv.split(X):
    scale, lasso = model.fit(X[fold_train], y[fold_train])
    days = scale.named_transformers_["features"].scale_[0]  # one standard deviation of time
    n_used.append(int((lasso.coef_ != 0).any(axis=0).sum()))
    shrunk.append(np.median(lasso.coef_[straight, 0] / (slope[straight] * days)))
print(f"{straight.sum()} patients are closer than 0.2 points to their line")
print("median of their slopes jointly, relative to that line:", np.round(shrunk, 2))
print("features in use:", n_used)

# %%
# A last check
# ------------
# If time is all that counts, a straight line for each patient should do as well. That is easily
# tried, once one knows.

errors = []
for fold_train, fold_test in cv.split(X):
    lines = IndependentTasks(LinearRegression(), task_column=-1)
    lines.fit(X[fold_train][:, [0, -1]], y[fold_train])
    errors.append(
        task_score(
            y[fold_test],
            lines.predict(X[fold_test][:, [0, -1]]),
            metric=root_mean_squared_error,
            tasks=patients[fold_test],
        )
    )
print("RMSE, mean over patients:")
for name, error in report.summary_["mean_error"].items():
    print(f"    {name:8}{error:5.2f}")
print(f"    {'line':8}{np.mean(errors):5.2f}")

# %%
# The line does as well, even a little better. So what joint learning had over the lasso alone is
# mostly this: it found out, from all patients together, which feature to keep. Nobody had to tell
# it. Once that is known, sharing has little more to give on these data, and no model here drew
# anything of use from the voice measures.
#
# Pooling fails for another reason. Patients differ in the level of their score, and a model that
# does not see the patient has one intercept for all.
