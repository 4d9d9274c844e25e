#!/usr/bin/env bash
# What a stolen laptop's folder shows: names of customers, a signature, passwords, leased ones, and the passphrase itself are looked for in every file of
# it, in every usual form, while programs run, after they have ended, and after one was killed; the same after another passphrase and a new key.
# usage: at_rest.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" at_rest "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"
customer=华东铁路局测试客户
person=收货人欧阳测试
note=Zanzibar-note-4711
# Of the signature as it was drawn.
point=1847,1259

# in_files HOME TEXT: the first file of the folder that has it: as it is, in hexadecimal, base64 or UTF-16; empty: none.
in_files()
{
    perl -MMIME::Base64 -MEncode -e '
        my ($folder, $text) = @ARGV;
        my $wide = decode("UTF-8", $text);
        my @forms = ($text, unpack("H*", $text), uc unpack("H*", $text), encode("UTF-16LE", $wide), encode("UTF-16BE", $wide));
        # Base64 of any alignment: the part of it that does not rest on what stands around it.
        for my $pad (0 .. 2) {
            my $coded = encode_base64("x" x $pad . $text, "");
            push @forms, substr($coded, $pad == 0 ? 0 : 4, int((length($text) - 3) / 3) * 4 - 4);
        }
        for my $file (glob "$folder/* $folder/.[!.]*") {
            next unless -f $file;
            open my $in, "<:raw", $file or die "$file: $!";
            local $/;
            my $bytes = <$in>;
            for my $form (@forms) {
                if (index($bytes, $form) >= 0) { print "$file\n"; exit }
            }
        }' "$work/$1" "$2"
}

# nothing_shows HOME WHEN
nothing_shows()
{
    local secret found=
    for secret in "$customer" "$person" "$note" "$point" "$canary" "correct horse battery staple" "SQLite format 3" "CREATE TABLE"; do
        found=$found$(in_files "$1" "$secret")
    done
    expect_equal "nothing readable on $1's disk $2" "" "$found"
}

new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 security
sync_all li
invite_and_join li zhao 赵六 technician
sync_all li zhao owner
zhao=$(on zhao status --json; member person)

# ---- the search finds what is there: in each form ----
mkdir "$work/open"
for form in cat 'xxd -p -c 1000' 'base64 -w 0' 'iconv -t UTF-16LE'; do
    command -v "${form%% *}" >/dev/null || continue
    printf '{%s}' "$customer" | $form >"$work/open/file"
    expect_equal "the search sees through: $form" "$work/open/file" "$(in_files open "$customer")"
done

# ---- a day's work ----
must "$client_program" --home "$work/owner" new customer "name=$customer"
customer_id=$out
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局 "customer=$customer_id"
project=$out
must "$client_program" --home "$work/owner" new system name=收费系统 "project=$project"
must "$client_program" --home "$work/owner" new service_request "reported_fault=$note" "system=$out"
must "$client_program" --home "$work/owner" new work_order number=WO-7 "request=$out" "technician=$zhao" status=assigned
sync_all owner
mkdir -m 700 "$work/shares"
must "$client_program" --home "$work/owner" vault recovery make --shares 3 --needed 2 --output "$work/shares"
sync_all li
must "$client_program" --home "$work/li" vault create P-1
printf '%s' "$canary" | "$client_program" --home "$work/li" vault add P-1 --name 数据库 --user admin >/dev/null || fail "a password is stored"
sync_all li zhao
must "$client_program" --home "$work/li" vault grant P-1 赵六 --rights list,reveal,lease
sync_all li zhao
expect_code 0 "passwords are taken along" "$client_program" --home "$work/zhao" vault lease --yes --json
on zhao list customer --json
expect_match "the technician has the customer" "$customer" "$out"
must "$client_program" --home "$work/zhao" visit start WO-7
visit=WO-7
must "$client_program" --home "$work/zhao" visit fault "$visit" "$note"
must "$client_program" --home "$work/zhao" visit work "$visit" "$note"
must "$client_program" --home "$work/zhao" visit result "$visit" solved
printf '[[[10,10],[%s],[%s]],[[20,50],[60,48]]]\n' "$point" "$point" >"$work/strokes.json"
must "$client_program" --home "$work/zhao" visit sign "$visit" --signer "$person" --strokes "$work/strokes.json"
must "$client_program" --home "$work/zhao" visit finish "$visit"
nothing_shows zhao "with unsent work"
nothing_shows owner "after its work"

# ---- while one runs, and when it is killed ----
parts_csv AR 3000 | sed "s/适用/$customer/" >"$work/parts.csv"
"$client_program" --home "$work/owner" import part "$work/parts.csv" >/dev/null 2>&1 &
importer=$!
for _ in 1 2 3 4 5 6; do
    sleep 0.15
    kill -0 "$importer" 2>/dev/null || break
    nothing_shows owner "while it writes"
done
kill -KILL "$importer" 2>/dev/null
wait "$importer" 2>/dev/null
nothing_shows owner "after it was killed"
sync_equal owner "it goes on after that"
nothing_shows owner "after a sync"
sync_equal zhao "what was signed arrives"
nothing_shows zhao "after its sync"
expect_code 0 "a leased password is seen" "$client_program" --home "$work/zhao" vault reveal 数据库 --reason "$note"
out=
rm -f "$work/.out"
nothing_shows zhao "after a password was shown"

# ---- another passphrase, another key ----
cp -r "$work/zhao" "$work/copied"
printf 'an entirely different one\n' >"$work/next"
COUNTERSIGN_NEW_PASSPHRASE_FILE=$work/next must "$client_program" --home "$work/zhao" passphrase --new-key --kdf-memory-mib 64
expect_code 3 "the old passphrase is not taken" "$client_program" --home "$work/zhao" status
# The replica of now under the identity of before.
cp "$work/zhao/replica.db" "$work/copied/replica.db"
rm -f "$work/copied/replica.db-wal"
expect_code 1 "an old copy of the identity does not open the replica of now" "$client_program" --home "$work/copied" status
expect_match "and what to do is said" "does not open with this identity" "$err"
export COUNTERSIGN_PASSPHRASE_FILE=$work/next
on zhao list customer --json
expect_match "all is there under the new one" "$customer" "$out"
expect_code 0 "and sound" "$client_program" --home "$work/zhao" doctor
sync_equal zhao "and goes on"
nothing_shows zhao "under its new key"
expect_equal "no other file is left" "identity identity.joining replica.db" "$(cd "$work/zhao" && echo *)"
e2e_end
