"""Write the software bill of materials (CycloneDX 1.6) and the licence notices of everything that the lock files name.

    python .ci/sbom.py OUT_FOLDER

Names, versions and hashes come from the lock files, licences from the packages that are installed. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.M)
#: What a licence of a package does not say: libraries that its wheels contain.
BUNDLED = {
    "av": "The wheels of PyAV contain FFmpeg built with x264 and x265, which are under the GPL (2.0 or later). "
    "Distributing them with other software means meeting the GPL. shenhe does not contain them: they come only "
    "with the extra `media`, and everything but frames of films and compressed sound works without it.",
}


def locked(path: Path) -> dict[tuple[str, str], list[str]]:
    """The hashes of each package of a lock file, by normal name and version: some have one version per Python."""
    text = path.read_text(encoding="utf-8")
    matches = list(_PIN.finditer(text))
    found = {}
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        entry = text[match.start() : following.start() if following else len(text)]
        name = re.sub(r"[-_.]+", "-", match["name"]).lower()
        found[name, match["version"]] = re.findall(r"sha256:([0-9a-f]{64})", entry)
    return found


def licence(name: str) -> str:
    """What a package says of its licence; "not installed" where it cannot be asked."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "not installed"
    classifiers = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or [] if "License ::" in line]
    text = said.get("License-Expression") or said.get("License") or "; ".join(classifiers)
    return text.strip().splitlines()[0][:120] if text and text.strip() else "; ".join(classifiers) or "not stated"


def component(name: str, version: str, hashes: list[str], scope: str) -> dict[str, Any]:
    """A component as CycloneDX has it."""
    purl = f"pkg:pypi/{name}@{version}"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "scope": scope,
        "licenses": [{"license": {"name": licence(name)}}],
        "hashes": [{"alg": "SHA-256", "content": each} for each in sorted(hashes)],
    }
    if name in BUNDLED:
        made["properties"] = [{"name": "shenhe:bundled", "value": BUNDLED[name]}]
    return made


def bill() -> dict[str, Any]:
    """The whole bill: base packages are required, the others of the lock files optional."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base, everything = locked(ROOT / "locks" / "core.txt"), locked(ROOT / "locks" / "dev.txt")
    components = [
        component(name, version, hashes, "required" if (name, version) in base else "optional")
        for (name, version), hashes in sorted({**everything, **base}.items())
    ]
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    digest = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).hexdigest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "purl": own,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": own, "dependsOn": [each["bom-ref"] for each in components]}],
    }


def notices(made: dict[str, Any]) -> str:
    """The licences as a table, and what they do not say."""
    rows = [
        f"| {each['name']} | {each['version']} | {each['licenses'][0]['license']['name'].replace('|', '/')} "
        f"| {'base' if each['scope'] == 'required' else 'extras and development'} |"
        for each in made["components"]
    ]
    bundled = [f"* **{name}**: {text}" for name, text in BUNDLED.items()]
    head = ["# Third-party notices", "", "| package | version | licence | needed for |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "", "## Libraries inside wheels", "", *bundled, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description="Write sbom.cdx.json and THIRD_PARTY_NOTICES.md.")
    parser.add_argument("out", type=Path, nargs="?", default=Path("build"), help="folder to write to (default: build)")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    made = bill()
    (out / "sbom.cdx.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    (out / "THIRD_PARTY_NOTICES.md").write_text(notices(made), encoding="utf-8")
    print(f"{len(made['components'])} packages: {out}/sbom.cdx.json, {out}/THIRD_PARTY_NOTICES.md")


if __name__ == "__main__":
    main()
