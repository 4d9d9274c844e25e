# Shared by the scripts of this folder: sourced after tests/end_to_end/lib.sh, whose servers, clients and checks they use. Bash.
# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # names of and for the other files
#
# A script gets: PROGRAMS TEST_PROGRAMS FIGURES RUNS COUNT. It appends figures to FIGURES, one "KEY<tab>NUMBER" a line, and talks on
# standard output, which tools/bench makes progress of. A check that fails ends it: nothing is measured that does not work.

bench_programs=$programs/tests/bench
figures=$3
runs=$4
count=$5
quick_kdf=
# To see that everything works, no second goes into deriving keys; figures are never made so.
if [ "${COUNTERSIGN_BENCH_QUICK:-no}" = yes ]; then
    preload_quick_kdf
    quick_kdf=$helpers/end_to_end_quick_kdf.so
fi

# figure KEY NUMBER
figure()
{
    printf '%s\t%s\n' "$1" "$2" >>"$figures"
}

# timed KEY PIDS COMMAND…: through run, with what it took as figures.
timed()
{
    local key=$1 pids=$2
    shift 2
    must "$bench_programs/bench_run_timed" "$figures" "$key" "$pids" "$@"
}

# ends_equal: the sync that was run last proved both sides equal.
ends_equal()
{
    [ "$(member digest)" = equal ] && return 0
    fail "a sync that ends equal" "found: ${out:0:400}"
    e2e_end
}

# need TEXT WANTED FOUND: as expect_equal, and the rest cannot do without it.
need()
{
    [ "$2" = "$3" ] && return 0
    fail "$1" "expected: $2" "found:    $3"
    e2e_end
}

# start_agent HOME: unlocked, and it syncs only when asked; leaves the id in agent_pid.
start_agent()
{
    "${with_us[@]}" "$client_program" --home "$work/$1" agent --foreground --sync-every 0 --lock-after 0 >"$work/$1.agent" 2>&1 </dev/null &
    agent_pid=$!
    e2e_pids[$agent_pid]=agent
    for _ in $(seq 400); do
        [ -S "$work/$1/agent.sock" ] && COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client "$1" entities >/dev/null 2>&1 && return 0
        kill -0 "$agent_pid" 2>/dev/null || break
        sleep 0.025
    done
    fail "the agent of $1 comes up" "$(cat "$work/$1.agent")"
    e2e_end
}

# memory_of KEY PID: KiB that a process has in memory, and its share of what it has together with others.
memory_of()
{
    figure "$1.rss_kib" "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$2/status")"
    figure "$1.pss_kib" "$(sed -n 's/^Pss:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$2/smaps_rollup")"
}

# new_organisation NAME: a server, an office ("NAME-office") and a technician ("NAME-li"), joined and equal; no agent yet.
new_organisation()
{
    new_server "$1"
    join "$1-office" "$work/$1.invite" --person 王芳
    sync_equal "$1-office" "$1: the office syncs"
    invite_and_join "$1-office" "$1-li" 李强 technician
    sync_equal "$1-office" "$1: the office syncs again"
    sync_equal "$1-li" "$1: the technician syncs"
}

# bench_parts FIRST COUNT [price]: CSV.
bench_parts()
{
    awk -v first="$1" -v count="$2" -v only="${3:-}" -f "$(dirname "${BASH_SOURCE[0]}")/parts.awk"
}
