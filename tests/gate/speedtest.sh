#!/bin/sh
# SQLite's own benchmark (test/speedtest1.c of its source package) over the encrypting VFS and over plain files in the same mode, in
# pairs, one after the other on one core. The settings are a replica's: log, exclusive lock, 4,096-byte pages, a page cache of 16 MB,
# nothing temporary on disk. Called by `tools/gate-vfs --speedtest`.
#
# usage: speedtest.sh FOLDER_OF_THE_BUILD FOLDER_OF_THE_SOURCE "WHAT IS LINKED" yes|no      (yes: one JSON object)
#
# A ratio is that of one pair, in seconds of the processor; what is told is the median. Files lie in memory where that is possible.
set -eu

build=$1
source=$2
linked=$3
json=$4
pairs=${GATE_SPEEDTEST_PAIRS:-5}
size=${GATE_SPEEDTEST_SIZE:-50}
cache_pages=4096

cd "$build"
[ -e speedtest_sqlite3.o ] || {
    ${CC:-cc} -O2 -DNDEBUG -DSQLITE_TEMP_STORE=3 -I. -c -o speedtest_sqlite3.new sqlite3.c
    mv speedtest_sqlite3.new speedtest_sqlite3.o
}
# shellcheck disable=SC2086 # a list
${CC:-cc} -O2 -I. -o speedtest1 "$source/test/speedtest1.c" speedtest_sqlite3.o $linked

memory=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || memory=/dev/shm
place=$(mktemp -d "$memory/countersign-speedtest-XXXXXX")
trap 'rm -rf "$place"' EXIT

# measure MODE: seconds of the processor, seconds that went by. The shell's own count is of its children.
measure()
{
    rm -f "$place"/*
    begun=$(date +%s%N)
    (
        GATE_VFS=$1 ./speedtest1 --journal wal --exclusive --pagesize 4096 --cachesize "$cache_pages" --size "$size" \
            "$place/speed.db" >"$place/out.txt" 2>&1 || {
            cat "$place/out.txt" >&2
            exit 1
        }
        times
    ) >"$place/times.txt"
    ended=$(date +%s%N)
    head -c 16 "$place/speed.db" >"$place/head.txt"
    awk -v wall=$((ended - begun)) 'NR == 2 {
        gsub(/s/, "")
        for (i = 1; i <= 2; i++) { split($i, part, "m"); seconds += part[1] * 60 + part[2] }
        printf "%.2f %.2f\n", seconds, wall / 1e9
    }' "$place/times.txt"
    case "$1 $(tr -d '\0' <"$place/head.txt")" in
    'plain SQLite format 3' | 'encrypted CSDB'*) ;;
    *)
        echo "speedtest.sh: the file of the $1 run is not what it should be" >&2
        exit 1
        ;;
    esac
}

: >pairs.txt
pair=0
while [ "$pair" -lt "$pairs" ]; do
    pair=$((pair + 1))
    # Which goes first alternates: what the machine does beside it meets both.
    if [ $((pair % 2)) -eq 1 ]; then
        plain=$(measure plain)
        encrypted=$(measure encrypted)
    else
        encrypted=$(measure encrypted)
        plain=$(measure plain)
    fi
    echo "$plain $encrypted" >>pairs.txt
    echo "pair $pair of $pairs: plain $plain, encrypted $encrypted (seconds of the processor, seconds)" >&2
done

awk -v json="$json" -v size="$size" '
    function median(list, n,    i, j, t) {
        for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
        return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    }
    { ratio[NR] = $3 / $1; wall[NR] = $4 / $2; plain[NR] = $1; encrypted[NR] = $3 }
    END {
        middle = median(ratio, NR)
        text = json == "yes" ? \
            "{\"ratio\":%.3f,\"ratio_min\":%.3f,\"ratio_max\":%.3f,\"ratio_wall\":%.3f,\"runs\":%d,\"seconds_plain\":%.2f,\"seconds_encrypted\":%.2f,\"size\":%d}\n" : \
            "speedtest1 encrypted : plain %.2f (%.2f to %.2f; by the clock %.2f) in %d pairs; %.2f s plain, %.2f s encrypted, size %d\n"
        printf text, middle, ratio[1], ratio[NR], median(wall, NR), NR, median(plain, NR), median(encrypted, NR), size
    }' pairs.txt
