#!/usr/bin/env bash
# Passwords of a real PostgreSQL server are changed by countersign-rotate-postgresql: over TLS and without, refused, cut at every step. What is
# answered is true, "unknown" is cleared by "verify", and no password is in the server's log or files.
# usage: rotation_postgresql.sh PROGRAMS [TEST_PROGRAMS]
#   E2E_CUT_STEP: bytes between two cuts (17)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" rotation_postgresql "$@"
# shellcheck disable=SC2034 # for rotation_lib.sh
helper_program=$programs/countersign-rotate-postgresql
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/rotation_lib.sh"

cut_step=${E2E_CUT_STEP:-17}
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/postgresql_lib.sh"
make_cluster
start_cluster
odd_user="we\"ird 'ro\\le' 维护"
odd_password="$canary pass'w\"or\\d \$1 密码"
# The administrator's own statements must not put the canary into the log: verifiers are made by the first rotation.
sql "CREATE ROLE bob LOGIN PASSWORD 'first'; CREATE ROLE \"we\"\"ird 'ro\\le' 维护\" LOGIN PASSWORD 'first'; CREATE ROLE trusting LOGIN;
     CREATE ROLE reading LOGIN PASSWORD 'first'; ALTER ROLE reading SET default_transaction_read_only = on;
     SET password_encryption = md5; CREATE ROLE old LOGIN PASSWORD 'first'" || { fail "roles are made"; e2e_end; }

# ---- the plain case ----
old=$canary-0
expect_answer applied "a password is changed" apply 127.0.0.1 "$port" bob first "$old" 20
if works bob "$old" && ! works bob first; then pass "psql says so too"; else fail "psql says so too"; fi
expect_match "the server keeps a SCRAM verifier" '^SCRAM-SHA-256.4096:' "$(verifier_of bob)"
expect_match "the log of statements has the verifier" "ALTER ROLE \"bob\" PASSWORD 'SCRAM-SHA-256" "$(cat "$log")"
expect_answer new "verify: the new one works" verify 127.0.0.1 "$port" bob first "$old" 20
expect_answer old "verify: the old one works" verify 127.0.0.1 "$port" bob "$old" "$canary-never" 20
expect_answer neither "verify: neither works" verify 127.0.0.1 "$port" bob "$canary-a" "$canary-b" 20
expect_answer applied "applying it again is applied" apply 127.0.0.1 "$port" bob first "$old" 20
expect_answer failed "a wrong old password changes nothing" apply 127.0.0.1 "$port" bob "$canary-wrong" "$canary-never" 20
expect_match "and the reason says so" 'password authentication failed' "$reason"
expect_answer applied "names and passwords with quotes, backslashes and Chinese" apply 127.0.0.1 "$port" "$odd_user" first "$odd_password" 20
if works "$odd_user" "$odd_password"; then pass "psql says so too"; else fail "psql says so too"; fi

# ---- refusals: nothing is changed ----
before=$(verifier_of reading)
expect_answer failed "a refusal of the server is a failure" apply 127.0.0.1 "$port" reading first "$canary-never" 20
expect_match "with the server's reason" 'read-only transaction.*25006' "$reason"
expect_equal "and nothing was changed" "$before" "$(verifier_of reading)"
expect_answer failed "a server that asks for no password" apply 127.0.0.1 "$port" trusting first "$canary-never" 20
expect_match "is named as such" 'without asking for a password' "$reason"
expect_answer unknown "and cannot be verified" verify 127.0.0.1 "$port" trusting first "$canary-never" 20
expect_answer failed "an option that is not known" apply 127.0.0.1 "$port" bob "$old" "$canary-never" 20 colour blue
expect_answer failed "a wrong value of an option" apply 127.0.0.1 "$port" bob "$old" "$canary-never" 20 tls maybe
expect_answer failed "no such database" apply 127.0.0.1 "$port" bob "$old" "$canary-never" 20 database nowhere
expect_answer failed "no server there" apply 127.0.0.1 1 bob "$old" "$canary-never" 20
expect_answer unknown "no server there to verify with" verify 127.0.0.1 1 bob "$old" "$canary-never" 20
expect_code 2 "a helper with arguments does nothing" "$helper_program" apply

