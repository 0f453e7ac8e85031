"""Fit and cross-validation times of the structured regressors beside cvxpy and plain NumPy.

    python benchmarks/structured.py [--out FILE.csv] [--rst doc/structured_table.inc]
        [--only NAME ...] [--data-home DIR] [--repeats N]

Every model on the School data (139 tasks, 27 features, both standardized), the trace norm and the
graph on generated data, and three models of tasks with fewer samples than features: 20 tasks of
20 samples and 200 features. CPU seconds of one thread. Solutions are compared by the objective,
computed here from their coefficients: the excess over the certified minimum (skmtl at 1e-11) must
be at most 1e-6 of the objective of the empty model. skmtl stops on its own certificate of that. For
cvxpy the loosest tolerance that gets there is taken. FISTA (residuals, one constant
step, restarts) is stopped the moment it is there, without any certificate. Cross-validation is
over 50 strengths down to a hundredth, in five folds, and the refit.
"""

import argparse
import csv
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import problems
from data import OwnRows
from report import list_table
from scipy.linalg import block_diag, cho_factor, cho_solve
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from skmtl import (
    ClusteredTaskRegressor,
    ClusteredTaskRegressorCV,
    DirtyRegressor,
    FusedSparseGroupLasso,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskLasso,
    MultiTaskSparseGroupLasso,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    SparseLowRankRegressor,
    TaskGraphRegressor,
    TaskRelationshipRegressor,
    TemporalGroupLasso,
    TraceNormRegressor,
    alpha_max,
)
from skmtl import penalties as pen

EXCESS = 1e-6  # relative to the objective of the empty model
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)  # of cvxpy
TIME_LIMIT = 120  # wall seconds of one call of cvxpy, or of FISTA
FIELDS = ["problem", "skmtl_s", "n_iter", "peer", "peer_s", "ratio", "cv_s"]


def laplacian(n_tasks):
    """Of the chain of tasks."""
    R = np.diff(np.eye(n_tasks), axis=0)
    return R.T @ R


@dataclass(frozen=True)
class Model:
    """An estimator on data, and its penalty as an object.

    `share` is alpha relative to the threshold; None takes alpha as the estimator has it.
    """

    estimator: object
    penalty: Callable  # of alpha and the number of tasks
    share: float | None = 0.3
    data: str = "school"
    search: object = None  # what is timed for cv_s, an unfitted estimator
    peers: tuple = ("cvxpy",)


