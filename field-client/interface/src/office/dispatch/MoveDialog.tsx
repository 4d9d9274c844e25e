/* Technician and day of an order, chosen with the keyboard. */
import { useState } from 'preact/hooks';
import { useAction } from '../../api';
import { href } from '../../app/router';
import { Button, DateTimeInput, Dialog, ErrorNotice, Field, Select, toast } from '../../design';
import { t } from '../../i18n';
import type { Person } from '../people';
import { wordsToMove, type Order } from './board';

export function MoveDialog({ order, technicians, onClose }: { order: Order; technicians: readonly Person[]; onClose: () => void }) {
    const [technician, setTechnician] = useState(order.technician ?? '');
    const [start, setStart] = useState(order.planned_start ?? '');
    const move = useAction();
    const submit = async (words: string[]) => {
        if ((await move.run(['set', 'work_order', order.id, ...words])) !== undefined) {
            toast(t('office.moved', { number: order.number ?? t('office.no_number') }), 'success');
            onClose();
        }
    };
    return (
        <Dialog title={t('office.move_title', { number: order.number ?? t('office.no_number') })} onClose={onClose}>
            <form class="stack" onSubmit={(event) => (event.preventDefault(), void submit(wordsToMove(order, technician, start)))}>
                <p>{order.labels.request ?? order.instruction}</p>
                <Field label={t('office.technician')}>
                    <Select
                        autofocus
                        value={technician}
                        onChange={setTechnician}
                        empty={t('office.nobody')}
                        options={technicians.map(({ id, name }) => ({ value: id, label: name }))}
                    />
                </Field>
                <Field label={t('office.planned_start')}>
                    <DateTimeInput value={start} onChange={setStart} />
                </Field>
                {move.error !== undefined && <ErrorNotice error={move.error} />}
                <div class="spread">
                    <a href={href('recordDetail', { entity: 'work_order', id: order.id })}>{t('office.open_record')}</a>
                    <span class="row">
                        {(order.technician !== null || order.planned_start !== null) && (
                            <Button disabled={move.busy} onClick={() => void submit(wordsToMove(order, '', ''))}>
                                {t('office.take_off')}
                            </Button>
                        )}
                        <Button type="submit" kind="primary" busy={move.busy}>
                            {t('common.save')}
                        </Button>
                    </span>
                </div>
            </form>
        </Dialog>
    );
}
