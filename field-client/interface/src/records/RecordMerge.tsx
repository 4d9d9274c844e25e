/* Two rows that are one: the other is chosen, then which is kept and, field by field, whose value. The query names the other: ?with=0193… */
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { option, useAction, useCommand } from '../api';
import { goTo, href, replaceQuery, type PageProps } from '../app/router';
import { useRoles } from '../app/status';
import { Button, ConfirmDialog, EmptyState, Field, Loading, Notice, Show, toast, type ListAnswer } from '../design';
import { t } from '../i18n';
import { FieldValue } from './FieldValue';
import { labelOf, mayDelete, rowLabel, writableFields, type Entity, type EntityField, type Row } from './entities';
import { differingFields, isTaken, mergeWords, olderOf, type Merging } from './merging';
import { ReferencePicker } from './ReferencePicker';
import { Related } from './Related';
import type { recordsRoutes } from './routes';
import { WithEntity } from './WithEntity';

interface ChoiceProps {
    legend: string;
    rows: readonly Row[];
    chosen: string; // id
    onChoose: (id: string) => void;
    show: (row: Row) => ComponentChildren;
}

/* The two rows beside each other, one of them chosen. */
function Choice({ legend, rows, chosen, onChoose, show }: ChoiceProps) {
    const name = useId();
    return (
        <fieldset class="choice">
            <legend class="field-label">{legend}</legend>
            <div class="choice-options merge-pair">
                {rows.map((row) => (
                    <label key={row.id} class="choice-option">
                        <input type="radio" name={name} value={row.id} checked={row.id === chosen} onChange={() => onChoose(row.id)} />
                        <span class="merge-value">{show(row)}</span>
                    </label>
                ))}
            </div>
        </fieldset>
    );
}

/* A value that is not this person's to take: the kept row's stays. */
function Fixed({ field, rows }: { field: EntityField; rows: readonly Row[] }) {
    return (
        <div>
            <span class="field-label">{labelOf(field)}</span>
            <div class="choice-options merge-pair">
                {rows.map((row) => (
                    <span key={row.id} class="muted merge-value">
                        <Shown field={field} row={row} />
                    </span>
                ))}
            </div>
        </div>
    );
}

function Shown({ field, row }: { field: EntityField; row: Row }) {
    return (row[field.name] ?? '') === '' ? <span class="muted">{t('records.no_value')}</span> : <FieldValue field={field} row={row} />;
}

/* Two that are one often have one name: the ids tell them apart. */
function Named({ entity, row }: { entity: Entity; row: Row }) {
    return (
        <>
            <strong>{rowLabel(entity, row)}</strong> <span class="muted small">{row.id}</span>
        </>
    );
}

interface MergeAnswer {
    kept: string;
    rewritten: number;
    left: number;
}

function MergeButton({ entity, merging, words }: { entity: Entity; merging: Merging; words: string[] }) {
    const [asking, setAsking] = useState(false);
    const action = useAction();
    const merge = async () => {
        const answer = await action.run<MergeAnswer>(words);
        if (answer !== undefined) {
            toast(t('records.merged', { rewritten: answer.json.rewritten, left: answer.json.left }), 'success');
            goTo('recordDetail', { entity: entity.name, id: answer.json.kept });
        }
    };
    return (
        <>
            <div>
                <Button kind="primary" icon="check" onClick={() => (action.clear(), setAsking(true))}>
                    {t('records.merge')}
                </Button>
            </div>
            {asking && (
                <ConfirmDialog
                    title={t('records.merge_confirm', { kept: rowLabel(entity, merging.kept) })}
                    text={t('records.merge_text', { dropped: rowLabel(entity, merging.dropped) })}
                    confirm={t('records.merge')}
                    danger
                    error={action.error}
                    onConfirm={merge}
                    onClose={() => setAsking(false)}
                />
            )}
        </>
    );
}

