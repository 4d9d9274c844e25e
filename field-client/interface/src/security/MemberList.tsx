/* Who is let into a vault, with which rights and until when. */
import { useState } from 'preact/hooks';
import { href } from '../app/router';
import { Badge, Button, EmptyState, LinkButton, Table } from '../design';
import { formatInstant, t } from '../i18n';
import { rightsText, type Member, type Members } from '../vault';
import { GrantDialog, RevokeDialog } from './MemberDialogs';

function Standing({ member }: { member: Member }) {
    if (member.revoked) {
        return <Badge tone="danger">{t('vault.standing_revoked')}</Badge>;
    }
    if (member.expired) {
        return <Badge tone="warning">{t('security.expired')}</Badge>;
    }
    if (!member.granted) {
        return <Badge tone="warning">{t('security.not_let_in')}</Badge>;
    }
    return member.has_key ? <Badge tone="success">{t('vault.standing_active')}</Badge> : <Badge tone="warning">{t('security.lacks_key')}</Badge>;
}

type Doing = { what: 'grant'; member?: Member } | { what: 'revoke'; member: Member };

export function MemberList({ members, project }: { members: Members; project: string }) {
    const [doing, setDoing] = useState<Doing>();
    const close = () => setDoing(undefined);
    return (
        <div class="stack">
            <div class="spread">
                <p class="muted">{t('security.members_text')}</p>
                <Button kind="primary" icon="plus" onClick={() => setDoing({ what: 'grant' })}>
                    {t('security.grant')}
                </Button>
            </div>
            {members.members.length === 0 ? (
                <EmptyState icon="user" title={t('security.no_members')} />
            ) : (
                <Table
                    caption={t('security.members')}
                    rows={members.members}
                    keyOf={(member) => member.fingerprint}
                    columns={[
                        {
                            key: 'person',
                            title: t('vault.person'),
                            show: (member) => (
                                <>
                                    {member.person_name}
                                    <div class="muted small">{member.device}</div>
                                </>
                            ),
                        },
                        { key: 'rights', title: t('security.rights'), show: (member) => rightsText(member.rights) },
                        { key: 'until', title: t('security.until'), show: (member) => formatInstant(member.until) || t('security.no_end') },
                        { key: 'standing', title: t('security.standing'), show: (member) => <Standing member={member} /> },
                        {
                            key: 'actions',
                            title: t('common.actions'),
                            show: (member) => (
                                <div class="row">
                                    <Button icon="edit" onClick={() => setDoing({ what: 'grant', member })}>
                                        {t('common.edit')}
                                    </Button>
                                    <Button icon="trash" onClick={() => setDoing({ what: 'revoke', member })}>
                                        {t('security.revoke')}
                                    </Button>
                                    <LinkButton icon="user" href={href('exposed', {}, { person: member.person })}>
                                        {t('security.knows')}
                                    </LinkButton>
                                </div>
                            ),
                        },
                    ]}
                />
            )}
            {doing?.what === 'grant' && <GrantDialog project={project} member={doing.member} onClose={close} />}
            {doing?.what === 'revoke' && <RevokeDialog project={project} member={doing.member} onClose={close} />}
        </div>
    );
}
