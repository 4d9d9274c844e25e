#!/usr/bin/env bash
# The password of a Linux account is changed over a real SSH server by countersign-rotate-linux: both ways of logging in, refused by the host's
# policy, under a false host key, cut at every step. What is answered is true, and "unknown" is cleared by "verify".
# usage: rotation_linux.sh PROGRAMS [TEST_PROGRAMS]
#   E2E_CUT_STEP: bytes between two cuts where the outcome changes (64)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" rotation_linux "$@"
# shellcheck disable=SC2034 # for rotation_lib.sh
helper_program=$programs/countersign-rotate-linux
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/rotation_lib.sh"

cut_step=${E2E_CUT_STEP:-64}
cut_step_max=3000
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/sshd_lib.sh"
must ssh-keygen -q -t ed25519 -N '' -f "$work/other"
host_key=$(cat "$work/host_ed25519.pub")
rsa_key=$(cat "$work/host_rsa.pub")
other_key=$(cat "$work/other.pub")
old="$canary First 1"
set_password "$old"
start_sshd password

# ---- the plain case ----
new="$canary \$pass'w\"or\\d 密码"
expect_answer applied "a password is changed" apply 127.0.0.1 "$port" "$user" "$old" "$new" 30 host_key "$host_key"
expect_answer new "verify: the new one works" verify 127.0.0.1 "$port" "$user" "$old" "$new" 30 host_key "$host_key"
expect_answer old "verify: the old one works" verify 127.0.0.1 "$port" "$user" "$new" "$canary-never" 30 host_key "$host_key"
expect_answer applied "applying it again is applied" apply 127.0.0.1 "$port" "$user" "$old" "$new" 30 host_key "$host_key"
expect_answer neither "verify: neither works" verify 127.0.0.1 "$port" "$user" "$canary-a" "$canary-b" 30 host_key "$host_key"
old=$new

# ---- nothing is changed ----
before=$(hash_of)
lines=$(grep -c "$user" "$work/sshd.log")
expect_answer failed "a host with another key" apply 127.0.0.1 "$port" "$user" "$old" "$canary-never" 30 host_key "$other_key"
expect_match "is named as such" 'another key' "$reason"
expect_equal "and hears no name and no password" "$lines" "$(grep -c "$user" "$work/sshd.log")"
expect_answer unknown "nor is it asked which one works" verify 127.0.0.1 "$port" "$user" "$old" "$canary-never" 30 host_key "$other_key"
expect_answer failed "no host key" apply 127.0.0.1 "$port" "$user" "$old" "$canary-never" 30
expect_answer failed "a host key that is none" apply 127.0.0.1 "$port" "$user" "$old" "$canary-never" 30 host_key "ssh-ed25519 AAAA"
expect_answer failed "a wrong old password" apply 127.0.0.1 "$port" "$user" "$canary-wrong" "$canary-never" 30 host_key "$host_key"
expect_match "is named as such" 'does not take this password' "$reason"
expect_answer failed "the host's policy" apply 127.0.0.1 "$port" "$user" "$old" abc 30 host_key "$host_key"
expect_match "with passwd's reason" 'longer password|too short|BAD PASSWORD|simple' "$reason"
expect_answer failed "a password that cannot be typed" apply 127.0.0.1 "$port" "$user" "$old" "$canary"$'\n'never 30 host_key "$host_key"
expect_answer failed "no server there" apply 127.0.0.1 1 "$user" "$old" "$canary-never" 30 host_key "$host_key"
expect_answer unknown "no server there to verify with" verify 127.0.0.1 1 "$user" "$old" "$canary-never" 30 host_key "$host_key"
expect_equal "nothing was changed" "$before" "$(hash_of)"
expect_code 2 "a helper with arguments does nothing" "$helper_program" apply

