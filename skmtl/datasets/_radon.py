"""Radon in Minnesota: 85 counties are 85 tasks, each with houses of its own."""

from importlib.resources import files

import numpy as np

from skmtl._data.checks import check_bool
from skmtl.datasets._base import long_bunch

_DATA = files(__package__) / "data"
_COUNTIES = """\
Aitkin, Anoka, Becker, Beltrami, Benton, Big Stone, Blue Earth, Brown, Carlton, Carver, Cass,
Chippewa, Chisago, Clay, Clearwater, Cook, Cottonwood, Crow Wing, Dakota, Dodge, Douglas, Faribault,
Fillmore, Freeborn, Goodhue, Hennepin, Houston, Hubbard, Isanti, Itasca, Jackson, Kanabec,
Kandiyohi, Kittson, Koochiching, Lac qui Parle, Lake, Lake of the Woods, Le Sueur, Lincoln, Lyon,
Mahnomen, Marshall, Martin, McLeod, Meeker, Mille Lacs, Morrison, Mower, Murray, Nicollet, Nobles,
Norman, Olmsted, Otter Tail, Pennington, Pine, Pipestone, Polk, Pope, Ramsey, Redwood, Renville,
Rice, Rock, Roseau, Scott, Sherburne, Sibley, St. Louis, Stearns, Steele, Stevens, Swift, Todd,
Traverse, Wabasha, Wadena, Waseca, Washington, Watonwan, Wilkin, Winona, Wright, Yellow Medicine"""


def load_radon(*, as_frame=False, return_X_y=False):
    """Load radon measured in the houses of Minnesota: one regression task per county.

    Radon is a carcinogenic gas that comes from the ground. Counties differ in it, and many have few
    houses: the data of chapter 12 of Gelman and Hill's book on multilevel models. A work of the
    United States government, in the public domain.

    ================  ==========================
    Tasks             85 counties
    Samples           919 houses
    Samples per task  1 to 116
    Features          2
    Target            -2.3 to 3.9
    ================  ==========================

    Parameters
    ----------
    as_frame : bool, default=False
        Return a pandas DataFrame and Series instead of arrays.
    return_X_y : bool, default=False
        Return `(X, y)` instead of a Bunch.

    Returns
    -------
    data : Bunch or tuple (X, y)
        X : ndarray or DataFrame of shape (919, 3)
            `floor` (where it was measured: 0 basement, 1 first floor), `log_uranium` (logarithm of
            0.1 plus the uranium of the county's soil in parts per million) and, last, the
            county's number, 1 to 85 in the alphabetical order of their names.
        y : ndarray or Series of shape (919,)
            `log_radon`, the logarithm of 0.1 plus the radon in picocuries per liter.
        tasks : ndarray of shape (919,)
            The county of each house; houses are sorted by county.
        task_column : int or str
            The column of X that holds the county: -1, or "county" for a frame.
        feature_names : list of 3 str
            The columns of X.
        county_names : ndarray of 85 str
            The names of counties 1 to 85: ``county_names[tasks - 1]`` has that of each house.
        target_name : str
            The target's name.
        frame : DataFrame of shape (919, 4) or None
            X and y together, if `as_frame`.
        DESCR : str
            Source, license and description.

    Raises
    ------
    ImportError
        If `as_frame` is set and pandas is not installed.

    Notes
    -----
    `log_uranium` is constant within a county. Models learn from it only if they shrink the
    intercepts of tasks, as :class:`~skmtl.MixedEffectsRegressor` and
    :class:`~skmtl.RandomInterceptTasks` do. If every task has a free intercept, that explains all
    that the column could.

    References
    ----------
    Price, P. N., Nero, A. V., Gelman, A. (1996). Bayesian prediction of mean indoor radon
    concentrations for Minnesota counties. Health Physics, 71(6), 922-936.

    Gelman, A. and Hill, J. (2006). Data analysis using regression and multilevel/hierarchical
    models. Cambridge University Press.

    Examples
    --------
    >>> from skmtl.datasets import load_radon
    >>> data = load_radon()
    >>> data.X.shape, data.y.shape
    ((919, 3), (919,))
    >>> data.feature_names
    ['floor', 'log_uranium', 'county']
    >>> print(*data.county_names[:3], sep=", ")
    Aitkin, Anoka, Becker
    """
    check_bool(as_frame, "as_frame")
    check_bool(return_X_y, "return_X_y")
    with (_DATA / "radon.npz").open("rb") as file, np.load(file) as arrays:
        county = arrays["county"].astype(int)
        floor = arrays["floor"].astype(float)
        radon = arrays["activity"] / 10  # measured to one decimal
        uranium = arrays["uranium"] / 1e6
    log_uranium = np.log(uranium + 0.1)[county - 1]
    data = long_bunch(
        np.column_stack([floor, log_uranium]),
        np.log(radon + 0.1),
        county,
        feature_names=["floor", "log_uranium"],
        task_name="county",
        target_name="log_radon",
        as_frame=as_frame,
        county_names=np.array(_COUNTIES.replace("\n", " ").split(", ")),
        DESCR=(_DATA / "radon.md").read_text(encoding="utf-8"),
    )
    return (data.X, data.y) if return_X_y else data
