/* One vault: its credentials, and who is let in. */
import { useState } from 'preact/hooks';
import { useCommand } from '../api';
import { href, replaceQuery, type PageProps } from '../app/router';
import { Badge, Button, LinkButton, Show, Tabs, TextInput } from '../design';
import { t } from '../i18n';
import type { Members } from '../vault';
import { AddDialog } from './ItemDialogs';
import { ItemTable } from './ItemTable';
import { MemberList } from './MemberList';
import { RekeyNotice } from './RekeyNotice';
import { matching } from './search';
import { SecurityPage } from './SecurityPage';
import { useAccess, useItems } from './use-vaults';

function Credentials({ project }: { project: string }) {
    const items = useItems(project);
    const [wanted, setWanted] = useState('');
    const [adding, setAdding] = useState(false);
    return (
        <div class="stack">
            <div class="row">
                <div class="grow">
                    <TextInput type="search" value={wanted} onChange={setWanted} label={t('security.search_items')} placeholder={t('security.search_items')} />
                </div>
                <Button kind="primary" icon="plus" data-shortcut="new" onClick={() => setAdding(true)}>
                    {t('security.add_item')}
                </Button>
            </div>
            <Show loaded={items}>
                {(data) => (
                    <ItemTable
                        items={matching(data.items, wanted)}
                        empty={data.items.length === 0 ? t('security.no_items') : t('common.nothing_found')}
                    />
                )}
            </Show>
            {adding && <AddDialog project={project} onClose={() => setAdding(false)} />}
        </div>
    );
}

export function Vault({ params, query }: PageProps<'/security/vaults/:project'>) {
    const members = useCommand<Members>(['vault', 'members', params.project]);
    const name = useAccess().data?.access.find((each) => each.project === params.project)?.project_name;
    const tab = query.get('tab') === 'members' ? 'members' : 'items';
    return (
        <SecurityPage
            title={name ?? t('security.vault')}
            actions={
                <>
                    {members.data?.four_eyes === true && <Badge tone="accent">{t('security.four_eyes')}</Badge>}
                    <LinkButton icon="sync" href={href('rotation', { project: params.project })}>
                        {t('security.campaign')}
                    </LinkButton>
                    <LinkButton icon="history" href={href('disclosures', {}, { about: 'project', of: params.project })}>
                        {t('security.disclosures')}
                    </LinkButton>
                </>
            }
        >
            <RekeyNotice project={params.project} />
            <Tabs
                label={t('security.vault')}
                tabs={[
                    { key: 'items', title: t('security.credentials') },
                    { key: 'members', title: t('security.members') },
                ]}
                current={tab}
                onChange={(next) => replaceQuery({ tab: next })}
            >
                {tab === 'items' ? (
                    <Credentials project={params.project} />
                ) : (
                    <Show loaded={members}>{(data) => <MemberList members={data} project={params.project} />}</Show>
                )}
            </Tabs>
        </SecurityPage>
    );
}
