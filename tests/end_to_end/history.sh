#!/usr/bin/env bash
# What rows were, on laptops and on the server: found by change and by moment, brought back, deleted rows too; and the server's compaction.
# usage: history.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" history "$@"

new_server server
join office "$work/server.invite" --person 王芳
sync_equal office "the office syncs"
invite_and_join office li 李强 technician
must "$client_program" --home "$work/office" new part code=P-1 name=继电器 unit=个 price_cents=1000 --json
id=$(member id)
sync_equal office "a part is made"
sleep 1
moment=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 1
must "$client_program" --home "$work/office" set part P-1 price_cents=1200
sync_equal office "its price changes"
sync_equal li "a technician has it"

# ---- on laptops ----
on li history part P-1
expect_match "a laptop shows what it was" '1000 -> 1200' "$out"
expect_match "and who changed it" 王芳 "$out"
on li history part P-1 --json
expect_equal "as two changes" 2 "$(printf '%s' "$out" | grep -o '"change":' | wc -l)"
on li history part P-1 --as-of "$moment" --json
expect_equal "at a moment it is what it was then" 1000 "$(member price_cents)"
on office delete part P-1
sync_equal office "the part is deleted"
sync_equal li "and the technician's laptop knows"
expect_code 1 "a technician cannot bring it back" "$client_program" --home "$work/li" revert part "$id" --to 0
on office history part --deleted
expect_match "what was deleted is listed" "$id" "$out"
expect_code 0 "the office brings it back as it was" "$client_program" --home "$work/office" revert part "$id" --to "$moment" --json
expect_equal "the row lives" true "$(member revived)"
sync_equal office "and sends it"
sync_equal li "a technician has it again"
on li get part P-1 --json
expect_equal "at the price it had" 1000 "$(member price_cents)"

# ---- on the server ----
expect_code 0 "the server shows the same" "$server_program" history "$work/server" part "$id"
expect_match "each change with what was before" 'price_cents=1200  \(before: 1000\)' "$out"
expect_code 0 "and all parts at a moment" "$server_program" history "$work/server" part --as-of "$moment"
expect_match "as they were" 'price_cents=1000' "$out"
expect_code 1 "nothing is compacted under a server that runs" "$server_program" compact "$work/server"
stop_server
expect_code 0 "the server forgets nothing of the last two months" "$server_program" compact "$work/server" --json
expect_equal "not a change" 0 "$(member removed)"
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
