#!/bin/sh
# Set up what make needs. On Debian, system packages are installed by apt where that needs no password.
#
#   scripts/setup.sh environment requirements.txt    Python packages, in .venv
#   scripts/setup.sh chromium                        the browser of the tests
#
# PYTHON names another Python than python3, and CHROMIUM another browser than /usr/bin/chromium.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

stop() {
    echo "$1" >&2
    exit 1
}

system_package() {
    if ! command -v apt-get >/dev/null; then
        stop "The package $1 is missing. Install it, then run make again."
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        stop "The package $1 is missing. Run: sudo apt-get install $1. Then run make again."
    fi
    echo "Installing the system package $1."
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes "$1" >/dev/null
}

environment() {
    command -v "$python" >/dev/null || stop "There is no $python. Name a Python from 3.11 on: make PYTHON=python3.13."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "tfpool needs Python 3.11 or newer, got $("$python" --version). Name another: make PYTHON=python3.13."
    "$python" -c 'import ensurepip' 2>/dev/null || system_package "$(basename "$python")-venv"
    # pip cannot mend what it left behind when it was interrupted.
    [ ! -e .venv/incomplete ] || rm -rf .venv
    "$python" -m venv .venv
    touch .venv/incomplete
    # Everything is pinned, so nothing has to be resolved. TensorFlow is half of it: two processes install one half each.
    pip=".venv/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps"
    $pip "$(grep '^tensorflow==' "$1")" &
    tensorflow=$!
    grep -v '^tensorflow==' "$1" | $pip --requirement /dev/stdin || rest_failed=1
    wait "$tensorflow" || stop "Installing TensorFlow failed, for the reason above. It may have no wheel yet for \
$("$python" --version). Name another: make PYTHON=python3.13."
    [ -z "${rest_failed:-}" ] || stop "Installing the packages of $1 failed, for the reason above."
    rm .venv/incomplete
}

case "$1" in
environment) environment "$2" ;;
chromium) [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || system_package chromium ;;
*) stop "Expected environment or chromium, got $1." ;;
esac
