"""The top-level folders of the checkout are the subpackages of one import name, ``shenhe``."""

from setuptools import find_packages, setup

#: Every kind of data file that the folders hold; a kind left out would be missing from the wheel.
DATA = ["yaml", "json", "csv", "html", "css", "js", "txt", "md"]

FOLDERS = ["core", "rulebook", "labels", "sample", "conformance", "simulator", "scenarios", "reports", "cli"]

found = find_packages(include=[*FOLDERS, *(f"{folder}.*" for folder in FOLDERS)])

setup(
    package_dir={"shenhe": "."},
    packages=["shenhe." + name for name in found],
    package_data={"": ["py.typed", *(pattern for ending in DATA for pattern in (f"*.{ending}", f"**/*.{ending}"))]},
    include_package_data=False,
)
