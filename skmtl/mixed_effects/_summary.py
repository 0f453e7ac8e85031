"""What mixed-effects software prints of a fit, as text and as tables."""

import numpy as np

from skmtl._data.checks import check_option
from skmtl._data.reading import names_of_features
from skmtl.mixed_effects._covariances import FullCovariance

_MOST_CORRELATIONS = 6  # that are printed beside an effect


class MixedEffectsSummary:
    """What :meth:`MixedEffectsRegressor.summary` returns; print it.

    Attributes
    ----------
    random_effects : structured ndarray of shape (n_varying + 1,)
        One row for each effect that varies between tasks, and one for the noise ("Residual").
        Fields group (the task column), name, variance, sd, low and high (ends of the interval of
        sd).
    correlation : ndarray of shape (n_varying, n_varying) or None
        Correlations of the effects; None if they are independent.
    fixed_effects : structured ndarray of shape (1 + n_features,)
        Fields name, estimate, std_error, df (degrees of freedom), t (estimate / std_error), low and
        high.
    n_observations, n_groups : int
        Numbers of targets and of tasks in the fit.
    criterion : float
        -2 log of the restricted likelihood, `log_likelihood_`.
    level : float
        Level of the intervals.
    notes : list of str
        What the numbers are conditional on.
    """

    def __init__(
        self,
        random_effects,
        correlation,
        fixed_effects,
        *,
        n_observations,
        n_groups,
        criterion,
        level,
        notes,
    ):
        self.random_effects = random_effects
        self.correlation = correlation
        self.fixed_effects = fixed_effects
        self.n_observations = n_observations
        self.n_groups = n_groups
        self.criterion = criterion
        self.level = level
        self.notes = notes

    def to_frame(self, effects="fixed"):
        """Return a table as a pandas frame.

        Parameters
        ----------
        effects : {"fixed", "random"}, default="fixed"
            Which table. The frame of fixed effects has their names as its index, that of random
            effects groups and names; correlated effects have their correlations as further columns.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed (``pip install "skmtl[pandas]"``).
        """
        check_option(effects, "effects", ("fixed", "random"))
        pd = _import_pandas()
        if effects == "fixed":
            return pd.DataFrame.from_records(self.fixed_effects, index="name")
        frame = pd.DataFrame.from_records(self.random_effects, index=["group", "name"])
        if self.correlation is not None:
            names = self.random_effects["name"][:-1]
            for name, column in zip(names, self.correlation.T, strict=True):
                frame[f"correlation with {name}"] = np.append(column, np.nan)
        return frame

    def __str__(self):
        blocks = [
            f"Mixed-effects regression by restricted maximum likelihood, "
            f"criterion {self.criterion:.6g}",
            "\n".join(["Random effects:", *self._random_lines(), self._counts()]),
            "\n".join(["Fixed effects:", *self._fixed_lines()]),
            *self.notes,
        ]
        return "\n\n".join(blocks)

    def __repr__(self):
        return str(self)

    def _counts(self):
        return f"Number of observations: {self.n_observations}, tasks: {self.n_groups}"

    def _interval_title(self):
        return f"{100 * self.level:g}% interval"

    def _random_lines(self):
        rows = [["Group", "Name", "Variance", "Std.Dev.", self._interval_title()]]
        last = None
        for record in self.random_effects:
            group = str(record["group"])
            shown = "" if group == last else group
            last = group
            numbers = [_number(record["variance"]), _number(record["sd"])]
            rows.append([shown, str(record["name"]), *numbers, _interval(record)])
        if self.correlation is not None:
            rows[0].append("Corr")
            for j, row in enumerate(rows[1:-1]):
                before = self.correlation[j, : min(j, _MOST_CORRELATIONS)]
                row.append(" ".join(f"{value:5.2f}" for value in before))
            rows[-1].append("")
        return _aligned(rows, n_left=2)

    def _fixed_lines(self):
        rows = [["", "Estimate", "Std. Error", "df", "t value", self._interval_title()]]
        for record in self.fixed_effects:
            numbers = [_number(record["estimate"]), _number(record["std_error"])]
            df = f"{record['df']:.1f}"
            t = f"{record['t']:.2f}"
            rows.append([str(record["name"]), *numbers, df, t, _interval(record)])
        return _aligned(rows, n_left=1)