# ---- TLS ----
ca=$(cat "$work/pg/ca.pem")
other=$(cat "$work/pg/other.pem")
expect_answer applied "over TLS, with channel binding" apply 127.0.0.1 "$port" bob "$old" "$canary-1" 20 ca "$ca" tls verify
expect_match "the server saw TLS" 'user=bob.*SSL enabled' "$(cat "$log")"
expect_answer failed "a certificate of another authority" apply 127.0.0.1 "$port" bob "$canary-1" "$canary-never" 20 ca "$other" tls verify
expect_match "is named as such" 'certificate verify failed' "$reason"
expect_answer failed "a certificate for another host" apply 127.0.0.2 "$port" bob "$canary-1" "$canary-never" 20 ca "$ca" tls verify
expect_match "is named as such" 'does not match host name' "$reason"
expect_answer failed "TLS is wanted of hosts that are not plainly this one" apply 127.1 "$port" bob "$canary-1" "$canary-never" 20 ca "$other"
expect_answer failed "a login without SCRAM is not made over TLS" apply 127.0.0.1 "$port" old first "$canary-never" 20 ca "$ca" tls verify
expect_answer applied "unless it is allowed" apply 127.0.0.1 "$port" old first "$canary-old" 20 ca "$ca" login any tls verify
expect_match "then the role has a SCRAM verifier" '^SCRAM-SHA-256.4096:' "$(verifier_of old)"
old=$canary-1

# ---- no answer in time: what was sent may still happen ----
coproc LOCK { PGPASSWORD=$admin_password exec psql -XqAt -h 127.0.0.1 -p "$port" -U admin -d postgres 2>&1; }
# shellcheck disable=SC2153 # made by coproc
lock_pid=$LOCK_PID
exec {lock_out}<&"${LOCK[0]}" {lock_in}>&"${LOCK[1]}"
e2e_pids[$lock_pid]=psql
printf 'BEGIN;\nALTER ROLE bob CONNECTION LIMIT 9;\nSELECT 17;\n' >&"$lock_in"
IFS= read -r -t 10 _ <&"$lock_out"
expect_answer unknown "no answer in time" apply 127.0.0.1 "$port" bob "$old" "$canary-2" 2
expect_answer old "verify: the old one works still" verify 127.0.0.1 "$port" bob "$old" "$canary-2" 20
printf 'ROLLBACK;\nSELECT 18;\n' >&"$lock_in"
IFS= read -r -t 10 _ <&"$lock_out"
for _ in $(seq 100); do
    rotate verify 127.0.0.1 "$port" bob "$old" "$canary-2" 20
    [ "$answer" = new ] && break
    sleep 0.05
done
expect_equal "and a moment later the new one" new "$answer"
end_process "$lock_pid" KILL
old=$canary-2

# ---- the connection is cut after every so many bytes ----
start_proxy "$port"
declare -A seen=()
round=0
wrong=0

# cut DIRECTION BYTES: one change over a connection that is cut; afterwards $old is what works.
cut()
{
    local new before after apply_answer
    round=$((round + 1))
    new=$canary-cut-$round
    before=$(verifier_of bob)
    tell "cut $1 $2 $([ $((round % 2)) -eq 0 ] && echo close || echo reset)"
    rotate apply 127.0.0.1 "$proxy_port" bob "$old" "$new" 10
    apply_answer=$answer
    tell pass
    after=$(verifier_of bob)
    rotate verify 127.0.0.1 "$proxy_port" bob "$old" "$new" 10
    # The server may be at it still.
    [ "$answer" = new ] || { sleep 0.02; after=$(verifier_of bob); rotate verify 127.0.0.1 "$proxy_port" bob "$old" "$new" 10; }
    seen[$apply_answer-$answer]=$((${seen[$apply_answer-$answer]:-0} + 1))
    case $apply_answer-$answer-$([ "$before" = "$after" ] && echo same || echo changed) in
    applied-new-changed | failed-old-same | unknown-old-same | unknown-new-changed) ;;
    *)
        wrong=$((wrong + 1))
        fail "cut $1 $2: $apply_answer, then $answer" "$reason"
        ;;
    esac
    [ "$answer" = new ] && old=$new
}

tell pass
expect_answer applied "through the proxy" apply 127.0.0.1 "$proxy_port" bob "$old" "$canary-3" 20
old=$canary-3
tell count
read -r up down _ <<<"$proxy_says"
for ((at = 0; at <= down + cut_step; at += cut_step)); do cut down "$at"; done
for ((at = 0; at <= up + cut_step; at += cut_step)); do cut up "$at"; done
expect_equal "every answer was true ($round cuts: $(for key in "${!seen[@]}"; do printf '%s %s, ' "$key" "${seen[$key]}"; done)$up bytes up, $down down)" \
    0 "$wrong"
for key in applied-new failed-old unknown-old unknown-new; do
    expect_number "there was: $key" 1 100000 "${seen[$key]:-0}"
done
if works bob "$old"; then pass "the password is not lost"; else fail "the password is not lost"; fi

end_process "$postgres_pid" INT
expect_match "the log has the changes" "ALTER ROLE \"bob\" PASSWORD 'SCRAM-SHA-256" "$(cat "$log")"
no_secret "no password is in the server's log or files" "$work/pg"
e2e_end
