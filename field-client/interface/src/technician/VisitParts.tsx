/* The parts of a visit: what was used, what it costs, and what is left in the van. */
import { useAction } from '../api';
import { Button, ErrorNotice, Notice, Table } from '../design';
import { formatAmount, t } from '../i18n';
import { PartPicker } from './PartPicker';
import { useRow, type Movement, type Part, type Visit } from './rows';
import { useVanStock } from './van-stock';

/* What was put back counts against what was used. */
function signed(movement: Movement): number {
    return movement.reason === 'returned' ? -movement.quantity : movement.quantity;
}

function Price({ part, quantity }: { part: string; quantity: number }) {
    const row = useRow<Part>('part', part).data;
    return <>{row?.price_cents === null || row === undefined ? '' : formatAmount(row.price_cents * quantity)}</>;
}

function canReturn(movement: Movement, all: readonly Movement[]): boolean {
    const used = all.filter((each) => each.part === movement.part && each.serial === movement.serial).reduce((sum, each) => sum + signed(each), 0);
    return movement.reason === 'used' && movement.from !== null && used >= movement.quantity;
}

export function VisitParts({ visit, disabled }: { visit: Visit; disabled: boolean }) {
    const { van, stock, loading } = useVanStock();
    const action = useAction();
    const putBack = (movement: Movement) =>
        action.run([
            'new',
            'stock_movement',
            `part=${movement.part}`,
            `to=${movement.from ?? ''}`,
            `quantity=${movement.quantity}`,
            'reason=returned',
            `visit=${visit.id}`,
            ...(movement.serial === null ? [] : [`serial=${movement.serial}`]),
        ]);
    return (
        <div class="stack">
            {!loading && van === undefined && <Notice tone="warning">{t('technician.no_van')}</Notice>}
            {!disabled && van !== undefined && <PartPicker visit={visit.id} stock={stock} />}
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            {visit.parts.length === 0 ? (
                <p class="muted small">{t('technician.no_parts_used')}</p>
            ) : (
                <Table
                    caption={t('technician.parts')}
                    rows={visit.parts}
                    keyOf={(movement) => movement.id}
                    columns={[
                        { key: 'part', title: t('technician.part'), show: (row) => row.labels['part'] },
                        { key: 'serial', title: t('technician.serial'), show: (row) => row.serial ?? '' },
                        { key: 'quantity', title: t('technician.quantity'), number: true, show: signed },
                        { key: 'price', title: t('technician.amount'), number: true, show: (row) => <Price part={row.part} quantity={signed(row)} /> },
                        { key: 'van', title: t('technician.van_left'), number: true, show: (row) => stock.get(row.part) ?? 0 },
                        {
                            key: 'back',
                            title: t('common.actions'),
                            show: (row) =>
                                !disabled &&
                                canReturn(row, visit.parts) && (
                                    <Button kind="quiet" icon="back" busy={action.busy} onClick={() => void putBack(row)}>
                                        {t('technician.put_back')}
                                    </Button>
                                ),
                        },
                    ]}
                />
            )}
        </div>
    );
}