# ---- other keys, another way to log in ----
expect_answer applied "under the host's RSA key" apply 127.0.0.1 "$port" "$user" "$old" "$canary-rsa-1" 30 host_key "$rsa_key"
expect_answer applied "one of several keys" apply 127.0.0.1 "$port" "$user" "$canary-rsa-1" "$canary-several-1" 30 host_key "$other_key"$'\n'"$host_key"
start_sshd keyboard-interactive
expect_answer applied "keyboard-interactive" apply 127.0.0.1 "$port" "$user" "$canary-several-1" "$canary-kbd-1" 30 host_key "$host_key"
expect_answer new "keyboard-interactive: verify" verify 127.0.0.1 "$port" "$user" "$canary-several-1" "$canary-kbd-1" 30 host_key "$host_key"
old=$canary-kbd-1

# ---- the connection is cut after every so many bytes ----
start_sshd password
start_proxy "$port"
declare -A seen=()
round=0
wrong=0

# cut_after DIRECTION BYTES: one change over a connection that is cut (named so: cut is a program that is used here); afterwards $old is what works.
cut_after()
{
    local new before change
    round=$((round + 1))
    new=$canary-cut-$round-x
    before=$(hash_of)
    tell "cut $1 $2 $([ $((round % 2)) -eq 0 ] && echo close || echo reset)"
    rotate apply 127.0.0.1 "$proxy_port" "$user" "$old" "$new" 20 host_key "$host_key"
    apply_answer=$answer
    tell pass
    # What was sent is at work for a moment still. Each wrong login costs two seconds, so the file is looked at instead.
    sleep 0.5
    change=$([ "$before" = "$(hash_of)" ] && echo same || echo changed)
    if [ "$apply_answer" = unknown ]; then
        rotate verify 127.0.0.1 "$proxy_port" "$user" "$old" "$new" 20 host_key "$host_key"
    else
        answer=$([ "$change" = changed ] && echo new || echo old)
    fi
    seen[$apply_answer-$answer]=$((${seen[$apply_answer-$answer]:-0} + 1))
    case $apply_answer-$answer-$change in
    applied-new-changed | failed-old-same | unknown-old-same | unknown-new-changed) ;;
    *)
        wrong=$((wrong + 1))
        fail "cut $1 $2: $apply_answer, then $answer, $change" "$reason"
        ;;
    esac
    [ "$change" = changed ] && old=$new
}

# between DIRECTION FROM OUTCOME TO OUTCOME: cuts in between, closer together where the outcome changes.
between()
{
    local middle=$((($2 + $4) / 2)) width=$(($4 - $2)) outcome
    [ "$width" -gt "$cut_step_max" ] || { [ "$3" != "$5" ] && [ "$width" -gt "$cut_step" ]; } || return 0
    cut_after "$1" "$middle"
    outcome=$apply_answer-$answer
    between "$1" "$2" "$3" "$middle" "$outcome"
    between "$1" "$middle" "$outcome" "$4" "$5"
}

tell pass
expect_answer applied "through the proxy" apply 127.0.0.1 "$proxy_port" "$user" "$old" "$canary-proxy-1" 30 host_key "$host_key"
old=$canary-proxy-1
tell count
read -r up down _ <<<"$proxy_says"
between down 0 failed-old $((down + 500)) applied-new
between up 0 failed-old $((up + 500)) applied-new
expect_equal "every answer was true ($round cuts: $(for key in "${!seen[@]}"; do printf '%s %s, ' "$key" "${seen[$key]}"; done)$up bytes up, $down down)" \
    0 "$wrong"
for key in failed-old unknown-old unknown-new; do
    expect_number "there was: $key" 1 100000 "${seen[$key]:-0}"
done
expect_answer old "the password is not lost" verify 127.0.0.1 "$port" "$user" "$old" "$canary-never" 30 host_key "$host_key"
mkdir "$work/said"
cp "$work/sshd.log" "$work/said"
no_secret "no password is in what the server said" "$work/said"
e2e_end
