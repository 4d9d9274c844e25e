#!/usr/bin/env bash
# One more entity, known to nothing but its descriptor (extra_registry.c): table, checks, CSV, JSON, rights and sync come with it. And
# old and new programs side by side.
# usage: made_up_entity.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" made_up_entity "$@"

core_client=$client_program
core_server=$server_program
extra_client=$helpers/countersign-extra
extra_server=$helpers/countersign-server-extra
if [ ! -x "$extra_client" ] || [ ! -x "$extra_server" ]; then
    fail "countersign-extra is not in $helpers"
    e2e_end
fi

# new_loan HOME FIELD=VALUE…: the id in $loan.
new_loan()
{
    local home=$1
    shift
    must "$client_program" --home "$work/$home" new tool_loan "$@"
    loan=$out
}

client_program=$extra_client
server_program=$extra_server
new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
invite_and_join office li 李强 technician
must "$client_program" --home "$work/office" list person name=李强 --json
li=$(member id)
must "$client_program" --home "$work/office" new part code=BJ-1 name=万用表

# ---- by descriptor alone ----
expect_code 0 "entities knows it" "$client_program" --home "$work/office" entities tool_loan --json
expect_match "with its Chinese name" '"label_zh": "工具借用"' "$out"
expect_match "and its fields" '"name": "borrowed_on"' "$out"
new_loan office "person=$li" tool=扭力扳手 borrowed_on=2026-02-28 returned=false deposit=20000 condition=new part=BJ-1
expect_code 0 "get shows it" "$client_program" --home "$work/office" get tool_loan "$loan" --json
expect_equal "every value is there" "$li|扭力扳手|2026-02-28|false|20000|new" \
    "$(member person)|$(member tool)|$(member borrowed_on)|$(member returned)|$(member deposit)|$(member condition)"
expect_code 0 "list finds it by a field" "$client_program" --home "$work/office" list tool_loan condition=new --json
expect_equal "once" 1 "$(rows)"
on office get tool_loan "$loan"
expect_match "for people, the part is shown by its name" 万用表 "$out"

expect_code 1 "a date that is none" "$client_program" --home "$work/office" set tool_loan "$loan" borrowed_on=2026-02-30
expect_match "is refused by name" 'tool_loan\.borrowed_on' "$err"
expect_code 1 "a boolean that is none" "$client_program" --home "$work/office" set tool_loan "$loan" returned=maybe
expect_code 1 "a choice that is none" "$client_program" --home "$work/office" set tool_loan "$loan" condition=rusty
expect_match "shows the choices" 'new.*used.*broken' "$err"
expect_code 1 "a deposit below its minimum" "$client_program" --home "$work/office" set tool_loan "$loan" deposit=-1
expect_code 1 "a text over 40 bytes" "$client_program" --home "$work/office" set tool_loan "$loan" "tool=$(printf '扳手%.0s' 1 2 3 4 5 6 7)"
expect_code 1 "a part that there is not" "$client_program" --home "$work/office" set tool_loan "$loan" part=BJ-2
expect_code 1 "a required field that is missing" "$client_program" --home "$work/office" new tool_loan "person=$li"
expect_code 2 "a field that there is not" "$client_program" --home "$work/office" set tool_loan "$loan" depositt=1
expect_match "shows near ones" deposit "$err"

{
    printf '借用人,工具,借出日期,已归还,押金(分),状况,备件\n'
    for i in $(seq 50); do printf '%s,"梯子, %d号",2026-01-%02d,%s,%d,used,BJ-1\n' "$li" "$i" $((i % 28 + 1)) "$([ $((i % 2)) = 0 ] && echo true || echo false)" $((i * 100)); done
} >"$work/loans.csv"
expect_code 0 "CSV with Chinese headings" "$client_program" --home "$work/office" import tool_loan "$work/loans.csv" --json
expect_equal "all 50 rows" 50 "$(member inserted)"
expect_code 0 "the same CSV again" "$client_program" --home "$work/office" import tool_loan "$work/loans.csv" --json
expect_equal "changes nothing" "0 0 50" "$(member inserted) $(member updated) $(member unchanged)"
must "$client_program" --home "$work/office" export tool_loan
expect_equal "the export has a heading and all rows" 52 "$(wc -l <"$work/.out")"
cp "$work/.out" "$work/export.csv"
expect_code 0 "the export is imported" "$client_program" --home "$work/office" import tool_loan "$work/export.csv" --json
expect_equal "and changes nothing" "0 0 51" "$(member inserted) $(member updated) $(member unchanged)"

