"""Configuration of Sphinx for the site that ``builder.build`` makes."""

from importlib import metadata

project = "shenhe"
author = "The shenhe authors"
release = metadata.version("shenhe")

extensions = ["myst_parser"]
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block"]
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
exclude_patterns: list[str] = []

html_theme = "furo"
html_title = f"shenhe {release}"
html_copy_source = False
html_show_sphinx = False
# No fonts, scripts or pictures of other hosts.
html_theme_options = {"source_repository": "", "top_of_page_buttons": []}
# Two hyphens are an option, not a dash.
smartquotes = False
