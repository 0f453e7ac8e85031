"""Solvers: functions of a datafit and a penalty that return a certified :class:`Solution`."""

from skmtl.solvers._bcd import bcd
from skmtl.solvers._certificates import Certificate, certify, null_solution
from skmtl.solvers._fista import fista
from skmtl.solvers._gram_path import gram_path
from skmtl.solvers._solution import Solution

__all__ = ["Certificate", "Solution", "bcd", "certify", "fista", "gram_path", "null_solution"]
