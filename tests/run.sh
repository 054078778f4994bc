#!/usr/bin/env bash
# The gate: everything that must hold, on any machine with a Rust toolchain (and apt, where a C
# compiler is missing). Run it from anywhere: `tests/run.sh`. It exits 0 if all of it holds.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never RUST_BACKTRACE=0

failed_steps=()
out=$(mktemp)
trap 'rm -f "$out"' EXIT

die() {
    printf 'tests/run.sh: %s\n' "$1" >&2
    exit 2
}

# step NAME COMMAND...: runs it, prints what it says and how long it took.
step() {
    local name=$1 began=$SECONDS
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    if "$@" 2>&1 </dev/null | tee "$out"; then
        printf '== %s: ok, %d s\n' "$name" $((SECONDS - began))
    else
        printf '== %s: FAILED, %d s\n' "$name" $((SECONDS - began))
        failed_steps+=("$name")
    fi
}

# Adds the tests of the last step to the sums.
passed=0 failed=0
count_tests() {
    local more_passed more_failed
    read -r more_passed more_failed < <(
        awk '/^test result:/ { passed += $4; failed += $6 } END { print passed + 0, failed + 0 }' "$out"
    )
    passed=$((passed + more_passed)) failed=$((failed + more_failed))
}

# apt_get PACKAGES...: installs what is missing.
apt_get() {
    command -v apt-get >/dev/null || die "no apt-get here: install $* by hand"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    printf 'Missing here: installing %s with apt-get.\n' "$*"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq </dev/null &&
        "${as_root[@]}" apt-get install -qq -y --no-install-recommends "$@" </dev/null ||
        die "apt-get could not install $*: install it by hand"
}

# The allocator and the ciphers of TLS come as C sources; Rust itself links with `cc`.
need_c_compiler() {
    command -v cc >/dev/null || apt_get gcc libc6-dev
}

need_toolchain() {
    command -v cargo >/dev/null || die 'no cargo: install a Rust toolchain, https://rustup.rs'
    local component
    for component in fmt clippy; do
        cargo "$component" --version >/dev/null 2>&1 && continue
        command -v rustup >/dev/null || die "no cargo $component: install rustfmt and clippy"
        printf 'No cargo %s here: adding rustfmt and clippy with rustup.\n' "$component"
        rustup component add rustfmt clippy </dev/null || die 'rustup could not add them'
    done
}

# pyiso8583, another codec, trades with ours; schemathesis asks our interface for what its document
# allows; selenium drives a browser, and axe looks for what keeps people out; OpenTelemetry's own
# classes read our traces. They live in an environment of their own in target/.
need_python() {
    local home=target/python
    "$home/bin/python" -c 'import iso8583, schemathesis, selenium, axe_core_python, opentelemetry.proto' 2>/dev/null && return
    python3 -c 'import venv, ensurepip' 2>/dev/null || apt_get python3-venv
    python3 -m venv --clear "$home" </dev/null &&
        "$home/bin/pip" install --quiet --disable-pip-version-check \
            -r tests/python/requirements.txt </dev/null ||
        die 'no Python environment: tests/python/requirements.txt could not be installed'
}

# A real browser looks at the dashboard.
need_browser() {
    command -v chromium >/dev/null && command -v chromedriver >/dev/null && return
    apt_get chromium chromium-driver fonts-noto-cjk
}

need_c_compiler
need_toolchain
need_python
need_browser
printf '%s\n%s\n' "$(rustc --version)" "$(cc --version | head -n 1)"

step format cargo fmt --check
step lints cargo clippy --all-targets --locked -- -D warnings
step library cargo check --locked --no-default-features --lib
step tests cargo test --locked --no-fail-fast
count_tests
step python cargo test --locked --test it -- --ignored python
count_tests
step browser cargo test --locked --test it -- --ignored browser
count_tests
step docs env RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --document-private-items --locked

printf '\n'
if [ ${#failed_steps[@]} -gt 0 ]; then
    printf 'broken: %s, after %d s\n' "${failed_steps[*]}" "$SECONDS"
else
    printf 'all holds, after %d s\n' "$SECONDS"
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ ${#failed_steps[@]} -eq 0 ] && [ "$passed" -gt 0 ]
