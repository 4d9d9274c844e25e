/* An order on the board: dragged, or opened with the keyboard to be moved. */
import { Badge } from '../../design';
import { formatTime, t } from '../../i18n';
import { labelOf, useEntity, type Row } from '../../records/entities';
import type { Order } from './board';

const DRAG_TYPE = 'text/plain';

export function draggedId(event: DragEvent): string {
    return event.dataTransfer?.getData(DRAG_TYPE) ?? '';
}

export function OrderCard({ order, request, late, onOpen }: { order: Order; request: Row | undefined; late?: boolean; onOpen: () => void }) {
    const status = useEntity('work_order')?.fields.find((field) => field.name === 'status');
    const choice = status?.choices.find((each) => each.name === order.status);
    const customer = request?.labels?.['customer'];
    const priority = request?.['priority'];
    return (
        <button
            type="button"
            class="order-card"
            draggable
            onDragStart={(event) => event.dataTransfer?.setData(DRAG_TYPE, order.id)}
            onClick={onOpen}
            aria-haspopup="dialog"
        >
            <span class="spread">
                <strong>{order.number ?? t('office.no_number')}</strong>
                <span class="small">{formatTime(order.planned_start)}</span>
            </span>
            <span class="small order-text">{order.labels.request ?? order.instruction}</span>
            {customer !== undefined && customer !== null && <span class="small muted clip">{customer}</span>}
            <span class="row">
                {late === true && <Badge tone="warning">{t('office.late')}</Badge>}
                {priority === 'urgent' && <Badge tone="danger">{t('office.urgent')}</Badge>}
                {choice !== undefined && <Badge>{labelOf(choice)}</Badge>}
            </span>
        </button>
    );
}
