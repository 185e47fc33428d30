#!/bin/sh
# Fetch a pinned source package into a cache directory, through the system's own apt sources but with
# private lists: nothing under /etc/apt or /var/lib/apt changes. Usage: fetch.sh CACHE_DIR PIN
# PIN says PACKAGE, VERSION, the upstream TARBALL of it and that one's SHA256, as musl.pin does.
set -eu

cache=$1
pin=$2
# shellcheck source=runtime/libc/musl.pin
. "./$pin"
tarball=$cache/$TARBALL

verify() {
    echo "$SHA256  $tarball" | sha256sum --check --status
}

if [ -f "$tarball" ]; then
    if verify; then
        exit 0
    fi
    echo "fetch.sh: $tarball does not match its sha256; fetching it again" >&2
    rm -f "$tarball"
fi

mkdir -p "$cache"
apt=$(mktemp -d "$cache/apt.XXXXXX")
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/sources"

# The same sources, asked for source packages; third-party lists are left out.
# shellcheck disable=SC2016  # apt's own placeholders
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' \
    'Created-By: Packages' | awk '$4 == "Debian" && $3 == "main"' | sort -u > "$apt/targets" || :
if [ ! -s "$apt/targets" ]; then
    echo "fetch.sh: error: apt knows no Debian package list; run 'apt-get update' first" >&2
    exit 1
fi
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
options=
[ ! -f "$keyring" ] || options="[signed-by=$keyring] "
while read -r uri release component _; do
    echo "deb-src $options$uri $release $component"
done < "$apt/targets" > "$apt/sources.list"

apt_private() {
    apt-get -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::State::lists="$apt/lists" -o Dir::Cache::archives="$apt/archives" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o APT::Sandbox::User=root "$@"
}
apt_private update >&2
(cd "$apt" && apt_private source --download-only --only-source "$PACKAGE=$VERSION" >&2)
mv "$apt/$TARBALL" "$tarball"
if ! verify; then
    echo "fetch.sh: error: $TARBALL: sha256 differs from the pin in $pin; not used" >&2
    rm -f "$tarball"
    exit 1
fi
