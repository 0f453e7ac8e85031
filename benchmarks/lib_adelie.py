"""adelie: group coordinate descent over the Kronecker product of X with the identity."""

import adelie
import numpy as np
from scipy import sparse

VERSION = adelie.__version__
TOLERANCES = (1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16)


def supports(problem):
    return problem.form in ("dense", "sparse") and problem.kind != "cv"


def path(data, tol):
    X = adelie.matrix.sparse(data.X) if sparse.issparse(data.X) else data.X
    n_tasks = data.n_tasks
    state = adelie.grpnet(
        X,
        adelie.glm.multigaussian(np.ascontiguousarray(data.Y)),
        penalty=np.ones(data.n_features),
        lmda_path=data.alphas / n_tasks,  # its loss is the mean over samples and tasks
        intercept=False,
        early_exit=False,
        progress_bar=False,
        tol=tol,
    )
    return state.betas.toarray().reshape(len(data.alphas), data.n_features, n_tasks)


def fit(data, tol):
    return path(data, tol)[0]
