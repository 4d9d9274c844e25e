/* How the service goes: visits, open orders, response, first-time fix, parts. The figures are those of the command summary. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useCommand } from '../../api';
import { href } from '../../app/router';
import { useStatus } from '../../app/status';
import { Notice, Show } from '../../design';
import { formatCount, t, type PlainTextKey } from '../../i18n';
import { BarTable, ColumnChart } from './charts';

interface Summary {
    visits_per_day: { day: string; visits: number }[];
    open_by_age: { age: string; work_orders: number; requests: number }[];
    response: { requests: number; within: number; late: number; waiting: number };
    first_time_fix: { work_orders: number; solved: number };
    parts_used: { part: string; code: string | null; name: string | null; quantity: number; unit: string | null }[];
    incomplete: boolean;
}

const AGES: Record<string, PlainTextKey> = {
    under_1_day: 'office.age_1',
    under_3_days: 'office.age_3',
    under_7_days: 'office.age_7',
    under_30_days: 'office.age_30',
    older: 'office.age_older',
};

function ageText(age: string): string {
    const key = AGES[age];
    return key === undefined ? age : t(key);
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

function Share({ title, count, of, none, children }: { title: string; count: number; of: number; none: string; children?: ComponentChildren }) {
    return (
        <Card title={title}>
            {of === 0 ? (
                <p class="muted">{none}</p>
            ) : (
                <>
                    <strong class="big-figure">{Math.round((count / of) * 100)}%</strong>
                    <span class="small muted">{t('office.share', { count: formatCount(count), of: formatCount(of) })}</span>
                </>
            )}
            {children}
        </Card>
    );
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
                    <li key={to}>
                        <a class="spread todo-link" href={to}>
                            <span>{text}</span>
                            <strong>{formatCount(count)}</strong>
                        </a>
                    </li>
                ))}
            </ul>
        </Card>
    );
}

function Response({ response }: { response: Summary['response'] }) {
    return (
        <Share title={t('office.response')} count={response.within} of={response.within + response.late} none={t('office.response_none')}>
            {response.waiting > 0 && <span class="small muted">{t('office.response_waiting', { n: response.waiting })}</span>}
        </Share>
    );
}

function OpenByAge({ ages }: { ages: Summary['open_by_age'] }) {
    const sum = (of: 'work_orders' | 'requests') => formatCount(ages.reduce((total, age) => total + age[of], 0));
    const orders = t('office.open_by_age', { n: sum('work_orders') });
    const requests = t('office.requests_by_age', { n: sum('requests') });
    return (
        <>
            <Card title={orders}>
                <BarTable title={orders} unit={t('office.orders')} bars={ages.map(({ age, work_orders }) => ({ key: age, label: ageText(age), value: work_orders }))} />
                <a class="todo-link" href={href('dispatch')}>
                    {t('office.to_dispatch')}
                </a>
            </Card>
            <Card title={requests}>
                <BarTable title={requests} unit={t('office.requests_unit')} bars={ages.map((age) => ({ key: age.age, label: ageText(age.age), value: age.requests }))} />
            </Card>
        </>
    );
}

function Parts({ parts }: { parts: Summary['parts_used'] }) {
    return (
        <Card title={t('office.parts_used')}>
            {parts.length === 0 ? (
                <p class="muted">{t('office.parts_none')}</p>
            ) : (
                <BarTable
                    title={t('office.parts_used')}
                    unit={t('office.quantity')}
                    bars={parts.map((use) => ({ key: use.part, label: use.name ?? use.code ?? use.part, value: use.quantity }))}
                />
            )}
        </Card>
    );
}

export function Dashboard() {
    const loaded = useCommand<Summary>(['summary']);
    return (
        <div class="stack">
            <div class="spread">
                <h1>{t('office.dashboard')}</h1>
                <span class="muted">{t('office.last_days')}</span>
            </div>
            <Show loaded={loaded}>
                {(summary) => (
                    <div class="stack">
                        {summary.incomplete && <Notice tone="warning">{t('app.incomplete')}</Notice>}
                        <Card title={t('office.visits_per_day')}>
                            <ColumnChart
                                title={t('office.visits_per_day')}
                                unit={t('office.visits')}
                                bars={summary.visits_per_day.map(({ day, visits }) => ({ key: day, label: day.slice(5), value: visits }))}
                            />
                        </Card>
                        <div class="columns">
                            <Todo />
                            <Response response={summary.response} />
                            <Share
                                title={t('office.first_fix')}
                                count={summary.first_time_fix.solved}
                                of={summary.first_time_fix.work_orders}
                                none={t('office.first_fix_none')}
                            />
                            <OpenByAge ages={summary.open_by_age} />
                            <Parts parts={summary.parts_used} />
                        </div>
                    </div>
                )}
            </Show>
        </div>
    );
}
