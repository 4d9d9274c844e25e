#!/usr/bin/env bash
# Wrong use, wrong input, wrong peers: each is refused with a text that helps and the exit code of the contract, and nothing is lost.
# usage: bad_input.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" bad_input "$@"

# refused CODE TEXT PATTERN COMMAND…: the exit code, and the message on standard error; nothing on standard output.
refused()
{
    local wanted=$1 text=$2 pattern=$3
    shift 3
    expect_code "$wanted" "$text" "$@"
    expect_match "  … saying so" "$pattern" "$err"
    expect_equal "  … and nothing else on standard output" "" "$out"
}

# runs PID: yes or no.
runs()
{
    if kill -0 "$1" 2>/dev/null; then echo yes; else echo no; fi
}

# expect_failure TEXT: of the command that ran last.
expect_failure()
{
    if [ "$code" -ne 0 ]; then pass "$1"; else fail "$1" "expected: a failure" "found:    $out"; fi
}

c=("$client_program" --home "$work/office")
s=("$server_program")

echo "-- before there is anything"
refused 1 "status without an identity" 'not joined' "$client_program" --home "$work/nobody" status
refused 1 "sync without an identity" 'not joined' "$client_program" --home "$work/nobody" sync
refused 2 "a command that there is not" 'no command.*sync' "${c[@]}" sinc
refused 2 "no command" 'missing|usage' "${c[@]}"
refused 2 "an option that there is not" 'no option --frobnicate' "${c[@]}" status --frobnicate
refused 2 "a missing argument" 'missing' "${c[@]}" get part
refused 1 "an invite that is not there" 'no such file' "${c[@]}" join "$work/nowhere.invite"
refused 1 "serve in a folder that is not there" 'does not exist' "${s[@]}" serve "$work/nowhere" --listen 127.0.0.1:0
mkdir "$work/empty"
refused 1 "serve in a folder that holds no server" 'no server in' "${s[@]}" serve "$work/empty" --listen 127.0.0.1:0
refused 2 "init without an address" 'address' "${s[@]}" init "$work/x"
refused 2 "init with an address that is none" 'HOST:PORT' "${s[@]}" init "$work/x" --address nonsense
refused 2 "a server command that there is not" 'no command' "${s[@]}" sreve "$work/x"

echo "-- servers"
new_server server
port=$server_port
first_pid=$server_pid
refused 1 "init over a server" 'in use|already' "${s[@]}" init "$work/server" --address 127.0.0.1:1
refused 1 "a second serve of one folder" 'in use by another' "${s[@]}" serve "$work/server" --listen 127.0.0.1:0
must "$server_program" init "$work/other" --address "127.0.0.1:$port" --output "$work/other.invite"
refused 1 "a port that is taken" 'in use' "${s[@]}" serve "$work/other" --listen "127.0.0.1:$port"
refused 2 "an address to listen on that is none" 'listen|ADDR|address' "${s[@]}" serve "$work/other" --listen nonsense
if start_server "$work/other" 0; then pass "port 0 takes a free port and prints it"; else fail "port 0 takes a free port and prints it" "$(tail -n 3 "$server_log")"; fi
expect_number "  … a real one" 1024 65535 "$server_port"
stop_server
server_pid=$first_pid
cp "$work/server/master.key" "$work/wrong.key"
sed -i 's/^./\x30/;s/^0\(.\)/1\1/' "$work/wrong.key"
refused 3 "serve with another master key" 'master key' "${s[@]}" serve "$work/other" --listen 127.0.0.1:0 --master-key "$work/wrong.key"

