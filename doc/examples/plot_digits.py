"""
=================================================
Ten digits, few images: what did the tasks share?
=================================================

Is it a 0? Is it a 1? Ten related questions about the same images are ten tasks: one column of y
for each digit, and a common X. If there are few images, can the ten tasks help each other?

The trace norm assumes that all tasks are mixtures of a few shared patterns. We compare it with
learning each digit separately, look at the patterns, and then ask what exactly it was that helped.
"""

# %%
# The data
# --------
# There are 1797 images of 8 x 8 pixels. The target is 1 for the digit of the column and -1 for the
# others. The predicted digit is the one whose column has the largest prediction.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import StratifiedShuffleSplit

from skmtl import IndependentTasks, TraceNormRegressorCV

X, digit = load_digits(return_X_y=True)
X = X / 16
Y = np.where(digit[:, None] == np.arange(10), 1.0, -1.0)

# %%
# The comparison
# --------------
# All models choose their regularization strength on the training images. The third model is
# scikit-learn's ridge regression of all columns at once. It shares one thing only: all digits have
# the same strength.

ridge = RidgeCV(np.logspace(-3, 3, 25))
models = {
    "each digit alone": IndependentTasks(ridge),
    "trace norm": TraceNormRegressorCV(alphas=15, eps=1e-2),
    "ridge, one strength": ridge,
}
sizes = [50, 100, 200]
accuracy = np.empty((len(sizes), len(models), 10))
for s, size in enumerate(sizes):
    cv = StratifiedShuffleSplit(10, train_size=size, random_state=0)
    for k, (train, _) in enumerate(cv.split(X, digit)):
        test = np.setdiff1d(np.arange(len(X)), train)
        for m, model in enumerate(models.values()):
            guess = model.fit(X[train], Y[train]).predict(X[test]).argmax(axis=1)
            accuracy[s, m, k] = np.mean(guess == digit[test])

print("images ", *(f"{name:>20}" for name in models))
for size, row in zip(sizes, accuracy.mean(axis=2), strict=True):
    print(f"{size:<8}", *(f"{value:>20.1%}" for value in row))

fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for m, (name, style) in enumerate(zip(models, ("o-", "s-", "x--"), strict=True)):
    mean, deviation = accuracy[:, m].mean(axis=1), accuracy[:, m].std(axis=1, ddof=1)
    shift = 1.03 ** (m - 1)  # so that the bars do not cover each other
    ax.errorbar(np.array(sizes) * shift, mean, deviation, fmt=style, capsize=3, label=name)
ax.set(xscale="log", xlabel="training images", ylabel="accuracy on the other images")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.minorticks_off()
ax.legend(frameon=False, loc="lower right")
plt.show()

# %%
# With 50 images, five of each digit, the trace norm gains four points. With 200 images there is
# hardly anything left to gain.
#
# The shared patterns
# -------------------
# The coefficients are a matrix of pixels by digits. Its leading left singular vectors are the
# patterns of which all digits are mixtures. The last fit above used 200 images; this one uses 50.

train, _ = next(StratifiedShuffleSplit(1, train_size=50, random_state=0).split(X, digit))
model = models["trace norm"].fit(X[train], Y[train])
patterns, strengths, _ = np.linalg.svd(model.coef_.T, full_matrices=False)
print("rank", model.rank_, "of 10; singular values", strengths.round(2))

fig, axes = plt.subplots(2, 5, figsize=(8, 3.9), layout="constrained")
limit = np.abs(patterns[:, : model.rank_]).max()
for ax, pattern, strength in zip(axes.flat, patterns.T, strengths, strict=True):
    ax.axis("off")
    if strength > 1e-9 * strengths[0]:
        ax.imshow(pattern.reshape(8, 8), cmap="RdBu", vmin=-limit, vmax=limit)
        ax.set_title(f"{strength:.2f}", fontsize="medium")
fig.suptitle("Shared patterns and their singular values")
plt.show()

# %%
# What helped?
# ------------
# It was not the low rank. The chosen rank is nine, the largest possible one: the ten columns of Y
# sum to a constant, so nine digits determine the tenth. And the ridge regression that shares
# nothing but its strength is as good as the trace norm. What the single digits lacked was a good
# choice of this one number: five images of a digit are too few for it. Before you interpret shared
# patterns, compare with the simplest model that shares anything at all.
