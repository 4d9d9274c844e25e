/* How the service goes: visits, open orders, response, first-time fix, parts. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useCommand, type CommandError } from '../../api';
import { href, replaceQuery } from '../../app/router';
import { useStatus } from '../../app/status';
import { ErrorNotice, Loading, Notice, Select } from '../../design';
import { formatCount, t } from '../../i18n';
import type { Row } from '../../records/entities';
import { dateOf, dayOf } from '../dispatch/board';
import { BarTable, ColumnChart } from './charts';
import { AGE_ENDS, daysUntil, fixedAtOnce, madeAt, ordersByAge, partsUsed, respondedInTime, visitsPerDay, type Share } from './figures';

const ROWS_MAX = '10000';
const PERIODS = ['7', '30', '90'] as const;
const PARTS_SHOWN = 10;
const CLOSED_STATUSES = ['finished', 'reconciled', 'cancelled'];

interface Rows {
    rows: Row[];
    more: boolean;
}

function useList(...words: string[]) {
    return useCommand<Rows>(['list', ...words, '--limit', ROWS_MAX]);
}

function useRows(from: string) {
    const begin = dateOf(from).toISOString();
    const lists = {
        visits: useList('visit', `arrived_at>=${begin}`),
        orders: useList('work_order'),
        requests: useList('service_request'),
        movements: useList('stock_movement', 'reason=used', `moved_at>=${begin}`),
    };
    const all = Object.values(lists);
    return {
        visits: lists.visits.data?.rows ?? [],
        orders: lists.orders.data?.rows ?? [],
        requests: lists.requests.data?.rows ?? [],
        movements: lists.movements.data?.rows ?? [],
        more: all.some((list) => list.data?.more === true),
        loading: all.some((list) => list.data === undefined && list.error === undefined),
        error: all.map((list) => list.error).find((error): error is CommandError => error !== undefined),
    };
}

function Card({ title, children }: { title: string; children: ComponentChildren }) {
    const id = useId();
    return (
        <section class="card stack-tight" aria-labelledby={id}>
            <h2 id={id}>{title}</h2>
            {children}
        </section>
    );
}

function ShareFigure({ title, share, none }: { title: string; share: Share; none: string }) {
    return (
        <Card title={title}>
            {share.of === 0 ? (
                <p class="muted">{none}</p>
            ) : (
                <>
                    <strong class="big-figure">{Math.round((share.count / share.of) * 100)}%</strong>
                    <span class="small muted">{t('office.share', { count: formatCount(share.count), of: formatCount(share.of) })}</span>
                </>
            )}
        </Card>
    );
}

function ageText(i: number): string {
    const from = i === 0 ? 0 : (AGE_ENDS[i - 1] ?? 0);
    const to = AGE_ENDS[i] ?? Infinity;
    if (i === 0) {
        return t('office.age_today');
    }
    return to === Infinity ? t('office.age_over', { n: from }) : t('office.age_between', { from, to });
}

/* What waits for a person, with the way there. */
function Todo() {
    const status = useStatus().data;
    const items = [
        { text: t('office.conflicts'), count: status?.conflicts ?? 0, to: href('inbox', {}, { tab: 'conflicts' }) },
        { text: t('office.exceptions'), count: status?.exceptions ?? 0, to: href('inbox', {}, { tab: 'exceptions' }) },
    ];
    return (
        <Card title={t('office.todo')}>
            <ul class="plain-list">
                {items.map(({ text, count, to }) => (
                    <li key={to} class="spread">
                        <a href={to}>{text}</a>
                        <strong>{formatCount(count)}</strong>
                    </li>
                ))}
            </ul>
        </Card>
    );
}

function Figures({ rows, days }: { rows: ReturnType<typeof useRows>; days: readonly string[] }) {
    const now = Date.now();
    const begin = dateOf(days[0] ?? '').getTime();
    const open = rows.orders.filter((order) => !CLOSED_STATUSES.includes(String(order['status'] ?? 'draft')));
    const newOrders = rows.orders.filter((order) => madeAt(order.id) >= begin);
    const newRequests = rows.requests.filter((request) => Date.parse(String(request['received_at'] ?? '')) >= begin);
    const perDay = visitsPerDay(rows.visits, days);
    const ages = ordersByAge(open, new Map(rows.requests.map((request) => [request.id, request])), now);
    const parts = partsUsed(rows.movements, PARTS_SHOWN);
    return (
        <div class="stack">
            <Card title={t('office.visits_per_day')}>
                <ColumnChart
                    title={t('office.visits_per_day')}
                    unit={t('office.visits')}
                    bars={days.map((day, i) => ({ key: day, label: day.slice(5), value: perDay[i] ?? 0 }))}
                />
            </Card>
            <div class="columns">
                <Todo />
                <ShareFigure title={t('office.response')} share={respondedInTime(newRequests, rows.orders, rows.visits, now)} none={t('office.response_none')} />
                <ShareFigure title={t('office.first_fix')} share={fixedAtOnce(newOrders, rows.visits)} none={t('office.first_fix_none')} />
                <Card title={t('office.open_by_age', { n: formatCount(open.length) })}>
                    <BarTable
                        title={t('office.open_by_age', { n: formatCount(open.length) })}
                        unit={t('office.orders')}
                        bars={ages.map((value, i) => ({ key: String(i), label: ageText(i), value }))}
                    />
                    <a href={href('dispatch')}>{t('office.to_dispatch')}</a>
                </Card>
                <Card title={t('office.parts_used')}>
                    {parts.length === 0 ? (
                        <p class="muted">{t('office.parts_none')}</p>
                    ) : (
                        <BarTable
                            title={t('office.parts_used')}
                            unit={t('office.quantity')}
                            bars={parts.map((use) => ({ key: use.part, label: use.label, value: use.quantity }))}
                        />
                    )}
                </Card>
            </div>
        </div>
    );
}

export function Dashboard({ query }: { query: URLSearchParams }) {
    const asked = query.get('days') ?? '';
    const period = (PERIODS as readonly string[]).includes(asked) ? asked : '30';
    const days = daysUntil(dayOf(new Date()), Number(period));
    const rows = useRows(days[0] ?? '');
    return (
        <div class="stack">
            <div class="spread">
                <h1>{t('office.dashboard')}</h1>
                <div>
                    <Select
                        label={t('office.period')}
                        empty={false}
                        value={period}
                        onChange={(value) => replaceQuery({ days: value })}
                        options={PERIODS.map((value) => ({ value, label: t('office.last_days', { n: value }) }))}
                    />
                </div>
            </div>
            {rows.error !== undefined && <ErrorNotice error={rows.error} />}
            {rows.more && <Notice tone="warning">{t('office.too_many')}</Notice>}
            {rows.loading ? <Loading /> : <Figures rows={rows} days={days} />}
        </div>
    );
}
