# Creates the Python environment, builds `rust/` and runs the comparison. Each comparison's `run.sh`
# sources this file, with its own folder in `here`, its script in `entry` if that is not compare.py,
# and its arguments.
#
# PEERS_WORK is the folder for all generated files. PEERS_VENV is an existing Python environment; if
# it is not set, one is created in that folder.
work="${PEERS_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/cognate-peers}/$(basename "$here")"
venv="${PEERS_VENV:-$work/venv}"
target="${CARGO_TARGET_DIR:-$here/rust/target}"

[[ -x "$venv/bin/python" ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

cargo build --release --quiet --target-dir "$target" --manifest-path "$here/rust/Cargo.toml"

export PYTHONPATH="$here/../common"
exec "$venv/bin/python" "$here/${entry:-compare.py}" --work "$work" --binaries "$target/release" "$@"
