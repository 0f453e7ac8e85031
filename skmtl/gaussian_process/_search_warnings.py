"""Warnings of a fit: of its time, a search that ended early, useless draws, units that differ."""

from sklearn.exceptions import ConvergenceWarning

from skmtl._warn import warn

_STUCK = 0.2  # acceptance rate below which draws say little
_MANY = 5000  # order of a matrix that takes minutes to factor as often as a search does
_UNLIKE = 1e3  # sizes of tasks that differ by this factor do not have the same noise


def warn_of_order(order):
    """UserWarning before a search with matrices of this order, if they are large."""
    if order > _MANY:
        warn(
            f"Each step factors a matrix of order {order}, which takes {8e-9 * order**2:.2g} GB: "
            "MultiTaskSparseGaussianProcessRegressor has the same model for many samples.",
            UserWarning,
        )


def warn_of_gradient(gradient_norm, tol):
    """ConvergenceWarning if the search ended before its tolerance."""
    if not gradient_norm <= tol:
        warn(
            f"The search for the parameters ended where the gradient of the log marginal "
            f"likelihood has an entry of {gradient_norm:.3g} nats, above "
            f"tol={tol}. Increase tol, or standardize X.",
            ConvergenceWarning,
        )


def warn_of_rejections(acceptance_rate, n_draws):
    """ConvergenceWarning if the chain hardly moved."""
    if acceptance_rate < _STUCK:
        warn(
            f"Of the {n_draws} draws of the parameters {acceptance_rate:.0%} moved: "
            "their average says little. Increase n_draws, try another random_state, or take a "
            "kernel with fewer parameters or wider bounds.",
            ConvergenceWarning,
        )


def warn_of_units(scale):
    """UserWarning if one noise is for tasks of very different size, (n_tasks,)."""
    ratio = scale.max() / scale.min()
    if ratio > _UNLIKE:
        warn(
            f"The targets of a task are {ratio:.2g} times as large as those of another, but "
            "task_noise=False has one noise for both: set normalize_y=True or task_noise=True.",
            UserWarning,
        )
