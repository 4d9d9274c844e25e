/* Who goes where on which day: a week, a line for each technician. Orders are dragged, or opened and moved with the keyboard. */
import { useState } from 'preact/hooks';
import { CommandError, rowsChanged, run } from '../../api';
import { replaceQuery } from '../../app/router';
import { Button, EmptyState, ErrorNotice, Loading, Notice, toast } from '../../design';
import { formatDate, language, t } from '../../i18n';
import type { Person } from '../people';
import { at, dateOf, dayOf, plusDays, startOn, weekOf, wordsToMove, type Order, type Place } from './board';
import { MoveDialog } from './MoveDialog';
import { draggedId, OrderCard } from './OrderCard';
import { OrderForm } from './OrderForm';
import { useBoard, type Board } from './use-board';
import { Waiting } from './Waiting';

const WEEK = 7;

function weekday(day: string): string {
    return new Intl.DateTimeFormat(language.value === 'zh' ? 'zh-CN' : 'en-GB', { weekday: 'short', day: 'numeric', month: 'numeric' }).format(dateOf(day));
}

interface CellProps {
    place: Place;
    board: Board;
    onOpen: (order: Order) => void;
    onDrop: (id: string) => void;
}

function Cell({ place, board, onOpen, onDrop }: CellProps) {
    const [over, setOver] = useState(false);
    const today = place.day === dayOf(new Date());
    return (
        <td
            class={`board-cell${over ? ' board-over' : ''}${today ? ' board-today' : ''}`}
            onDragOver={(event) => (event.preventDefault(), setOver(true))}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => (event.preventDefault(), setOver(false), onDrop(draggedId(event)))}
        >
            {at(board.orders, place).map((order) => (
                <OrderCard key={order.id} order={order} request={board.requestOf.get(order.request ?? '')} onOpen={() => onOpen(order)} />
            ))}
        </td>
    );
}

interface GridProps {
    week: readonly string[];
    board: Board;
    onOpen: (order: Order) => void;
    onMove: (id: string, place: Place) => void;
}

function Grid({ week, board, onOpen, onMove }: GridProps) {
    const line = (technician: Person) => (
        <tr key={technician.id}>
            <th scope="row">{technician.name}</th>
            {week.map((day) => {
                const place = { technician: technician.id, day };
                return <Cell key={day} place={place} board={board} onOpen={onOpen} onDrop={(id) => onMove(id, place)} />;
            })}
        </tr>
    );
    return (
        <div class="board-grid" role="region" aria-label={t('office.dispatch')} tabIndex={0}>
            <table>
                <caption class="unseen">{t('office.dispatch')}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t('office.technician')}</th>
                        {week.map((day) => (
                            <th key={day} scope="col" aria-current={day === dayOf(new Date()) ? 'date' : undefined}>
                                {weekday(day)}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>{board.technicians.map(line)}</tbody>
            </table>
        </div>
    );
}

function WeekBar({ week, onDay, onNew }: { week: readonly string[]; onDay: (day: string) => void; onNew: () => void }) {
    const begin = week[0] ?? '';
    return (
        <div class="spread">
            <h1>{t('office.dispatch')}</h1>
            <div class="row">
                <Button icon="back" label={t('office.week_before')} onClick={() => onDay(plusDays(begin, -WEEK))} />
                <span role="status">{t('office.week_of', { from: formatDate(begin), to: formatDate(week[WEEK - 1]) })}</span>
                <Button label={t('office.week_after')} onClick={() => onDay(plusDays(begin, WEEK))}>
                    <span aria-hidden="true">›</span>
                </Button>
                <Button onClick={() => onDay(dayOf(new Date()))}>{t('office.this_week')}</Button>
                <Button kind="primary" icon="plus" onClick={onNew}>
                    {t('office.order_new')}
                </Button>
            </div>
        </div>
    );
}

export function Dispatch({ query }: { query: URLSearchParams }) {
    const asked = query.get('day') ?? '';
    const week = weekOf(/^\d{4}-\d{2}-\d{2}$/.test(asked) ? asked : dayOf(new Date()));
    const board = useBoard(week);
    const [opened, setOpened] = useState<Order>();
    const [form, setForm] = useState<string>(); // the request it is for
    const [error, setError] = useState<CommandError>();
    const move = async (id: string, technician: string, start: (order: Order) => string) => {
        const order = board.orders.find((each) => each.id === id);
        if (order === undefined) {
            return;
        }
        setError(undefined);
        try {
            await run(['set', 'work_order', id, ...wordsToMove(order, technician, start(order))]);
            rowsChanged();
            toast(t('office.moved', { number: order.number ?? t('office.no_number') }), 'success');
        } catch (failure) {
            setError(failure as CommandError);
        }
    };
    return (
        <div class="stack">
            <WeekBar week={week} onDay={(day) => replaceQuery({ day })} onNew={() => setForm('')} />
            <p class="small muted">{t('office.dispatch_help')}</p>
            {board.more && <Notice tone="warning">{t('office.too_many')}</Notice>}
            {(error ?? board.error) !== undefined && <ErrorNotice error={(error ?? board.error) as CommandError} />}
            {board.loading ? (
                <Loading />
            ) : (
                <div class="board">
                    <Waiting
                        board={board}
                        weekBegin={week[0] ?? ''}
                        onOpen={setOpened}
                        onRequest={setForm}
                        onDrop={(id) => void move(id, '', () => '')}
                    />
                    {board.technicians.length === 0 ? (
                        <EmptyState icon="user" title={t('office.no_technicians')} />
                    ) : (
                        <Grid
                            week={week}
                            board={board}
                            onOpen={setOpened}
                            onMove={(id, place) => void move(id, place.technician, (order) => startOn(place.day, order.planned_start))}
                        />
                    )}
                </div>
            )}
            {opened !== undefined && <MoveDialog order={opened} technicians={board.technicians} onClose={() => setOpened(undefined)} />}
            {form !== undefined && (
                <OrderForm request={form} requests={board.requests} technicians={board.technicians} onClose={() => setForm(undefined)} />
            )}
        </div>
    );
}
