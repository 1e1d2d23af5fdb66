#!/usr/bin/env bash
# Tests the page in Chromium:
#
#     crates/server/web/tests/run.sh [TEST...]      (default: every *.test.mjs beside this file)
#
# Compares `dist` with a fresh build, makes a library with the tiny model of the tests, serves it on a free port, and
# uses every view as a person would. `COGNATE` names the command; otherwise it is built without optimization.
# `CHROMIUM` names the browser. `SCREENSHOTS` names a folder for a picture of each view.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
web="$(dirname "$here")"
repository="$(cd "$web/../../.." && pwd)"
target="${CARGO_TARGET_DIR:-$repository/target}"

if [[ -z "${COGNATE:-}" ]]; then
    cargo build --quiet --locked --workspace --bin cognate --manifest-path "$repository/Cargo.toml"
    COGNATE="$target/debug/cognate"
fi
COGNATE="$(realpath "$COGNATE")"
cd "$web"
# The marker is written last, so that an installation that was stopped begins again.
versions="$(sha256sum package-lock.json | cut -c 1-16)"
if [[ ! -e "node_modules/.complete-$versions" ]]; then
    npm ci --no-audit --no-fund --silent
    touch "node_modules/.complete-$versions"
fi
npx --no-install tsc
node build.mjs --check

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
unset COGNATE_LIBRARY COGNATE_DEVICE HF_HUB_CACHE
model="$repository/crates/model/tests/fixtures/tiny-bert"
node "$here/papers.mjs" >"$work/papers.jsonl"
"$COGNATE" add --quiet --library "$work/papers" --model "$model" "$work/papers.jsonl" >/dev/null
"$COGNATE" serve --library "$work/papers" --bind 127.0.0.1:0 --allow-write >"$work/address" 2>"$work/log" &
server=$!
# The server prints its address once it listens.
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

export PAGE_URL="$url"
tests=("$@")
((${#tests[@]})) || tests=("$here"/*.test.mjs)
# One file after another: they change the lists of one library.
if ! node --test --test-concurrency=1 "${tests[@]}"; then
    echo "the log of the server:" >&2
    tail -n 40 "$work/log" >&2
    exit 1
fi
