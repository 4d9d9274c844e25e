/* Ending leases that are over, see lease_notice.h. */
#include "field-client/console/lease_notice.h"

const char *cs_lease_end_words(const struct cs_command *command, enum cs_vault_lease_end end)
{
    static const char *const chinese[CS_VAULT_LEASE_END_COUNT] = {
        [CS_VAULT_LEASE_LIVE] = "有效",      [CS_VAULT_LEASE_RETURNED] = "已归还",
        [CS_VAULT_LEASE_EXPIRED] = "已到期", [CS_VAULT_LEASE_CLOCK] = "时钟回拨",
        [CS_VAULT_LEASE_REVOKED] = "已吊销", [CS_VAULT_LEASE_WITHDRAWN] = "权限已收回",
        [CS_VAULT_LEASE_REFUSED] = "被拒绝", [CS_VAULT_LEASE_REPLACED] = "设备已重新加入",
    };
    return command->chinese && (unsigned)end < CS_VAULT_LEASE_END_COUNT
               ? chinese[end]
               : cs_vault_lease_end_name(end);
}

void cs_lease_notice(struct cs_command *command)
{
    struct cs_vault_settled settled = {.live = 0};
    enum cs_status status = cs_vault_leases_settle(command->replica, &settled);
    if (status != CS_OK) {
        cs_command_note(command,
                        CS_WORDS(command, "leases of passwords could not be looked at: %s",
                                 "无法检查密码借用:%s"),
                        cs_status_text(status));
        return;
    }
    for (int i = 1; i < CS_VAULT_LEASE_END_COUNT; i++) {
        const char *why = cs_lease_end_words(command, (enum cs_vault_lease_end)i);
        if (settled.ended[i] == 1) {
            cs_command_note(command,
                            CS_WORDS(command, "a lease of passwords is over (%s): its key is gone",
                                     "一份密码借用已结束(%s),密钥已销毁"),
                            why);
        } else if (settled.ended[i] > 1) {
            cs_command_note(command,
                            CS_WORDS(command,
                                     "%zu leases of passwords are over (%s): their keys are gone",
                                     "%zu 份密码借用已结束(%s),密钥已销毁"),
                            settled.ended[i], why);
        }
    }
    if (settled.requests > 0) {
        cs_command_note(command,
                        CS_WORDS(command,
                                 "requests for passwords that nobody approved within %d days are "
                                 "over: %zu; ask again",
                                 "%d 天内无人批准的密码查看请求已失效:%zu 项,需重新申请"),
                        CS_VAULT_WAITING_DAYS_MAX, settled.requests);
    }
}
