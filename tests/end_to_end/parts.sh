#!/usr/bin/env bash
# Ten thousand parts from a CSV file on one laptop, over the server, to another. Prints time, bytes and round trips.
# usage: parts.sh PROGRAMS [TEST_PROGRAMS]; E2E_PARTS: how many (10000)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" parts "$@"

parts=${E2E_PARTS:-10000}

# timed COMMAND…: runs it and leaves the milliseconds in $took_ms.
timed()
{
    local begun
    begun=$(now_ms)
    "$@"
    took_ms=$(($(now_ms) - begun))
}

figures()
{
    printf 'figure  %-38s %6d ms' "$1" "$took_ms"
    if [ $# -gt 1 ]; then printf ', %7d bytes up, %7d down, %d round trips' "$(member bytes_up)" "$(member bytes_down)" "$(member round_trips)"; fi
    printf '\n'
}

new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
invite_and_join office li 李强 technician
parts_csv BJ "$parts" >"$work/parts.csv"

timed expect_code 0 "import of $parts rows" "$client_program" --home "$work/office" import part "$work/parts.csv" --json
figures "import"
expect_equal "every row is new" "$parts 0 0 0" "$(member inserted) $(member updated) $(member unchanged) $(member bad_count)"
timed sync_equal office "the importing laptop sends them, and proves equal"
figures "push" sync
bytes=$(($(member bytes_up) + $(member bytes_down)))
# The invite made the row of a person, which goes with them.
expect_number "each is one change" "$parts" $((parts + 1)) "$(member pushed)"
expect_equal "none is refused or held" "0 0" "$(member refused) $(member held)"
timed sync_equal li "the other laptop receives them, and proves equal"
figures "pull" sync
bytes=$((bytes + $(member bytes_up) + $(member bytes_down)))
expect_number "there and on: at most 90 bytes a part" 1 $((parts * 90)) "$bytes"
expect_number "each is received once" "$parts" $((parts + 20)) "$(member pulled)"
expect_equal "the other laptop has $parts" "$parts" "$(count li part)"

must "$client_program" --home "$work/office" export part
tr -d '\r' <"$work/.out" | sort | sed 's/^[^,]*,//' >"$work/office.csv"
must "$client_program" --home "$work/li" export part
tr -d '\r' <"$work/.out" | sort | sed 's/^[^,]*,//' >"$work/li.csv"
expect_equal "both export the same" "$(cksum <"$work/office.csv")" "$(cksum <"$work/li.csv")"
expect_equal "every text of the file is in the export" 0 "$(sed 's/"//g' "$work/parts.csv" | sort | comm -23 - <(sed 's/"//g' "$work/li.csv" | sort) | wc -l)"

# ---- the same file again ----
timed expect_code 0 "the same file again" "$client_program" --home "$work/office" import part "$work/parts.csv" --json
figures "import again"
expect_equal "changes nothing" "0 0 $parts" "$(member inserted) $(member updated) $(member unchanged)"
on office status --json
expect_equal "nothing waits to be sent" 0 "$(member waiting)"
timed sync_equal office "and a sync has no news"
figures "sync without news" sync
expect_number "at most 1 KiB" 1 1024 $(($(member bytes_up) + $(member bytes_down)))
expect_equal "no news is one round trip" "0 0 1" "$(member pushed) $(member pulled) $(member round_trips)"

# What was exported comes back as what it is: the ids are in it.
must "$client_program" --home "$work/office" export part
cp "$work/.out" "$work/exported.csv"
expect_code 0 "an export is imported" "$client_program" --home "$work/office" import part "$work/exported.csv" --json
expect_equal "and changes nothing" "0 0 $parts" "$(member inserted) $(member updated) $(member unchanged)"

# ---- one field of all of them ----
sed '1!s/^\([^,]*,[^,]*,[^,]*,[^,]*\),\([0-9]*\),/\1,1\2,/' "$work/parts.csv" >"$work/prices.csv"
timed expect_code 0 "new prices" "$client_program" --home "$work/office" import part "$work/prices.csv" --json
figures "import of one field"
expect_equal "every row changes" "0 $parts 0" "$(member inserted) $(member updated) $(member unchanged)"
timed sync_equal office "new prices are sent"
figures "push of one field" sync
expect_number "one field: at most 25 bytes a part" 1 $((parts * 25)) "$(member bytes_up)"
expect_equal "all of them" "$parts" "$(member pushed)"
timed sync_equal li "new prices are received"
figures "pull of one field" sync
on li get part BJ-00007 --json
expect_equal "the other laptop has the new price" "1$(sed -n 's/^BJ-00007,.*,\([0-9]*\),"[^"]*"$/\1/p' "$work/parts.csv")" "$(member price_cents)"

# ---- one bad row ----
parts_csv BAD 500 | sed '123s/,\([0-9]*\),"/,ten yuan,"/' >"$work/bad.csv"
expect_code 1 "one bad row among 500 stops the import" "$client_program" --home "$work/office" import part "$work/bad.csv"
expect_match "its line is named" '(line |:)123' "$err$out"
expect_match "and its field" 'price_cents' "$err$out"
expect_equal "nothing was imported" "$parts" "$(count office part)"
expect_code 0 "--skip-bad imports the others" "$client_program" --home "$work/office" import part "$work/bad.csv" --skip-bad --json
expect_equal "and costs one row" "499 1" "$(member inserted) $(member bad_count)"
expect_match "which is named" '"line": 123' "$out"
sync_equal office "the others are sent"
sync_equal li "and received"
expect_equal "the other laptop has them" $((parts + 499)) "$(count li part)"
for home in office li; do
    expect_code 0 "$home: doctor finds nothing" "$client_program" --home "$work/$home" doctor
done
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
