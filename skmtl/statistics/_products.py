"""Products A'A by BLAS: `dsyrk`, which computes one triangle.

`numpy.dot` computes both triangles, and took up to 1.4 times as long for a few hundred rows;
`scipy.linalg.blas.dsyrk` holds the GIL, so that threads would wait for each other. Called by its
address it does neither.
"""

from ctypes import CFUNCTYPE, byref, c_char, c_double, c_int, c_void_p
from functools import cache

_N_ARGUMENTS = 10
_UPPER = byref(c_char(b"U"))  # for Fortran, arrays are transposed
_AS_IT_IS = byref(c_char(b"N"))
_ONE = byref(c_double(1.0))
_ZERO = byref(c_double(0.0))


@cache
def _dsyrk():
    """The function of BLAS."""
    from numba.extending import get_cython_function_address  # here: slow to import

    address = get_cython_function_address("scipy.linalg.cython_blas", "dsyrk")
    return CFUNCTYPE(None, *[c_void_p] * _N_ARGUMENTS)(address)


def write_lower_products(A, out):
    """Write the lower triangle of A'A into out.

    Parameters
    ----------
    A : ndarray of float64 of shape (n_rows, n), C-ordered
        Columns.
    out : ndarray of float64 of shape (n, n), C-ordered
        What is above its diagonal stays as it is.
    """
    n_rows, n = A.shape
    size = byref(c_int(n))
    dsyrk = _dsyrk()
    dsyrk(
        _UPPER,
        _AS_IT_IS,
        size,
        byref(c_int(n_rows)),
        _ONE,
        A.ctypes.data,
        size,
        _ZERO,
        out.ctypes.data,
        size,
    )
