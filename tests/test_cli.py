"""`python -m skmtl` as a user types it."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skmtl.__main__ import main


@pytest.fixture
def shops(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 3))
    frame = pd.DataFrame(X, columns=["price", "staff", "weather"])
    frame["shop"] = np.repeat(["north", "south", "west"], 30)
    frame["sales"] = X[:, 0] * 2 + np.repeat([0.0, 5.0, 9.0], 30) + rng.standard_normal(90)
    frame.to_csv(tmp_path / "shops.csv", index=False)
    return frame, tmp_path / "shops.csv"


def test_main_job_prints_the_comparison_and_a_verdict(capsys):
    assert main(["--splits", "2"]) == 0
    text = capsys.readouterr().out
    assert "42 patients" in text
    assert (
        len([line for line in text.splitlines() if "conclusive" in line or "transfer" in line])
        == 42
    )
    assert "did worse than alone" in text


def test_compare_on_a_file(shops, capsys):
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales", "--cv", "3"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "3 tasks (shop), 3 features, target sales" in text
    for shop in ("north", "south", "west"):
        assert shop in text


def test_several_estimators_are_ranked_and_drawn(shops, capsys, tmp_path):
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales", "--cv", "2"]
    picture = tmp_path / "gains.png"
    names = ["MultiTaskElasticNetCV", "MeanRegularizedRegressorCV"]
    assert main([*arguments, "--estimators", *names, "--plot", str(picture)]) == 0
    text = capsys.readouterr().out
    assert "has the best mean rank over tasks" in text
    assert all(name in text for name in names)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_target_of_classes_is_judged_by_log_loss(shops, capsys):
    frame, path = shops
    spoil(frame, path, lambda f: f.assign(sales=np.where(f["price"] > 0.1, "high", "low")))
    arguments = ["compare", str(path), "--task", "shop", "--target", "sales", "--cv", "2"]
    assert main([*arguments, "--classify"]) == 0
    assert "(log loss)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--estimators", "Ridge"],
            "--estimators Ridge is none of the regressors MultiTaskLassoCV",
        ),
        (["--classify", "--estimators", "MultiTaskLassoCV"], "is none of the classifiers"),
        (["--plot", "gains.xyz"], "--plot gains.xyz must end in one of"),
        (["--plot", "nowhere/gains.png"], "there is no directory"),
    ],
)
def test_options_that_cannot_be_meant_get_one_line(shops, capsys, options, message):
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales"]
    assert main([*arguments, *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_plot_without_matplotlib_names_the_extra(shops, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales"]
    assert main([*arguments, "--plot", "gains.png"]) == 2
    assert 'pip install "skmtl[plot]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(sales="low"), "has 1 class(es)"),
        (lambda f: f.assign(sales=f["sales"].where(f["price"] > 0)), "missing value(s)"),
    ],
)
def test_classes_that_cannot_be_told_get_one_line(shops, capsys, change, message):
    spoil(*shops, change)
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales", "--classify"]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def spoil(frame, path, change):
    changed = change(frame)
    changed.to_csv(path, index=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="shop"), "has no column 'shop'; it has price"),
        (lambda f: f.drop(columns="sales"), "has no column 'sales'"),
        (lambda f: f.assign(sales=3.0), "target 'sales' is constant (3)"),
        (lambda f: f.assign(sales="many"), "target 'sales' is not numeric"),
        (
            lambda f: f.assign(sales=f["sales"].where(f["price"] > 0)),
            "missing or infinite value(s)",
        ),
        (lambda f: f.assign(price="low"), "column(s) 'price' are not numeric"),
        (lambda f: f.assign(price=f["price"].where(f["staff"] > 0)), "'price' have missing"),
        (lambda f: f.assign(shop="north"), "has one task only"),
        (lambda f: f.drop(index=f.index[1:30]), "task 'north' of 'shop' has one row"),
        (lambda f: f.assign(shop=f["shop"].where(f["shop"] != "west")), "30 missing value(s)"),
        (lambda f: f[["shop", "sales"]], "no feature column"),
        (lambda f: f.iloc[:0], "nothing"),
    ],
)
def test_problems_of_the_file_get_one_line_and_exit_code_2(shops, capsys, change, message):
    frame, path = shops
    spoil(frame, path, change)
    assert main(["compare", str(path), "--task", "shop", "--target", "sales"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_missing_file_gets_one_line(capsys):
    assert main(["compare", "nowhere.csv", "--task", "a", "--target", "b"]) == 2
    assert capsys.readouterr().err == "skmtl: there is no file nowhere.csv\n"


def test_help_and_unknown_options_from_the_shell():
    shell = [sys.executable, "-m", "skmtl"]
    shown = subprocess.run(
        [*shell, "compare", "--help"], capture_output=True, text=True, check=True
    )
    assert "--target COLUMN" in shown.stdout
    wrong = subprocess.run([*shell, "--speed"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
