"""What sends the fit of a single task back to the estimator itself."""


class NoFastForm(Exception):
    """An estimator, or its data, need its own `fit`."""
