#!/bin/sh
# Stands in for libtool where SQLite's Makefile makes `testfixture` in one call of the compiler from ninety sources: compiles each by
# itself, two at a time, and only what was not compiled yet; then links. Called by tools/gate-vfs through make.
#
# usage: compile_each.sh COMPILER ARGUMENT…     (flags, -o PROGRAM, sources, libraries)
set -eu

compiler=$1
shift
flags=
sources=
libraries=
program=
while [ $# -gt 0 ]; do
    case "$1" in
    -o)
        program=$2
        shift
        ;;
    *.c) sources="$sources $1" ;;
    -l* | -L* | -Wl,* | *.a | *.o) libraries="$libraries $1" ;;
    *) flags="$flags $1" ;;
    esac
    shift
done
[ -n "$program" ] || exit 2

objects=$program.objects
mkdir -p "$objects"
export compiler flags objects
# shellcheck disable=SC2086,SC2016 # lists of names; the inner shell expands
printf '%s\n' $sources | xargs -P 2 -n 1 sh -c '
    object=$objects/$(basename "$1" .c).o
    [ -e "$object" ] || { $compiler $flags -c -o "$object.new" "$1" && mv "$object.new" "$object"; }' compile
# shellcheck disable=SC2086 # lists of names
$compiler -o "$program" "$objects"/*.o $libraries
