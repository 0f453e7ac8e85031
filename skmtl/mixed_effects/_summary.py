"""What mixed-effects software prints of a fit, as text and as tables."""

import numpy as np

from skmtl._data.checks import check_option
from skmtl._data.reading import names_of_features
from skmtl.mixed_effects._covariances import FullCovariance

_TITLE = "Mixed-effects regression by restricted maximum likelihood"
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

    Examples
    --------
    >>> from skmtl import MixedEffectsRegressor, load_radon
    >>> radon = load_radon()
    >>> lme4 = {"fixed_effects": "flat", "task_noise": "common"}
    >>> model = MixedEffectsRegressor("intercept", **lme4, task_column=-1)
    >>> summary = model.fit(radon.X, radon.y).summary()
    >>> summary.random_effects["sd"].round(3)  # between counties, and of houses in a county
    array([0.146, 0.729])
    >>> summary.fixed_effects["std_error"].round(3)
    array([0.036, 0.066, 0.098])
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
        if self.correlation is None:
            return frame
        names = self.random_effects["name"][:-1]
        for name, column in zip(names, self.correlation.T, strict=True):
            title = f"correlation with {name}"
            frame[title] = np.append(column, np.nan)
        return frame

    def __str__(self):
        title = f"{_TITLE}, criterion {self.criterion:.6g}"
        random = [
            "Random effects:",
            *self._random_lines(),
            f"Number of observations: {self.n_observations}, tasks: {self.n_groups}",
        ]
        fixed = [
            "Fixed effects:",
            *self._fixed_lines(),
        ]
        blocks = [
            title,
            "\n".join(random),
            "\n".join(fixed),
            *self.notes,
        ]
        return "\n\n".join(blocks)

    def __repr__(self):
        return str(self)

    def _interval_title(self):
        return f"{100 * self.level:g}% interval"

    def _random_lines(self):
        head = [
            "Group",
            "Name",
            "Variance",
            "Std.Dev.",
            self._interval_title(),
        ]
        rows = [head]
        last = None
        for record in self.random_effects:
            group = record["group"]
            row = [
                "" if group == last else str(group),
                str(record["name"]),
                _number(record["variance"]),
                _number(record["sd"]),
                _interval(record),
            ]
            rows.append(row)
            last = group
        if self.correlation is not None:
            self._append_correlations(rows)
        return _aligned(rows, n_left=2)

    def _append_correlations(self, rows):
        """Put the correlations of an effect with those before it behind its row."""
        head, *of_effects, of_noise = rows
        head.append("Corr")
        for j, row in enumerate(of_effects):
            n_shown = min(j, _MOST_CORRELATIONS)
            shown = [f"{value:5.2f}" for value in self.correlation[j, :n_shown]]
            row.append(" ".join(shown))
        of_noise.append("")

    def _fixed_lines(self):
        head = [
            "",
            "Estimate",
            "Std. Error",
            "df",
            "t value",
            self._interval_title(),
        ]
        rows = [head]
        for record in self.fixed_effects:
            row = [
                str(record["name"]),
                _number(record["estimate"]),
                _number(record["std_error"]),
                f"{record['df']:.1f}",
                f"{record['t']:.2f}",
                _interval(record),
            ]
            rows.append(row)
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
    n_observations = fitted.n_samples_per_task_[:n_groups].sum()
    return MixedEffectsSummary(
        _random_table(fitted, posterior, names, intervals),
        _correlation(posterior),
        _fixed_table(fitted, names, freedom, intervals),
        n_observations=int(n_observations),
        n_groups=n_groups,
        criterion=-2 * fitted.log_likelihood_,
        level=level,
        notes=_notes(fitted),
    )


def _names_of_effects(fitted):
    """The intercept as other packages write it, and the features."""
    features = names_of_features(fitted)
    if features is None:
        n_features = len(fitted.shared_coef_)
        features = [f"x{j}" for j in range(n_features)]
    names = ["(Intercept)", *features]
    return np.array(names, dtype=object)


