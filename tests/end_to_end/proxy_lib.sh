# A proxy that cuts connections, for scripts: sourced after lib.sh, never run.
# shellcheck shell=bash

proxy_program=$helpers/end_to_end_proxy
[ -x "$proxy_program" ] || { fail "end_to_end_proxy is not in $helpers"; e2e_end; }
proxy_says=

# start_proxy PORT|next: to that port, or to the one after its own, so that it can come before the server. Leaves $proxy_port.
start_proxy()
{
    for _ in $(seq 20); do
        proxy_port=$((12000 + RANDOM % 18000))
        proxy_target=$1
        [ "$1" != next ] || proxy_target=$((proxy_port + 1))
        coproc PROXY { exec "$proxy_program" "$proxy_port" "$proxy_target" 2>/dev/null; }
        # shellcheck disable=SC2153 # made by coproc
        proxy_pid=$PROXY_PID
        exec {proxy_out}<&"${PROXY[0]}" {proxy_in}>&"${PROXY[1]}"
        e2e_pids[$proxy_pid]=proxy
        IFS= read -r -t 10 proxy_says <&"$proxy_out" && [ "$proxy_says" = ready ] && return 0
        end_process "$proxy_pid" KILL
    done
    fail "the proxy starts"
    e2e_end
}

# tell LINE: what the proxy answers is in $proxy_says.
tell()
{
    printf '%s\n' "$1" >&"$proxy_in"
    IFS= read -r -t 10 proxy_says <&"$proxy_out" || { fail "the proxy answers to: $1"; e2e_end; }
}
