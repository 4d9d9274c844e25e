# Shared by the scripts of this folder: sourced, never run. POSIX sh.
#
# Sourcing it moves to the root of the repository, so that every path below is relative to it.

cd "$(dirname "$0")/.." || exit 1

cs_fail()
{
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# The C sources and headers of the product and its tests, one a line, in a fixed order.
cs_sources()
{
    find shared field-client sync-server tests -name node_modules -prune -o -type f -name '*.[ch]' -print | LC_ALL=C sort
}

cs_scripts()
{
    find .ci tools tests -name node_modules -prune -o -type f -print | LC_ALL=C sort | while read -r file; do
        case "$(head -c 18 "$file" | head -n 1 | tr -d '\0')" in
        '#!/bin/sh'* | '#!/usr/bin/env sh'* | '#!/bin/bash'* | '#!/usr/bin/env bas'*) echo "$file" ;;
        esac
    done
}

# Runs a command as root: directly, or through sudo where that is possible without a question or a person is there.
cs_as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    elif command -v sudo >/dev/null && [ -t 0 ]; then
        sudo "$@"
    else
        cs_fail "not root, and sudo is not available: run as root: $*"
    fi
}

# Configures and builds a preset of CMakePresets.json; further arguments go to the configuration.
cs_build()
{
    cs_build_preset=$1
    shift
    if command -v ccache >/dev/null; then
        export CMAKE_C_COMPILER_LAUNCHER=ccache
    fi
    # What CMake found matters only where it did not find something; ninja's lines show how far the build is.
    mkdir -p build
    if ! cmake --preset "$cs_build_preset" "$@" >"build/configure-$cs_build_preset.log" 2>&1; then
        cat "build/configure-$cs_build_preset.log"
        return 1
    fi
    cmake --build --preset "$cs_build_preset"
}
