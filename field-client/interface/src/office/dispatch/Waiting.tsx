/* Beside the board: requests without an order, and orders that nobody has or that have no day. */
import { useState } from 'preact/hooks';
import { Button } from '../../design';
import { t } from '../../i18n';
import { draggedId, OrderCard } from './OrderCard';
import { toDispatch, type Order } from './board';
import type { Board } from './use-board';

interface Props {
    board: Board;
    weekBegin: string;
    onOpen: (order: Order) => void;
    onRequest: (id: string) => void;
    onDrop: (id: string) => void;
}

export function Waiting({ board, weekBegin, onOpen, onRequest, onDrop }: Props) {
    const [over, setOver] = useState(false);
    const waiting = toDispatch(board.orders, weekBegin);
    return (
        <section
            class={over ? 'board-waiting board-over' : 'board-waiting'}
            aria-label={t('office.waiting')}
            onDragOver={(event) => (event.preventDefault(), setOver(true))}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => (event.preventDefault(), setOver(false), onDrop(draggedId(event)))}
        >
            <h2>{t('office.waiting')}</h2>
            {waiting.length === 0 && <p class="small muted">{t('office.waiting_none')}</p>}
            {waiting.map((order) => (
                <OrderCard
                    key={order.id}
                    order={order}
                    request={board.requestOf.get(order.request ?? '')}
                    late={order.technician !== null && order.planned_start !== null}
                    onOpen={() => onOpen(order)}
                />
            ))}
            <h2>{t('office.requests')}</h2>
            {board.requests.length === 0 && <p class="small muted">{t('office.requests_none')}</p>}
            {board.requests.map((row) => (
                <div key={row.id} class="request-card">
                    <span class="small order-text">{String(row['reported_fault'] ?? '')}</span>
                    <span class="small muted clip">{row.labels?.['customer']}</span>
                    <Button icon="plus" onClick={() => onRequest(row.id)}>
                        {t('office.order_make')}
                    </Button>
                </div>
            ))}
        </section>
    );
}
