#!/usr/bin/env bash
# Measures which paths of the core a demo takes, so that `make fast` can build it for them (profile-guided optimisation).
#
#   deploy/profile.sh DIR    builds the core with counters, runs a demo with it, leaves DIR/core.profdata
#
# The counting build is slow and stands in native/ while this runs: `make fast` puts the real one in its place afterwards,
# and forgets beforehand that anything is built, so that an interrupted run is followed by a whole build.
# It needs the llvm-profdata of rustc's LLVM or one that reads its counters: `rustup component add llvm-tools`, or Debian's
# llvm-19 or newer.
set -eu
dir=${1:?usage: deploy/profile.sh DIR}
python=.venv/bin/python

# Every llvm-profdata there is: the toolchain's own first, then the newest of the system.
find_merge_tools() {
    local sysroot
    sysroot=$(rustc --print sysroot)
    ls "$sysroot"/lib/rustlib/*/bin/llvm-profdata 2>/dev/null || true
    compgen -c llvm-profdata | sort -uVr
}

merged=no
tools=$(find_merge_tools)
if [ -z "$tools" ]; then
    echo "profile.sh: no llvm-profdata here: 'rustup component add llvm-tools', or as root 'apt-get install llvm-19'" >&2
    exit 1
fi

rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
# Counters of build scripts and of procedural macros must not be mixed in: only what the demo runs writes into counts/.
LLVM_PROFILE_FILE="$dir/build/%m.profraw" RUSTFLAGS="-Cprofile-generate" CARGO_TARGET_DIR=target/counting \
    "$python" setup.py -q build_rust --inplace
LLVM_PROFILE_FILE="$dir/counts/%p-%m.profraw" "$python" -m pycore.cli demo --seconds 20 --dir "$dir/demo"
for tool in $tools; do
    if "$tool" merge --sparse -o "$dir/core.profdata" "$dir"/counts/*.profraw 2>"$dir/merge.txt"; then
        merged=yes
        break
    fi
done
if [ "$merged" = no ]; then
    echo "profile.sh: no llvm-profdata here reads what $(rustc --version) counts: $(tail -n 1 "$dir/merge.txt")" >&2
    exit 1
fi
rm -rf "$dir/build" "$dir/counts" "$dir/demo" "$dir/merge.txt"
