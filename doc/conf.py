"""Sphinx configuration; the command that builds the pages is in contributing.rst."""

import skmtl

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
html_theme_options = {
    "logo": {"text": "skmtl"},
    "navigation_with_keys": False,
    "show_nav_level": 2,
}
