# Shared by the scripts of this folder: sourced, never run. Bash, because that is what the tests' other tools are written in.
# shellcheck shell=bash
#
# A script begins with:  . "$(dirname "$0")/lib.sh" NAME "$@"   and ends with:  e2e_end
# It gets the folder of the programs (or COUNTERSIGN_PROGRAMS) and the folder of the tests' own programs.
#
# What must stay true: every process is ended by its id; every file is in $work, which is removed; every wait is bounded.
set -u

e2e_name=$1
programs=${2:-${COUNTERSIGN_PROGRAMS:-}}
helpers=${3:-${COUNTERSIGN_TEST_PROGRAMS:-$programs/tests/end_to_end}}
if [ ! -x "$programs/countersign" ] || [ ! -x "$programs/countersign-server" ]; then
    echo "$e2e_name: the programs are not in '$programs'; usage: $e2e_name.sh PROGRAMS [TEST_PROGRAMS]" >&2
    exit 2
fi
programs=$(cd "$programs" && pwd)
helpers=$(cd "$helpers" 2>/dev/null && pwd)
client_program=$programs/countersign
server_program=$programs/countersign-server
command_seconds_max=60

work=$(mktemp -d "${TMPDIR:-/tmp}/countersign-e2e-XXXXXX") || exit 1
chmod 700 "$work"
printf 'correct horse battery staple\n' >"$work/passphrase"
export COUNTERSIGN_PASSPHRASE_FILE=$work/passphrase
unset COUNTERSIGN_HOME COUNTERSIGN_MASTER_KEY_FILE CREDENTIALS_DIRECTORY http_proxy https_proxy HTTPS_PROXY ALL_PROXY all_proxy
export LC_ALL=C.UTF-8 TZ=UTC

passed=0
failed=0
out=
err=
code=0
# Ids of the processes that this script started and has not ended yet.
declare -A e2e_pids=()
declare -a e2e_mounts=()
# Before a server: it ends with this script, even when that is ended by force.
declare -a with_us=()
if command -v setpriv >/dev/null && setpriv --pdeathsig KILL true 2>/dev/null; then with_us=(setpriv --pdeathsig KILL); fi

# ---- checks: one line each; a failed one says what was expected and what was found ----

pass()
{
    passed=$((passed + 1))
    printf 'ok      %s\n' "$1"
}

fail()
{
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$1"
    shift
    for line in "$@"; do printf '        %s\n' "$line"; done
}

# expect_equal TEXT WANTED FOUND
expect_equal()
{
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "expected: $2" "found:    $3"; fi
}

# expect_match TEXT PATTERN FOUND: an extended regular expression somewhere in it.
expect_match()
{
    if grep -Eaq -- "$2" <<<"$3"; then pass "$1"; else fail "$1" "expected: /$2/" "found:    $3"; fi
}

# expect_not_match TEXT PATTERN FOUND
expect_not_match()
{
    if grep -Eaq -- "$2" <<<"$3"; then fail "$1" "expected: not /$2/" "found:    $3"; else pass "$1"; fi
}

# expect_number TEXT MINIMUM MAXIMUM FOUND
expect_number()
{
    if [ "$4" -ge "$2" ] 2>/dev/null && [ "$4" -le "$3" ]; then
        pass "$1"
    else
        fail "$1" "expected: $2 to $3" "found:    $4"
    fi
}

# run COMMAND…: leaves $out, $err and $code. Never longer than $command_seconds_max (then $code is 124).
run()
{
    timeout -k 5 "$command_seconds_max" "$@" >"$work/.out" 2>"$work/.err" </dev/null
    code=$?
    out=$(tr -d '\0' <"$work/.out")
    err=$(tr -d '\0' <"$work/.err")
    return "$code"
}

