/* The technician's first page: what was begun, where to go next, what waits to be sent, what was refused. */
import type { ComponentChildren } from 'preact';
import { href } from '../app/router';
import { useStatus } from '../app/status';
import { Button, EmptyState, ErrorNotice, LinkButton, Notice, Show } from '../design';
import { formatInstant, t } from '../i18n';
import { OrderCard } from './OrderCard';
import { Outbox } from './Outbox';
import { useRow, type Visit, type WorkOrder } from './rows';
import { useOpenVisits, useOrders } from './use-orders';
import { useStart, type Start } from './use-start';

function StartedVisit({ visit, first }: { visit: Visit; first: boolean }) {
    const order = useRow<WorkOrder>('work_order', visit.work_order).data;
    if (order === undefined) {
        return null;
    }
    const since = visit.arrived_at ?? visit.departed_at;
    return (
        <OrderCard order={order} started>
            <span class="small">{since !== null && t('technician.since', { when: formatInstant(since) })}</span>
            <LinkButton kind={first ? 'primary' : 'plain'} icon="edit" href={href('visit', { id: visit.id })}>
                {t('technician.go_on')}
            </LinkButton>
        </OrderCard>
    );
}

function WaitingOrder({ order, start, primary }: { order: WorkOrder; start: Start; primary: boolean }) {
    return (
        <OrderCard order={order}>
            <div class="order-actions">
                <Button kind={primary ? 'primary' : 'plain'} icon="wrench" busy={start.action.busy} onClick={() => void start.start(order.id)}>
                    {t('technician.start')}
                </Button>
                <Button disabled={start.action.busy} onClick={() => void start.start(order.id, 'departed')}>
                    {t('technician.depart')}
                </Button>
            </div>
        </OrderCard>
    );
}

function Section({ title, count, children }: { title: string; count: number; children: ComponentChildren }) {
    return (
        <section class="stack-tight">
            <h2>
                {title} <span class="muted">{count}</span>
            </h2>
            <ul class="orders">{children}</ul>
        </section>
    );
}

export function Today() {
    const visits = useOpenVisits();
    const { loaded, orders } = useOrders();
    const status = useStatus().data;
    const start = useStart();
    const begun = visits.data?.rows ?? [];
    const waiting = orders.filter((order) => !begun.some((visit) => visit.work_order === order.id));
    return (
        <div class="today">
            <div class="stack">
                <h1>{t('technician.today')}</h1>
                {status?.incomplete === true && <Notice tone="warning">{t('app.incomplete')}</Notice>}
                {start.action.error !== undefined && <ErrorNotice error={start.action.error} />}
                {begun.length > 0 && (
                    <Section title={t('technician.begun')} count={begun.length}>
                        {begun.map((visit, i) => (
                            <StartedVisit key={visit.id} visit={visit} first={i === 0} />
                        ))}
                    </Section>
                )}
                <Show loaded={loaded}>
                    {() =>
                        waiting.length === 0 ? (
                            <EmptyState icon="check" title={begun.length > 0 ? t('technician.no_more_orders') : t('technician.no_orders')} />
                        ) : (
                            <Section title={t('technician.orders')} count={waiting.length}>
                                {waiting.map((order, i) => (
                                    <WaitingOrder key={order.id} order={order} start={start} primary={i === 0 && begun.length === 0} />
                                ))}
                            </Section>
                        )
                    }
                </Show>
            </div>
            <Outbox />
        </div>
    );
}
