#!/usr/bin/env bash
# Tests the kernels for 64-bit ARM in QEMU, on one processor for each NEON level. Arguments are passed to
# the tests, such as a filter of their names.
set -euo pipefail
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: install gcc-aarch64-linux-gnu and qemu-user" >&2
        exit 1
    }
done
[[ -d $(rustc --print target-libdir --target "$target") ]] || {
    echo "the Rust target is missing: run \`rustup target add $target\`" >&2
    exit 1
}

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
for processor in cortex-a72 neoverse-n1 max; do
    echo "kernels on $processor"
    QEMU_CPU=$processor cargo test -p cognate-kernels --lib --locked --target "$target" -- "$@"
done
