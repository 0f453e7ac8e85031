"""Draw the pictures of the model pages: coefficients as truth, alone, and by the model.

``python doc/images/models/make.py`` writes one PNG a page beside itself. Every strength is chosen
by cross-validation. The number in a title is the distance to the truth, relative to its norm.
"""

from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.linear_model import LassoCV, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold

from skmtl import (
    ClusteredTaskRegressorCV,
    DirtyRegressorCV,
    FusedSparseGroupLasso,
    IndependentTasks,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskLassoCV,
    MultiTaskRegressor,
    MultiTaskSparseGroupLasso,
    RobustMultiTaskRegressorCV,
    TaskGraphRegressorCV,
    TaskRelationshipRegressor,
    TemporalGroupLasso,
    TraceNormRegressorCV,
)
from skmtl.penalties import L1, Decomposition, TraceNorm

HERE = Path(__file__).parent
WIDTH = 8.0  # inches
COLORS = plt.get_cmap("RdBu_r", 61)  # few enough for small files, zero white
TALL = {"max_iter": 20_000}


def observe(W, n_samples, noise, seed):
    """X shared by the tasks, and Y."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, len(W)))
    return X, X @ W + noise * rng.standard_normal((n_samples, W.shape[1]))


def lasso_alone(X, Y):
    return np.array(
        [m.coef_ for m in IndependentTasks(LassoCV(max_iter=10_000)).fit(X, Y).estimators_]
    ).T


def ridge_alone(X, Y):
    ridge = RidgeCV(alphas=np.geomspace(1e-2, 1e4, 30))
    return np.array([m.coef_ for m in IndependentTasks(ridge).fit(X, Y).estimators_]).T


def error(W, truth):
    return np.linalg.norm(W - truth) / np.linalg.norm(truth)


def draw(name, rows, height):
    """Heat maps (title, W, truth or None) in rows, on one scale a row."""
    n_columns = max(len(panels) for panels in rows)
    figure, axes = plt.subplots(
        len(rows), n_columns, figsize=(WIDTH, height), squeeze=False, layout="constrained"
    )
    for line, panels in zip(axes, rows, strict=True):
        largest = max(np.abs(W).max() for _, W, _ in panels)
        for k, axis in enumerate(line):
            if k >= len(panels):
                axis.remove()
                continue
            title, W, truth = panels[k]
            image = axis.imshow(W, cmap=COLORS, vmin=-largest, vmax=largest, aspect="auto")
            if truth is not None:
                title += f" ({error(W, truth):.2f})"
            axis.set_title(title, fontsize=9)
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_xlabel("tasks", fontsize=8)
            if k == 0:
                axis.set_ylabel("features", fontsize=8)
        bar = figure.colorbar(image, ax=list(line[: len(panels)]), pad=0.02, aspect=15)
        bar.ax.tick_params(labelsize=7)
        bar.outline.set_visible(False)
    save(figure, name)


def save(figure, name):
    buffer = BytesIO()
    figure.savefig(buffer, dpi=110)
    plt.close(figure)
    image = Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(HERE / f"{name}.png", optimize=True)


def sparse_group():
    rng = np.random.default_rng(0)
    W = np.zeros((40, 12))
    W[:8] = rng.choice([-1.0, 1.0], (8, 12)) * (rng.random((8, 12)) < 0.4)
    X, Y = observe(W, 30, 0.7, 1)
    grid = {"alpha": 40, "l1_ratio": [0.2, 0.4, 0.6, 0.8]}
    model = MultiTaskCV(MultiTaskSparseGroupLasso(**TALL), grid).fit(X, Y)
    panels = [
        ("truth", W, None),
        ("lasso, each alone", lasso_alone(X, Y), W),
        ("multi-task lasso", MultiTaskLassoCV().fit(X, Y).coef_.T, W),
        ("sparse-group lasso", model.coef_.T, W),
    ]
    draw("sparse_group", [panels], 2.6)


def trace_norm():
    rng = np.random.default_rng(0)
    W = rng.standard_normal((20, 2)) @ rng.standard_normal((2, 24)) / np.sqrt(2)
    X, Y = observe(W, 25, 2.0, 1)
    model = TraceNormRegressorCV().fit(X, Y)
    panels = [
        ("truth, rank 2", W, None),
        ("ridge, each alone", ridge_alone(X, Y), W),
        (f"trace norm, rank {model.rank_}", model.coef_.T, W),
    ]
    draw("trace_norm", [panels], 2.6)


def graph():
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((16, 2))
    W = centers[:, np.repeat([0, 1], 8)] + 0.2 * rng.standard_normal((16, 16))
    X, Y = observe(W, 24, 2.0, 1)
    weights = np.kron(np.eye(2), np.ones((8, 8)))
    model = TaskGraphRegressorCV(graph=weights, alphas=20).fit(X, Y)
    mean = MeanRegularizedRegressorCV(alphas=20).fit(X, Y)
    panels = [
        ("truth", W, None),
        ("ridge, each alone", ridge_alone(X, Y), W),
        ("all alike", mean.coef_.T, W),
        ("alike in two halves", model.coef_.T, W),
    ]
    draw("graph", [panels], 2.6)


def decomposed():
    rng = np.random.default_rng(0)
    P = np.zeros((24, 10))
    P[:4] = 1.0 + 0.3 * rng.standard_normal((4, 10))
    Q = np.zeros_like(P)
    Q.flat[rng.choice(np.arange(40, 240), 12, replace=False)] = 2.0 * rng.choice([-1, 1], 12)
    W = P + Q
    X, Y = observe(W, 30, 1.0, 1)
    dirty = DirtyRegressorCV(**TALL).fit(X, Y)
    first = [
        ("truth", W, None),
        ("multi-task lasso", MultiTaskLassoCV().fit(X, Y).coef_.T, W),
        ("dirty, P + Q", dirty.coef_.T, W),
        ("its P", dirty.shared_part_.T, None),
        ("its Q", dirty.specific_part_.T, None),
    ]
    W = np.outer(rng.standard_normal(16), rng.uniform(0.5, 1.5, 20))
    W[:, [6, 14]] = 2.0 * rng.standard_normal((16, 2))
    X, Y = observe(W, 25, 1.5, 1)
    robust = RobustMultiTaskRegressorCV(**TALL).fit(X, Y)
    second = [
        ("truth, two outliers", W, None),
        ("trace norm", TraceNormRegressorCV().fit(X, Y).coef_.T, W),
        ("robust, P + Q", robust.coef_.T, W),
        ("its P", robust.shared_part_.T, None),
        ("its Q", robust.specific_part_.T, None),
    ]
    draw("decomposed", [first, second], 4.6)


def temporal():
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 24)
    smooth, steps = np.zeros((16, 24)), np.zeros((16, 24))
    for j in range(4):
        smooth[j] = np.sin(2 * np.pi * (t * rng.uniform(0.5, 1.0) + rng.uniform()))
        cut = rng.integers(6, 18)
        steps[j, :cut], steps[j, cut:] = rng.choice([-1, 0, 1], 2, replace=False)
    rows = []
    for title, W in (("smooth truth", smooth), ("truth with steps", steps)):
        X, Y = observe(W, 25, 1.5, 1)
        curvature = X.var(axis=0).mean()
        grid = {"alpha": 20, "smoothness": curvature * np.array([0.1, 1.0, 10.0])}
        group = MultiTaskCV(TemporalGroupLasso(**TALL), grid).fit(X, Y)
        grid = [(a, b) for a in (0.1, 0.3, 0.5) for b in (0.3, 0.5, 0.7) if a + b < 1]
        fits = [
            MultiTaskCV(FusedSparseGroupLasso(l1_ratio=a, fused_ratio=b, **TALL), {"alpha": 20})
            for a, b in grid
        ]
        fused = max((fit.fit(X, Y) for fit in fits), key=lambda fit: fit.best_score_)
        rows.append(
            [
                (title, W, None),
                ("lasso, each alone", lasso_alone(X, Y), W),
                ("temporal", group.coef_.T, W),
                ("fused", fused.coef_.T, W),
            ]
        )
    draw("temporal", rows, 4.6)


def relational():
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((16, 3))
    cluster = np.repeat([0, 1, 2], [7, 6, 5])[rng.permutation(18)]
    W = centers[:, cluster] + 0.2 * rng.standard_normal((16, 18))
    X, Y = observe(W, 24, 2.0, 1)
    model = ClusteredTaskRegressorCV(alphas=20, n_clusters=3).fit(X, Y)
    grid = {"alpha": X.var() * np.geomspace(10, 1e-4, 20)}
    relations = MultiTaskCV(TaskRelationshipRegressor(), grid).fit(X, Y)
    order = np.argsort(cluster, kind="stable")
    panels = [
        ("truth, tasks sorted", W, None),
        ("ridge, each alone", ridge_alone(X, Y), W),
        ("clustered", model.coef_.T, W),
        ("task relationship", relations.coef_.T, W),
    ]
    panels = [(title, A[:, order], None if B is None else B[:, order]) for title, A, B in panels]
    draw("relational", [panels], 2.6)


def custom():
    rng = np.random.default_rng(0)
    W = rng.standard_normal((20, 2)) @ rng.standard_normal((2, 20)) / np.sqrt(2)
    W.flat[rng.choice(400, 12, replace=False)] += 4.0
    X, Y = observe(W, 30, 2.0, 1)

    def best(penalties):
        """The model with the best of these penalties."""
        folds = KFold(5, shuffle=True, random_state=0)
        search = GridSearchCV(MultiTaskRegressor(None, **TALL), {"penalty": penalties}, cv=folds)
        return search.fit(X, Y).best_estimator_

    strengths, ratios = np.geomspace(1.0, 0.01, 12), (0.1, 0.2, 0.3, 0.4)
    decomposed = best(
        [
            Decomposition(TraceNorm(4 * a * (1 - r)), L1(4 * a * r))
            for a in strengths
            for r in ratios
        ]
    )
    summed = best([TraceNorm(4 * a * (1 - r)) + L1(4 * a * r) for a in strengths for r in ratios])
    panels = [
        ("truth", W, None),
        ("sum", summed.coef_.T, W),
        ("P + Q", decomposed.coef_.T, W),
        ("its P", decomposed.shared_part_.T, None),
        ("its Q", decomposed.specific_part_.T, None),
    ]
    draw("custom", [panels], 2.4)


def search():
    rng = np.random.default_rng(0)
    P = np.zeros((24, 10))
    P[:4] = 1.0 + 0.3 * rng.standard_normal((4, 10))
    P.flat[rng.choice(np.arange(40, 240), 12, replace=False)] = 2.0
    X, Y = observe(P, 30, 1.0, 1)
    model = DirtyRegressorCV(alphas=30, **TALL).fit(X, Y)
    rule = DirtyRegressorCV(alphas=30, selection_rule="1se", **TALL).fit(X, Y)
    mean = model.mse_path_.mean(axis=2)
    ratios = [params["specific_ratio"] for params in model.grid_]
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.8), layout="constrained")
    best = ratios.index(model.specific_ratio_)
    for k, ratio in enumerate(ratios):
        relative = model.alphas_[k] / model.alphas_[k, 0]
        color = "#b2182b" if k == best else "0.75"
        axes[0].semilogx(relative, mean[k], color=color, label=f"{ratio:.2f}", zorder=k == best)
    axes[0].set_title("mean error of five shares, the best in red", fontsize=9)
    errors, alphas = model.mse_path_[best], model.alphas_[best]
    spread = errors.std(axis=1, ddof=1) / np.sqrt(errors.shape[1])
    relative = alphas / alphas[0]
    axes[1].errorbar(
        relative, errors.mean(axis=1), spread, color="#b2182b", ecolor="0.7", lw=1.5, elinewidth=1
    )
    axes[1].set_xscale("log")
    for fit, label, side in ((model, "min", "right"), (rule, "1se", "left")):
        axes[1].axvline(fit.alpha_ / alphas[0], color="#2166ac", lw=1, ls="--")
        axes[1].annotate(
            label,
            (fit.alpha_ / alphas[0], 0.9),
            xycoords=("data", "axes fraction"),
            xytext=(3 if side == "left" else -3, 0),
            textcoords="offset points",
            ha=side,
            fontsize=8,
            color="#2166ac",
        )
    axes[1].set_title("the best one: standard errors, two rules", fontsize=9)
    for axis in axes:
        axis.set_xlabel("alpha / largest alpha", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("held-out error", fontsize=8)
    save(figure, "search")


if __name__ == "__main__":
    plt.rcParams["font.size"] = 8
    for page in (sparse_group, trace_norm, graph, decomposed, temporal, relational, custom, search):
        page()
