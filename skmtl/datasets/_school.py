"""The School data: 139 London schools are 139 tasks; downloaded on first use."""

import hashlib
from io import BytesIO
from os import getpid
from pathlib import Path

import numpy as np
from sklearn.datasets import get_data_home

from skmtl._data.checks import check_bool
from skmtl.datasets._base import long_bunch

URL = (
    "https://raw.githubusercontent.com/jiayuzhou/MALSAR/"
    "fb9751594983df020ddc4f7e4a40520ee7c37989/data/school.mat"
)
SIZE = 44759
SHA256 = "57fb3238fdd03a9aa17276e2ce18d9bbb5d128c3261e794fe6233b58b6909068"
TIMEOUT = 30.0  # seconds without an answer

FEATURE_NAMES = [
    *("year_1985", "year_1986", "year_1987"),
    *("percent_free_meals", "percent_vr_band_1"),
    *("gender_female", "gender_male"),
    *("vr_band_3", "vr_band_1", "vr_band_2"),
    *("ethnic_eswi", "ethnic_african", "ethnic_arab", "ethnic_bangladeshi", "ethnic_caribbean"),
    *("ethnic_greek", "ethnic_indian", "ethnic_pakistani", "ethnic_se_asian", "ethnic_turkish"),
    "ethnic_other",
    *("school_mixed", "school_male", "school_female"),
    *("denomination_maintained", "denomination_church_of_england", "denomination_roman_catholic"),
]

_DESCR = """\
School: examination scores of 15362 pupils in 139 secondary schools
====================================================================

A random half of the pupils who left the secondary schools of the Inner London Education
Authority (ILEA) in 1985, 1986 and 1987. Each school is a task: predict a pupil's examination
score (1 to 70) from the year, the pupil and the school.

Features, all 0/1 except for the two percentages:

- year_*: the year of the examination (3);
- percent_free_meals: share of the school's pupils eligible for free school meals;
- percent_vr_band_1: share of the school's pupils in verbal reasoning band 1, the highest;
- gender_*: the pupil's gender (2);
- vr_band_*: the pupil's verbal reasoning band, 1 the highest (3); all zero for 15 pupils;
- ethnic_*: the pupil's ethnic group (11); eswi is born in England, Scotland, Wales or Ireland;
- school_*: mixed, male or female school (3), constant in a school;
- denomination_*: the school's denomination (3), constant in a school.

The two percentages are constant for a school and year. The file's 28th column, the constant 1,
is left out: the models have an intercept.

Source: data/school.mat of https://github.com/jiayuzhou/MALSAR at commit fb97515, made from the
file ILEA567 of the Center for Multilevel Modeling, University of Bristol. The meaning of the
columns is taken from the documentation of that file. No license is stated for the data
themselves, which is why they are downloaded and not part of this package.

References:

- Goldstein, H. (1991). Multilevel modeling of survey data. The Statistician, 40(2), 235-244.
- Bakker, B., Heskes, T. (2003). Task clustering and gating for Bayesian multitask learning.
  Journal of Machine Learning Research, 4, 83-99.
- Argyriou, A., Evgeniou, T., Pontil, M. (2008). Convex multi-task feature learning. Machine
  Learning, 73(3), 243-272.
"""


