"""The top-level folders of the checkout are the subpackages of one import name, ``shenhe``."""

from setuptools import find_packages, setup

FOLDERS = ["rulebook", "conformance", "simulator", "scenarios", "reports", "cli"]

found = find_packages(include=[*FOLDERS, *(f"{folder}.*" for folder in FOLDERS)])

setup(
    package_dir={"shenhe": "."},
    packages=["shenhe." + name for name in found],
    package_data={
        "": ["py.typed", "*.yaml", "**/*.yaml", "*.json", "**/*.json", "*.csv", "**/*.csv", "**/*.html", "**/*.css", "**/*.js", "**/*.txt", "**/*.md"],
    },
    include_package_data=False,
)