echo "-- invites"
sed 's/[A-Za-z0-9]/x/60' "$work/server.invite" >"$work/tampered.invite"
refused 1 "a tampered first invite" 'invite|damaged|mistyped|valid' "${c[@]}" join "$work/tampered.invite" --person 王芳 --kdf-memory-mib 64
printf 'hello\n' >"$work/garbage.invite"
refused 1 "an invite that is none" 'invite' "${c[@]}" join "$work/garbage.invite" --person 王芳 --kdf-memory-mib 64
head -c 40000 /dev/urandom | base64 >"$work/large.invite"
refused 1 "an invite that is too large" 'too large|invite' "${c[@]}" join "$work/large.invite" --person 王芳 --kdf-memory-mib 64
refused 2 "a key derivation below the floor" '64' "${c[@]}" join "$work/server.invite" --person 王芳 --kdf-memory-mib 8
refused 1 "a first join without a name" 'person' "${c[@]}" join "$work/server.invite" --kdf-memory-mib 64
join office "$work/server.invite" --person 王芳
pass "after all these the right invite still works"
refused 1 "joining twice" 'joined already' "${c[@]}" join "$work/server.invite" --person 王芳 --kdf-memory-mib 64
refused 1 "the first invite a second time" 'used|already' "$client_program" --home "$work/thief" join "$work/server.invite" --person 小偷 --kdf-memory-mib 64
must "${c[@]}" sync
must "${c[@]}" invite --person 李强 --role technician --output "$work/li.invite"
last=$(tail -n 1 "$work/li.invite")
for position in 5 25 80; do
    awk -v p="$position" 'NR == 2 { c = substr($0, p, 1); $0 = substr($0, 1, p - 1) (c == "A" ? "B" : "A") substr($0, p + 1) } { print }' \
        "$work/li.invite" >"$work/tampered.invite"
    if cmp -s "$work/li.invite" "$work/tampered.invite"; then
        sed "s/${last:position:1}/$([ "${last:position:1}" = A ] && echo B || echo A)/" "$work/li.invite" >"$work/tampered.invite"
    fi
    refused 1 "a device's invite, character $position changed" 'invite|damaged|mistyped|valid' "$client_program" --home "$work/li" join "$work/tampered.invite" --kdf-memory-mib 64
done
join li "$work/li.invite"
refused 1 "a device's invite a second time" 'used|already' "$client_program" --home "$work/second" join "$work/li.invite" --kdf-memory-mib 64
refused 2 "an invite that has expired before it is made" 'expires-days|1 to' "${c[@]}" invite --person 赵敏 --role technician --expires-days 0
refused 2 "an invite for a role that there is not" 'not a role.*technician' "${c[@]}" invite --person 赵敏 --role king
refused 1 "a technician invites an owner" 'may|permitted|role' "$client_program" --home "$work/li" invite --person 赵敏 --role owner

echo "-- passphrases"
printf 'not the passphrase\n' >"$work/wrong"
COUNTERSIGN_PASSPHRASE_FILE=$work/wrong refused 3 "a wrong passphrase" 'wrong passphrase' "${c[@]}" status
COUNTERSIGN_PASSPHRASE_FILE=$work/nowhere refused 3 "a passphrase file that is not there" 'cannot be opened' "${c[@]}" status
: >"$work/nothing"
COUNTERSIGN_PASSPHRASE_FILE=$work/nothing refused 3 "an empty passphrase" 'empty' "${c[@]}" status
COUNTERSIGN_PASSPHRASE_FILE='' refused 3 "no passphrase and no terminal" 'passphrase' setsid "${c[@]}" status
COUNTERSIGN_PASSPHRASE_FILE=$work/wrong on office status --json
expect_match "with --json the failure is an object" '"status": "WRONG_PASSPHRASE"' "$out"