def fetch_school(*, data_home=None, download_if_missing=True, as_frame=False, return_X_y=False):
    """Load the School data, downloaded on first use: one regression task per school.

    Examination scores of pupils in Inner London's secondary schools, a classic benchmark of
    multi-task learning. 45 kB are downloaded, checked and kept.

    ================  ============
    Tasks             139 schools
    Samples           15362 pupils
    Samples per task  22 to 251
    Features          27
    Target            1 to 70
    ================  ============

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that keeps the download, in its subfolder `skmtl`; by default scikit-learn's, see
        :func:`sklearn.datasets.get_data_home`.
    download_if_missing : bool, default=True
        Whether to download the file if `data_home` has no intact copy.
    as_frame : bool, default=False
        Return a pandas DataFrame and Series instead of arrays.
    return_X_y : bool, default=False
        Return `(X, y)` instead of a Bunch.

    Returns
    -------
    data : Bunch or tuple (X, y)
        X : ndarray or DataFrame of shape (15362, 28)
            27 features, 0/1 except for two percentages, and, last, the school's number, 1 to 139.
        y : ndarray or Series of shape (15362,)
            The pupil's examination score.
        tasks : ndarray of shape (15362,)
            The school of each pupil; pupils are sorted by school.
        task_column : int or str
            The column of X that holds the school: -1, or "school" for a frame.
        feature_names : list of 28 str
            The columns of X.
        target_name : str
            "exam_score".
        frame : DataFrame of shape (15362, 29) or None
            X and y together, if `as_frame`.
        DESCR : str
            Source and description of the columns.

    Raises
    ------
    OSError
        If the file cannot be downloaded, is not the known file (nothing is kept then), or is
        missing and `download_if_missing=False`.
    ImportError
        If `as_frame` is set and pandas is not installed.

    Notes
    -----
    The file has a 28th feature, the constant 1. It is left out, because models have an
    intercept; results published for 28 features count it.

    References
    ----------
    Goldstein, H. (1991). Multilevel modeling of survey data. The Statistician, 40(2), 235-244.

    Examples
    --------
    >>> from skmtl.datasets import fetch_school
    >>> data = fetch_school()  # doctest: +SKIP
    >>> data.X.shape, data.y.shape  # doctest: +SKIP
    ((15362, 28), (15362,))
    >>> data.feature_names[data.task_column]  # doctest: +SKIP
    'school'
    """
    from scipy.io import loadmat  # here and below: what only this function needs, slow to import

    check_bool(download_if_missing, "download_if_missing")
    check_bool(as_frame, "as_frame")
    check_bool(return_X_y, "return_X_y")
    path = Path(get_data_home(data_home)) / "skmtl" / "school.mat"
    cells = loadmat(BytesIO(_content(path, download_if_missing)))
    Xs = cells["X"].ravel()
    ys = cells["Y"].ravel()
    X = np.vstack(Xs)[:, :-1]  # the last feature is the constant 1
    n_pupils = [len(X) for X in Xs]
    schools = np.arange(1, len(Xs) + 1)
    data = long_bunch(
        X.astype(float),
        np.vstack(ys).ravel().astype(float),
        np.repeat(schools, n_pupils),
        feature_names=FEATURE_NAMES,
        task_name="school",
        target_name="exam_score",
        as_frame=as_frame,
        DESCR=_DESCR,
    )
    return (data.X, data.y) if return_X_y else data


def _content(path, download_if_missing):
    """Return the bytes of the known file, from `path`, or else downloaded and kept at `path`."""
    if path.exists():
        content = path.read_bytes()
        if _is_known(content):
            return content
    if not download_if_missing:
        problem = "damaged" if path.exists() else "missing"
        raise OSError(
            f"{path} is {problem} and download_if_missing=False. "
            f"Pass download_if_missing=True, or save {URL} under that name."
        )
    content = _download(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{getpid()}.part")
    partial.write_bytes(content)
    partial.replace(path)  # in one step: no other process sees half a file
    return content


def _download(path):
    """Return the bytes of the known file from `URL`; `path` is only for the error message."""
    from http.client import HTTPException
    from urllib.request import urlopen

    try:
        with urlopen(URL, timeout=TIMEOUT) as response:
            content = response.read(SIZE + 1)
    except (OSError, HTTPException) as error:
        raise OSError(
            f"Could not download {URL} ({error}). Check the network connection, or save the file "
            f"by hand as {path}."
        ) from error
    if not _is_known(content):
        size = "more" if len(content) > SIZE else len(content)
        raise OSError(
            f"{URL} answered with another file: expected {SIZE} bytes with SHA-256 {SHA256}, got "
            f"{size} bytes with SHA-256 "
            f"{hashlib.sha256(content).hexdigest()}. Nothing was kept. Try again later, or save "
            f"the right file by hand as {path}."
        )
    return content


def _is_known(content):
    """Whether these bytes are the file that this module describes."""
    return len(content) == SIZE and hashlib.sha256(content).hexdigest() == SHA256
