"""The one place that says what to install."""


def require_torch(name):
    """Raise ImportError, with the command that helps, unless torch can be imported.

    Parameters
    ----------
    name : str
        Name of the class that needs it.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'{name} needs PyTorch, which is not installed: run pip install "skmtl[torch]".'
        ) from error
