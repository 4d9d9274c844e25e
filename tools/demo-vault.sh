# shellcheck shell=bash disable=SC2154 # Part of demo-day: its functions and variables are used.
# The chapter about passwords of customers' systems: stored, leased, shown without network, audited, changed, and what a leaver knew.

chen() { at chen "$@"; }

# Demonstration passwords; real ones are typed, or made by --generate.
old_password=His-2019-guahao
root_password=Root-2019-guahao

chapter "Passwords of the customers' systems" "客户系统的密码"
mkdir -m 700 "$folder/recovery"
office vault recovery make --shares 3 --needed 2 --output "$folder/recovery" >/dev/null 2>&1
cat "$folder/recovery/share-1.txt" "$folder/recovery/share-3.txt" | office vault recovery rehearse >/dev/null
say "王芳 makes the recovery key: three shares on paper, any two of which together could open the vaults if all officers' laptops were lost. Two of them are tried." \
    "王芳生成恢复密钥：三份写在纸上，万一所有安全员的电脑都丢失，任意两份合在一起才能打开密码库。现场用其中两份演练。"
office invite --person 陈静 --role security --output "$folder/chen.invite" >/dev/null 2>&1
chen join "$folder/chen.invite" --device 安全员的电脑 --kdf-memory-mib 64 >/dev/null
sync office 王芳
sync chen 陈静
chen vault create XM-1 >/dev/null
chen vault add XM-1 --name 挂号数据库 --user sa --address 10.1.0.5:1433 <<<"$old_password" >/dev/null
chen vault add XM-1 --name 挂号服务器 --user root --address 10.1.0.5 <<<"$root_password" >/dev/null
chen vault grant XM-1 李强 --rights list,reveal,lease >/dev/null
say "陈静 (security) takes over the passwords of the project 挂号系统 and lets 李强 see them when he needs them. The server holds ciphertext and half of each key." \
    "安全员陈静接管“挂号系统”项目的密码，并允许李强在需要时查看。服务器上只有密文和每个密钥的一半。"
chen vault list XM-1

tomorrow=$(date -d '+1 day' +%Y-%m-%d)
office new service_request "customer=$a" "system=${systems[0]}" reported_fault=备份失败 priority=high status=assigned >"$folder/request"
office new work_order number=PG-105 "request=$(cat "$folder/request")" "technician=$li_person" status=assigned "planned_start=$tomorrow 09:00" >/dev/null
sync office 王芳
sync li 李强
li vault lease --days 2 --yes
say "李强 goes there tomorrow, where there is no network: he leases the passwords of that order. All of them count as disclosed." \
    "李强明天去现场，那里没有网络：他为这张派工单借用密码，这些密码都计为已披露。"

stop_server
shown=$(li vault reveal 挂号数据库 --reason 备份任务无法登录 --work-order PG-105)
[ "$shown" = "$old_password" ] || failed "the leased password is not what was stored"
say "At the customer's, without network: the record is signed and on disk first, then the password is on his screen." \
    "在客户现场，断网：先签名并落盘，再显示密码。"
start_server
sync li 李强
sync chen 陈静
chen vault audit 李强
audit=$(chen vault audit 李强 --json)
grep -q 备份任务无法登录 <<<"$audit" || failed "the officer does not see the reveal and its reason"

say "The customer agrees to new passwords, and 陈静 changes them all: prepared and stored first, then put in place, tried, and confirmed." \
    "客户同意统一修改密码；陈静逐一修改：先准备并保存，再修改、验证、确认。"
chen vault rotate begin XM-1 --consent "周主任，$(date +%F) 电话同意，今晚 20:00 后修改" >/dev/null
chen vault rotate prepare XM-1 >/dev/null
for name in 挂号数据库 挂号服务器; do
    chen vault rotate applied XM-1 "$name" >/dev/null
    chen vault rotate verified XM-1 "$name" >/dev/null
done
chen vault rotate confirm XM-1 >/dev/null
chen vault rotate status XM-1
chen vault rotate end XM-1 --reason 全部修改完成 >/dev/null

chen vault revoke XM-1 李强 --reason 调离 >/dev/null
say "李强 leaves the project: the vault gets a new key, and this is what he knew." "李强调离该项目：密码库换新密钥，这是他知道的内容："
sync li 李强
sync chen 陈静
chen vault exposed 李强
if li vault reveal 挂号数据库 --reason 试一试 --work-order PG-105 >/dev/null 2>"$folder/refused.txt"; then
    failed "who was removed from a vault was shown a password"
fi
say "  李强 tries once more: $(tail -n 1 "$folder/refused.txt")" "  李强再试一次：$(tail -n 1 "$folder/refused.txt")"

# What was typed in clear is nowhere: neither in the server's folder nor in any laptop's, nor in what they printed.
for secret in "$old_password" "$root_password"; do
    if grep -r -a -F -l -- "$secret" "$folder" >"$folder/found.txt"; then
        failed "a password lies in clear in: $(cat "$folder/found.txt")"
    fi
done
say "  ✓ none of the passwords stands in clear in any file of the server or the laptops" "  ✓ 服务器和各台电脑的任何文件中都没有明文密码"