# expect_code CODE TEXT COMMAND…: runs it; the exit code is the check.
expect_code()
{
    local wanted=$1 text=$2
    shift 2
    run "$@"
    if [ "$code" -eq "$wanted" ]; then
        pass "$text"
    else
        fail "$text" "command:  $*" "expected: exit $wanted" "found:    exit $code" "output:   ${out:0:600}" "errors:   ${err:0:600}"
    fi
}

# must COMMAND…: what the rest cannot do without.
must()
{
    run "$@" && return 0
    fail "needed for what follows" "command:  $*" "expected: exit 0" "found:    exit $code" "output:   ${out:0:600}" "errors:   ${err:0:600}"
    e2e_end
}

skip()
{
    echo "SKIPPED $e2e_name: $*"
    exit 77
}

e2e_end()
{
    echo "$e2e_name: $passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

e2e_clean()
{
    local pid mount
    for pid in "${!e2e_pids[@]}"; do end_process "$pid" KILL; done
    for mount in "${e2e_mounts[@]}"; do umount "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null; done
    rm -rf "$work"
}
trap e2e_clean EXIT
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM HUP

# ---- JSON, as the programs print it (indented, or on one line) ----

# member NAME [JSON]: the first number, word or text of that name in the object, by default in $out; empty if there is none. Texts with
# escapes are cut at them.
member()
{
    printf '%s\n' "${2-$out}" | tr '\n' ' ' | sed -n "s/\"$1\" *: */\n/p" | sed -n '2{s/^"\([^"]*\)".*/\1/;s/^\([^",} ]*\)[",} ].*/\1/;p;}'
}

# rows: how many objects with an id are in $out.
rows()
{
    grep -o '"id" *:' <<<"$out" | wc -l
}

# ---- clients ----

# client HOME COMMAND…: a name is a folder in $work.
client()
{
    local home=$1
    shift
    "$client_program" --home "$work/$home" "$@"
}

# on HOME COMMAND…: as client, through run.
on()
{
    local home=$1
    shift
    run "$client_program" --home "$work/$home" "$@"
}

# count HOME ENTITY [FILTER…]: how many rows; "-" if it cannot be told.
count()
{
    local home=$1
    shift
    if on "$home" list "$@" --limit 100000 --json; then rows; else echo -; fi
}

# sync_equal HOME TEXT: one check: a sync that ends equal with the server. Leaves its JSON in $out.
sync_equal()
{
    on "$1" sync --json
    if [ "$code" -eq 0 ] && [ "$(member digest)" = equal ]; then
        pass "$2"
    else
        fail "$2" "expected: exit 0, digest equal" "found:    exit $code, digest $(member digest)" "output:   ${out:0:600}" "errors:   ${err:0:600}"
    fi
}

# join HOME INVITE_FILE [OPTION…]: must work. The smallest key derivation that is allowed: these tests unlock hundreds of times.
join()
{
    local home=$1 invite=$2
    shift 2
    must "$client_program" --home "$work/$home" join "$invite" --device "$home" --kdf-memory-mib 64 "$@"
}

# invite_and_join INVITER HOME PERSON ROLE
invite_and_join()
{
    must "$client_program" --home "$work/$1" invite --person "$3" --role "$4" --output "$work/$2.invite"
    join "$2" "$work/$2.invite"
}

# preload_quick_kdf: from here on clients derive their keys in no time (quick_kdf.c says why).
preload_quick_kdf()
{
    [ -r "$helpers/end_to_end_quick_kdf.so" ] || { fail "end_to_end_quick_kdf.so is not in $helpers"; e2e_end; }
    printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$helpers/end_to_end_quick_kdf.so" "$client_program" >"$work/countersign"
    chmod 700 "$work/countersign"
    client_program=$work/countersign
}

# watch_memory SECRET: "$work/scanning" is the client, with its keys in no time and its memory watched: "$work/scanned" tells where the secret is while
# something is written out and at the end (scan_memory.c). 1: not with this build; with a sanitizer most of the memory is the sanitizer's.
watch_memory()
{
    local scan=$helpers/end_to_end_scan_memory.so
    if [ ! -r "$scan" ] || grep -qa __asan_init "$programs/countersign"; then
        echo "notice: the memory is not scanned with this build"
        return 1
    fi
    printf '%s' "$1" | perl -pe 's/(.)/chr(ord($1) ^ 0x5a)/gse' >"$work/masked"
    printf '#!/bin/sh\nLD_PRELOAD="%s %s" COUNTERSIGN_SCAN_FOR=%s COUNTERSIGN_SCAN_REPORT=%s exec %s "$@"\n' \
        "$helpers/end_to_end_quick_kdf.so" "$scan" "$work/masked" "$work/scanned" "$programs/countersign" >"$work/scanning"
    chmod 700 "$work/scanning"
}

# ---- servers ----

# end_process PID [SIGNAL]: ends what this script started, and waits for it: 10 s, then by force.
end_process()
{
    local pid=$1 signal=${2:-TERM}
    kill "-$signal" "$pid" 2>/dev/null
    if [ "$signal" != KILL ]; then
        for _ in $(seq 200); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.05
        done
        kill -KILL "$pid" 2>/dev/null
    fi
    # What the shell says of a killed child goes nowhere.
    wait "$pid" 2>/dev/null
    unset "e2e_pids[$pid]"
}

# start_server FOLDER PORT: leaves the id in $server_pid, the port in $server_port, and the name of its log (never on the server's own disk) in
# $server_log; fails if it does not come up.
start_server()
{
    local name=${1#"$work"/}
    local file=$work/${name//\//-}.out
    server_log=$work/${name//\//-}.log
    : >"$file"
    "${with_us[@]}" "$server_program" serve "$1" --listen "127.0.0.1:$2" >"$file" 2>>"$server_log" &
    server_pid=$!
    e2e_pids[$server_pid]=server
    for _ in $(seq 400); do
        if grep -q '^listening on ' "$file"; then
            # shellcheck disable=SC2034 # for the scripts
            server_port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$file")
            return 0
        fi
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.025
    done
    end_process "$server_pid" KILL
    server_pid=
    return 1
}

stop_server()
{
    [ -n "${server_pid:-}" ] && end_process "$server_pid" TERM
    server_pid=
}

kill_server()
{
    [ -n "${server_pid:-}" ] && end_process "$server_pid" KILL
    server_pid=
}

# new_server NAME: makes $work/NAME with an owner's invite $work/NAME.invite and serves it. The address stands in the invite, so the port
# must be known before: a random one below those that the system gives out, another if it is taken.
new_server()
{
    local port
    for _ in $(seq 20); do
        port=$((12000 + RANDOM % 18000))
        rm -rf "${work:?}/$1"
        must "$server_program" init "$work/$1" --address "127.0.0.1:$port" --output "$work/$1.invite"
        start_server "$work/$1" "$port" && return 0
        grep -q 'in use' "$server_log" || break
    done
    fail "a new server starts" "its log: $(tail -n 3 "$server_log")"
    e2e_end
}

# ---- data ----

# parts_csv PREFIX COUNT: a CSV of parts with Chinese texts.
parts_csv()
{
    printf 'code,name,category,unit,price_cents,spec\n'
    awk -v prefix="$1" -v count="$2" 'BEGIN {
        split("继电器 接触器 断路器 传感器 电源模块 端子排 风扇 控制板 熔断器 键盘", kinds, " ")
        split("电气 机械 网络 显示", categories, " ")
        split("个 只 米 套", units, " ")
        for (i = 1; i <= count; i++)
            printf "%s-%05d,%s %d型,%s,%s,%d,\"%dV, %dA 适用于第%d类机柜\"\n", prefix, i, kinds[i % 10 + 1], i % 23 + 1,
                categories[i % 4 + 1], units[i % 4 + 1], i * 137 % 500000 + 100, 12 * (i % 4 + 1), i % 63 + 1, i % 17
    }'
}

# now_ms: a clock for figures.
now_ms()
{
    date +%s%3N
}
