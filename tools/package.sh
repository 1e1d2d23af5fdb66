#!/usr/bin/env bash
# Builds packages of the command for the machine that it runs on, into `target/packages`:
#
#   tools/package.sh wheel     a wheel for pip, pipx and uv; needs maturin
#   tools/package.sh archive   an archive with the binary, completions, manual pages and licenses; needs binutils
#   tools/package.sh deb       a Debian package; needs cargo-deb
#
# Several names build several packages, from one build. `tools/package-test.sh` tests them.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
(($#)) || usage
for kind; do
    case $kind in
    wheel) command -v maturin >/dev/null || {
        echo "maturin is missing: pip install 'maturin>=1.9,<2'" >&2
        exit 1
    } ;;
    deb) cargo deb --version >/dev/null 2>&1 || {
        echo "cargo-deb is missing: cargo install --locked cargo-deb" >&2
        exit 1
    } ;;
    archive) ;;
    *) usage ;;
    esac
done

version=$(sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)
host=$(rustc -vV | sed -n 's/^host: //p')
built=${CARGO_TARGET_DIR:-target}/release/cognate
out=target/packages
stage=$out/stage
licenses=crates/cli/LICENSE-THIRD-PARTY
# The time of the commit, so that equal contents give equal packages.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

rm -rf "$stage"
mkdir -p "$stage"
trap 'rm -f "$licenses"' EXIT

cargo build --locked --release --package cognate-cli
# Also under the name that the wheel takes it from.
tools/third-party-licenses.py >"$licenses"
cp "$licenses" "$stage/"

# The binary writes its own completions and manual pages.
mkdir -p "$stage/completions" "$stage/man"
"$built" completions bash >"$stage/completions/cognate.bash"
"$built" completions zsh >"$stage/completions/_cognate"
"$built" completions fish >"$stage/completions/cognate.fish"
"$built" man --output "$stage/man"

build_wheel() {
    maturin build --locked --release --manifest-path crates/cli/Cargo.toml --out "$out"
}

build_archive() {
    local name=cognate-$version-$host
    local folder=$stage/$name
    mkdir -p "$folder"
    strip --output-file "$folder/cognate" "$built"
    cp -r "$stage/completions" "$stage/man" "$licenses" LICENSE-APACHE LICENSE-MIT CHANGELOG.md "$folder/"
    cp crates/cli/README.md "$folder/"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
        -C "$stage" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
    echo "$out/$name.tar.gz"
}

build_deb() {
    local maintainer
    maintainer=$(sed -n 's/^maintainer = "\(.*\)"/\1/p' crates/cli/Cargo.toml)
    gzip -9nc CHANGELOG.md >"$stage/changelog.gz"
    # Debian has the text of the Apache License, and packages refer to it.
    {
        cat LICENSE-MIT
        printf '\nOn Debian systems, the Apache License, Version 2.0, is in\n/usr/share/common-licenses/Apache-2.0.\n'
    } >"$stage/license.debian"
    cat >"$stage/changelog.debian" <<EOF
cognate ($version-1) unstable; urgency=medium

  * Release $version: see changelog.gz.

 -- $maintainer  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
EOF
    cargo deb --locked --package cognate-cli --no-build --strip --quiet --output "$out/"
}

for kind; do
    "build_$kind"
done
