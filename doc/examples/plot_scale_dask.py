"""
===================================================
Rows on a cluster: 42 patients, read once with Dask
===================================================

Rows that do not fit in memory often lie in many files. Dask reads them, in partitions, on the
workers of a cluster. What a multi-task model with a squared loss needs of them is little: the means
and second moments of every task. skmtl computes these where the rows are, adds them up, and fits
the same model as if all rows were in memory.

Here the cluster is two workers in this process, and the rows would fit. That is for you to see that
the models are the same; on a larger cluster, only the line that connects to it is another.
"""

# sphinx_gallery_thumbnail_number = 1

# %%
# The rows
# --------
# The voices of 42 patients with Parkinson's disease were recorded over half a year; the target is
# the severity of motor symptoms, as physicians score it. Each patient is a task. We write eight
# files, as if eight centers had sent one each: a patient is in one or two of them, and no file has
# all patients.

import tempfile
import time
from pathlib import Path

import dask.dataframe as dd
import matplotlib.pyplot as plt
import numpy as np
from dask.distributed import Client, LocalCluster

from skmtl import MeanRegularizedRegressorCV, MultiTaskLassoCV, TaskStatistics, load_parkinsons

X, y = load_parkinsons(return_X_y=True, as_frame=True)
features = X.columns.drop("patient")
X[features] = (X[features] - X[features].mean()) / X[features].std()
columns = list(X.columns)
rows = X.assign(score=y)

directory = tempfile.TemporaryDirectory()
for k, positions in enumerate(np.array_split(np.arange(len(rows)), 8)):
    rows.iloc[positions].to_parquet(Path(directory.name) / f"center_{k}.parquet")

# %%
# A fit on the cluster
# --------------------
# `fit` takes the columns of a dataframe of Dask as it takes those of pandas. The dataframe has not
# been read so far: `fit` does it, a file at a time on each worker.

cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0")
client = Client(cluster)

frame = dd.read_parquet(directory.name)
start = time.perf_counter()
model = MultiTaskLassoCV(task_column="patient")
model.fit(frame[columns], frame["score"])
seconds = time.perf_counter() - start
print(f"{frame.npartitions} partitions, {model.n_tasks_} patients, fitted in {seconds:.1f} s")
print(f"chosen alpha: {model.alpha_:.3g}")

# %%
# The five folds of the cross-validation are a hash of the positions of rows, so that it does not
# matter how rows are divided into partitions. Fitted to the rows in memory with the same folds,
# the model is the same.

in_memory = TaskStatistics.from_data(X, y, task_column="patient", n_folds=5)
same = MultiTaskLassoCV(task_column="patient").fit_statistics(in_memory)
print(f"largest difference of coefficients: {np.abs(model.coef_ - same.coef_).max():.1e}")
differences = model.mse_path_ / same.mse_path_ - 1
print(f"largest relative difference of held-out errors: {np.abs(differences).max():.1e}")

# %%
# One pass for several models
# ---------------------------
# To try several models, keep the statistics instead of reading the rows for each. They are small,
# and a fit takes the same time however many rows they are of.

statistics = TaskStatistics.from_dask(
    frame[columns],
    frame["score"],
    task_column="patient",
    n_folds=5,
)
print(statistics)

start = time.perf_counter()
mean_regularized = MeanRegularizedRegressorCV(task_column="patient").fit_statistics(statistics)
print(f"mean-regularized model and its cross-validation: {time.perf_counter() - start:.1f} s")

best = mean_regularized.mse_path_.mean(axis=-1).min()
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
hollow = {"marker": "o", "markerfacecolor": "none", "linestyle": "", "color": "C0"}
ax.plot(model.alphas_, model.mse_path_.mean(axis=-1), label="lasso, on the cluster")
ax.plot(same.alphas_, same.mse_path_.mean(axis=-1), **hollow, label="lasso, in memory")
ax.axhline(best, color="C1", label="mean-regularized, best of its grid")
ax.set(xscale="log", xlabel="alpha of the lasso", ylabel="held-out squared error")
ax.legend(frameon=False)
plt.show()

# %%
# Predictions
# -----------
# Predictions of a collection are an array of Dask: nothing is computed before it is asked for, and
# partitions can be written to files one by one. `score` adds up what :math:`R^2` is made of,
# patient by patient. (These are the rows of the fit; a score of new rows would be lower.)

predictions = model.predict(frame[columns])
print(predictions)
print(f"mean of the first partition: {predictions.blocks[0].mean().compute():.2f}")
print(f"mean R^2 of the patients: {model.score(frame[columns], frame['score']):.2f}")

# %%
client.close()
cluster.close()
directory.cleanup()
