"""The one place that says what to install."""


def require_dask():
    """Return the module dask; raise ImportError, with the command that helps, if it lacks."""
    try:
        import dask
    except ImportError as error:
        raise ImportError(
            'Collections need Dask, which is not installed: run pip install "skmtl[dask]".'
        ) from error
    return dask
