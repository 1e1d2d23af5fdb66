#!/usr/bin/env bash
# Writes the public API of each published library to `docs/api/PACKAGE.txt`, or compares it with that
# file. Needs a nightly toolchain, whose rustdoc writes JSON, and `cargo install cargo-public-api`.
#
#   tools/public-api.sh write|check
set -euo pipefail
[[ ${1:-} == write || ${1:-} == check ]] || {
    echo "usage: $0 write|check" >&2
    exit 2
}
cd "$(dirname "$0")/.."

mkdir -p docs/api
changed=0
for manifest in crates/*/Cargo.toml; do
    # Only libraries that are published have an API to keep.
    grep -q '^publish = false' "$manifest" && continue
    [[ -f ${manifest%Cargo.toml}src/lib.rs ]] || continue
    package=$(sed -n 's/^name = "\(.*\)"/\1/p;T;q' "$manifest")
    record=docs/api/$package.txt
    # Twice simplified: without blanket and automatic implementations of traits.
    found=$(cargo +nightly public-api -ss --package "$package")
    if [[ $1 == write ]]; then
        printf '%s\n' "$found" >"$record"
    elif ! diff -u --label "$record" --label "the code" "$record" - <<<"$found"; then
        changed=1
    fi
done
if ((changed)); then
    echo "the public API differs from docs/api: if that is meant, run tools/public-api.sh write" >&2
    exit 1
fi
