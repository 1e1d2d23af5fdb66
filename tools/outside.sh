#!/usr/bin/env bash
# Builds and runs what is outside the workspace: `tests/outside`, a program that links `cognate` by path,
# with default features and with none.
set -euo pipefail
cd "$(dirname "$0")/.."

# The versions of the repository's lock file, which are downloaded already.
cp Cargo.lock tests/outside/Cargo.lock
target=${CARGO_TARGET_DIR:-target}
for features in "" --no-default-features; do
    echo "outside the workspace, ${features:-default features}"
    cargo run --quiet --manifest-path tests/outside/Cargo.toml --target-dir "$target" $features
done
