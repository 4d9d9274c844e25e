/* What lies in the technician's van, and how it came and went. */
import { useState } from 'preact/hooks';
import { Badge, EmptyState, Loading, Table, TextInput } from '../design';
import { formatAmount, formatInstant, t } from '../i18n';
import { useChoice, useRows, type Movement, type Part } from './rows';
import { useVanStock } from './van-stock';

const MOVEMENTS_SHOWN = 20;

interface Held {
    part: Part;
    quantity: number;
}

function fits(part: Part, wanted: string): boolean {
    return `${part.code} ${part.name} ${part.spec ?? ''}`.toLowerCase().includes(wanted.trim().toLowerCase());
}

function Movements({ van, moved }: { van: string; moved: readonly Movement[] }) {
    const reason = useChoice('stock_movement', 'reason');
    const latest = [...moved].sort((a, b) => b.id.localeCompare(a.id)).slice(0, MOVEMENTS_SHOWN);
    return (
        <Table
            caption={t('technician.movements')}
            rows={latest}
            keyOf={(row) => row.id}
            columns={[
                { key: 'at', title: t('technician.moved_at'), show: (row) => formatInstant(row.moved_at) },
                { key: 'part', title: t('technician.part'), show: (row) => row.labels['part'] },
                { key: 'quantity', title: t('technician.quantity'), number: true, show: (row) => (row.to === van ? `+${row.quantity}` : `−${row.quantity}`) },
                { key: 'reason', title: t('technician.movement_reason'), show: (row) => reason(row.reason) },
                { key: 'serial', title: t('technician.serial'), show: (row) => row.serial },
            ]}
        />
    );
}

function Holdings({ held }: { held: readonly Held[] }) {
    return (
        <Table
            caption={t('technician.stock')}
            rows={held}
            keyOf={({ part }) => part.id}
            columns={[
                { key: 'code', title: t('technician.code'), show: ({ part }) => <span class="fixed">{part.code}</span> },
                { key: 'name', title: t('technician.part'), show: ({ part }) => part.name },
                { key: 'spec', title: t('technician.spec'), show: ({ part }) => part.spec },
                {
                    key: 'quantity',
                    title: t('technician.in_van_title'),
                    number: true,
                    show: ({ part, quantity }) => <Badge tone={quantity < 0 ? 'danger' : quantity === 0 ? 'warning' : 'success'}>{`${quantity} ${part.unit ?? ''}`}</Badge>,
                },
                { key: 'price', title: t('technician.price'), number: true, show: ({ part }) => formatAmount(part.price_cents) },
            ]}
        />
    );
}

export function Stock() {
    const { van, stock, moved, loading } = useVanStock();
    const parts = useRows<Part>('part', []);
    const [wanted, setWanted] = useState('');
    if (loading || parts.data === undefined) {
        return <Loading />;
    }
    const known = new Map(parts.data.rows.map((part) => [part.id, part]));
    const held = [...stock]
        .flatMap(([id, quantity]) => {
            const part = known.get(id);
            return part !== undefined && fits(part, wanted) ? [{ part, quantity }] : [];
        })
        .sort((a, b) => a.part.code.localeCompare(b.part.code));
    return (
        <div class="stack">
            <h1>{van?.name ?? t('technician.stock')}</h1>
            {van === undefined ? (
                <EmptyState icon="box" title={t('technician.no_van')} />
            ) : (
                <>
                    <TextInput type="search" label={t('technician.part_search')} placeholder={t('technician.part_placeholder')} value={wanted} onChange={setWanted} />
                    {held.length === 0 ? (
                        <EmptyState icon="box" title={wanted === '' ? t('technician.van_empty') : t('common.nothing_found')} />
                    ) : (
                        <Holdings held={held} />
                    )}
                    {moved.length > 0 && (
                        <>
                            <h2>{t('technician.movements')}</h2>
                            <Movements van={van.id} moved={moved} />
                        </>
                    )}
                </>
            )}
        </div>
    );
}
