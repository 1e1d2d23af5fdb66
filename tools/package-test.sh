#!/usr/bin/env bash
# Tests the packages in `target/packages`: each is installed into an empty folder, with empty caches, and adds and
# searches the papers of `examples/data`. The first use fetches the default model.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=$PWD/target/packages
papers=$PWD/examples/data/papers.jsonl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Nothing of the user's but the settings of pip and the network.
export HOME=$work/home HF_HOME=$work/huggingface COGNATE_CACHE=$work/cache
unset COGNATE_LIBRARY COGNATE_DEVICE HF_HUB_CACHE XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME
mkdir -p "$HOME"

fail() {
    echo "$*" >&2
    exit 1
}

# The one package of a kind, so that an old one is not tested instead.
package() {
    local found=("$packages"/$1)
    [[ -e ${found[0]} ]] || fail "no package $1 in $packages: run tools/package.sh"
    ((${#found[@]} == 1)) || fail "several packages $1 in $packages: remove the old ones"
    echo "${found[0]}"
}

# Adds papers with the command $1 and searches them.
use() {
    local library=$work/library-$2 hits
    "$1" --version
    "$1" add --library "$library" "$papers" 2>&1 | tail -n 1
    hits=$("$1" search --library "$library" -k 3 --json "planets around other stars")
    grep -q planet <<<"$hits" || fail "no paper about planets among the hits of $2: $hits"
    "$1" related --library "$library" -k 3 watts1998collective >/dev/null
}

step() {
    printf '\n== %s\n' "$*"
}

step "wheel"
wheel=$(package 'cognate_search-*.whl')
ls -l "$wheel"
python3 -m venv "$work/venv"
SECONDS=0
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"
use "$work/venv/bin/cognate" wheel
echo "from the wheel to the first hits: $SECONDS s"
"$work/venv/bin/pip" show --files cognate-search | grep -i -e '^name' -e '^license' -e bin/ -e LICENSE

step "archive"
archive=$(package 'cognate-*.tar.gz')
ls -l "$archive"
mkdir "$work/archive"
tar -xzf "$archive" -C "$work/archive" --strip-components 1
use "$work/archive/cognate" archive
for file in README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT LICENSE-THIRD-PARTY man/cognate.1 man/cognate-search.1 \
    completions/cognate.bash completions/_cognate completions/cognate.fish; do
    [[ -s $work/archive/$file ]] || fail "the archive has no $file"
done
bash -c "source '$work/archive/completions/cognate.bash' && complete -p cognate"
if command -v zsh >/dev/null; then
    zsh -fc "autoload -U compinit && compinit -u -d '$work/zcompdump' && source '$work/archive/completions/_cognate'"
fi
if command -v fish >/dev/null; then
    fish --no-config -c "source '$work/archive/completions/cognate.fish'; complete --do-complete 'cognate sea'"
fi

step "Debian package"
deb=$(package 'cognate_*.deb')
ls -l "$deb"
dpkg-deb --field "$deb" Package Version Depends Installed-Size
# A root of its own, without the packages that this one depends on.
root=$work/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
touch "$root/var/lib/dpkg/status"
if ((EUID == 0)); then
    dpkg --root="$root" --force-depends --install "$deb" 2>/dev/null
    dpkg --root="$root" --status cognate | grep '^Status'
else
    dpkg-deb --extract "$deb" "$root"
fi
use "$root/usr/bin/cognate" deb
for file in bin/cognate share/man/man1/cognate.1.gz share/bash-completion/completions/cognate \
    share/zsh/vendor-completions/_cognate share/fish/vendor_completions.d/cognate.fish share/doc/cognate/copyright; do
    [[ -s $root/usr/$file ]] || fail "the Debian package has no /usr/$file"
done
if command -v lintian >/dev/null; then
    lintian "$deb" || fail "lintian found errors"
else
    echo "NOT CHECKED by lintian, which is not installed"
fi

step "done"
