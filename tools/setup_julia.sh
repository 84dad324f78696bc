#!/usr/bin/env bash
# Julia 1.5.3 (Debian 11's) in a private folder: no root, no change to the system's packages or apt settings.
# usage: setup_julia.sh [PREFIX]     -> PREFIX/bin/julia; exit 3 where this way is not open
# Why private: the libunwind of Debian 12 has another struct layout than the one this Julia was built for
# (JuliaLang/julia#43520): the first exception thrown out of JIT code segfaults. Debian 11's comes along here.
set -euo pipefail
cannot() { echo "setup_julia.sh: $*" >&2; exit 3; }

prefix=$(realpath -m "${1:-.cache/julia}")
stamp=$prefix/.done-1.5.3
unfinished=$prefix/.unfinished
if [ -e "$stamp" ]; then echo "$prefix/bin/julia"; exit 0; fi
[ ! -e "$prefix" ] || [ -e "$unfinished" ] || cannot "$prefix exists and is not a half-done attempt of this script"
[ "$(uname -sm)" = "Linux x86_64" ] || cannot "only Linux on x86-64 is handled"
for tool in apt-get dpkg-deb; do command -v "$tool" > /dev/null || cannot "no $tool: not a Debian"; done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{src,lists/partial,cache/archives/partial,debs,root}

# the machine's own Debian source, other suite: no host is named here
src=$(grep -lsE '^(URIs|deb) ?:?.*debian' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -1 || true)
[ -n "$src" ] || cannot "no Debian source in apt's settings"
case $src in
    *.sources)
        awk 'BEGIN { RS = ""; ORS = "\n\n" } !/security/ { print; exit }' "$src" |
            sed 's/^Suites:.*/Suites: bullseye/; s/^Components:.*/Components: main/' > "$work/src/bullseye.sources" ;;
    *)
        awk '$1 == "deb" && !/security/ { for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { print "deb", $i, "bullseye main"; exit } }' \
            "$src" > "$work/src/bullseye.list" ;;
esac
apt=(apt-get -qq
    -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/src"
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache"
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 -o Debug::NoLocking=1)
"${apt[@]}" update || cannot "apt cannot reach Debian 11"
packages=(julia julia-common libjulia1 libllvm9 libunwind8 libdsfmt-19937-1 libgit2-1.1 libhttp-parser2.9 libmbedcrypto3
    libmbedtls12 libmbedx509-0 libopenlibm3 libutf8proc2 libffi7 libpcre3 libgfortran5 libquadmath0 libz3-4
    libpcre2-8-0 libgmp10 libmpfr6 libssh2-1 libedit2 libbsd0 libmd0)
(cd "$work/debs" && "${apt[@]}" download "${packages[@]/%//bullseye}") || cannot "apt cannot fetch Debian 11's Julia"
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done

rm -rf "$prefix"
mkdir -p "$prefix/bin"
touch "$unfinished"
cp -a "$work/root/." "$prefix/"
ln -sf ../lib/x86_64-linux-gnu/libjulia.so.1 "$prefix/usr/lib/libjulia.so" # Libdl.dlpath("libjulia") wants the dev link
# the folder may be moved: the launcher looks for itself
cat > "$prefix/bin/julia" <<'LAUNCHER'
#!/bin/sh
prefix=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
export LD_LIBRARY_PATH="$prefix/usr/lib/x86_64-linux-gnu:$prefix/lib/x86_64-linux-gnu:$prefix/usr/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$prefix/usr/bin/julia" "$@"
LAUNCHER
chmod +x "$prefix/bin/julia"
# refuse a Julia whose exceptions crash
"$prefix/bin/julia" --startup-file=no -e 'f() = error("x"); try f() catch; print("exceptions ok, ") end; println("Julia ", VERSION)' >&2 ||
    cannot "the Julia of Debian 11 does not work here"
mv "$unfinished" "$stamp"
echo "$prefix/bin/julia"