echo "-- values"
must "${c[@]}" new part code=BJ-1 name=继电器 price_cents=100
refused 2 "an entity that there is not" 'there are: .*part' "${c[@]}" new partt code=1
refused 2 "a field that there is not, near ones shown" 'there are: .*price_cents' "${c[@]}" set part BJ-1 price_cent=1
refused 2 "no assignment" '=|missing' "${c[@]}" set part BJ-1 price_cents
refused 1 "a number that is none" 'price_cents.*not a whole number' "${c[@]}" set part BJ-1 price_cents=cheap
refused 1 "a number that is too small" 'price_cents.*from 0' "${c[@]}" set part BJ-1 price_cents=-1
refused 1 "a number beyond 64 bits" 'price_cents' "${c[@]}" set part BJ-1 price_cents=99999999999999999999
refused 1 "a text that is too long" '300 bytes are more than the 255' "${c[@]}" set part BJ-1 "name=$(printf 'x%.0s' $(seq 300))"
refused 2 "bytes that are no UTF-8" 'UTF-8' "${c[@]}" set part BJ-1 "name=$(printf '\xff\xfe')"
refused 1 "a choice that is none" 'one of' "${c[@]}" new stock_location code=V name=车 kind=boat
refused 1 "a required field that is missing" 'name is required' "${c[@]}" new part code=BJ-2
refused 1 "a reference to nothing" 'no customer' "${c[@]}" new site customer=KH-9 name=x
refused 1 "a row that there is not" 'there is no part' "${c[@]}" get part BJ-9
refused 1 "what only the server writes" 'permitted|server|computed|may not' "${c[@]}" new conflict entity=part
sync_equal office "what was right is sent"
sync_equal li "and received"
refused 1 "a technician sets a price" 'by owner.*only' "$client_program" --home "$work/li" set part BJ-1 price_cents=1
refused 1 "a technician deletes a part" 'by owner.*only' "$client_program" --home "$work/li" delete part BJ-1
on office get part BJ-1 --json
expect_equal "after all of it the part is as it was" "BJ-1 继电器 100" "$(member code) $(member name) $(member price_cents)"

echo "-- CSV files"
parts_csv CSV 20 >"$work/good.csv"
sed '5s/^[^,]*,[^,]*/CSV-00004,/;9s/,[0-9]*,"/,free,"/;12s/$/,one,more/' "$work/good.csv" >"$work/bad.csv"
expect_code 1 "three bad rows among 20" "${c[@]}" import part "$work/bad.csv"
for line in 5 9 12; do expect_match "  … line $line is named" "(line |:)$line([^0-9]|$)" "$err$out"; done
expect_equal "  … and nothing was imported" 1 "$(count office part)"
expect_code 0 "--skip-bad imports 17" "${c[@]}" import part "$work/bad.csv" --skip-bad --json
expect_equal "  … of 20" "17 3" "$(member inserted) $(member bad_count)"
printf 'code,colour\nX,y\n' >"$work/heading.csv"
refused 2 "a heading that is no field" 'no field.*name' "${c[@]}" import part "$work/heading.csv"
: >"$work/empty.csv"
refused 1 "an empty file" 'empty' "${c[@]}" import part "$work/empty.csv"
printf 'code,name\nX,"never closed\nY,z\n' >"$work/quote.csv"
expect_code 1 "a quotation mark that is never closed" "${c[@]}" import part "$work/quote.csv"
printf 'code,name\nX,\xff\xfe\n' >"$work/utf8.csv"
expect_code 1 "a file that is no UTF-8" "${c[@]}" import part "$work/utf8.csv"
expect_match "  … its line is named" '(line |:)2' "$err$out"
refused 1 "a file that is not there" 'no such file' "${c[@]}" import part "$work/nowhere.csv"

echo "-- two processes on one home"
parts_csv TWO 8000 >"$work/two.csv"
"${c[@]}" import part "$work/two.csv" >/dev/null 2>&1 &
import_pid=$!
e2e_pids[$import_pid]=import
busy=0
other=
for _ in $(seq 60); do
    kill -0 "$import_pid" 2>/dev/null || break
    on office list part --limit 1
    if [ "$code" -ne 0 ]; then
        busy=$((busy + 1))
        other=$err
    fi
done
wait "$import_pid"
expect_equal "the first ends well" 0 $?
unset "e2e_pids[$import_pid]"
if [ "$busy" -gt 0 ]; then
    expect_match "the second is told that the replica is in use" 'in use|busy|another' "$other"
else
    pass "the second waited for the first"
fi
expect_equal "  … and everything is there" 8018 "$(count office part)"
sync_equal office "and is sent"

echo "-- the server is away"
must "${c[@]}" new customer code=KH-1 name=第一医院
stop_server
refused 1 "a sync without a server" 'nothing is lost: 1 change waits' "${c[@]}" sync
expect_code 1 "with --json" "${c[@]}" sync --json
expect_match "  … the failure is named" '"status": "UNREACHABLE"' "$out"
expect_equal "  … and what waits" 1 "$(member waiting)"
on office status --json
expect_equal "status counts it" 1 "$(member waiting)"

