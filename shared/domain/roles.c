/* Roles by name, and who may invite whom; see descriptor.h. */
#include "shared/domain/descriptor.h"

#include "shared/domain/phrase.h"

static const struct {
    const char *name;
    const char *label_zh;
} role_table[CS_ROLE_COUNT] = {
#define CS_ROLE_ROW(name, text, label_zh) {text, label_zh},
    CS_ROLE_TABLE(CS_ROLE_ROW)
#undef CS_ROLE_ROW
};

/*
 * Who may give which roles to a new device (design §9). An inviter can impersonate whom he invites,
 * so nobody but the owner gives more than he has or oversees: the office takes on its own staff and
 * those it sends out, a manager technicians, security its own and the technicians it trusts with
 * credentials. Roles without a row invite nobody.
 */
static const cs_roles invite_table[CS_ROLE_COUNT] = {
    [CS_ROLE_INDEX_OWNER] = CS_ROLES_ALL,
    [CS_ROLE_INDEX_OFFICE] = CS_ROLE(OFFICE) | CS_ROLE(TECHNICIAN) | CS_ROLE(WAREHOUSE),
    [CS_ROLE_INDEX_MANAGER] = CS_ROLE(TECHNICIAN),
    [CS_ROLE_INDEX_SECURITY] = CS_ROLE(SECURITY) | CS_ROLE(TECHNICIAN),
};

/*
 * Who may revoke a device (design §9): the owner and security any, so that a lost laptop can be shut out by whoever
 * hears of it first; whoever invites takes back what he gave, and what was given on. Roles without a row revoke nobody.
 */
static const struct {
    cs_roles anyone;
    cs_roles invited;
} revoke_table[CS_ROLE_COUNT] = {
    [CS_ROLE_INDEX_OWNER] = {CS_ROLES_ALL, CS_ROLES_ALL},
    [CS_ROLE_INDEX_SECURITY] = {CS_ROLES_ALL, CS_ROLES_ALL},
    [CS_ROLE_INDEX_OFFICE] = {CS_ROLES_NONE, CS_ROLES_ALL},
    [CS_ROLE_INDEX_MANAGER] = {CS_ROLES_NONE, CS_ROLES_ALL},
};

const char *cs_role_name(enum cs_role_index role)
{
    cs_require((unsigned)role < CS_ROLE_COUNT);
    return role_table[role].name;
}

cs_roles cs_roles_may_invite(cs_roles inviter)
{
    cs_roles allowed = CS_ROLES_NONE;
    for (size_t i = 0; i < CS_ROLE_COUNT; i++) {
        if ((inviter & ((cs_roles)1 << i)) != 0) {
            allowed |= invite_table[i];
        }
    }
    return allowed;
}

cs_roles cs_roles_may_revoke(cs_roles revoker, enum cs_revoke_relation relation)
{
    cs_roles allowed = CS_ROLES_NONE;
    for (size_t i = 0; i < CS_ROLE_COUNT; i++) {
        if ((revoker & ((cs_roles)1 << i)) != 0) {
            allowed |=
                relation == CS_REVOKE_INVITED ? revoke_table[i].invited : revoke_table[i].anyone;
        }
    }
    return allowed;
}

static struct cs_bytes without_spaces(struct cs_bytes word)
{
    while (word.size > 0 && word.data[0] == ' ') {
        word.data++;
        word.size--;
    }
    while (word.size > 0 && word.data[word.size - 1] == ' ') {
        word.size--;
    }
    return word;
}

/* The role named by one word, in English or Chinese; none if there is no such role. */
static cs_roles role_of_word(struct cs_bytes word)
{
    for (size_t i = 0; i < CS_ROLE_COUNT; i++) {
        if (cs_bytes_equal_text(word, role_table[i].name) ||
            cs_bytes_equal_text(word, role_table[i].label_zh)) {
            return (cs_roles)1 << i;
        }
    }
    return CS_ROLES_NONE;
}

static enum cs_status refuse(struct cs_bytes word, struct cs_problem *problem)
{
    struct cs_phrase quoted = CS_PHRASE_EMPTY;
    struct cs_phrase known = CS_PHRASE_EMPTY;
    cs_phrase_add_quoted(&quoted, word);
    cs_phrase_add_roles(&known, CS_ROLES_ALL);
    return cs_problem_set(problem, CS_INVALID, "%s is not a role: one of %s", quoted.text,
                          known.text);
}

enum cs_status cs_roles_parse(struct cs_bytes text, cs_roles *out, struct cs_problem *problem)
{
    if (text.size == 0) {
        return refuse(text, problem);
    }
    cs_roles roles = CS_ROLES_NONE;
    for (size_t start = 0; start <= text.size;) {
        size_t end = start;
        while (end < text.size && text.data[end] != ',') {
            end++;
        }
        struct cs_bytes word = without_spaces(cs_bytes_make(text.data + start, end - start));
        cs_roles role = role_of_word(word);
        if (role == CS_ROLES_NONE) {
            return refuse(word, problem);
        }
        roles |= role;
        start = end + 1;
    }
    *out = roles;
    return CS_OK;
}

void cs_roles_format(cs_roles roles, struct cs_buffer *out)
{
    const char *separator = "";
    for (size_t i = 0; i < CS_ROLE_COUNT; i++) {
        if ((roles & ((cs_roles)1 << i)) != 0) {
            cs_buffer_append_text(out, separator);
            cs_buffer_append_text(out, role_table[i].name);
            separator = ",";
        }
    }
}
