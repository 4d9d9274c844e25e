#!/usr/bin/env bash
# Rows from one laptop over the server to another, with real programs: local write, push and pull, an update, no news, memory; and in the
# same run what plain SQLite and its session extension take for the same rows. Each run is an organisation of its own.
# usage: records.sh PROGRAMS TEST_PROGRAMS FIGURES RUNS COUNT
# shellcheck source-path=SCRIPTDIR/../end_to_end
. "$(dirname "$0")/../end_to_end/lib.sh" records "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# sync_timed KEY HOME PIDS: leaves the answer in $out.
sync_timed()
{
    timed "$1" "$3" "$client_program" --home "$work/$2" sync --json
    ends_equal
    figure "$1.bytes_up" "$(member bytes_up)"
    figure "$1.bytes_down" "$(member bytes_down)"
    figure "$1.round_trips" "$(member round_trips)"
}

# no_news_within_tls HOME: what a sync without news gives to TLS and gets from it, heads of HTTP included. No agent runs.
no_news_within_tls()
{
    local up down
    must env "LD_PRELOAD=$quick_kdf $bench_programs/bench_count_tls.so" "COUNTERSIGN_COUNT_TLS=$work/tls" \
        "$programs/countersign" --home "$work/$1" sync --json
    ends_equal
    read -r up down <"$work/tls"
    if [ "$up" -le "$(member bytes_up)" ] || [ "$down" -le "$(member bytes_down)" ]; then need "TLS is counted" "more than the bodies" "$up, $down"; fi
    figure no_news.tls_up "$up"
    figure no_news.tls_down "$down"
}

# with_plain HOME: on a copy of it, before anything is written there.
with_plain()
{
    cp -a "$work/$1" "$work/copy"
    must env "LD_PRELOAD=$quick_kdf" "$bench_programs/bench_rows" "$work/copy" "$work/parts.csv" "$figures"
    rm -rf "$work/copy"
}

bench_parts 1 "$count" >"$work/parts.csv"
bench_parts 1 "$count" price >"$work/prices.csv"

for run in $(seq "$runs"); do
    name=run$run
    new_organisation "$name"
    with_plain "$name-office"
    start_agent "$name-office"
    office_agent=$agent_pid
    memory_of agent.unlocked "$office_agent"
    start_agent "$name-li"
    li_agent=$agent_pid

    timed import "$office_agent" "$client_program" --home "$work/$name-office" import part "$work/parts.csv" --json
    need "every row is new" "$count" "$(member inserted)"
    sync_timed push "$name-office" "$office_agent,$server_pid"
    need "all are sent" "$count 0 0" "$(member pushed) $(member refused) $(member held)"
    sync_timed pull "$name-li" "$li_agent,$server_pid"
    need "all are received" "$count" "$(member pulled)"

    sync_timed no_news "$name-li" "$li_agent,$server_pid"
    need "no news" "0 0 1" "$(member pushed) $(member pulled) $(member round_trips)"

    timed update.import "$office_agent" "$client_program" --home "$work/$name-office" import part "$work/prices.csv" --json
    updated=$(member updated)
    expect_number "nearly every price is another" $((count * 9 / 10)) "$count" "$updated"
    sync_timed update.push "$name-office" "$office_agent,$server_pid"
    need "every change is sent" "$updated" "$(member pushed)"
    sync_timed update.pull "$name-li" "$li_agent,$server_pid"
    need "and received" "$updated" "$(member pulled)"

    # An agent that nobody has used for half a minute gives memory back; where nothing is judged, that is not waited for.
    sleep $((runs > 1 ? 40 : 1))
    memory_of agent.office "$office_agent"
    memory_of agent.technician "$li_agent"
    end_process "$office_agent"
    end_process "$li_agent"
    no_news_within_tls "$name-li"
    stop_server
    rm -rf "${work:?}/$name" "$work/$name-office" "$work/$name-li"
    pass "run $run of $runs"
done
e2e_end