echo "-- another server at the same address"
if start_server "$work/other" "$port"; then
    expect_code 1 "a sync with it" "${c[@]}" sync
    expect_match "  … is refused: not the organisation's server" 'not the server|certificate|key|pin' "$err"
    expect_match "  … and nothing is lost" 'nothing is lost: 1 change waits' "$err"
    stop_server
else
    fail "the other server starts at the same address" "$(tail -n 3 "$server_log")"
fi

echo "-- what else may come to its port"
if ! start_server "$work/server" "$port"; then fail "the server starts again" "$(tail -n 3 "$server_log")"; fi
if command -v curl >/dev/null; then
    run curl -sS --max-time 20 "http://127.0.0.1:$port/"
    expect_failure "plain HTTP is not answered"
    run curl -sS -k --max-time 20 -o "$work/.body" -w '%{http_code}' "https://127.0.0.1:$port/"
    expect_match "an unknown path over HTTPS is an error" '^4[0-9][0-9]$' "$out"
    run curl -sS -k --max-time 20 -o "$work/.body" -w '%{http_code}' --data-binary @"$work/good.csv" "https://127.0.0.1:$port/v1/sync"
    expect_not_match "a body that is no request is not accepted" '^2' "$out"
    run curl -sS -k --tls-max 1.1 --max-time 20 "https://127.0.0.1:$port/"
    expect_failure "curl gets no TLS 1.1"
else
    echo "note    curl is not installed: no HTTP by hand"
fi
if command -v openssl >/dev/null; then
    for version in tls1 tls1_1; do
        run openssl s_client -connect "127.0.0.1:$port" "-$version" -cipher 'ALL:@SECLEVEL=0'
        expect_match "openssl gets no $version" 'Cipher is \(NONE\)|no protocols available|alert|handshake failure' "$out$err"
    done
    run openssl s_client -connect "127.0.0.1:$port" -tls1_2 -cipher 'AES128-SHA:@SECLEVEL=0'
    expect_match "nor a weak suite of TLS 1.2" 'Cipher is \(NONE\)|alert|handshake failure' "$out$err"
else
    echo "note    openssl is not installed: no TLS by hand"
fi
for _ in 1 2 3; do
    # Bash's own sockets: a thousand random bytes, then gone.
    ( exec 3<>"/dev/tcp/127.0.0.1/$port" && head -c 1000 /dev/urandom >&3 ) 2>/dev/null
done
expect_equal "the server has survived all of it" yes "$(runs "$server_pid")"
sync_equal office "and answers those it knows"

echo "-- homes that cannot be used"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$work"
    chmod 644 "$work/passphrase"
    refused 1 "a home of somebody else" 'denied|cannot|failed|not joined' setpriv --reuid 65534 --regid 65534 --clear-groups "${c[@]}" status
    chmod 700 "$work"
elif [ "$(id -u)" -ne 0 ]; then
    chmod 000 "$work/office"
    refused 1 "a home that cannot be read" 'denied|cannot|failed|not joined' "${c[@]}" status
    chmod 700 "$work/office"
else
    echo "note    setpriv is not installed: nobody else's home was tried"
fi
: >"$work/file"
refused 1 "a home that is a file" 'folder|not joined|cannot' "$client_program" --home "$work/file" join "$work/li.invite" --kdf-memory-mib 64
cp -R "$work/li" "$work/damaged"
database=$(find "$work/damaged" -type f -name '*.db' | head -n 1)
[ -n "$database" ] || database=$(find "$work/damaged" -type f -size +20k | head -n 1)
printf 'this is no database any more, whatever it was' | dd of="$database" bs=1 conv=notrunc status=none
refused 1 "a damaged database" 'damaged|corrupt|not a' "$client_program" --home "$work/damaged" status
expect_code 0 "doctor finds nothing in the right one" "${c[@]}" doctor
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
