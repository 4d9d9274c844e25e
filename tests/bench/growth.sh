#!/usr/bin/env bash
# The pull of the same number of changes with few rows on the server and with many, by turns.
# usage: growth.sh PROGRAMS TEST_PROGRAMS FIGURES RUNS FEW MANY CHANGES
# shellcheck source-path=SCRIPTDIR/../end_to_end disable=SC2154
. "$(dirname "$0")/../end_to_end/lib.sh" growth "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
many=$6
changes=$7
at_once=10000
# An import of many rows, and the first fetch of all, take their time on a busy machine.
command_seconds_max=1800
declare -A server_of li_of

# fill NAME ROWS: by imports of $at_once rows, each sent; the technician fetches them as they come.
fill()
{
    local first=1 rows=$2 now
    while [ "$first" -le "$rows" ]; do
        now=$((rows - first + 1 < at_once ? rows - first + 1 : at_once))
        bench_parts "$first" "$now" >"$work/filling.csv"
        must "$client_program" --home "$work/$1-office" import part "$work/filling.csv"
        must "$client_program" --home "$work/$1-office" sync --json
        ends_equal
        must "$client_program" --home "$work/$1-li" sync --json
        ends_equal
        need "all of them are received" "$now" "$(member pulled)"
        first=$((first + now))
        if [ $(((first - 1) % 50000)) -eq 0 ]; then pass "$1: $((first - 1)) of $rows rows"; fi
    done
}

start()
{
    new_organisation "$1"
    server_of[$1]=$server_pid
    start_agent "$1-office"
    start_agent "$1-li"
    li_of[$1]=$agent_pid
    fill "$1" "$2"
}

# pull_changes NAME RUN: $changes rows, spread evenly, get another price.
pull_changes()
{
    awk -v rows="$3" -v changes="$changes" -v run="$2" 'BEGIN {
        print "code,price_cents"
        for (i = 0; i < changes; i++) printf "BJ-%07d,%d\n", int(i * rows / changes) + 1, 20000000 + run * 1000 + i
    }' >"$work/changes.csv"
    must "$client_program" --home "$work/$1-office" import part "$work/changes.csv" --json
    need "every row is changed" "$changes" "$(member updated)"
    must "$client_program" --home "$work/$1-office" sync --json
    ends_equal
    timed "growth.$1" "${li_of[$1]},${server_of[$1]}" "$client_program" --home "$work/$1-li" sync --json
    ends_equal
    need "the changes are received" "$changes" "$(member pulled)"
}

figure growth.rows_few "$count"
figure growth.rows_many "$many"
start few "$count"
start many "$many"
# The first round of each fills what is read for the first time, and is not kept.
kept=$figures
figures=$work/not-kept
pull_changes few 0 "$count"
pull_changes many 0 "$many"
figures=$kept
for run in $(seq "$runs"); do
    pull_changes few "$run" "$count"
    pull_changes many "$run" "$many"
    pass "run $run of $runs"
done
e2e_end
