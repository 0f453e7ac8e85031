"""The fitted estimator at the end of pipelines and searches, and the X that it sees."""


def fitted_final(estimator):
    """Return the fitted estimator at the end of pipelines and searches."""
    if hasattr(estimator, "best_estimator_"):
        return fitted_final(estimator.best_estimator_)
    if hasattr(estimator, "steps"):
        _, last = estimator.steps[-1]
        return fitted_final(last)
    return estimator


def seen_by_final(estimator, X):
    """Return X as the estimator of :func:`fitted_final` sees it."""
    if hasattr(estimator, "best_estimator_"):
        return seen_by_final(estimator.best_estimator_, X)
    if not hasattr(estimator, "steps"):
        return X
    *steps, last = estimator.steps
    for _, step in steps:
        is_skipped = step is None or isinstance(step, str)
        if is_skipped:
            continue
        X = step.transform(X)
    _, final = last
    return seen_by_final(final, X)
