/* Passwords of customers' systems that this person may see: found, shown with a reason, taken along on a lease. */
import { useState } from 'preact/hooks';
import { useCommand } from '../api';
import { Badge, Button, EmptyState, ErrorNotice, Loading, Show, TextInput } from '../design';
import { t } from '../i18n';
import { RevealDialog, wordOf, type Item, type RevealWish, type ShownItem } from '../vault';
import { Leases } from './Leases';
import { PasswordsWaiting } from './PasswordsWaiting';
import { useOrders } from './use-orders';

/* The newest version of each field is what is asked for: the command chooses the one in force. */
function fieldsOf(item: ShownItem): string[] {
    return [...new Set(item.versions.map((version) => version.field))];
}

function ItemFields({ id, onWish }: { id: string; onWish: (wish: RevealWish) => void }) {
    const item = useCommand<ShownItem>(['vault', 'show', id]);
    if (item.error !== undefined) {
        return <ErrorNotice error={item.error} again={item.again} />;
    }
    if (item.data === undefined) {
        return <Loading />;
    }
    const data = item.data;
    return (
        <div class="row">
            {fieldsOf(data).map((field) =>
                field === 'totp' ? (
                    <Button key={field} icon="key" onClick={() => onWish({ item: id, name: data.name, field, code: true })}>
                        {t('vault.code')}
                    </Button>
                ) : (
                    <Button key={field} icon="eye" onClick={() => onWish({ item: id, name: data.name, field })}>
                        {field === 'password' ? t('vault.reveal') : wordOf('field', field)}
                    </Button>
                ),
            )}
            {data.versions.length === 0 && <span class="small muted">{t('technician.no_secret')}</span>}
            {data.versions.some((version) => version.four_eyes) && <Badge tone="warning">{t('technician.four_eyes')}</Badge>}
        </div>
    );
}

function ItemCard({ item, onWish }: { item: Item; onWish: (wish: RevealWish) => void }) {
    return (
        <li class="card order">
            <div class="grow">
                <strong>{item.name}</strong> <Badge>{item.project_name}</Badge>
                <span class="block small muted fixed">{[item.user, item.address].filter(Boolean).join(' @ ')}</span>
            </div>
            <ItemFields id={item.id} onWish={onWish} />
        </li>
    );
}

function fits(item: Item, wanted: string): boolean {
    const text = `${item.name} ${item.project_name} ${item.user} ${item.address}`.toLowerCase();
    return wanted
        .toLowerCase()
        .split(/\s+/)
        .every((word) => text.includes(word));
}

export function Passwords() {
    const items = useCommand<{ items: Item[] }>(['vault', 'list']);
    const [wanted, setWanted] = useState('');
    const [wish, setWish] = useState<RevealWish>();
    const { orders } = useOrders();
    return (
        <div class="stack">
            <h1>{t('technician.passwords')}</h1>
            <PasswordsWaiting onWish={setWish} />
            <Leases />
            <h2>{t('technician.credentials')}</h2>
            <TextInput type="search" label={t('common.search')} placeholder={t('technician.credential_placeholder')} value={wanted} onChange={setWanted} />
            <Show loaded={items}>
                {(data) => {
                    const found = data.items.filter((item) => fits(item, wanted));
                    return found.length === 0 ? (
                        <EmptyState icon="key" title={data.items.length === 0 ? t('technician.no_credentials') : t('common.nothing_found')} />
                    ) : (
                        <ul class="orders">
                            {found.map((item) => (
                                <ItemCard key={item.id} item={item} onWish={setWish} />
                            ))}
                        </ul>
                    );
                }}
            </Show>
            {wish !== undefined && (
                <RevealDialog
                    wish={wish}
                    workOrders={orders.map((order) => ({ value: order.id, label: `${order.number ?? ''} ${order.labels['request'] ?? ''}` }))}
                    onClose={() => setWish(undefined)}
                />
            )}
        </div>
    );
}