function Pair({ entity, one, other }: { entity: Entity; one: Row; other: Row }) {
    const roles = useRoles();
    const [keptId, setKeptId] = useState(olderOf(one, other).id);
    const [chosen, setChosen] = useState<Record<string, string>>({});
    const rows = [one, other];
    const [kept, dropped] = keptId === one.id ? [one, other] : [other, one];
    const merging = { kept, dropped, chosen };
    const writable = writableFields(entity, roles, kept);
    const differing = differingFields(entity.fields, one, other);
    const free = differing.filter((field) => writable.includes(field));
    return (
        <>
            <div class="card stack">
                <Choice legend={t('records.merge_keep')} rows={rows} chosen={keptId} onChoose={setKeptId} show={(row) => <Named entity={entity} row={row} />} />
                {differing.length === 0 && <p class="muted">{t('records.merge_same')}</p>}
                {differing.map((field) =>
                    free.includes(field) ? (
                        <Choice
                            key={field.name}
                            legend={labelOf(field)}
                            rows={rows}
                            chosen={isTaken(merging, field) ? dropped.id : kept.id}
                            onChoose={(id) => setChosen({ ...chosen, [field.name]: id })}
                            show={(row) => <Shown field={field} row={row} />}
                        />
                    ) : (
                        <Fixed key={field.name} field={field} rows={rows} />
                    ),
                )}
            </div>
            <section class="stack-tight">
                <h2>{t('records.merge_related', { dropped: rowLabel(entity, dropped) })}</h2>
                <p class="muted">{t('records.merge_follows')}</p>
                <Related entity={entity} row={dropped} />
            </section>
            <Notice tone="warning">{t('records.merge_final')}</Notice>
            <MergeButton entity={entity} merging={merging} words={mergeWords(entity.name, merging, free)} />
        </>
    );
}

/* Another row with the same natural key: what a duplicate is most likely one with. undefined: still looking; '': none. */
function useTwin(entity: Entity, row: Row): string | undefined {
    const key = entity.natural_key === null ? '' : String(row[entity.natural_key] ?? '');
    const found = useCommand<ListAnswer<Row>>(key === '' ? null : ['list', entity.name, `${entity.natural_key}=${key}`, option('limit', '2')]);
    if (key === '' || found.error !== undefined) {
        return '';
    }
    return found.data === undefined ? undefined : (found.data.rows.find(({ id }) => id !== row.id)?.id ?? '');
}

function Merge({ entity, row, named }: { entity: Entity; row: Row; named: string }) {
    const roles = useRoles();
    const twin = useTwin(entity, row);
    const [picked, setPicked] = useState<string | null>(named === '' ? null : named);
    const wanted = picked ?? twin;
    const other = useCommand<Row>(wanted === undefined || wanted === '' || wanted === row.id ? null : ['get', entity.name, wanted]);
    if (!mayDelete(entity, roles)) {
        return <EmptyState icon="lock" title={t('records.merge_denied')} />;
    }
    if (wanted === undefined) {
        return <Loading />;
    }
    const pick = (id: string) => (setPicked(id), replaceQuery({ with: id }));
    return (
        <div class="stack">
            <div>
                <a href={href('recordDetail', { entity: entity.name, id: row.id })}>{rowLabel(entity, row)}</a>
                <h1>{t('records.merge_title', { row: rowLabel(entity, row) })}</h1>
            </div>
            <p class="muted">{t('records.merge_intro')}</p>
            <Field label={t('records.merge_with')} error={wanted === row.id ? t('records.merge_itself') : undefined}>
                <ReferencePicker entity={entity.name} value={wanted} onChange={pick} />
            </Field>
            {wanted !== '' && wanted !== row.id && <Show loaded={other}>{(data) => <Pair key={data.id} entity={entity} one={row} other={data} />}</Show>}
        </div>
    );
}

export function RecordMerge({ params, query }: PageProps<(typeof recordsRoutes)['recordMerge']>) {
    const row = useCommand<Row>(['get', params.entity, params.id]);
    return (
        <WithEntity name={params.entity}>
            {(entity) => <Show loaded={row}>{(data) => <Merge key={data.id} entity={entity} row={data} named={query.get('with') ?? ''} />}</Show>}
        </WithEntity>
    );
}
