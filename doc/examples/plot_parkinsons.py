"""
=========================================================
Six recordings of each patient: does joint learning help?
=========================================================

Patients with Parkinson's disease recorded their voice at home for half a year. Each recording has
16 voice measures, the time since the start, and a score of the disease, motor_UPDRS. Suppose that
only six recordings of each patient have been scored. How well can the scores of the other
recordings be predicted?

Each patient is a task. Six recordings are few for 17 features. Perhaps the other 41 patients can
help: what matters for them may also matter for this one. We learn the patients separately, jointly
with the multi-task lasso, and pooled as if they were one, and compare.
"""

# sphinx_gallery_thumbnail_number = 2

# %%
# The data
# --------
# There are 42 patients with more than a hundred recordings each. The last column of X is the
# patient's number.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MultiTaskLassoCV,
    TaskStratifiedShuffleSplit,
    compare_to_single_task,
    keep_task_column,
    load_parkinsons,
)
from skmtl.inspection import CoefficientDisplay

data = load_parkinsons()
X, y, patients = data.X, data.y, data.tasks
print(f"{len(y)} recordings of {len(np.unique(patients))} patients, {X.shape[1] - 1} features")

cv = TaskStratifiedShuffleSplit(6, train_size=6, test_size=None, task_column=-1, random_state=0)
train, test = next(cv.split(X))

# %%
# The figure shows four of the patients. The scores were not measured at every recording:
# clinicians saw a patient a few times, and the values between the visits are **interpolated**
# linearly. Some scores follow one straight line (30), others go up and down (11, 17), and two lines
# that meet describe 40 of the 42 patients almost exactly. Remember this for later. (In
# :ref:`sphx_glr_auto_examples_plot_radon.py` every target was measured.)

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
# The model standardizes all features except the patient's number, and chooses the strength of the
# multi-task lasso by cross-validation on the training recordings. ``compare_to_single_task``
# compares it with a lasso for each patient ("single") and with models for all patients
# ("intercept", "pooled"), with the same scaling and tuned in the same way, over six random draws
# of the training recordings.

model = make_pipeline(
    keep_task_column(StandardScaler(), -1), MultiTaskLassoCV(task_column=-1, max_iter=10_000)
)
options = {"task_column": -1, "cv": cv, "model_figures": False, "random_state": 0}
report = compare_to_single_task(model, X, y, **options)
print(report.verdict())
for method, error in report.summary_["mean_error"].items():
    print(f"{method:10}{error:6.2f}")

# %%
# The mean error went down, and most patients gained. But the report is careful: the gain of a
# typical patient is small beside its interval, and some patients lose much more than others gain.
# So we look at the patients one by one.
#
# Who gains, who loses?
# ---------------------
# Each point is a patient. Below the diagonal, sharing helped.

report.plot(kind="scatter")
plt.show()

# %%
# The large losses are on the left: patients whose single-task error is small. Do they have
# something in common? How far are the scores of a patient from one straight line over time?

table = report.table_
lost = table["gain"] < 0
slope, distance = np.empty((2, len(table)))
for t, patient in enumerate(table["task"]):
    days, score = X[patients == patient, 0], y[patients == patient]
    line = np.polyfit(days, score, 1)
    slope[t], distance[t] = line[0], np.std(score - np.polyval(line, days))
print(f"median distance from a line: {np.median(distance[lost]):.2f} points for those who lost,")
print(f"                             {np.median(distance[~lost]):.2f} points for those who gained")

# %%
# Most of those who lost follow a line closely. Six recordings are enough to find it, so the other
# patients cannot add anything.
#
# What joint learning does
# ------------------------
# These are the coefficients for the first draw of recordings: a feature is used for all patients
# or for none.

scale, lasso = model.fit(X[train], y[train])
CoefficientDisplay.from_estimator(model, feature_names=data.feature_names[:-1])
plt.show()

straight = distance < 0.2
days = scale.named_transformers_["features"].scale_[0]  # one standard deviation of time
shrunk = np.median(lasso.coef_[straight, 0] / (slope[straight] * days))
print(f"{straight.sum()} patients are closer than 0.2 points to their line")
print(f"median of their slopes jointly, relative to that line: {shrunk:.2f}")

# %%
# Time matters most by far. What the voice measures seem to say about one patient, based on six
# recordings, is not confirmed by the others. But one regularization strength serves all patients,
# and it shrinks every slope over time. This hardly matters to a patient whose score goes up and
# down. It does matter to one whose score follows a line.
#
# A last check
# ------------
# If only time matters, a straight line for each patient should do as well. Any estimator can be
# the baseline: here it is least squares on the first feature, the days.

time_only = make_pipeline(make_column_transformer(("passthrough", [0])), LinearRegression())
against_lines = compare_to_single_task(model, X, y, baseline=time_only, rivals=(), **options)
print(against_lines.verdict())

# %%
# The line does as well, even a little better. So the advantage of joint learning over the lasso of
# each patient is mostly this: it found out, from all patients together, which feature to keep.
# Nobody had to tell it. Once this is known, sharing has little more to give on these data, and no
# model here made use of the voice measures. Scores that are interpolated between visits invite
# this: what is learned is the interpolation.
#
# Pooling fails for another reason. Patients differ in the level of their score, and a model that
# does not know the patient has one intercept for all.
