"""Sphinx configuration; the command that builds the pages is in contributing.rst."""

import ast
import re
from pathlib import Path

import skmtl

HERE = Path(__file__).parent
ROOT = HERE.parent

project = "skmtl"
author = "The skmtl developers"
copyright = author
version = release = skmtl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "examples"]

autosummary_generate = True
numpydoc_show_class_members = False  # the class template lists them

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skmtl",),
    "download_all_examples": False,
    "remove_config_comments": True,
    "thumbnail_size": (800, 560),  # the model page shows one in full
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"skmtl {version}"
html_static_path = ["_static"]
html_css_files = ["choose.css"]
html_theme_options = {
    "logo": {"text": "skmtl"},
    "navigation_with_keys": False,
    "show_nav_level": 2,
}


def places():
    """The dict PLACES of tests/test_structure.py, read without importing the test."""
    tree = ast.parse((ROOT / "tests" / "test_structure.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "PLACES":
            return ast.literal_eval(node.value)
    raise ValueError("tests/test_structure.py has no dict PLACES.")


def path_of(place):
    """The file or folder of a place."""
    if place == "skmtl":
        return "skmtl/__init__.py"
    return f"skmtl/{place}/" if (ROOT / "skmtl" / place).is_dir() else f"skmtl/{place}.py"


def map_of_places():
    """A reStructuredText table: each place and what is in it."""
    lines = [".. list-table::", "   :widths: 34 66", ""]
    for place, content in places().items():
        lines += [f"   * - ``{path_of(place)}``", f"     - {content}"]
    return "\n".join(lines) + "\n"


def changelog():
    """CHANGELOG.md as reStructuredText, without its title."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n")[2]
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    return re.sub(r"^(##+) (.+)$", underlined, text, flags=re.MULTILINE)


def underlined(title):
    """A matched Markdown title in reStructuredText."""
    level, words = title.groups()
    line = {"##": "-", "###": "^"}[level]
    return f"{words}\n{line * len(words)}"


def write_generated(app, config):
    """Write what pages include from doc/generated."""
    folder = HERE / "generated"
    folder.mkdir(exist_ok=True)
    (folder / "places.inc").write_text(map_of_places(), encoding="utf-8")
    (folder / "changelog.inc").write_text(changelog(), encoding="utf-8")


def setup(app):
    app.connect("config-inited", write_generated)
