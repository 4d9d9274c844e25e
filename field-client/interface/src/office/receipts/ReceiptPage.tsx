/* A receipt as the customer signed it, to be read, verified, and printed. */
import { useState } from 'preact/hooks';
import { option, useCommand } from '../../api';
import { href } from '../../app/router';
import { Button, DefinitionList, LinkButton, Notice, Show, Table } from '../../design';
import { formatAmount, formatInstant, t } from '../../i18n';
import { fieldOf, useEntity, type Row } from '../../records/entities';
import { showValue } from '../values';
import { SignatureDrawing, type Strokes } from './Strokes';
import { Verdict, type Check } from './verify';
import { VoidDialog } from './VoidDialog';

interface Named {
    name?: string | null;
    number?: string | null;
    address?: string | null;
    phone?: string | null;
    contact?: string | null;
    instruction?: string | null;
}

interface Part {
    id: string;
    code: string | null;
    name: string | null;
    spec: string | null;
    unit: string | null;
    serial: string | null;
    reason: string | null;
    quantity: number;
    price_cents: number | null;
}

interface Snapshot {
    work_order?: Named | null;
    customer?: Named | null;
    site?: Named | null;
    system?: Named | null;
    technician?: Named | null;
    reported_fault?: string | null;
    arrived_at?: string | null;
    left_at?: string | null;
    actual_fault?: string | null;
    work_done?: string | null;
    result?: string | null;
    parts?: Part[];
}

interface Shown {
    id: string;
    number: string;
    visit: string | null;
    signer: string;
    signed_at: string;
    _unsent: boolean;
    snapshot: Snapshot | null;
    strokes: Strokes | null;
}

function joined(...parts: (string | null | undefined)[]): string {
    return parts.filter((part) => part !== null && part !== undefined && part !== '').join(' · ');
}

function Parts({ parts }: { parts: readonly Part[] }) {
    const reason = useEntity('stock_movement')?.fields.find((field) => field.name === 'reason');
    return (
        <Table
            caption={t('office.parts')}
            rows={parts}
            keyOf={(part) => part.id}
            columns={[
                { key: 'part', title: t('office.part'), show: (part) => joined(part.code, part.name, part.spec, part.serial) },
                { key: 'reason', title: t('office.part_reason'), show: (part) => showValue(reason, part.reason) },
                { key: 'quantity', title: t('office.quantity'), number: true, show: (part) => `${part.quantity} ${part.unit ?? ''}` },
                { key: 'price', title: t('office.price'), number: true, show: (part) => formatAmount(part.price_cents) },
            ]}
        />
    );
}

function Sheet({ receipt, snapshot }: { receipt: Shown; snapshot: Snapshot }) {
    const visit = useEntity('visit');
    const result = visit === undefined ? undefined : fieldOf(visit, 'result');
    return (
        <article class="card stack receipt-sheet">
            <div class="spread">
                <h2>{t('office.receipt')}</h2>
                <strong class="fixed">{receipt.number}</strong>
            </div>
            <DefinitionList
                items={[
                    [t('office.order'), snapshot.work_order?.number],
                    [t('office.customer'), joined(snapshot.customer?.name, snapshot.customer?.address, snapshot.customer?.phone)],
                    [t('office.site'), joined(snapshot.site?.name, snapshot.site?.address, snapshot.site?.contact, snapshot.site?.phone)],
                    [t('office.system'), snapshot.system?.name],
                    [t('office.technician'), snapshot.technician?.name],
                    [t('office.fault'), snapshot.reported_fault],
                    [t('office.arrived'), formatInstant(snapshot.arrived_at)],
                    [t('office.left'), formatInstant(snapshot.left_at)],
                    [t('office.actual_fault'), snapshot.actual_fault],
                    [t('office.work_done'), snapshot.work_done],
                    [t('office.result'), snapshot.result && showValue(result, snapshot.result)],
                ]}
            />
            {(snapshot.parts ?? []).length > 0 && <Parts parts={snapshot.parts ?? []} />}
            <div class="spread">
                <div>
                    <div class="muted small">{t('office.signer')}</div>
                    <strong>{receipt.signer}</strong>
                    <div class="small">{formatInstant(receipt.signed_at)}</div>
                </div>
                {receipt.strokes !== null && <SignatureDrawing strokes={receipt.strokes} signer={receipt.signer} />}
            </div>
        </article>
    );
}

function useVoid(id: string): Row | undefined {
    return useCommand<{ rows: Row[] }>(['list', 'receipt_void', `receipt=${id}`, option('limit', '1')]).data?.rows[0];
}

export function ReceiptPage({ params }: { params: { id: string } }) {
    const loaded = useCommand<Shown>(['receipt', 'show', params.id]);
    const verdict = useCommand<Check>(['receipt', 'verify', params.id]);
    const declared = useVoid(params.id);
    const [voiding, setVoiding] = useState(false);
    return (
        <Show loaded={loaded}>
            {(receipt) => (
                <div class="stack">
                    <div class="spread no-print">
                        <h1>
                            {t('office.receipt')} {receipt.number}
                        </h1>
                        <div class="row">
                            <LinkButton icon="back" href={href('receipts')}>
                                {t('office.receipts')}
                            </LinkButton>
                            {receipt.visit !== null && (
                                <LinkButton href={href('recordDetail', { entity: 'visit', id: receipt.visit })}>{t('office.visit')}</LinkButton>
                            )}
                            {declared === undefined && (
                                <Button icon="close" onClick={() => setVoiding(true)}>
                                    {t('office.void_this')}
                                </Button>
                            )}
                            <Button kind="primary" icon="print" onClick={() => window.print()}>
                                {t('common.print')}
                            </Button>
                        </div>
                    </div>
                    {declared !== undefined && (
                        <Notice tone="danger">
                            <strong>{t('office.is_void')}</strong>
                            <span>{String(declared['reason'] ?? '')}</span>
                        </Notice>
                    )}
                    {receipt._unsent && <Notice tone="warning">{t('common.unsent')}</Notice>}
                    <Verdict loaded={verdict} />
                    {receipt.snapshot === null ? (
                        <Notice tone="danger">{t('office.no_snapshot')}</Notice>
                    ) : (
                        <Sheet receipt={receipt} snapshot={receipt.snapshot} />
                    )}
                    {voiding && <VoidDialog number={receipt.number} onClose={() => setVoiding(false)} />}
                </div>
            )}
        </Show>
    );
}
