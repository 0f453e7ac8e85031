"""
====================================================
Texts of two tasks: a pipeline from words to classes
====================================================

Is a text about computers or about science? Task "a" learns this from the newsgroups on graphics
and on space, task "b" from those on Macs and on medicine. Some words should be informative in both
tasks.

The texts and the task are two columns of a data frame. This example shows what to do with such
data: a pipeline turns words into a sparse matrix, keeps the task column, and is passed to
``compare_to_single_task`` as it is.
"""

# %%
# The data
# --------
# :func:`sklearn.datasets.fetch_20newsgroups` downloads the texts the first time. Without a
# connection, this example makes up texts of random words; what it finds is then about those.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import fetch_20newsgroups
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from skmtl import (
    MeanRegularizedClassifier,
    MultiTaskCV,
    MultiTaskLassoClassifierCV,
    compare_to_single_task,
)

N_TEXTS = 150  # of each task
GROUPS = {"a": ["comp.graphics", "sci.space"], "b": ["comp.sys.mac.hardware", "sci.med"]}
rng = np.random.default_rng(0)


def news(task):
    """Texts, and whether they are about science."""
    remove = ("headers", "footers", "quotes")
    found = fetch_20newsgroups(subset="train", categories=GROUPS[task], remove=remove, n_retries=1)
    some = rng.permutation(len(found.data))[:N_TEXTS]
    labels = np.array(found.target_names)[found.target[some]]
    return [found.data[i] for i in some], np.where(
        labels == GROUPS[task][1], "science", "computers"
    )


def made_up(task):
    """Random words: 400 of anything, 20 of each class, 20 of each class in this task only."""
    labels = rng.choice(["computers", "science"], N_TEXTS)
    common = [f"word{j}" for j in range(400)]
    telling = {
        c: [f"{c}{j}" for j in range(20)] + [f"{c}{task}{j}" for j in range(20)]
        for c in ("computers", "science")
    }
    texts = [[*rng.choice(common, 40), *rng.choice(telling[label], 3)] for label in labels]
    return [" ".join(words) for words in texts], labels


try:
    parts, source = {task: news(task) for task in GROUPS}, "20 newsgroups"
except OSError as error:
    print("The news groups could not be loaded:", error)
    parts, source = {task: made_up(task) for task in GROUPS}, "NOT newsgroups: random words"
frame = pd.concat(
    [pd.DataFrame({"text": texts, "task": task}) for task, (texts, _) in parts.items()],
    ignore_index=True,
)
y = np.concatenate([labels for _, labels in parts.values()])
print(f"{source}: {len(frame)} texts, science: {np.mean(y == 'science'):.0%}")

# %%
# The pipeline
# ------------
# The first step makes one sparse matrix of the words, with the task as its last column. A sparse
# matrix contains only numbers, so the task ids are encoded. The last step finds them in the last
# column.


def classify(model):
    columns = ColumnTransformer(
        [
            ("words", TfidfVectorizer(min_df=2, sublinear_tf=True), "text"),
            ("task", OrdinalEncoder(), ["task"]),
        ],
        sparse_threshold=1.0,
    )
    return make_pipeline(columns, model)


model = classify(MultiTaskLassoClassifierCV(alphas=15, eps=1e-2, task_column=-1)).fit(frame, y)
print("words:", model[-1].coef_.shape[1], " in use:", np.count_nonzero(model[-1].coef_.any(axis=0)))

# %%
# Did sharing help?
# -----------------
# ``task_column="task"`` says where the task is in the data frame. The baseline is a tuned logistic
# regression for each task, with the same words.

alone = LogisticRegressionCV(
    Cs=8, l1_ratios=[0.0], scoring="neg_log_loss", max_iter=2000, use_legacy_attributes=False
)
ridge = {"alpha": 8, "ridge": [1e-6, 1e-5, 1e-4, 1e-3]}
models = {
    "multi-task lasso": model,
    "mean-regularized": classify(MultiTaskCV(MeanRegularizedClassifier(task_column=-1), ridge)),
}
report = compare_to_single_task(
    models, frame, y, baseline=alone, task_column="task", cv=4, model_figures=False, random_state=0
)
print(report)

display = report.plot(kind="splits")
display.figure_.suptitle(source)
plt.show()

# %%
# With random words, both models gain, as they should, since half of the informative words are
# informative in both tasks. The mean-regularized model gains more, since no word is so important
# that it should be kept while others are dropped. With newsgroups, do not expect this: if each
# task has enough texts, two separate models do as well, and dropping words does harm. The page
# :doc:`/performance` has the figures for 3702 texts.
