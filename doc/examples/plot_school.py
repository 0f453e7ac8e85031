"""
======================================================
139 schools: how much can the small learn from others?
======================================================

How well does a pupil do in the examination, given the year and properties of the pupil and the
school? The School data have 15362 pupils of 139 schools in London, 22 to 251 in each school. What
leads to a high score may differ between schools, but hardly completely. Each school is a task.

We learn the schools jointly in two ways. The mean-regularized model pulls the coefficients of all
schools towards their mean. The trace norm looks for a few patterns of which each school is a
mixture. Both are compared with learning each school separately, and with one model for all.
"""

# sphinx_gallery_thumbnail_number = 3

# %%
# The data
# --------
# :func:`~skmtl.fetch_school` downloads 45 kB the first time and keeps them. Without a connection,
# this example generates data of the same shape; what follows is then about those, not about
# schools.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MeanRegularizedRegressorCV,
    PooledTasks,
    RandomInterceptTasks,
    TraceNormRegressorCV,
    compare_to_single_task,
    fetch_school,
    keep_task_column,
    make_multitask_regression,
)

try:
    data, source = fetch_school(), "School"
except OSError as error:
    print("The School data could not be loaded:", error)
    sizes = np.linspace(22, 251, 139).astype(int)
    data = make_multitask_regression(
        sizes, 27, 139, n_informative=27, n_clusters=1, noise=10.0, own_inputs=True, random_state=0
    )
    source = "NOT School: generated data"
X, y = data.X, data.y
sizes = np.unique(data.tasks, return_counts=True)[1]
print(f"{source}: {len(y)} samples, {len(sizes)} tasks of {sizes.min()} to {sizes.max()} samples")

# %%
# The comparison
# --------------
# All features are standardized, except the last column, the school's number. Every model chooses
# its regularization strength by cross-validation on the training set. The baseline is a tuned
# ridge regression for each school. Two more models are one ridge regression for all schools: one
# does not know the school, the other has an intercept for each. Four folds are fast; the default
# of 20 splits is better.

ridge = RidgeCV(np.logspace(-2, 5, 30))
models = {
    "mean-regularized": MeanRegularizedRegressorCV(task_column=-1),
    "trace norm": TraceNormRegressorCV(alphas=20, eps=1e-2, task_column=-1),
    "own intercepts": RandomInterceptTasks(ridge, scales=[1.0], task_column=-1),
    "one for all": PooledTasks(ridge, task_column=-1),
}
models = {
    name: make_pipeline(keep_task_column(StandardScaler(), -1), model)
    for name, model in models.items()
}
report = compare_to_single_task(
    models,
    X,
    y,
    baseline=ridge,
    rivals=(),
    task_column=-1,
    cv=4,
    model_figures=False,
    random_state=0,
)
print(report)

# %%
# On the School data, every way of sharing has a smaller error than the single schools. The
# mean-regularized model is best. But a ridge regression for all schools with an intercept for each
# is so close behind that these data cannot distinguish the two: schools differ mostly in their
# level, and little in what matters to a pupil. Without its intercepts, the model for all gains
# much less.
#
# Each dot is a school, and the large mark is the mean gain.

display = report.plot(kind="gain")
display.figure_.suptitle(source)
plt.show()

# %%
# School by school
# ----------------
# These are all gains of the mean-regularized model with their intervals. With 139 intervals, none
# is beyond doubt: four folds tell something about the schools as a whole, not about a single
# school.

display = report["mean-regularized"].plot(kind="gain")
display.figure_.suptitle(source)
plt.show()

# %%
# Who gains? The next figure shows the gain against the number of training pupils of a school.

display = report["mean-regularized"].plot(kind="size")
display.figure_.suptitle(source)
plt.show()

table = report["mean-regularized"].table_
by_size = table["gain"][np.argsort(table["n_train"], kind="stable")]
for name, gain in (("smaller", by_size[:69]), ("larger", by_size[69:])):
    print(f"{name} half: mean gain {gain.mean():+.1%}, {np.mean(gain < 0):.0%} lost")

# %%
# The smaller schools gain more on average, and they have the largest gains. But they also have the
# largest losses: with few test pupils their errors are noisy. The larger schools gain less, and
# more reliably.
