#!/usr/bin/env bash
# A stolen laptop is revoked: it gets no rows any more, its unused invite is void, what it sends is held for review; the office accepts one
# piece of it and rejects the other.
# usage: revocation.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" revocation "$@"
preload_quick_kdf

new_server server
join owner "$work/server.invite" --person 王芳
must "$client_program" --home "$work/owner" sync
invite_and_join owner office 李强 office
must "$client_program" --home "$work/office" sync
invite_and_join office laptop 陈杰 technician
for home in office laptop owner; do must "$client_program" --home "$work/$home" sync; done

on laptop status --json
person=$(member person)
expect_equal "a laptop that was not revoked says so" null "$(member revoked)"
on laptop new visit technician="$person" note=before
visit=$out
must "$client_program" --home "$work/laptop" sync

# ---- who may, and whom ----
expect_code 0 "devices lists them" "$client_program" --home "$work/owner" devices --json
expect_equal "three" 3 "$(rows)"
expect_code 2 "a reason is needed" "$client_program" --home "$work/owner" revoke laptop
expect_code 1 "nobody revokes a device that is not there" "$client_program" --home "$work/owner" revoke nobody --reason lost
expect_code 1 "the last owner's device stays" "$client_program" --home "$work/office" revoke owner --reason angry
expect_code 1 "nobody revokes himself" "$client_program" --home "$work/owner" revoke owner --reason tired
expect_match "and is told so" 'does not revoke itself' "$err"
expect_code 1 "a technician revokes nobody" "$client_program" --home "$work/laptop" revoke office --reason angry

# ---- offline: a row that goes out with the next sync ----
stop_server
expect_code 0 "the office revokes the laptop it let in, offline" "$client_program" --home "$work/office" revoke 陈 --reason stolen
expect_match "it is told what an offline laptop cannot know" 'cannot know before its own next' "$out"
on office devices
expect_match "the list says that it waits to be sent" 'revoked, not sent yet' "$out"
expect_code 0 "revoking again is no failure" "$client_program" --home "$work/office" revoke laptop --reason stolen --json
expect_equal "and does nothing" true "$(member already)"
start_server "$work/server" "$server_port" || fail "the server starts again"
sync_equal office "the revocation is sent"

# ---- the revoked laptop ----
on laptop new visit technician="$person" note=good
good=$out
on laptop new visit technician="$person" note=bad
bad=$out
on owner new part code=P-1 name=secret
must "$client_program" --home "$work/owner" sync
expect_code 1 "a sync of the revoked laptop fails" "$client_program" --home "$work/laptop" sync --json
expect_equal "with its own status" REVOKED "$(member status)"
expect_match "and the stable field" '"revoked" *: *\{' "$out"
expect_equal "who revoked it" 李强 "$(member by)"
expect_equal "its work was taken" "2 2 0" "$(member pushed) $(member held) $(member waiting)"
expect_equal "it received nothing" 0 "$(member pulled)"
expect_equal "it has no row that came later" 0 "$(count laptop part)"
expect_equal "and everything that it had" "before" "$(on laptop get visit "$visit" --json; member note)"
expect_equal "its unsent work too" "good" "$(on laptop get visit "$good" --json; member note)"
expect_code 1 "status exits with 1" "$client_program" --home "$work/laptop" status
expect_match "says what happened" 'REVOKED: this device was revoked by 李强.*stolen' "$out"
expect_match "and what to do" 'ask for a new invite' "$out"
expect_code 1 "and again at the next sync" "$client_program" --home "$work/laptop" sync
expect_match "in plain words" 'gets no more data; nothing on it was deleted' "$err"

# ---- review ----
sync_equal owner "the owner hears of it"
expect_equal "no row of it was applied" 1 "$(count owner visit)"
on owner exceptions
expect_match "the office has an exception" 'post_revocation_work|work of a revoked device' "$out"
on owner review list --json
expect_equal "two pieces wait" 2 "$(rows)"
on owner review show "$(grep -o '"id" *: *"[^"]*"' <<<"$out" | head -1 | cut -d'"' -f4)"
expect_match "with their values" 'good|bad' "$out"
work_of()
{
    local id
    for id in $(on owner review list --json; grep -o '"id" *: *"[^"]*"' <<<"$out" | cut -d'"' -f4); do
        on owner review show "$id" && grep -q "$1" <<<"$out" && echo "$id" && return
    done
}
good_work=$(work_of good)
expect_code 2 "a decision needs a reason" "$client_program" --home "$work/owner" review accept "$good_work"
expect_code 0 "one is accepted" "$client_program" --home "$work/owner" review accept "$good_work" --reason seen
expect_code 0 "what is left of the device is rejected" "$client_program" --home "$work/owner" review reject laptop --reason forged --json
expect_equal "that is one" 1 "$(member count)"
sync_equal owner "decisions are sent"
expect_equal "the accepted visit is there" good "$(on owner get visit "$good" --json; member note)"
expect_code 1 "the rejected one is not" "$client_program" --home "$work/owner" get visit "$bad"
on owner list refusal --json
expect_match "it is a refusal with its values" 'REVOKED' "$out"
on owner exceptions
expect_match "the exception is closed" 'no open exceptions' "$out"
on owner review list
expect_match "nothing waits any more" 'nothing waits for review' "$out"
sync_equal office "the office is equal"
expect_equal "and has the accepted visit" good "$(on office get visit "$good" --json; member note)"

# ---- invites die with their maker ----
must "$client_program" --home "$work/owner" invite --person 赵敏 --role office --output "$work/second.invite"
join second "$work/second.invite"
must "$client_program" --home "$work/second" sync
must "$client_program" --home "$work/second" invite --person 孙波 --role technician --output "$work/dead.invite"
must "$client_program" --home "$work/owner" sync
must "$client_program" --home "$work/owner" revoke second --reason left
sync_equal owner "the inviter is revoked"
expect_code 1 "its unused invite is void" "$client_program" --home "$work/late" join "$work/dead.invite" --device late --kdf-memory-mib 64
expect_match "and it is said why" 'was revoked' "$err"

# ---- invited again: a new device ----
must "$client_program" --home "$work/office" invite --person 陈杰 --role technician --output "$work/again.invite"
join again "$work/again.invite"
sync_equal again "the person works on with a new device"
expect_equal "with what was his" 2 "$(count again visit)"

run "$server_program" devices "$work/server"
expect_match "the server lists the state" 'revoked' "$out"
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