sync_equal office "sync of the new entity"
expect_equal "nothing is refused or held" "0 0" "$(member refused) $(member held)"
sync_equal li "its borrower receives it"
expect_equal "all of it" 51 "$(count li tool_loan)"
expect_code 1 "a technician may not change the deposit" "$client_program" --home "$work/li" set tool_loan "$loan" deposit=1
expect_match "which is said" 'not permitted|may not|deposit' "$err"
expect_code 1 "nor make one" "$client_program" --home "$work/li" new tool_loan "person=$li" tool=锤子
expect_code 0 "but note that it was returned" "$client_program" --home "$work/li" set tool_loan "$loan" returned=true
sync_equal li "which is sent"
sync_equal office "and received"
on office get tool_loan "$loan" --json
expect_equal "by the office" true "$(member returned)"
must "$client_program" --home "$work/office" set tool_loan "$loan" condition=used
must "$client_program" --home "$work/li" set tool_loan "$loan" condition=broken
sync_equal li "two people change one field: the first"
sync_equal office "and the second"
sync_equal office "once more"
expect_equal "the other value is kept as a conflict" 1 "$(count office conflict entity=tool_loan state=open)"
expect_code 0 "a row is deleted" "$client_program" --home "$work/office" delete tool_loan "$(client office list tool_loan "tool=梯子, 7号" --json | sed -n 's/.*"id": "\([^"]*\)".*/\1/p' | head -n 1)"
sync_equal office "the deletion is sent"
sync_equal li "and received"
expect_equal "it is gone there too" 50 "$(count li tool_loan)"

# ---- an old client and a new server ----
client_program=$core_client
must "$extra_client" --home "$work/office" invite --person 赵敏 --role technician --output "$work/zhao.invite"
join zhao "$work/zhao.invite"
client_program=$extra_client
zhao=$(client office list person name=赵敏 --json | sed -n 's/.*"id": "\([^"]*\)".*/\1/p' | head -n 1)
new_loan office "person=$zhao" tool=电钻 deposit=5000
zhao_loan=$loan
must "$client_program" --home "$work/office" set part BJ-1 price_cents=990
sync_equal office "a loan for a person with an old client"
client_program=$core_client
sync_equal zhao "the old client syncs with the new server, and proves equal"
expect_code 2 "it does not know the entity" "$client_program" --home "$work/zhao" list tool_loan
on zhao get part BJ-1 --json
expect_equal "it has what it knows" 990 "$(member price_cents)"
client_program=$extra_client
must "$client_program" --home "$work/office" set tool_loan "$zhao_loan" deposit=6000
sync_equal office "a change of it"
client_program=$core_client
sync_equal zhao "the old client goes on syncing"
expect_code 0 "its doctor finds nothing" "$client_program" --home "$work/zhao" doctor
client_program=$extra_client
expect_code 0 "the same replica with the new client" "$client_program" --home "$work/zhao" get tool_loan "$zhao_loan" --json
expect_equal "shows what the old one kept" "电钻 6000" "$(member tool) $(member deposit)"
must "$client_program" --home "$work/zhao" set tool_loan "$zhao_loan" returned=true
sync_equal zhao "and may change it"
expect_code 0 "doctor finds nothing" "$client_program" --home "$work/zhao" doctor
stop_server

# ---- new clients and an old server ----
client_program=$extra_client
server_program=$core_server
new_server old
join boss "$work/old.invite" --person 钱经理
must "$client_program" --home "$work/boss" sync
invite_and_join boss sun 孙师傅 technician
sun=$(client boss list person name=孙师傅 --json | sed -n 's/.*"id": "\([^"]*\)".*/\1/p' | head -n 1)
new_loan boss "person=$sun" tool=热像仪 deposit=80000
must "$client_program" --home "$work/boss" new customer code=KH-1 name=第一医院
sync_equal boss "a new client syncs with the old server"
expect_equal "what the server does not know is not refused" 0 "$(member refused)"
expect_equal "but held" 1 "$(member held)"
on boss get tool_loan "$loan" --json
expect_equal "its author still has it" 热像仪 "$(member tool)"
must "$client_program" --home "$work/boss" set tool_loan "$loan" deposit=90000
sync_equal boss "a change of what is held"
on boss status --json
expect_equal "status counts both as held" 2 "$(member held)"
must "$client_program" --home "$work/boss" new customer code=KH-2 name=第二医院
sync_equal boss "other work goes on"
must "$server_program" status "$work/old" --json
expect_equal "the server counts what it holds" 2 "$(member held)"
sync_equal sun "the other client"
expect_equal "has not received it yet" 0 "$(count sun tool_loan)"

port=$server_port
stop_server
server_program=$extra_server
if start_server "$work/old" "$port"; then pass "the new server starts on the old server's folder"; else fail "the new server starts on the old server's folder" "$(tail -n 3 "$server_log")"; fi
sync_equal boss "the author's next sync"
sync_equal boss "and one more"
on boss status --json
expect_equal "nothing is held any more" "0 0" "$(member held) $(member refused)"
must "$server_program" status "$work/old" --json
expect_equal "nor on the server" 0 "$(member held)"
sync_equal sun "the other client receives it"
expect_code 0 "and shows it" "$client_program" --home "$work/sun" get tool_loan "$loan" --json
expect_equal "with the later change" "热像仪 90000" "$(member tool) $(member deposit)"
for home in boss sun; do expect_code 0 "$home: doctor finds nothing" "$client_program" --home "$work/$home" doctor; done
expect_code 0 "the server verifies" "$server_program" verify "$work/old"
e2e_end