def _random_table(fitted, posterior, names, intervals):
    varying = posterior.variances.covariance.varying
    noise = posterior.units.size**2 * posterior.mean_noise
    between = fitted.variance_components_[varying]
    variance = np.append(between, noise)
    ends = intervals.random_effects[varying]
    column = fitted.task_column
    group = column if isinstance(column, str) else "task"
    columns = {
        "group": [group] * len(between) + ["Residual"],
        "name": [*names[varying], ""],
        "variance": variance,
        "sd": np.sqrt(variance),
        "low": np.append(ends[:, 0], intervals.noise[0]),
        "high": np.append(ends[:, 1], intervals.noise[1]),
    }
    return _structured(columns, ("group", "name"))


def _fixed_table(fitted, names, freedom, intervals):
    estimate = np.append(fitted.shared_intercept_, fitted.shared_coef_)
    std_error = fitted.standard_errors_
    known = std_error > 0
    t = np.where(estimate == 0, 0.0, np.copysign(np.inf, estimate))
    np.divide(estimate, std_error, out=t, where=known)
    columns = {
        "name": names,
        "estimate": estimate,
        "std_error": std_error,
        "df": freedom,
        "t": t,
        "low": intervals.fixed_effects[:, 0],
        "high": intervals.fixed_effects[:, 1],
    }
    return _structured(columns, ("name",))


def _structured(columns, texts):
    """A structured array of columns of the same length, floats but for the texts."""
    types = []
    for name in columns:
        kind = object if name in texts else float
        types.append((name, kind))
    length = len(columns["name"])
    table = np.empty(length, dtype=types)
    for name, values in columns.items():
        table[name] = values
    return table


def _correlation(posterior):
    """Correlations of the effects that vary, in the units of the user; None if independent."""
    if not isinstance(posterior.variances.covariance, FullCovariance):
        return None
    varying = posterior.variances.covariance.varying
    covariance = posterior.units.covariance(posterior.covariance)
    covariance = covariance[np.ix_(varying, varying)]
    deviation = np.sqrt(covariance.diagonal())
    scale = np.outer(deviation, deviation)
    correlation = np.eye(len(scale))
    np.divide(covariance, scale, out=correlation, where=scale > 0)
    return correlation


def _notes(fitted):
    """What the numbers are conditional on."""
    notes = []
    if fitted.covariance_ in ("isotropic", "diagonal"):
        notes.append("The intercept varies where features have their means (random effects).")
    if fitted.task_noise == "own":
        notes.append(
            "Every task has noise of its own (task_noise_): Residual is the mean of the variances, "
            "and intervals are conditional on their ratios."
        )
    if fitted.deviations == "t":
        notes.append(
            f"Deviations of tasks have t distributions of {fitted.deviations_df:g} degrees of "
            "freedom: intervals are conditional on the weights of tasks."
        )
    if fitted.task_noise == "own" or fitted.deviations == "t":
        notes.append("The criterion is an upper bound of -2 log likelihood.")
    if fitted.fixed_effects != "flat":
        notes.append(
            "Fixed effects have a normal prior: they are shrunken to 0, and standard errors are "
            "deviations of their posterior."
        )
    return notes


def _number(value):
    return f"{value:.4g}"


def _interval(record):
    low = record["low"]
    high = record["high"]
    return f"{_number(low)} to {_number(high)}"


def _aligned(rows, n_left):
    """Lines of cells in columns, of which the first are aligned to the left."""
    columns = []
    for k, column in enumerate(zip(*rows, strict=True)):
        width = max(map(len, column))
        side = "<" if k < n_left else ">"
        columns.append([f"{cell:{side}{width}}" for cell in column])
    lines = []
    for cells in zip(*columns, strict=True):
        line = "  " + "  ".join(cells)
        lines.append(line.rstrip())
    return lines


def _import_pandas():
    """The pandas module, imported only when a frame is asked for."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError('to_frame needs pandas: pip install "skmtl[pandas]"') from error
    return pandas
