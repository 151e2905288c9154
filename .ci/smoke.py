"""Build the wheel and the source distribution, and try each in an empty environment.

    python .ci/smoke.py [--python python3.12]

Each environment gets the locked packages of the light core and the built file, and nothing else. The commands of
``TRIED`` must end as written, and the environment must not be larger than ``LARGEST`` (pip and setuptools not counted).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: Megabytes that ``pip install shenhe`` may take.
LARGEST = 150

#: Command lines, the exit code of each, and words that it must print.
TRIED = (
    ("--version", 0, "shenhe "),
    ("check sample --out checked", 0, "all decided and passed"),
    ("check sample --fault text-unlabelled --rules cn-labeling-2025/4.1.1 --out faulty", 1, "text_output_is_labelled"),
    ("report checked/report.json --out page.html", 0, "page.html"),
    ("rules show cn-dsp-2023/17.2", 0, "cn-dsp-2023/17.2"),
    ("label judge docs/picture.png", 3, "python -m pip install 'shenhe[media]'"),
    ("simulate cn-2023", 2, "python -m pip install 'shenhe[sim]'"),
)

#: Files that the source distribution must hold beside the packages.
IN_SDIST = ("tests/conftest.py", "locks/core.txt", "CHANGELOG.md", "LICENSE", "CITATION.cff", "Makefile")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--python", default=sys.executable, help="The Python of the environments.")
    python = options.parse_args().python
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for built in build(folder, python):
            try_out(built, folder, python)


def build(folder: Path, python: str) -> tuple[Path, Path]:
    """The wheel and the source distribution of a copy of the tree."""
    tree = folder / "tree"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for line in filter(lambda line: (ROOT / line).is_file(), listed.splitlines()):
        (tree / line).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / line, tree / line)
    builder = environment(folder / "builder", python)
    (folder / "dist").mkdir()
    code = "import sys; from setuptools import build_meta as b; to = sys.argv[1]; b.build_sdist(to); b.build_wheel(to)"
    subprocess.run([builder, "-c", code, folder / "dist"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
    (wheel,), (sdist,) = (list((folder / "dist").glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    missing = [name for name in IN_SDIST if name not in held]
    if missing:
        sys.exit(f"{sdist.name} does not hold {', '.join(missing)}")
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB; {sdist.name}: {sdist.stat().st_size / 1e6:.1f} MB")
    return wheel, sdist


def environment(folder: Path, python: str) -> str:
    """An environment with the locked packages of the light core; its Python."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    inside = str(folder / "bin" / "python")
    subprocess.run(
        [*pip(inside), "--require-hashes", "--only-binary", ":all:", "-r", ROOT / "locks" / "core.txt"], check=True
    )
    return inside


def pip(python: str) -> list[str]:
    return [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def try_out(built: Path, folder: Path, python: str) -> None:
    """Install a built file and run the commands; exits with a sentence where one of them ends otherwise."""
    started = time.monotonic()
    place = folder / f"env-{built.suffix[1:]}"
    inside = environment(place, python)
    subprocess.run([*pip(inside), "--no-deps", "--no-build-isolation", built], check=True)
    installed = time.monotonic() - started
    size = megabytes(place)
    work = folder / f"work-{built.suffix[1:]}"
    (work / "docs").mkdir(parents=True)
    picture = "from PIL import Image; Image.new('RGB', (200, 150), 'white').save('docs/picture.png')"
    subprocess.run([inside, "-c", picture], cwd=work, check=True)
    for line, code, words in TRIED:
        command = [place / "bin" / "shenhe", *line.split()]
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, cwd=work, env=clean, capture_output=True, text=True, check=False)
        if done.returncode != code or words not in done.stdout + done.stderr:
            sys.exit(f"{built.name}: shenhe {line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    print(f"{built.name}: installed in {installed:.0f} s, {size:.0f} MB, {len(TRIED)} commands as expected")
    if size > LARGEST:
        sys.exit(f"{built.name}: found {size:.0f} MB, expected at most {LARGEST}")


def megabytes(place: Path) -> float:
    """The installed packages, their compiled files included, without pip and setuptools."""
    packages = next(place.glob("lib/python*/site-packages"))
    tools = ("pip", "setuptools", "wheel", "_distutils_hack", "pkg_resources")
    files = (
        path
        for each in packages.iterdir()
        if not each.name.startswith(tools)
        for path in ([each] if each.is_file() else each.rglob("*"))
    )
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
