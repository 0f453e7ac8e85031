"""Parkinson's telemonitoring: 42 patients are 42 tasks, each with recordings of its own."""

from importlib.resources import files

import numpy as np

from skmtl._data.checks import check_bool, check_option
from skmtl.datasets._base import long_bunch

_DATA = files(__package__) / "data"
_TARGETS = ("motor_UPDRS", "total_UPDRS")


def load_parkinsons(*, target="motor_UPDRS", as_frame=False, return_X_y=False):
    """Load the Parkinson's telemonitoring data: one regression task per patient.

    Voice recordings of 42 people with early-stage Parkinson's disease, made at home over six
    months; the score of the disease at each recording is to be predicted. Clinicians saw a patient
    a few times only: scores between their visits are interpolated.

    ================  ==========================
    Tasks             42 patients
    Samples           5875 recordings
    Samples per task  101 to 168
    Features          17
    Target            5.0 to 39.5 (motor_UPDRS)
    ================  ==========================

    Parameters
    ----------
    target : {"motor_UPDRS", "total_UPDRS"}, default="motor_UPDRS"
        The score to predict, from the Unified Parkinson's Disease Rating Scale: its motor
        section (0 to 108) or the whole (0 to 176). Higher is worse.
    as_frame : bool, default=False
        Return a pandas DataFrame and Series instead of arrays.
    return_X_y : bool, default=False
        Return `(X, y)` instead of a Bunch.

    Returns
    -------
    data : Bunch or tuple (X, y)
        X : ndarray or DataFrame of shape (5875, 18)
            `test_time` (days since recruitment), 16 voice measures and, last, the patient's
            number, 1 to 42, as in the original.
        y : ndarray or Series of shape (5875,)
            The target.
        tasks : ndarray of shape (5875,)
            The patient of each recording; recordings are sorted by patient.
        task_column : int or str
            The column of X that holds the patient: -1, or "patient" for a frame.
        feature_names : list of 18 str
            The columns of X.
        target_name : str
            The target's name.
        task_features : ndarray of shape (42, 2)
            Age in years and sex (0 male, 1 female) of patients 1 to 42.
        task_feature_names : list of 2 str
            The columns of `task_features`.
        frame : DataFrame of shape (5875, 19) or None
            X and y together, if `as_frame`.
        DESCR : str
            Source, license and description.

    Raises
    ------
    ValueError
        If `target` is neither of the two scores.
    ImportError
        If `as_frame` is set and pandas is not installed.

    Notes
    -----
    The scores were not measured at each recording, but interpolated linearly between the visits at
    which a clinician scored the patient. Over time, two straight lines that meet describe the
    scores of 40 of the 42 patients up to a standard deviation of 0.2 points (motor_UPDRS), so that
    time and a few recordings tell the others. Scores of which each is measured are noisier.

    Age and sex are constant for each patient. A model with an intercept for each task cannot learn
    anything more from them, so they are `task_features`, not columns of X.

    References
    ----------
    Tsanas, A., Little, M. A., McSharry, P. E., Ramig, L. O. (2010). Accurate telemonitoring of
    Parkinson's disease progression by noninvasive speech tests. IEEE Transactions on
    Biomedical Engineering, 57(4), 884-893. https://doi.org/10.1109/TBME.2009.2036000

    Examples
    --------
    >>> from skmtl.datasets import load_parkinsons
    >>> data = load_parkinsons()
    >>> data.X.shape, data.y.shape
    ((5875, 18), (5875,))
    >>> data.feature_names[0], data.feature_names[data.task_column]
    ('test_time', 'patient')
    """
    check_option(target, "target", _TARGETS)
    check_bool(as_frame, "as_frame")
    check_bool(return_X_y, "return_X_y")
    table = _read_table()
    patient = table.pop("subject#").astype(int)
    scores = {name: table.pop(name) for name in _TARGETS}
    _, first_recording = np.unique(patient, return_index=True)
    task_features = {}
    for name in ("age", "sex"):
        task_features[name] = table.pop(name)[first_recording]
    data = long_bunch(
        np.column_stack(list(table.values())),
        scores[target],
        patient,
        feature_names=list(table),
        task_name="patient",
        target_name=target,
        as_frame=as_frame,
        task_features=np.column_stack(list(task_features.values())),
        task_feature_names=list(task_features),
        DESCR=(_DATA / "parkinsons.md").read_text(encoding="utf-8"),
    )
    return (data.X, data.y) if return_X_y else data


def _read_table():
    """Return the published table as a dict from column names to float arrays of shape (5875,).

    The file holds every number as the integer `value * 10**decimals`: dividing gives the very
    float that the published digits parse to. The four bytes of the integers (lowest first) are
    kept in separate rows, which compresses best.
    """
    path = _DATA / "parkinsons.npz"
    with path.open("rb") as file, np.load(file) as arrays:
        names = arrays["names"].tolist()
        decimals = arrays["decimals"]
        planes = arrays["bytes"]
    four_bytes = np.ascontiguousarray(planes.transpose(0, 2, 1))
    integers = four_bytes.view("<i4")[:, :, 0]
    values = integers / 10 ** decimals[:, None]
    return dict(zip(names, values, strict=True))
