"""The top-level folders of the checkout are the subpackages of one import name, ``shenhe``."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

#: Every kind of data file that the folders hold; a kind left out would be missing from the wheel.
DATA = ["yaml", "json", "csv", "html", "css", "js", "txt", "md"]

FOLDERS = ["core", "rulebook", "labels", "sample", "conformance", "simulator", "scenarios", "reports", "cli"]

#: Files of the import name itself, written when a wheel is built. With an ``__init__.py`` at the root of the checkout,
#: pytest would take the whole checkout for one package.
TOP_LEVEL = {
    "__init__.py": '''"""Check generative-AI services against the law on synthetic media, and simulate enforcement."""


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module 'shenhe' has no attribute {name!r}")
    from importlib.metadata import version

    return version("shenhe")
''',
    "py.typed": "",
}


class BuildWithTopLevel(build_py):
    """Builds the packages and the files of ``TOP_LEVEL``."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name, text in TOP_LEVEL.items():
                Path(self.build_lib, "shenhe", name).write_text(text, encoding="utf-8")


found = find_packages(include=[*FOLDERS, *(f"{folder}.*" for folder in FOLDERS)])

setup(
    package_dir={"shenhe": "."},
    packages=["shenhe." + name for name in found],
    py_modules=["shenhe.__main__"],
    cmdclass={"build_py": BuildWithTopLevel},
    package_data={"": ["py.typed", *(pattern for ending in DATA for pattern in (f"*.{ending}", f"**/*.{ending}"))]},
    include_package_data=False,
)
