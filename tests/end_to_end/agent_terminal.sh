#!/usr/bin/env bash
# What people do at a terminal, without an agent and through one: passphrases without echo, questions, passwords on a screen of their own, Ctrl-C,
# and a terminal that is as it was afterwards, also when the agent is killed in the middle.
# usage: agent_terminal.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" agent_terminal "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/terminal_lib.sh"
passphrase=$(cat "$work/passphrase")
asked="echo=0 icanon=1 isig=0"
as_it_was="echo=1 icanon=1 isig=1"

# start_agent HOME: in the foreground of a job of this script, so that its id is known.
start_agent()
{
    "${with_us[@]}" "$client_program" --home "$work/$1" agent --foreground --sync-every 0 >"$work/$1.agent" 2>&1 </dev/null &
    agent_pid=$!
    e2e_pids[$agent_pid]=agent
    for _ in $(seq 200); do
        [ -S "$work/$1/agent.sock" ] && COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client "$1" entities >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    fail "the agent comes up" "$(cat "$work/$1.agent")"
    e2e_end
}

# sit HOME COMMAND…: the client on a terminal, which has no passphrase but that people type.
sit()
{
    local home=$1
    shift
    at_terminal env COUNTERSIGN_PASSPHRASE_FILE= "$client_program" --home "$work/$home" "$@"
}

# set_like TEXT MODES
set_like()
{
    person modes
    expect_equal "$1" "$2" "$terminal_says"
}

# nothing_of TEXT SECRET: it was not shown.
nothing_of() { expect_not_match "$1" "$2" "$(tr -d '\0' <"$work/shown")"; }

# give_passphrase: where the program asks for it itself.
give_passphrase()
{
    [ "$with" = alone ] || return 0
    sees "the passphrase is asked for ($with)" 'Passphrase: '
    person "type $passphrase"
}

# screen_left: 1 if the password stood on a screen of its own, which was cleared and left.
screen_left() { tr -d '\r\n' <"$work/shown" | grep -c $'\033\[?1049h.*'"$canary"$'.*\033\[2J\033\[H\033\[?1049l'; }

# ---- an organisation with a vault and a work order ----
new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 security
sync_all li
invite_and_join li zhao 赵六 technician
sync_all li zhao owner
zhao=$(on zhao status --json; member person)
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局
must "$client_program" --home "$work/owner" new system name=收费系统 "project=$out"
must "$client_program" --home "$work/owner" new service_request reported_fault=无法登录 "system=$out"
must "$client_program" --home "$work/owner" new work_order number=W-1 "request=$out" "technician=$zhao" status=assigned
mkdir -m 700 "$work/shares"
must "$client_program" --home "$work/owner" vault recovery make --shares 3 --needed 2 --output "$work/shares"
sync_all owner li
must "$client_program" --home "$work/li" vault create P-1
must "$client_program" --home "$work/li" vault grant P-1 赵六 --rights list,reveal,lease
type_in "$canary" "$client_program" --home "$work/li" vault add P-1 --name 交换机 --user admin --address ssh://10.0.0.1
expect_equal "a password is stored" 0 "$code"
sync_all li zhao

for with in alone agent; do
    [ "$with" = alone ] || start_agent zhao

    # ---- passphrases ----
    sit zhao passphrase
    sees "the present passphrase is asked for ($with)" 'Passphrase: '
    set_like "and not shown" "$asked"
    person "type wrong horse"
    leave_terminal "a wrong one is refused" 3
    nothing_of "and was not on the screen" 'wrong horse'

    sit zhao passphrase
    sees "asked again ($with)" 'Passphrase: '
    person "type $passphrase"
    sees "then for the new one" 'New passphrase'
    set_like "which is not shown either" "$asked"
    person "type first new passphrase"
    sees "and once more" 'again: '
    person "type second new passphrase"
    leave_terminal "two that differ change nothing" 3
    nothing_of "and were not on the screen" 'new passphrase[^ ]*$'

    sit zhao passphrase
    sees "asked once more ($with)" 'Passphrase: '
    person "key 3"
    leave_terminal "Ctrl-C ends it" 3

    printf 'another battery staple horse\n' >"$work/next"
    expect_code 0 "a new one from a file ($with)" env "COUNTERSIGN_NEW_PASSPHRASE_FILE=$work/next" "$client_program" --home "$work/zhao" passphrase --kdf-memory-mib 64
    expect_code 0 "and back ($with)" env "COUNTERSIGN_PASSPHRASE_FILE=$work/next" "COUNTERSIGN_NEW_PASSPHRASE_FILE=$work/passphrase" \
        "$client_program" --home "$work/zhao" passphrase --kdf-memory-mib 64

    # ---- a question ----
    sit zhao vault lease W-1 --days 3
    give_passphrase
    sees "what is taken along is listed ($with)" '交换机'
    sees "and has to be agreed to" '[y/N]'
    set_like "where typing is seen" "$as_it_was"
    person "type n"
    leave_terminal "no is no" 1
    sit zhao vault lease W-1 --days 3
    give_passphrase
    sees "asked again ($with)" '[y/N]'
    person "key 3"
    leave_terminal "Ctrl-C is no answer" 130
    on zhao vault leases --json
    expect_equal "nothing was taken along ($with)" 0 "$(grep -c '"usable": true' <<<"$out")"

    # ---- a password on the screen ----
    sit zhao vault reveal 交换机 --reason 检修 --work-order W-1 --seconds 60
    give_passphrase
    sees "a password stands on the screen ($with)" "$canary"
    set_like "whose keys are seen by nobody" "echo=0 icanon=0 isig=0"
    person "key 32"
    leave_terminal "a key ends it" 0
    expect_equal "and the screen is left, empty" 1 "$(screen_left)"
    sit zhao vault reveal 交换机 --reason 检修 --work-order W-1 --seconds 60
    give_passphrase
    sees "it is shown again ($with)" "$canary"
    person "key 3"
    leave_terminal "Ctrl-C ends it as well" 0
    expect_equal "and the screen is left, empty" 1 "$(screen_left)"
    sit zhao vault reveal 交换机 --reason 检修 --work-order W-1 --seconds 1
    give_passphrase
    sees "and once more ($with)" "$canary"
    leave_terminal "it ends by itself" 0
    expect_equal "and the screen is left, empty" 1 "$(screen_left)"
    rm -f "$work/shown"
    vault_code 0 "a pipe gets the password alone ($with)" zhao reveal 交换机 --reason 检修 --work-order W-1
    expect_equal "and nothing else" "$canary" "$out"
