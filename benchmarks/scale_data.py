"""Rows of tasks in chunks, as arrays, frames, dask collections and files; never all in memory.

Every chunk has a seed of its own, so all readers see the same rows.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

HELD_OUT = 10**6  # number of the first chunk that no model is fitted to
N_FACTORS = 5  # that make the features correlated
RELEVANT = 0.3  # of the features
DECIMALS = 4  # of the numbers in a CSV file


class Chunk(NamedTuple):
    """Some rows in random order of tasks.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
        Correlated features whose means are not zero.
    y : ndarray of shape (n_rows,)
        Targets: numbers, or labels 0 and 1.
    tasks : ndarray of int of shape (n_rows,)
        The task of each row.
    """

    X: np.ndarray
    y: np.ndarray
    tasks: np.ndarray


@dataclass(frozen=True)
class Rows:
    """Rows of linear models that share their support.

    Parameters
    ----------
    n_chunks : int
        Number of chunks.
    chunk_size : int, default=100_000
        Rows of a chunk.
    n_features, n_tasks : int
        Sizes.
    labels : bool, default=False
        Whether the targets are labels.
    """

    n_chunks: int
    chunk_size: int = 100_000
    n_features: int = 100
    n_tasks: int = 20
    labels: bool = False

    @property
    def n_rows(self):
        """Rows of all chunks."""
        return self.n_chunks * self.chunk_size

    @property
    def columns(self):
        """Names of the features."""
        return [f"x{j}" for j in range(self.n_features)]

    def title(self):
        """The sizes in words."""
        return f"{self.n_rows / 1e6:g} million x {self.n_features} x {self.n_tasks}"

    @cached_property
    def means(self):
        """Means of the features."""
        return 3.0 * np.random.default_rng(1).standard_normal(self.n_features)

    @cached_property
    def loadings(self):
        """Loadings (n_factors, n_features) of the features."""
        return np.random.default_rng(2).standard_normal((N_FACTORS, self.n_features))

    @cached_property
    def coef(self):
        """Coefficients (n_features, n_tasks); the same features are relevant to all tasks."""
        rng = np.random.default_rng(3)
        shared = rng.standard_normal((self.n_features, 1))
        own = 0.3 * rng.standard_normal((self.n_features, self.n_tasks))
        relevant = rng.random(self.n_features) < RELEVANT
        return (shared + own) * relevant[:, None] / np.sqrt(relevant.sum())

    @cached_property
    def intercepts(self):
        """Intercepts of the tasks; of labels they make both common."""
        if self.labels:
            return -self.means @ self.coef
        return np.random.default_rng(4).standard_normal(self.n_tasks)

    def chunk(self, number):
        """The :class:`Chunk` of this number."""
        rng = np.random.default_rng([5, number])
        shape = self.chunk_size, self.n_features
        tasks = rng.integers(self.n_tasks, size=self.chunk_size)
        X = rng.standard_normal(shape)
        X += rng.standard_normal((self.chunk_size, N_FACTORS)) @ self.loadings
        X += self.means
        scores = X @ self.coef + self.intercepts
        scores = scores[np.arange(self.chunk_size), tasks]
        if self.labels:
            probabilities = 1.0 / (1.0 + np.exp(-scores))
            y = (rng.random(self.chunk_size) < probabilities).astype(np.int64)
        else:
            y = scores + rng.standard_normal(self.chunk_size)
        return Chunk(X, y, tasks)

    def chunks(self):
        """All chunks, made when they are asked for."""
        for number in range(self.n_chunks):
            yield self.chunk(number)

    def held_out(self):
        """A :class:`Chunk` of other rows."""
        return self.chunk(HELD_OUT)

    def frame(self, number, decimals=None):
        """A chunk as a pandas frame with the columns task and y, which may be rounded."""
        import pandas as pd

        X, y, tasks = self.chunk(number)
        if decimals is not None:
            X = X.round(decimals)
            y = y.round(decimals)
        frame = pd.DataFrame(X, columns=self.columns, copy=False)
        frame["task"] = tasks
        frame["y"] = y
        return frame

    def frames(self):
        """All chunks as pandas frames."""
        for number in range(self.n_chunks):
            yield self.frame(number)

    def dask_arrays(self):
        """X, y and tasks as dask arrays whose chunks the workers make."""
        import dask
        import dask.array as da

        make = dask.delayed(self.chunk, pure=True)
        parts = [make(number) for number in range(self.n_chunks)]
        size = self.chunk_size
        y_type = np.int64 if self.labels else np.float64
        fields = (
            ((size, self.n_features), np.float64),
            ((size,), y_type),
            ((size,), np.int64),
        )
        arrays = []
        for k, (shape, dtype) in enumerate(fields):
            blocks = [da.from_delayed(part[k], shape, dtype) for part in parts]
            arrays.append(da.concatenate(blocks))
        return arrays

    def dask_frame(self):
        """The rows as a dask frame whose partitions the workers make."""
        import dask.dataframe as dd

        few = Rows(1, 2, self.n_features, self.n_tasks, self.labels)
        return dd.from_map(self.frame, range(self.n_chunks), meta=few.frame(0).iloc[:0])

    def write_csv(self, path, n_bytes):
        """Write whole chunks to a CSV file until it has so many bytes.

        Returns
        -------
        int
            Rows written.
        """
        import pyarrow as pa
        from pyarrow import csv

        number = 0
        with open(path, "wb") as file:
            while file.tell() < n_bytes:
                table = pa.Table.from_pandas(self.frame(number, DECIMALS), preserve_index=False)
                options = csv.WriteOptions(include_header=number == 0)
                csv.write_csv(table, file, options)
                number += 1
        return number * self.chunk_size

    def write_parquet(self, path):
        """Write all chunks as row groups of one Parquet file."""
        import pyarrow as pa
        from pyarrow import parquet

        writer = None
        for frame in self.frames():
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if writer is None:
                writer = parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
        writer.close()
