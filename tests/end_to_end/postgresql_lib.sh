# A real PostgreSQL server for the scripts about rotation: sourced after lib.sh, never run. Afterwards make_cluster and start_cluster.
# shellcheck shell=bash

bin=$(pg_config --bindir 2>/dev/null)
for folder in "$bin" /usr/lib/postgresql/*/bin; do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && bin=$folder && break
done
[ -x "$bin/initdb" ] || skip "there is no PostgreSQL server here: tools/install-dependencies interop"
command -v psql >/dev/null || skip "there is no psql here: tools/install-dependencies interop"
command -v openssl >/dev/null || skip "there is no openssl here: tools/install-dependencies check"

# The server does not run as root.
declare -a as_server=()
owner=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    owner=nobody
    id postgres >/dev/null 2>&1 && owner=postgres
    as_server=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --clear-groups)
fi
data=$work/pg/data
log=$work/pg/log

make_certificates()
{
    cd "$work/pg" || exit 1
    for name in ca other; do
        must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" -keyout "$name.key" -out "$name.pem"
    done
    must openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key -out server.csr
    printf 'subjectAltName=IP:127.0.0.1\n' >server.ext
    must openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem
    chmod 600 server.key
    cd "$work" || exit 1
}

make_cluster()
{
    mkdir -p "$work/pg"
    make_certificates
    printf '%s\n' "$admin_password" >"$work/pg/password"
    [ "$(id -u)" -ne 0 ] || { chmod 711 "$work"; chown -R "$owner" "$work/pg"; }
    must "${as_server[@]}" "$bin/initdb" -D "$data" -U admin -A scram-sha-256 --pwfile="$work/pg/password" -E UTF8 --no-locale --no-sync
    rm "$work/pg/password"
    cat >>"$data/postgresql.conf" <<END
listen_addresses = '127.0.0.1,127.0.0.2'
unix_socket_directories = ''
log_statement = all
log_connections = on
max_connections = 20
fsync = off
ssl = on
ssl_cert_file = '$work/pg/server.pem'
ssl_key_file = '$work/pg/server.key'
END
    printf '%s\n' 'host all trusting 127.0.0.1/32 trust' 'host all old 127.0.0.1/32 md5' 'host all all 127.0.0.0/8 scram-sha-256' \
        >"$data/pg_hba.conf"
}

start_cluster()
{
    for _ in $(seq 20); do
        port=$((12000 + RANDOM % 18000))
        "${as_server[@]}" "$bin/postgres" -D "$data" -p "$port" >>"$log" 2>&1 &
        postgres_pid=$!
        e2e_pids[$postgres_pid]=postgres
        for _ in $(seq 200); do
            kill -0 "$postgres_pid" 2>/dev/null || break
            sql 'SELECT 1' >/dev/null 2>&1 && return 0
            sleep 0.05
        done
        end_process "$postgres_pid" INT
    done
    fail "PostgreSQL starts" "$(tail -n 5 "$log")"
    e2e_end
}

# sql STATEMENT: as the administrator.
sql()
{
    PGPASSWORD=$admin_password psql -XqAt -h 127.0.0.1 -p "$port" -U admin -d postgres -v ON_ERROR_STOP=1 -c "$1"
}

# verifier_of USER: the verifier that the server has.
verifier_of()
{
    sql "SELECT rolpassword FROM pg_authid WHERE rolname = '$1'"
}

# works USER PASSWORD: an independent login.
works()
{
    PGPASSWORD=$2 psql -XqAt -h 127.0.0.1 -p "$port" -U "$1" -d postgres -c 'SELECT 1' >/dev/null 2>&1
}

admin_password=admin-$RANDOM$RANDOM
