#!/usr/bin/env bash
# A laptop's home is copied and both are used: both are told, both join again with a fresh invite, and nothing either of them holds is lost.
# usage: fork.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" fork "$@"

printf '[[[10,10],[40,32],[80,20]],[[20,50],[60,48]]]\n' >"$work/strokes.json"

new() # HOME ENTITY FIELD…: leaves the id in $id.
{
    local home=$1
    shift
    must "$client_program" --home "$work/$home" new "$@" --json
    id=$(member id)
}

order() # NUMBER: a work order for 李强
{
    new office service_request "customer=$customer" reported_fault=黑屏 priority=high status=assigned
    new office work_order "number=$1" "request=$id" "technician=$person" status=assigned
}

# visit HOME ORDER: a whole visit up to the signed receipt.
visit()
{
    must "$client_program" --home "$work/$1" visit start "$2" --json
    visit=$(member id)
    must "$client_program" --home "$work/$1" visit work "$visit" 更换电源
    must "$client_program" --home "$work/$1" visit fault "$visit" 电源损坏
    must "$client_program" --home "$work/$1" visit result "$visit" solved
    must "$client_program" --home "$work/$1" visit note "$visit" "在 $1 上记录"
    must "$client_program" --home "$work/$1" visit sign "$visit" --signer 周主任 --strokes "$work/strokes.json"
    must "$client_program" --home "$work/$1" visit finish "$visit"
}

# told HOME: a sync that says what is wrong and that nothing is lost; status says so for good.
told()
{
    expect_code 1 "$1: a sync is refused" "$client_program" --home "$work/$1" sync
    expect_match "$1: in plain words" 'copied or restored.*nothing it holds is lost.*new invite' "$err"
    on "$1" status
    expect_match "$1: status says what to do" 'must join again.*countersign join' "$out"
    on "$1" status --json
    expect_equal "$1: for programs too" FORKED "$(member must_join_again)"
}

# again HOME CARRIED: joins again with a fresh invite.
again()
{
    must "$client_program" --home "$work/office" invite --person 李强 --role technician --output "$work/$1.again"
    must "$client_program" --home "$work/office" sync
    expect_code 0 "$1: joins again" "$client_program" --home "$work/$1" join "$work/$1.again" --device "$1" --kdf-memory-mib 64 --json
    expect_equal "$1: with everything that was not sent" "true $2" "$(member again) $(member carried)"
    on "$1" doctor --json
    expect_equal "$1: is sound" 0 "$code"
    on "$1" status --json
    expect_equal "$1: all of it waits" "$2 null" "$(member waiting) $(member must_join_again)"
}

new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
invite_and_join office li 李强 technician
must "$client_program" --home "$work/office" sync
on office list person name=李强 --json
person=$(member id)
new office customer code=KH-1 name=第一医院 address=解放路1号 phone=021-5550001
customer=$id
for number in PG-1 PG-2 PG-3; do order "$number"; done
must "$client_program" --home "$work/office" sync
sync_equal li "the laptop has its orders"
visit li PG-1

# ---- the disk is copied with a visit on it that was never sent; both go on ----
cp -a "$work/li" "$work/copy"
visit li PG-2
visit copy PG-3
sync_equal li "the first of the two sends its work"
waiting_before=$(client copy status --json | tr '\n' ' ' | sed 's/.*"waiting": *\([0-9]*\).*/\1/')
told copy
told li
expect_code 1 "a laptop in order may not join again" "$client_program" --home "$work/office" join "$work/copy.none" --json
sync_equal office "the office syncs"
on office exceptions --json
expect_match "and sees it in plain words" 'copied or restored from an old copy; give it a new invite' "$out"
expect_equal "the visit of the copy is not there yet" 2 "$(count office visit)"

again copy "$waiting_before"
sync_equal copy "copy: sends its work under its new keys"
expect_equal "copy: what the other had sent counts as sent" 0 "$(member refused)"
again li 0
sync_equal li "li: goes on too"
visit_note="li goes on working"
must "$client_program" --home "$work/li" visit note "$visit" "$visit_note"
sync_equal li "li: with new work"
sync_equal copy "copy: receives it"
sync_equal office "the office has everything"
expect_equal "every visit once" 3 "$(count office visit)"
expect_equal "every receipt once" 3 "$(count office receipt)"
expect_equal "no conflict" 0 "$(count office conflict)"
on office exceptions --json
expect_match "the receipt that the copy signed with the old key is shown to the office" 'signed_on_copied_device' "$out"
for home in office li copy; do
    must "$client_program" --home "$work/$home" export visit
    tr -d '\r' <"$work/.out" | sort >"$work/$home.csv"
    must "$client_program" --home "$work/$home" doctor
done
expect_equal "both laptops and the office show the same visits" "$(cksum <"$work/office.csv") $(cksum <"$work/office.csv")" \
    "$(cksum <"$work/li.csv") $(cksum <"$work/copy.csv")"
on copy list receipt --json
while read -r receipt; do
    expect_code 0 "the receipt $receipt verifies on the copy" "$client_program" --home "$work/copy" receipt verify "$receipt"
done < <(grep -o '"id" *: *"[^"]*"' <<<"$out" | sed 's/.*"\([^"]*\)"$/\1/')
# The old keys are of no use any more, wherever they still are.
mkdir "$work/thief"
cp -a "$work/li/." "$work/thief/"
cp "$work"/li/identity.former-* "$work/thief/identity"
expect_code 1 "the former identity opens this replica no more" "$client_program" --home "$work/thief" status
e2e_end
