# An account of this machine, made for the test, and a real SSH server for it: sourced after lib.sh, never run. Leaves $user; the account is
# removed at the end. Afterwards set_password and start_sshd.
# shellcheck shell=bash

[ "$(id -u)" -eq 0 ] || skip "it makes an account for the test and removes it again, which only root can"
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -x "$sshd" ] || skip "there is no SSH server here: tools/install-dependencies interop"
for program in useradd userdel chpasswd passwd ssh-keygen openssl; do
    command -v "$program" >/dev/null || skip "there is no $program here"
done

user=cstest$RANDOM
while id "$user" >/dev/null 2>&1; do user=cstest$RANDOM; done

remove_account()
{
    local pid
    for pid in "${!e2e_pids[@]}"; do end_process "$pid" TERM; done
    for _ in $(seq 50); do
        userdel "$user" >/dev/null 2>&1
        id "$user" >/dev/null 2>&1 || break
        sleep 0.1
    done
    e2e_clean
}
trap remove_account EXIT

must useradd --no-create-home --home-dir / --shell /bin/sh "$user"

# set_password PASSWORD: as root, to begin with.
set_password()
{
    printf '%s:%s\n' "$user" "$1" | chpasswd || { fail "the account gets a password"; e2e_end; }
}

# hash_of: what the system keeps of it.
hash_of()
{
    getent shadow "$user" | cut -d : -f 2
}

# start_sshd WAY: password or keyboard-interactive; leaves $port.
start_sshd()
{
    local password=no interactive=no
    [ "$1" = password ] && password=yes || interactive=yes
    [ -z "${sshd_pid:-}" ] || end_process "$sshd_pid" TERM
    for _ in $(seq 20); do
        port=$((12000 + RANDOM % 18000))
        cat >"$work/sshd_config" <<END
Port $port
ListenAddress 127.0.0.1
HostKey $work/host_ed25519
HostKey $work/host_rsa
PidFile none
AuthorizedKeysFile none
PubkeyAuthentication no
UsePAM yes
PasswordAuthentication $password
KbdInteractiveAuthentication $interactive
AllowUsers $user
MaxAuthTries 6
MaxStartups 100
PrintMotd no
END
        mkdir -p /run/sshd
        "$sshd" -D -e -f "$work/sshd_config" >>"$work/sshd.log" 2>&1 &
        sshd_pid=$!
        e2e_pids[$sshd_pid]=sshd
        for _ in $(seq 100); do
            kill -0 "$sshd_pid" 2>/dev/null || break
            grep -q "listening on 127.0.0.1 port $port" "$work/sshd.log" && return 0
            sleep 0.05
        done
        end_process "$sshd_pid" KILL
    done
    fail "the SSH server starts" "$(tail -n 5 "$work/sshd.log")"
    e2e_end
}

for kind in ed25519 rsa; do must ssh-keygen -q -t "$kind" -N '' -C "host $kind" -f "$work/host_$kind"; done