MODELS = {
    "trace-norm": Model(TraceNormRegressor(), lambda a, T: pen.TraceNorm(a), peers=("fista",)),
    "robust": Model(
        RobustMultiTaskRegressor(outlier_ratio=0.3),
        lambda a, T: pen.Decomposition(pen.TraceNorm(0.7 * a), pen.TaskNorm(0.3 * a)),
        peers=("fista",),
    ),
    "robust-features": Model(
        RobustMultiTaskFeatureRegressor(outlier_ratio=0.5),
        lambda a, T: pen.Decomposition(pen.L21(0.5 * a), pen.TaskNorm(0.5 * a)),
    ),
    "dirty": Model(
        DirtyRegressor(specific_ratio=0.4),
        lambda a, T: pen.Decomposition(pen.L21(0.6 * a), pen.L1(0.4 * a)),
    ),
    "lasso": Model(MultiTaskSparseGroupLasso(l1_ratio=1.0), lambda a, T: pen.L1(a)),
    "sparse-group": Model(
        MultiTaskSparseGroupLasso(), lambda a, T: pen.SparseGroup(a, 0.5), peers=("cvxpy", "fista")
    ),
    "sparse-low-rank": Model(
        SparseLowRankRegressor(sparse_ratio=0.2),
        lambda a, T: pen.Decomposition(pen.TraceNorm(0.8 * a), pen.L1(0.2 * a)),
        peers=("fista",),
    ),
    "clustered": Model(
        ClusteredTaskRegressor(0.1, n_clusters=5, eta=0.5),
        lambda a, T: pen.ClusterNorm(a, 5, 0.5),
        share=None,
        search=ClusteredTaskRegressorCV(alphas=50, n_clusters=5, eta=0.5),
        peers=("fista",),
    ),
    "relationship": Model(
        TaskRelationshipRegressor(0.1),
        lambda a, T: pen.SquaredTraceNorm(a),
        share=None,
        peers=("fista",),
    ),
    "temporal": Model(
        TemporalGroupLasso(smoothness=0.1),
        lambda a, T: pen.L21(a) + pen.TaskCoupling(0.1, laplacian(T)),
    ),
    "fused": Model(FusedSparseGroupLasso(), lambda a, T: pen.FusedSparseGroup(a, 1 / 3, 1 / 3)),
    "graph": Model(
        TaskGraphRegressor(0.1, graph="chain", ridge=0.01),
        lambda a, T: pen.TaskCoupling(a, laplacian(T)) + pen.Ridge(0.01),
        share=None,
        peers=("cvxpy", "cholesky"),
    ),
    "mean": Model(
        MeanRegularizedRegressor(0.1, ridge=0.01),
        lambda a, T: pen.TaskCoupling(a, np.eye(T) - 1 / T) + pen.Ridge(0.01),
        share=None,
        search=MeanRegularizedRegressorCV(alphas=15, ridge=np.geomspace(1e-4, 10, 15)),
        peers=("cvxpy", "cholesky"),
    ),
    "trace-norm-2000x100x30": Model(
        TraceNormRegressor(),
        lambda a, T: pen.TraceNorm(a),
        share=0.1,
        data="dense",
        peers=("cvxpy", "fista"),
    ),
    "graph-20x500x100": Model(
        TaskGraphRegressor(0.1, graph="chain", ridge=0.01),
        lambda a, T: pen.TaskCoupling(a, laplacian(T)) + pen.Ridge(0.01),
        share=None,
        data="own",
        peers=("cvxpy", "cholesky"),
    ),
    "dirty-20x20x200": Model(
        DirtyRegressor(specific_ratio=0.4),
        lambda a, T: pen.Decomposition(pen.L21(0.6 * a), pen.L1(0.4 * a)),
        share=0.1,
        data="wide",
        peers=("cvxpy", "fista"),
    ),
    "robust-20x20x200": Model(
        RobustMultiTaskRegressor(outlier_ratio=0.3),
        lambda a, T: pen.Decomposition(pen.TraceNorm(0.7 * a), pen.TaskNorm(0.3 * a)),
        share=0.1,
        data="wide",
        peers=("fista",),
    ),
    "lasso-20x20x200": Model(
        MultiTaskLasso(),
        lambda a, T: pen.L21(a),
        share=0.1,
        data="wide",
        peers=("cvxpy", "fista"),
    ),
}


# ---------------------------------------------------------------- data


def standardized_school():
    data = problems.school()
    X, y = np.concatenate(data.Xs), np.concatenate(data.ys)
    kept = X.std(axis=0) > 0
    mean, sd = X.mean(axis=0)[kept], X.std(axis=0)[kept]
    Xs = [(X_t[:, kept] - mean) / sd for X_t in data.Xs]
    return OwnRows(Xs, [(y_t - y.mean()) / y.std() for y_t in data.ys])


def load(name):
    """Data with centered rows for every task."""
    if name == "school":
        return standardized_school().centered()
    if name == "own":
        return problems.own(20, (500, 500), 100).centered()
    if name == "wide":
        return problems.own(20, (20, 20), 200).centered()
    return problems.shared(2000, 100, 30).centered()


def rows(data):
    """Lists of the rows and labels of every task."""
    if isinstance(data, OwnRows):
        return data.Xs, data.ys
    return [data.X] * data.n_tasks, list(data.Y.T)


def arrays(data):
    """Arguments of `fit`, and the parameters that say how tasks are given."""
    if isinstance(data, OwnRows):
        return (data.X, data.y), {"task_column": -1}
    return (data.X, data.Y), {}


def objective(data, penalty, parts):
    """The objective at W = sum of parts."""
    loss = 0.5 * float((data.residual(sum(parts)) ** 2).sum()) / data.n_mean
    if isinstance(penalty, pen.Decomposition):
        return loss + sum(p.value(W) for p, W in zip(penalty.parts, parts, strict=True))
    return loss + penalty.value(parts[0])


