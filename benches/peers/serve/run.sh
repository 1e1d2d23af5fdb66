#!/usr/bin/env bash
# Compares the server of this repository with one of FastAPI and sentence-transformers:
#
#     benches/peers/serve/run.sh PAPERS.jsonl [options]     (--help lists the options)
#
# PEERS_WORK is the folder for all generated files. PEERS_VENV is an existing Python environment; if it is not
# set, one is created in that folder.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="${PEERS_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/cognate-peers}/serve"
venv="${PEERS_VENV:-$work/venv}"
root="$(cd "$here/../../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"

[[ -x "$venv/bin/python" ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

cargo build --release --quiet --locked --manifest-path "$root/Cargo.toml" \
    -p cognate-cli -p cognate-server --bin cognate --example load

exec "$venv/bin/python" "$here/compare.py" --work "$work" --binaries "$target/release" "$@"
