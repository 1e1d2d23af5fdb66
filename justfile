# Recipes for the tasks of a developer; `just` lists them. Each is a plain command, so none needs `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Lists the recipes.
_default:
    @just --list

# Runs all tests; the first run downloads the default model.
test *arguments:
    cargo test --workspace {{arguments}}

# Runs everything that a change must pass.
ci:
    bash .ci/run

# Formats the code and runs the lints.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy -p cognate-papers -p cognate-model -p cognate-index -p cognate --no-default-features -- -D warnings

# Builds the reference of all crates; `just doc --open` shows it.
doc *arguments:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps {{arguments}}

# Runs the benchmarks, or those whose names contain a filter.
bench filter="":
    cargo bench --workspace --benches -- {{filter}}

# Fuzzes one target for some seconds; needs a nightly toolchain and cargo-fuzz.
fuzz target="read_papers" seconds="60":
    cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}} -len_control=0

# Runs the torture tests in full: kills, injected faults, damage, loss of power, many processes; needs strace.
torture:
    COGNATE_TORTURE=100 cargo test --release --workspace --test torture -- --include-ignored --test-threads 1

# Tests the kernels for 64-bit ARM in an emulator; needs a cross compiler, QEMU and the Rust target.
neon *arguments:
    tools/neon.sh {{arguments}}

# Builds the package of each published crate, and each crate from its package.
package:
    cargo package --workspace

# Builds a wheel that carries the command, into `target/packages`; needs maturin.
wheel:
    tools/package.sh wheel

# Builds an archive of the command with completions and manual pages, into `target/packages`.
archive:
    tools/package.sh archive

# Builds a Debian package of the command, into `target/packages`; needs cargo-deb.
deb:
    tools/package.sh deb

# Builds all packages of the command, and tests each in an empty folder.
dist:
    tools/package.sh wheel archive deb
    tools/package-test.sh

# Checks the licenses and sources of the dependencies; needs cargo-deny.
deny:
    cargo deny check bans licenses sources

# Writes the public API of each crate to `docs/api`; needs a nightly toolchain and cargo-public-api.
api:
    tools/public-api.sh write

# Compares the public API with `docs/api`.
api-check:
    tools/public-api.sh check

# Builds and runs a program outside the workspace, with default features and with none.
outside:
    tools/outside.sh
