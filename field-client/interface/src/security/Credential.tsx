/* One credential: what is stored, in which versions; secrets are shown on request. */
import { useState } from 'preact/hooks';
import { option, useCommand } from '../api';
import { href, type PageProps } from '../app/router';
import { Badge, Button, DefinitionList, LinkButton, Notice, Show, Table, type Option, type Tone } from '../design';
import { formatInstant, t } from '../i18n';
import { RevealDialog, wordOf, type Due, type RevealWish, type ShownItem, type Version } from '../vault';
import { EditDialog, SetDialog } from './ItemDialogs';
import { SecurityPage } from './SecurityPage';

const TONES: Record<string, Tone> = { confirmed: 'success', pending: 'warning', applied: 'warning', verified: 'accent' };

export function useWorkOrders(): Option[] {
    const orders = useCommand<{ rows: { id: string; number: string }[] }>(['list', 'work_order', option('limit', '500')]);
    return (orders.data?.rows ?? []).map((row) => ({ value: row.id, label: row.number })).reverse();
}

function Versions({ item, onReveal }: { item: ShownItem; onReveal: (wish: RevealWish) => void }) {
    const wishOf = (version: Version): RevealWish => ({ item: item.id, name: item.name, field: version.field, version: version.version });
    return (
        <Table
            caption={t('security.versions')}
            rows={[...item.versions].reverse()}
            keyOf={(version) => version.version}
            columns={[
                { key: 'field', title: t('vault.field'), show: (version) => wordOf('field', version.field) },
                {
                    key: 'state',
                    title: t('security.state'),
                    show: (version) => <Badge tone={TONES[version.state] ?? 'plain'}>{wordOf('state', version.state)}</Badge>,
                },
                { key: 'stored', title: t('security.stored_at'), show: (version) => formatInstant(version.stored_at) },
                { key: 'author', title: t('security.stored_by'), show: (version) => version.author_name },
                {
                    key: 'actions',
                    title: t('common.actions'),
                    show: (version) => (
                        <div class="row">
                            <Button icon="eye" onClick={() => onReveal(wishOf(version))}>
                                {t('security.show')}
                            </Button>
                            {version.field === 'totp' && version.state === 'confirmed' && (
                                <Button icon="lock" onClick={() => onReveal({ item: item.id, name: item.name, field: 'totp', code: true })}>
                                    {t('vault.code')}
                                </Button>
                            )}
                            {version.four_eyes && <Badge tone="accent">{t('security.four_eyes')}</Badge>}
                        </div>
                    ),
                },
            ]}
        />
    );
}

function DueNotice({ item }: { item: ShownItem }) {
    const due = useCommand<{ due: Due[] }>(['vault', 'due', item.project]);
    const whys = (due.data?.due ?? []).filter((each) => each.item === item.id);
    if (whys.length === 0) {
        return null;
    }
    return (
        <Notice tone="warning">
            <strong>{t('security.is_due')}</strong>
            <ul>
                {whys.map((why) => (
                    <li key={`${why.field} ${why.why} ${why.since}`}>
                        {wordOf('field', why.field)}{t('security.colon')}{wordOf('why', why.why)} {why.person_name} {formatInstant(why.since)} {why.reason}
                    </li>
                ))}
            </ul>
        </Notice>
    );
}

function Shown({ item }: { item: ShownItem }) {
    const [wish, setWish] = useState<RevealWish>();
    const [doing, setDoing] = useState<'edit' | 'set'>();
    const workOrders = useWorkOrders();
    return (
        <SecurityPage
            title={item.name}
            actions={
                <>
                    <Button kind="primary" icon="plus" onClick={() => setDoing('set')}>
                        {t('security.set_secret')}
                    </Button>
                    <Button icon="edit" data-shortcut="edit" onClick={() => setDoing('edit')}>
                        {t('common.edit')}
                    </Button>
                    <LinkButton icon="history" href={href('disclosures', {}, { about: 'item', of: item.id })}>
                        {t('security.disclosures')}
                    </LinkButton>
                    <LinkButton icon="alert" href={href('credentialLeak', { item: item.id })}>
                        {t('security.leak')}
                    </LinkButton>
                </>
            }
        >
            <DueNotice item={item} />
            <div class="card">
                <DefinitionList
                    items={[
                        [t('vault.project'), <a href={href('vault', { project: item.project })}>{item.project_name}</a>],
                        [t('vault.user'), <span class="fixed">{item.user}</span>],
                        [t('vault.address'), <span class="fixed">{item.address}</span>],
                    ]}
                />
            </div>
            <h2>{t('security.versions')}</h2>
            {item.versions.length === 0 ? <Notice>{t('security.no_secret_yet')}</Notice> : <Versions item={item} onReveal={setWish} />}
            {wish !== undefined && <RevealDialog wish={wish} workOrders={workOrders} mayInEmergency onClose={() => setWish(undefined)} />}
            {doing === 'edit' && <EditDialog item={item} onClose={() => setDoing(undefined)} />}
            {doing === 'set' && <SetDialog item={item} field="password" onClose={() => setDoing(undefined)} />}
        </SecurityPage>
    );
}

export function Credential({ params }: PageProps<'/security/credentials/:item'>) {
    const item = useCommand<ShownItem>(['vault', 'show', params.item]);
    return <Show loaded={item}>{(data) => <Shown item={data} />}</Show>;
}
