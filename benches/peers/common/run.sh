# Sourced by the `run.sh` of a comparison, with its folder in `here` and its arguments: makes the
# environment, builds `rust/`, and compares.
#
# PEERS_WORK is the folder for everything that is made, PEERS_VENV a Python environment to use
# in place of one made there.
work="${PEERS_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/cognate-peers}/$(basename "$here")"
venv="${PEERS_VENV:-$work/venv}"
target="${CARGO_TARGET_DIR:-$here/rust/target}"

[[ -x "$venv/bin/python" ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

cargo build --release --quiet --target-dir "$target" --manifest-path "$here/rust/Cargo.toml"

export PYTHONPATH="$here/../common"
exec "$venv/bin/python" "$here/compare.py" --work "$work" --binaries "$target/release" "$@"