# ---------------------------------------------------------------- libraries


def skmtl_parts(model):
    """W, or P and Q."""
    if hasattr(model, "shared_part_"):
        return model.shared_part_.T, model.specific_part_.T
    return (model.coef_.T,)


def as_cvxpy(penalty, W, constraints):
    """The penalty of a matrix expression; additional constraints are appended."""
    import cvxpy as cp

    a, kind = getattr(penalty, "alpha", None), type(penalty)
    if kind is pen.Sum:
        return sum(as_cvxpy(term, W, constraints) for term in penalty.terms)
    if kind is pen.L1:
        return a * cp.sum(cp.abs(W))
    if kind is pen.L21:
        return a * cp.sum(cp.norm(W, 2, axis=1))
    if kind is pen.TaskNorm:
        return a * cp.sum(cp.norm(W, 2, axis=0))
    if kind is pen.SparseGroup:
        mixed = (1 - penalty.l1_ratio) * cp.sum(cp.norm(W, 2, axis=1))
        return a * (mixed + penalty.l1_ratio * cp.sum(cp.abs(W)))
    if kind is pen.FusedSparseGroup:
        r1, r2 = penalty.l1_ratio, penalty.fused_ratio
        changes = cp.sum(cp.abs(W[:, 1:] - W[:, :-1]))
        rows = cp.sum(cp.norm(W, 2, axis=1))
        return a * (r1 * cp.sum(cp.abs(W)) + r2 * changes + (1 - r1 - r2) * rows)
    if kind is pen.TraceNorm:
        return a * cp.normNuc(W)
    if kind is pen.Ridge:
        return 0.5 * a * cp.sum_squares(W)
    if kind is pen.TaskCoupling:
        values, U = np.linalg.eigh(penalty.matrix(W.shape[1]))
        return 0.5 * cp.sum_squares(W @ (U * np.sqrt(np.maximum(values, 0))))
    raise NotImplementedError(kind.__name__)


def by_cvxpy(data, penalty, enough):
    """Parts and seconds at the loosest tolerance that is enough."""
    import cvxpy as cp

    for tol in TOLERANCES:
        start = process_time()
        shape = data.n_features, data.n_tasks
        parts = [cp.Variable(shape) for _ in getattr(penalty, "parts", (0,))]
        W, constraints = sum(parts[1:], parts[0]), []
        loss = sum(
            cp.sum_squares(y - X @ W[:, t])
            for t, (X, y) in enumerate(zip(*rows(data), strict=True))
        )
        terms = getattr(penalty, "parts", (penalty,))
        paid = sum(as_cvxpy(p, V, constraints) for p, V in zip(terms, parts, strict=True))
        problem = cp.Problem(cp.Minimize(loss / (2 * data.n_mean) + paid), constraints)
        problem.solve(
            solver="CLARABEL",
            tol_gap_abs=tol,
            tol_gap_rel=tol,
            tol_feas=tol,
            time_limit=float(TIME_LIMIT),
        )
        seconds = process_time() - start
        if parts[0].value is None:
            return seconds, False
        if enough([part.value for part in parts]):
            return seconds, True
        if seconds > TIME_LIMIT:
            break
    return seconds, False


def by_fista(data, penalty, enough):
    """Seconds until the objective is low enough; the step is that of the largest curvature.

    The parts of a decomposition are one long variable, whose curvature is twice as large.
    """
    start = process_time()
    terms = getattr(penalty, "parts", (penalty,))
    curvature = max(np.linalg.norm(X, 2) ** 2 for X in rows(data)[0]) / data.n_mean * len(terms)
    W = Z = np.zeros((len(terms), data.n_features, data.n_tasks))
    momentum, checking = 1.0, 0.0
    for iteration in range(100_000):
        gradient = -data.correlation(data.residual(Z.sum(axis=0))) / data.n_mean
        pairs = zip(terms, Z, strict=True)
        new = np.stack([term.prox(z - gradient / curvature, 1 / curvature) for term, z in pairs])
        if np.vdot(Z - new, new - W) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        Z = new + (momentum - 1) / following * (new - W)
        W, momentum = new, following
        if iteration % 5 == 4:
            check = process_time()
            if enough(list(W)):
                return check - start - checking, True
            checking += process_time() - check
            if check - start > TIME_LIMIT:
                break
    return process_time() - start - checking, False


