#!/usr/bin/env bash
# Compares exact search by this repository's library with search by its peers:
#
#     benches/peers/search/run.sh ROWS.npy [options]     (--help lists the options)
#
# PEERS_WORK is the folder for everything that is made, PEERS_VENV a Python environment to use
# in place of one made there.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="${PEERS_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/cognate-peers}/search"
venv="${PEERS_VENV:-$work/venv}"
target="${CARGO_TARGET_DIR:-$here/rust/target}"

[[ -x "$venv/bin/python" ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

cargo build --release --quiet --target-dir "$target" --manifest-path "$here/rust/Cargo.toml"

exec "$venv/bin/python" "$here/compare.py" --work "$work" --binaries "$target/release" "$@"
