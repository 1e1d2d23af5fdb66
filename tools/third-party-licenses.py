#!/usr/bin/env python3
"""Prints the licenses of the crates, and of the packages of the page, that a build of the command contains.

    tools/third-party-licenses.py > LICENSE-THIRD-PARTY

Each license text stands once, below the names of the crates that have it. Needs the sources of the crates, which a
build downloads.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

PACKAGE = "cognate-cli"
PAGE = Path(__file__).resolve().parent.parent / "crates/server/web/dist/licenses.txt"
# Names of files that hold a license or a notice, by their beginning.
PREFIXES = ("license", "licence", "copying", "notice", "unlicense", "copyright")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def built_crates():
    """Returns the crates that are linked into the command on this machine, as (name, version)."""
    lines = run("cargo", "tree", "--locked", "--package", PACKAGE, "--edges", "normal", "--prefix", "none")
    words = (line.split() for line in lines.splitlines() if line)
    return {(name, version.removeprefix("v")) for name, version, *_ in words}


def license_texts(folder):
    files = (path for path in folder.iterdir() if path.is_file())
    named = (path for path in files if path.name.lower().startswith(PREFIXES))
    return [path.read_text(errors="replace").strip() for path in sorted(named)]


def main():
    built = built_crates()
    # Without the crates of other platforms, which would be downloaded.
    host = next(line.split()[1] for line in run("rustc", "-vV").splitlines() if line.startswith("host:"))
    metadata = run("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host)
    packages = json.loads(metadata)["packages"]
    crates_of_text = defaultdict(list)
    without_text = []
    for package in packages:
        if (package["name"], package["version"]) not in built or package["source"] is None:
            continue
        label = f"{package['name']} {package['version']} ({package['license']})"
        texts = license_texts(Path(package["manifest_path"]).parent)
        for text in texts:
            crates_of_text[text].append(label)
        if not texts:
            without_text.append(f"{label}, by {', '.join(package['authors']) or package['repository']}")
    print("The command `cognate` contains the crates below, under these licenses.")
    if without_text:
        print("\nThese crates come without a license text; their manifests name the license:\n")
        print("\n".join(f"    {line}" for line in sorted(without_text)))
    for text, labels in sorted(crates_of_text.items(), key=lambda item: sorted(item[1])):
        print("\n" + "-" * 80 + "\n")
        print("\n".join(sorted(labels)) + "\n\n" + text)
    print("\n" + "-" * 80 + "\n\nIts page for the browser contains these packages:\n")
    print(PAGE.read_text().strip())


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr)
