/* Conflicts, decided one by one or several alike, and the decisions of this session with their way back. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Loaded } from '../../api';
import { Button, CheckBox, EmptyState, Show, Table, toast } from '../../design';
import { t } from '../../i18n';
import { useEntity } from '../../records';
import { fieldLabel } from '../values';
import type { Choice, Conflict } from './conflict';
import { ConflictCard } from './ConflictCard';
import { useDecisions, type Decision } from './use-decisions';

type Decisions = ReturnType<typeof useDecisions>;

function Subject({ conflict }: { conflict: Conflict }) {
    const entity = useEntity(conflict.entity);
    return (
        <>
            {conflict.row_label} · {fieldLabel(entity, conflict.field)}
        </>
    );
}

function Done({ decisions }: { decisions: Decisions }) {
    const undoable = (decision: Decision) => decision.undo.length > 0;
    return (
        <section class="stack-tight" aria-label={t('office.decided')}>
            <h2>{t('office.decided')}</h2>
            <p class="small muted">{t('office.undo_text')}</p>
            <Table
                caption={t('office.decided')}
                rows={decisions.done}
                keyOf={(decision) => decision.conflict.id}
                columns={[
                    { key: 'what', title: t('office.conflict'), show: ({ conflict }) => <Subject conflict={conflict} /> },
                    {
                        key: 'undo',
                        title: t('common.actions'),
                        show: (decision) =>
                            undoable(decision) ? (
                                <Button icon="back" disabled={decisions.busy} onClick={() => void decisions.undo([decision])}>
                                    {t('office.undo')}
                                </Button>
                            ) : (
                                <span class="small muted">{t('office.nothing_to_undo')}</span>
                            ),
                    },
                ]}
            />
        </section>
    );
}

interface BulkProps {
    count: number;
    all: boolean;
    busy: boolean;
    onAll: (all: boolean) => void;
    onChoose: (choice: Choice) => void;
}

function Bulk({ count, all, busy, onAll, onChoose }: BulkProps) {
    return (
        <div class="spread bulk" role="group" aria-label={t('office.bulk')}>
            <CheckBox checked={all} onChange={onAll}>
                {t('office.select_all')}
            </CheckBox>
            <div class="row">
                <span role="status">{t('office.selected', { n: count })}</span>
                <Button disabled={count === 0} busy={busy} onClick={() => onChoose({ kind: 'current' })}>
                    {t('office.keep_current')}
                </Button>
                <Button disabled={count === 0} busy={busy} onClick={() => onChoose({ kind: 'other' })}>
                    {t('office.take_other')}
                </Button>
            </div>
        </div>
    );
}

/* The button that was pressed goes with its card: whoever uses the keyboard goes on here, not at the top of the page. */
function useKeptFocus(count: number) {
    const place = useRef<HTMLDivElement>(null);
    const former = useRef(count);
    useEffect(() => {
        if (count < former.current && document.activeElement === document.body) {
            place.current?.focus();
        }
        former.current = count;
    }, [count]);
    return place;
}

function Open({ conflicts, decisions }: { conflicts: readonly Conflict[]; decisions: Decisions }) {
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
    // Only what is still there counts: others may have decided meanwhile.
    const selected = conflicts.filter((conflict) => chosen.has(conflict.id));
    const select = (ids: readonly string[], wanted: boolean) => {
        const next = new Set(chosen);
        ids.forEach((id) => (wanted ? next.add(id) : next.delete(id)));
        setChosen(next);
    };
    const decide = async (some: readonly Conflict[], choice: Choice) => {
        if (await decisions.decide(some, choice)) {
            toast(t('office.decided_count', { n: some.length }), 'success');
        }
    };
    const place = useKeptFocus(conflicts.length);
    return (
        <div class="stack" ref={place} tabIndex={-1}>
            {conflicts.length > 1 && (
                <Bulk
                    count={selected.length}
                    all={selected.length === conflicts.length}
                    busy={decisions.busy}
                    onAll={(wanted) => select(conflicts.map((conflict) => conflict.id), wanted)}
                    onChoose={(choice) => void decide(selected, choice)}
                />
            )}
            {conflicts.map((conflict) => (
                <ConflictCard
                    key={conflict.id}
                    conflict={conflict}
                    selected={chosen.has(conflict.id)}
                    busy={decisions.busy}
                    failure={decisions.failures.find((failure) => failure.conflict.id === conflict.id)?.error}
                    onSelect={(wanted) => select([conflict.id], wanted)}
                    onChoose={(choice) => void decide([conflict], choice)}
                />
            ))}
        </div>
    );
}

export function Conflicts({ loaded }: { loaded: Loaded<{ conflicts: Conflict[] }> & { again: () => void } }) {
    const decisions = useDecisions();
    // The server closes a conflict with the next sync: until then the list still has it.
    const isOpen = (conflict: Conflict) => !decisions.done.some((decision) => decision.conflict.id === conflict.id);
    return (
        <Show loaded={loaded}>
            {({ conflicts }) => {
                const open = conflicts.filter(isOpen);
                return (
                    <div class="stack">
                        {open.length === 0 ? (
                            <EmptyState icon="check" title={t('office.no_conflicts')} />
                        ) : (
                            <Open conflicts={open} decisions={decisions} />
                        )}
                        {decisions.done.length > 0 && <Done decisions={decisions} />}
                    </div>
                );
            }}
        </Show>
    );
}
