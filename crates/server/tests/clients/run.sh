#!/usr/bin/env bash
# Tests `cognate serve` with clients of other makers:
#
#     crates/server/tests/clients/run.sh [TEST...]      (default: every test_*.py beside this file)
#
# Installs the clients of `requirements.txt` in an environment below the target folder, makes a library with
# the tiny model of the tests, serves it on a free port, and runs the tests. `COGNATE` names the command;
# otherwise it is built without optimization.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
repository="$(cd "$here/../../../.." && pwd)"
target="${CARGO_TARGET_DIR:-$repository/target}"
environment="$target/clients/$(sha256sum "$here/requirements.txt" | cut -c 1-16)"
fixtures="$repository/crates/model/tests/fixtures"

if [[ -z "${COGNATE:-}" ]]; then
    cargo build --quiet --locked --workspace --bin cognate --manifest-path "$repository/Cargo.toml"
    COGNATE="$target/debug/cognate"
fi
# The marker is written last, so that an installation that was stopped begins again.
if [[ ! -e "$environment/complete" ]]; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    touch "$environment/complete"
fi

work="$(mktemp -d)"
server=
finish() {
    if [[ -n "$server" ]]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT

# Nothing of the user's own settings, caches or network.
export COGNATE_CONFIG="$work/config.toml" COGNATE_CACHE="$work/cache" HF_HOME="$work/huggingface" HF_HUB_OFFLINE=1
unset COGNATE_LIBRARY COGNATE_DEVICE HF_HUB_CACHE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
model="$fixtures/tiny-bert"
"$environment/bin/python" "$here/papers.py" >"$work/papers.jsonl"
"$COGNATE" add --quiet --library "$work/papers" --model "$model" "$work/papers.jsonl" >/dev/null

"$COGNATE" serve --library "$work/papers" --bind 127.0.0.1:0 \
    --rerank-model "$fixtures/cross_encoders/bert" >"$work/address" 2>"$work/log" &
server=$!
# The server prints its address once it listens; reading waits for the line.
url=
for _ in $(seq 600); do
    url="$(grep -o 'http://127[0-9.:]*' "$work/address" || true)"
    [[ -n "$url" ]] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
if [[ -z "$url" ]]; then
    echo "the server did not start:" >&2
    cat "$work/log" >&2
    exit 1
fi

export COGNATE COGNATE_URL="$url" COGNATE_WORK="$work" COGNATE_MODEL="$model"
export COGNATE_RERANKER="$fixtures/cross_encoders/bert" PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1
if ! "$environment/bin/python" -m pytest -q -p no:cacheprovider "${@:-$here}"; then
    echo "the log of the server:" >&2
    cat "$work/log" >&2
    exit 1
fi
