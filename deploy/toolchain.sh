#!/usr/bin/env bash
# Checks what a build needs (Python, a C compiler, Rust) and, as root on Debian or Ubuntu, installs what is missing.
#
#   deploy/toolchain.sh            check; install as root; otherwise print the one line for an administrator, exit 1
#   deploy/toolchain.sh --lint     the same, and what only `make test` needs: rustfmt and clippy, and as root the programs
#                                  that tests start for themselves (PostgreSQL, Redis, node) and npm, which brings the
#                                  contracts that tests run; elsewhere those tests are skipped
#   deploy/toolchain.sh --python   print the interpreter that the build will use, and nothing else
#
# Facts: Debian 12 and 13 carry a current Rust under the names *-web (their plain rustc is too old); Ubuntu carries rustup.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
rust_min=$(sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$top/native/Cargo.toml")
[ -d "${HOME:-}/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"
export DEBIAN_FRONTEND=noninteractive
lint=no

# The first interpreter that is 3.11 or newer, can make an environment and has the headers to compile against.
find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        "$name" - 2>/dev/null <<'PY' && command -v "$name" && return 0
import ensurepip, os, sys, sysconfig, venv
sys.exit(not (sys.version_info >= (3, 11) and os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))))
PY
    done
    return 1
}

has_compiler() {
    printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | cc -x c - -o /dev/null 2>/dev/null
}

rust_version() { rustc --version 2>/dev/null | cut -d' ' -f2 | cut -d- -f1; }

has_rust() {
    local have
    have=$(rust_version)
    [ -n "$have" ] && cargo --version >/dev/null 2>&1 &&
        [ "$(printf '%s\n%s\n' "$rust_min" "$have" | sort -V | head -n 1)" = "$rust_min" ]
}

has_rust_lint() { cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; }

has_postgres() { command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }

has_redis() { command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1; }

# The packages of programs that tests start and that are not here; tests say so when they are skipped.
programs() {
    [ "$lint" = yes ] || return 0
    has_postgres || echo postgresql
    has_redis || echo redis-server
    command -v node >/dev/null 2>&1 || echo nodejs
    command -v npm >/dev/null 2>&1 || echo npm
}

# One line for each thing that is missing; empty when the build can start.
missing() {
    find_python >/dev/null || echo "Python 3.11 or newer with venv and Python.h"
    has_compiler || echo "a C compiler (cc) with the C library's headers"
    has_rust || echo "cargo and rustc $rust_min or newer (found: $(rust_version | grep . || echo none))"
    if [ "$lint" = yes ]; then has_rust_lint || echo "cargo fmt and cargo clippy"; fi
}

# The Debian packages that bring all of it, chosen by the distribution; empty where we do not know any.
packages() {
    local ID="" VERSION_ID="" ID_LIKE=""
    # shellcheck disable=SC1091
    [ -r /etc/os-release ] && . /etc/os-release
    local base="ca-certificates python3 python3-venv python3-dev gcc libc6-dev"
    case "$ID:$VERSION_ID" in
        debian:12 | debian:13) echo "$base cargo-web rustc-web rust-web-clippy rustfmt-web" ;;
        debian:* | ubuntu:*) echo "$base rustup" ;;
        *) case " $ID_LIKE " in *" debian "* | *" ubuntu "*) echo "$base rustup" ;; esac ;;
    esac
}

# A rustup that has no toolchain yet gets the stable one; an existing choice of the user is left alone.
start_rustup() {
    command -v rustup >/dev/null 2>&1 || return 0
    rustup show active-toolchain >/dev/null 2>&1 && return 0
    rustup toolchain install stable --profile minimal --component clippy --component rustfmt && rustup default stable
}

# The time daemon that one test asks, unpacked and not installed: installed, it would take over this machine's clock.
unpack_chrony() {
    local place="$top/build/chrony" fetched
    [ -x "$place/usr/sbin/chronyd" ] || command -v chronyd >/dev/null 2>&1 && return 0
    command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 0
    fetched=$(mktemp -d) || return 0
    if (cd "$fetched" && apt-get download -q chrony >/dev/null 2>&1 && mkdir -p "$place" && dpkg-deb -x chrony_*.deb "$place"); then
        echo "Unpacked chrony into build/chrony, for one test." >&2
    else
        echo "chrony could not be fetched: the test that asks a real chronyd will be skipped." >&2
    fi
    rm -rf "$fetched"
}

case "${1:-}" in
    --python) find_python; exit ;;
    --lint) lint=yes ;;
    "") ;;
    *) echo "toolchain.sh: unknown argument '$1'; known: --lint, --python" >&2; exit 2 ;;
esac

[ -z "$(missing)" ] || start_rustup >&2
lacking=$(missing)
wanted_programs=$(programs | paste -sd ' ')
if [ -n "$wanted_programs" ] && [ -n "$(packages)" ]; then
    if [ "$(id -u)" = 0 ]; then
        echo "Installing programs for tests: $wanted_programs" >&2
        # shellcheck disable=SC2086
        { apt-get update -q && apt-get install -y -q --no-install-recommends $wanted_programs; } >&2 ||
            echo "They could not be installed: the tests that need them will be skipped." >&2
    else
        echo "Tests of stores and contracts will be skipped without the packages: $wanted_programs" >&2
    fi
fi
[ "$lint" = yes ] && unpack_chrony
[ -z "$lacking" ] && exit 0

wanted=$(packages)
line="apt-get update && apt-get install -y --no-install-recommends $wanted"
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ]; then
    echo "Installing what is missing: $(echo "$lacking" | paste -sd ';')" >&2
    # shellcheck disable=SC2086
    apt-get update -q >&2 && apt-get install -y -q --no-install-recommends $wanted >&2
    hash -r
    start_rustup >&2
    lacking=$(missing)
    [ -z "$lacking" ] && exit 0
    wanted=""
fi
{
    echo "This machine lacks:"
    echo "$lacking" | sed 's/^/  - /'
    if [ -n "$wanted" ]; then
        echo "Ask an administrator to run this line as root, then run make again:"
        echo "  $line"
    else
        echo "Install Python 3.11+ (venv, headers) and a C compiler with your system's packages, and Rust $rust_min or newer"
        echo "with rustup (https://rustup.rs), then run make again."
    fi
} >&2
exit 1