done

# ---- the caller is killed while the agent asks ----
sit zhao passphrase
sees "the agent asks" 'Passphrase: '
person "signal 15"
person end
expect_equal "whoever asked is gone" 143 "$terminal_says"
for _ in $(seq 50); do
    person modes
    [ "$terminal_says" != "$as_it_was" ] || break
    sleep 0.1
done
expect_equal "and the terminal as it was" "$as_it_was" "$terminal_says"
end_process "$terminal_pid" KILL
expect_code 0 "the agent goes on" env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/zhao" status

# ---- a lock from elsewhere ----
sit zhao passphrase
sees "the agent asks" 'Passphrase: '
expect_code 0 "somebody locks" "$client_program" --home "$work/zhao" lock
person "key 3"
leave_terminal "which takes nothing from a command that only asks so far" 3
expect_code 0 "unlocked again" "$client_program" --home "$work/zhao" unlock
sit zhao vault reveal 交换机 --reason 检修 --work-order W-1 --seconds 60
sees "a password stands on the screen" "$canary"
expect_code 0 "somebody locks" "$client_program" --home "$work/zhao" lock
leave_terminal "it does not stand there any longer" 0
expect_equal "and the screen is left, empty" 1 "$(screen_left)"

# ---- unlocking at a terminal ----
sit zhao unlock
sees "unlock asks" 'Passphrase: '
set_like "without echo" "$asked"
person "key 3"
leave_terminal "Ctrl-C leaves it locked" 3
sit zhao unlock
sees "unlock asks again" 'Passphrase: '
person "type $passphrase"
leave_terminal "and unlocks" 0
nothing_of "the passphrase was not on the screen" "$passphrase"

# ---- the agent is killed in the middle ----
sit zhao passphrase
sees "the agent asks" 'Passphrase: '
set_like "without echo" "$asked"
end_process "$agent_pid" KILL
leave_terminal "a killed agent ends the command" 1
expect_match "which says what to do" 'countersign status' "$(tr -d '\0' <"$work/shown")"
start_agent zhao
sit zhao vault reveal 交换机 --reason 检修 --work-order W-1 --seconds 60
sees "a password stands on the screen" "$canary"
end_process "$agent_pid" KILL
leave_terminal "a killed agent ends the command" 1
expect_equal "and the screen is left, empty" 1 "$(screen_left)"
rm -f "$work/shown"

# ---- an agent that is started at a terminal ----
sit zhao agent --sync-every 0
sees "it asks for the passphrase" 'Passphrase: '
set_like "without echo" "$asked"
person "key 3"
leave_terminal "Ctrl-C starts none" 3
expect_equal "and leaves no socket" none "$([ -e "$work/zhao/agent.sock" ] && echo socket || echo none)"
sit zhao agent --sync-every 0
sees "it asks again" 'Passphrase: '
person "type $passphrase"
sees "and says that it runs" 'the agent runs'
leave_terminal "the terminal is free" 0
nothing_of "the passphrase was not on the screen" "$passphrase"
expect_code 0 "it outlives the terminal" env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/zhao" status
expect_code 0 "and ends when told to" "$client_program" --home "$work/zhao" agent --stop
e2e_end
