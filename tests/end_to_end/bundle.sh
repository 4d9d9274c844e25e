#!/usr/bin/env bash
# A stick instead of a network: both ways with the real programs, beside a running server and without one; copies cut off and changed.
# usage: bundle.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" bundle "$@"
preload_quick_kdf

stick=$work/stick
mkdir "$stick"

new_server server
join office "$work/server.invite" --person 王芳
sync_equal office "the office syncs once"
invite_and_join office li 李强 technician
sync_equal office "and knows the technician"
sync_equal li "who syncs once"

# ---- up, beside a running server ----
expect_code 0 "the office records parts" "$client_program" --home "$work/office" new part code=P-1 name=电源
expect_code 0 "and exports a bundle" "$client_program" --home "$work/office" bundle export "$stick/office.bundle" --json
expect_equal "of one change" 1 "$(member changes)"
expect_code 0 "the running server takes it" "$server_program" bundle import "$work/server" "$stick/office.bundle" --json
expect_equal "it is new" 1 "$(member new)"
expect_code 0 "again" "$server_program" bundle import "$work/server" "$stick/office.bundle" --json
expect_equal "nothing is new" 0 "$(member new)"
expect_equal "and it is no failure" OK "$(member status)"

# ---- down ----
"$client_program" --home "$work/office" bundle export - >"$stick/passed.bundle"
expect_code 0 "one through standard output is the same to it" "$server_program" bundle import "$work/server" "$stick/passed.bundle" --json
expect_code 0 "the technician exports too" "$client_program" --home "$work/li" bundle export "$stick/li.bundle"
expect_code 1 "the server has nothing for one that brought nothing" "$server_program" bundle export "$work/server" --device 李强 "$stick/to-li.bundle"
expect_match "and says what to do" "countersign bundle export" "$err"
expect_code 0 "it is imported" "$server_program" bundle import "$work/server" "$stick/li.bundle"
expect_code 0 "the server exports for all that brought one" "$server_program" bundle export "$work/server" --all "$stick" --json
expect_equal "two" 2 "$(grep -o '"file"' <<<"$out" | wc -l)"
expect_code 0 "and for one" "$server_program" bundle export "$work/server" --device 李强 "$stick/to-li.bundle"
expect_code 0 "the technician imports" "$client_program" --home "$work/li" bundle import "$stick/to-li.bundle" --json
expect_equal "and is equal" equal "$(member digest)"
expect_equal "the part is there" 1 "$(count li part)"
expect_code 0 "again" "$client_program" --home "$work/li" bundle import "$stick/to-li.bundle" --json
expect_equal "all is here already" true "$(member already)"
expect_code 1 "the office cannot read it" "$client_program" --home "$work/office" bundle import "$stick/to-li.bundle"
expect_match "and is told why" "for another laptop" "$err"
expect_code 1 "a laptop does not take a laptop's" "$client_program" --home "$work/li" bundle import "$stick/office.bundle"
expect_match "and says so" "it is for the server" "$err"

# ---- copies cut off and changed ----
expect_code 0 "another part" "$client_program" --home "$work/office" new part code=P-2 name=风扇
expect_code 0 "another bundle" "$client_program" --home "$work/office" bundle export "$stick/office.bundle"
size=$(stat -c %s "$stick/office.bundle")
for bytes in 0 1 100 185 186 190 $((size / 2)) $((size - 1)); do
    dd if="$stick/office.bundle" of="$stick/cut" bs=1 count="$bytes" status=none
    expect_code 1 "cut after $bytes bytes, it is refused" "$server_program" bundle import "$work/server" "$stick/cut"
    expect_match "and named" "ends after $bytes .*copy it again" "$err"
    rm -f "$stick/cut"
done
for at in $(seq 200 512 $((size - 1))); do
    cp "$stick/office.bundle" "$stick/bad"
    printf '\377\000\377' | dd of="$stick/bad" bs=1 seek="$at" conv=notrunc status=none
    expect_code 1 "changed at byte $at, it is refused" "$server_program" bundle import "$work/server" "$stick/bad"
    expect_match "and named" "damaged" "$err"
done
head -c 1000 /dev/urandom >"$stick/noise"
expect_code 1 "a bad file does not hold up a good one" "$server_program" bundle import "$work/server" "$stick/noise" "$stick/office.bundle" "$stick/none" --json
expect_equal "which is taken" 1 "$(member new)"
expect_match "random bytes are no bundle" "is not a bundle" "$out"
printf 'a letter' >"$stick/letter"
expect_code 1 "another file is not overwritten" "$client_program" --home "$work/office" bundle export "$stick/letter"
expect_equal "it is as it was" "a letter" "$(cat "$stick/letter")"
expect_code 0 "but with --force" "$client_program" --home "$work/office" bundle export "$stick/letter" --force

# ---- without a running server, and after it ----
stop_server
expect_code 0 "a server that does not run takes a bundle" "$server_program" bundle import "$work/server" "$stick/letter" --json
expect_equal "of what it has already" 0 "$(member new)"
expect_code 0 "and exports" "$server_program" bundle export "$work/server" --all "$stick"
expect_code 0 "for the office too" "$server_program" bundle export "$work/server" --device 王芳 "$stick/to-office.bundle"
# shellcheck disable=SC2016 # the inner shell expands them
expect_code 0 "which imports it, from standard input" sh -c 'exec "$0" --home "$1" bundle import - --json <"$2"' \
    "$client_program" "$work/office" "$stick/to-office.bundle"
expect_equal "both changes are confirmed" 2 "$(member pushed)"
expect_equal "and it is equal" equal "$(member digest)"
start_server "$work/server" "$server_port"
for home in office li; do
    sync_equal "$home" "$home syncs as if nothing had been"
    expect_equal "and sends nothing again" 0 "$(member pushed)"
done
expect_equal "both parts are there" 2 "$(count li part)"

e2e_end
