"""Solvers: functions of a datafit and a penalty that return a certified :class:`Solution`."""

from skmtl.solvers._bcd import bcd
from skmtl.solvers._certificates import Certificate, certify, null_solution
from skmtl.solvers._critical_alpha import critical_alpha, null_correlation
from skmtl.solvers._fista import fista
from skmtl.solvers._gram_path import gram_path
from skmtl.solvers._path import alpha_grid, at_alpha, solution_at, solution_path
from skmtl.solvers._polish import polish
from skmtl.solvers._proximal_newton import proximal_newton
from skmtl.solvers._quadratic import quadratic
from skmtl.solvers._solution import Solution, starting_at
from skmtl.solvers._solve_path import are_solved_together, solve_path
from skmtl.solvers._solve_penalized import solve_penalized
from skmtl.solvers._splitting import admm

__all__ = [
    "Certificate",
    "Solution",
    "admm",
    "alpha_grid",
    "are_solved_together",
    "at_alpha",
    "bcd",
    "certify",
    "critical_alpha",
    "fista",
    "gram_path",
    "null_correlation",
    "null_solution",
    "polish",
    "proximal_newton",
    "quadratic",
    "solution_at",
    "solution_path",
    "solve_path",
    "solve_penalized",
    "starting_at",
]
