/* Receipts, newest first, with their search; the account of number series; numbers that do not stand. */
import { useEffect, useState } from 'preact/hooks';
import { CommandError, option, run, useCommand } from '../../api';
import { href, replaceQuery } from '../../app/router';
import { Button, EmptyState, Show, Table, Tabs, TextInput } from '../../design';
import { formatInstant, t } from '../../i18n';
import type { Row } from '../../records/entities';
import { Series } from './Series';
import { CheckBadge, isCheck, type Check } from './verify';
import { VoidDialog } from './VoidDialog';

const PAGE = 50;
const TYPING_MS = 250;

interface Receipt extends Row {
    number: string;
    signer: string;
    signed_at: string;
}

/* Verdicts of the receipts that were checked on this page. */
function useChecks() {
    const [checks, setChecks] = useState<Record<string, Check>>({});
    const [busy, setBusy] = useState(false);
    const check = async (receipts: readonly Receipt[]) => {
        setBusy(true);
        for (const receipt of receipts) {
            const found: unknown = await run(['receipt', 'verify', receipt.id]).then(
                (answer) => answer.json,
                (failure: unknown) => (failure instanceof CommandError ? failure.json : null),
            );
            if (isCheck(found)) {
                setChecks((former) => ({ ...former, [receipt.id]: found }));
            }
        }
        setBusy(false);
    };
    return { checks, busy, check };
}

function useDelayed(text: string): string {
    const [delayed, setDelayed] = useState(text);
    useEffect(() => {
        const timer = setTimeout(() => setDelayed(text), TYPING_MS);
        return () => clearTimeout(timer);
    }, [text]);
    return delayed;
}

function ReceiptTable({ receipts }: { receipts: readonly Receipt[] }) {
    const { checks, busy, check } = useChecks();
    return (
        <div class="stack-tight">
            <div class="row">
                <Button icon="shield" busy={busy} onClick={() => void check(receipts)}>
                    {t('office.verify_shown')}
                </Button>
                <a href={href('recordList', { entity: 'receipt' })}>{t('office.as_records')}</a>
            </div>
            <Table
                caption={t('office.receipts')}
                rows={receipts}
                keyOf={(receipt) => receipt.id}
                columns={[
                    { key: 'number', title: t('office.number'), show: (receipt) => <a href={href('receipt', { id: receipt.id })}>{receipt.number}</a> },
                    { key: 'signed', title: t('office.signed_at'), show: (receipt) => formatInstant(receipt.signed_at) },
                    { key: 'signer', title: t('office.signer'), show: (receipt) => receipt.signer },
                    { key: 'visit', title: t('office.visit'), show: (receipt) => receipt.labels?.['visit'] ?? '—' },
                    {
                        key: 'check',
                        title: t('office.verified'),
                        show: (receipt) => {
                            const found = checks[receipt.id];
                            return found === undefined ? <span class="muted">{t('office.unchecked')}</span> : <CheckBadge check={found} />;
                        },
                    },
                ]}
            />
        </div>
    );
}

function List() {
    const [search, setSearch] = useState('');
    const [limit, setLimit] = useState(PAGE);
    const wanted = useDelayed(search.trim());
    const words = wanted === '' ? [] : [option('search', wanted)];
    const loaded = useCommand<{ rows: Receipt[]; more: boolean }>([
        'list', 'receipt', ...words, option('sort', 'signed_at'), '--descending', option('limit', limit),
    ]);
    return (
        <div class="stack">
            <TextInput type="search" label={t('office.find_number')} placeholder={t('office.find_number')} value={search} onChange={setSearch} />
            <Show loaded={loaded}>
                {({ rows, more }) => (
                    <>
                        {rows.length === 0 ? (
                            <EmptyState icon="pen" title={wanted === '' ? t('office.no_receipts') : t('common.nothing_found')} />
                        ) : (
                            <ReceiptTable receipts={rows} />
                        )}
                        {more && <Button onClick={() => setLimit(limit + PAGE)}>{t('common.show_more')}</Button>}
                    </>
                )}
            </Show>
        </div>
    );
}

interface Void extends Row {
    number: string;
    reason: string;
    voided_at: string;
}

function Voids() {
    const loaded = useCommand<{ rows: Void[] }>(['list', 'receipt_void', option('sort', 'voided_at'), '--descending', option('limit', '500')]);
    const [asking, setAsking] = useState(false);
    return (
        <div class="stack">
            <div class="row">
                <Button icon="close" onClick={() => setAsking(true)}>
                    {t('office.void_number')}
                </Button>
            </div>
            <Show loaded={loaded}>
                {({ rows }) =>
                    rows.length === 0 ? (
                        <EmptyState title={t('office.no_voids')} />
                    ) : (
                        <Table
                            caption={t('office.voids')}
                            rows={rows}
                            keyOf={(row) => row.id}
                            columns={[
                                { key: 'number', title: t('office.number'), show: (row) => row.number },
                                { key: 'reason', title: t('office.reason'), show: (row) => row.reason },
                                { key: 'at', title: t('office.voided_at'), show: (row) => formatInstant(row.voided_at) },
                            ]}
                        />
                    )
                }
            </Show>
            {asking && <VoidDialog number="" onClose={() => setAsking(false)} />}
        </div>
    );
}

type Key = 'list' | 'voids' | 'series';

export function Receipts({ query }: { query: URLSearchParams }) {
    const asked = query.get('tab');
    const current: Key = asked === 'voids' || asked === 'series' ? asked : 'list';
    return (
        <div class="stack">
            <h1>{t('office.receipts')}</h1>
            <Tabs
                label={t('office.receipts')}
                current={current}
                onChange={(tab: Key) => replaceQuery({ tab })}
                tabs={[
                    { key: 'list', title: t('office.receipts') },
                    { key: 'voids', title: t('office.voids') },
                    { key: 'series', title: t('office.series') },
                ]}
            >
                {current === 'list' && <List />}
                {current === 'voids' && <Voids />}
                {current === 'series' && <Series />}
            </Tabs>
        </div>
    );
}