def by_cholesky(data, penalty, enough):
    """Seconds of one dense factorization of all tasks together, for quadratic penalties."""
    start = process_time()
    Xs, ys = rows(data)
    M = sum(term.matrix(data.n_tasks) for term in penalty.terms)
    A = block_diag(*(X.T @ X / data.n_mean for X in Xs)) + np.kron(M, np.eye(data.n_features))
    q = np.concatenate([X.T @ y / data.n_mean for X, y in zip(Xs, ys, strict=True)])
    w = cho_solve(cho_factor(A, overwrite_a=True, lower=True), q)
    seconds = process_time() - start
    return seconds, enough((w.reshape(data.n_tasks, -1).T,))


PEERS = {"cvxpy": by_cvxpy, "fista": by_fista, "cholesky": by_cholesky}


# ---------------------------------------------------------------- measuring


def median_seconds(call, repeats):
    """Median CPU seconds of calls, after one that does not count."""
    call()
    seconds = []
    for _ in range(repeats):
        start = process_time()
        call()
        seconds.append(process_time() - start)
    return float(np.median(seconds))


def measure(name, model, options):
    """Rows of a problem, one for each peer."""
    data = load(model.data)
    arguments, layout = arrays(data)
    estimator = clone(model.estimator).set_params(
        **layout, fit_intercept=False, tol=EXCESS, max_iter=50_000
    )
    if model.share is not None:
        estimator.set_params(alpha=model.share * alpha_max(*arguments, estimator=estimator))
    penalty = model.penalty(estimator.alpha, data.n_tasks)
    best = objective(
        data, penalty, skmtl_parts(clone(estimator).set_params(tol=1e-11).fit(*arguments))
    )
    zero = np.zeros((data.n_features, data.n_tasks))
    null = objective(data, penalty, (zero,) * len(getattr(penalty, "parts", (0,))))

    def enough(parts):
        return objective(data, penalty, parts) - best <= EXCESS * null

    assert enough(skmtl_parts(estimator.fit(*arguments))), name
    ours = median_seconds(lambda: estimator.fit(*arguments), options.repeats)
    search = model.search or MultiTaskCV(estimator, {"alpha": 50}, eps=1e-2, cv=5)
    search = clone(search)
    if model.search is not None:
        search.set_params(**layout, fit_intercept=False, cv=5)
    in_cv = median_seconds(lambda: search.fit(*arguments), 1)
    for peer in model.peers:
        seconds, there = PEERS[peer](data, penalty, enough)
        yield {
            "problem": name,
            "skmtl_s": f"{ours:.4g}",
            "n_iter": estimator.n_iter_,
            "peer": peer,
            "peer_s": f"{'' if there else '> '}{seconds:.4g}",
            "ratio": f"{'' if there else '> '}{seconds / ours:.3g}",
            "cv_s": f"{in_cv:.3g}",
        }


def table(measured):
    """A reStructuredText table."""
    titles = ["problem", "skmtl, s", "iterations", "peer", "peer, s", "ratio", "CV, s"]
    return list_table("28 12 12 14 12 10 12", [titles, *(row.values() for row in measured)])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, help="CSV file")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    options.add_argument("--data-home", help="scikit-learn's data folder, for the School data")
    options.add_argument("--repeats", type=int, default=5)
    options = options.parse_args()
    if options.data_home:
        os.environ["SCIKIT_LEARN_DATA"] = options.data_home
    warnings.simplefilter("ignore", UserWarning)  # cvxpy's, of what it did not reach
    measured = []
    print(*FIELDS, sep=",")
    for name in options.only:
        for row in measure(name, MODELS[name], options):
            print(*row.values(), sep=",", flush=True)
            measured.append(row)
    if options.out:
        with options.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(measured)
    if options.rst:
        options.rst.write_text(table(measured))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