def summarize(fitted, posterior, freedom, intervals, level):
    """Return the :class:`MixedEffectsSummary` of a fitted estimator.

    Parameters
    ----------
    fitted : MixedEffectsRegressor
        The estimator.
    posterior : Posterior
        What it was fitted to.
    freedom : ndarray of shape (1 + n_features,)
        Degrees of freedom of the standard errors.
    intervals : ConfidenceIntervals
        The intervals of this level.
    level : float
        Their level.
    """
    names = _names_of_effects(fitted)
    n_groups = len(posterior.deviations)
    return MixedEffectsSummary(
        _random_table(fitted, posterior, names, intervals),
        _correlation(posterior),
        _fixed_table(fitted, names, freedom, intervals),
        n_observations=int(fitted.n_samples_per_task_[:n_groups].sum()),
        n_groups=n_groups,
        criterion=-2 * fitted.log_likelihood_,
        level=level,
        notes=_notes(fitted),
    )


def _names_of_effects(fitted):
    """The intercept as other packages write it, and the features."""
    features = names_of_features(fitted)
    if features is None:
        features = [f"x{j}" for j in range(len(fitted.shared_coef_))]
    return np.array(["(Intercept)", *features], dtype=object)


def _random_table(fitted, posterior, names, intervals):
    group = fitted.task_column if isinstance(fitted.task_column, str) else "task"
    varying = posterior.variances.covariance.varying
    noise = root_mean_square_noise(fitted, posterior)
    variance = np.append(fitted.variance_components_[varying], noise**2)
    table = np.empty(
        len(variance),
        dtype=[("group", object), ("name", object), *_floats("variance", "sd", "low", "high")],
    )
    ends = np.vstack([intervals.random_effects[varying], intervals.noise])
    table["group"] = [group] * (len(table) - 1) + ["Residual"]
    table["name"] = [*names[varying], ""]
    table["variance"] = variance
    table["sd"] = np.sqrt(variance)
    table["low"] = ends[:, 0]
    table["high"] = ends[:, 1]
    return table


def root_mean_square_noise(fitted, posterior):
    """Standard deviation of the noise of the tasks of the fit."""
    variances = fitted.task_noise_[: len(posterior.deviations)] ** 2
    return np.sqrt(np.mean(variances))


def _fixed_table(fitted, names, freedom, intervals):
    columns = _floats("estimate", "std_error", "df", "t", "low", "high")
    table = np.empty(len(names), dtype=[("name", object), *columns])
    estimate = np.append(fitted.shared_intercept_, fitted.shared_coef_)
    std_error = fitted.standard_errors_
    known = std_error > 0
    t = np.copysign(np.inf, estimate)
    table["name"] = names
    table["estimate"] = estimate
    table["std_error"] = std_error
    table["df"] = freedom
    table["t"] = np.divide(estimate, std_error, out=t, where=known)
    table["low"] = intervals.fixed_effects[:, 0]
    table["high"] = intervals.fixed_effects[:, 1]
    return table


def _floats(*names):
    return [(name, float) for name in names]


def _correlation(posterior):
    """Correlations of the effects in the units of the user, None if they are independent."""
    if not isinstance(posterior.variances.covariance, FullCovariance):
        return None
    covariance = posterior.units.covariance(posterior.covariance)
    deviation = np.sqrt(covariance.diagonal())
    scale = np.outer(deviation, deviation)
    return np.divide(covariance, scale, out=np.eye(len(scale)), where=scale > 0)


def _notes(fitted):
    """What the numbers are conditional on."""
    notes = []
    if fitted.covariance in ("isotropic", "diagonal"):
        notes.append("The intercept varies where features have their means (random effects).")
    if fitted.task_noise == "own":
        notes.append(
            "Every task has noise of its own (task_noise_): Residual is the mean of the variances, "
            "and all intervals are conditional on their ratios."
        )
    if fitted.deviations == "t":
        notes.append(
            f"Deviations of tasks have t distributions of {fitted.deviations_df:g} degrees of "
            "freedom: intervals are conditional on the weights of tasks."
        )
    if fitted.fixed_effects != "flat":
        notes.append("Fixed effects have a prior, on whose variance intervals are conditional.")
    return notes


def _number(value):
    return f"{value:.4g}"


def _interval(record):
    low = record["low"]
    high = record["high"]
    return "" if np.isnan(low) else f"{_number(low)} to {_number(high)}"


def _aligned(rows, n_left):
    """Lines of cells in columns, of which the first are aligned to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for k, (cell, width) in enumerate(zip(row, widths, strict=True)):
            cells.append(cell.ljust(width) if k < n_left else cell.rjust(width))
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def _import_pandas():
    """The pandas module, imported only when a frame is asked for."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError('to_frame needs pandas: pip install "skmtl[pandas]"') from error
    return pandas
