/* The list of an entity: words, filters, order, columns, CSV. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { href, replaceQuery, type PageProps } from '../app/router';
import { useRoles } from '../app/status';
import { Badge, Button, CheckBox, Dialog, EmptyState, LinkButton, TextInput } from '../design';
import { VirtualList, type ListColumn } from '../design/VirtualList';
import { formatCount, t } from '../i18n';
import { CsvExport, CsvImport } from './Csv';
import { Filters } from './Filters';
import { FieldValue } from './FieldValue';
import { labelOf, listedFields, mayCreate, type Entity, type EntityField, type Row } from './entities';
import { queryOfState, stateOfQuery, wordsOfState, type ListState } from './list-state';
import type { recordsRoutes } from './routes';
import { WithEntity } from './WithEntity';

const PAUSE_MS = 80;

const WIDTHS: Partial<Record<EntityField['type'], string>> = {
    boolean: '80px',
    integer: '110px',
    cents: '130px',
    date: '130px',
    instant: '180px',
    choice: '130px',
};

function columnsKey(entity: Entity): string {
    return `countersign.columns.${entity.name}`;
}

/* Which columns are shown: names of fields, remembered by the browser. */
function useColumns(entity: Entity) {
    const [names, setNames] = useState<string[]>(() => {
        const kept = localStorage.getItem(columnsKey(entity));
        return kept === null ? listedFields(entity).map((field) => field.name) : kept.split(' ');
    });
    const choose = (next: string[]) => {
        localStorage.setItem(columnsKey(entity), next.join(' '));
        setNames(next);
    };
    return { fields: entity.fields.filter((field) => names.includes(field.name)), names, choose };
}

function ColumnsDialog({ entity, names, choose, onClose }: { entity: Entity; names: string[]; choose: (names: string[]) => void; onClose: () => void }) {
    return (
        <Dialog title={t('records.columns')} onClose={onClose}>
            <div class="columns">
                {entity.fields
                    .filter((field) => field.type !== 'bytes')
                    .map((field) => (
                        <CheckBox
                            key={field.name}
                            checked={names.includes(field.name)}
                            disabled={names.length === 1 && names.includes(field.name)}
                            onChange={(checked) => choose(checked ? [...names, field.name] : names.filter((name) => name !== field.name))}
                        >
                            {labelOf(field)}
                        </CheckBox>
                    ))}
            </div>
        </Dialog>
    );
}

function SortTitle({ field, state, onChange }: { field: EntityField; state: ListState; onChange: (state: ListState) => void }) {
    const sorted = state.sort === field.name;
    const next = sorted && state.descending ? { sort: '', descending: false } : { sort: field.name, descending: sorted };
    return (
        <button type="button" class="sort" onClick={() => onChange({ ...state, ...next })}>
            {labelOf(field)}
            <span aria-hidden="true">{sorted ? (state.descending ? ' ↓' : ' ↑') : ''}</span>
        </button>
    );
}

function columnOf(field: EntityField, first: boolean, state: ListState, onChange: (state: ListState) => void): ListColumn<Row> {
    return {
        key: field.name,
        title: <SortTitle field={field} state={state} onChange={onChange} />,
        width: first ? 'minmax(160px, 1.5fr)' : (WIDTHS[field.type] ?? 'minmax(110px, 1fr)'),
        number: field.type === 'integer' || field.type === 'cents',
        sorted: state.sort === field.name ? (state.descending ? 'descending' : 'ascending') : undefined,
        show: (row) => {
            const value = <FieldValue field={field} row={row} />;
            return first && (row[field.name] === null || row[field.name] === undefined) ? <span class="muted">{row.id.slice(0, 13)}</span> : value;
        },
    };
}

function ListTools({ entity, state, onChange, children }: { entity: Entity; state: ListState; onChange: (state: ListState) => void; children: ComponentChildren }) {
    const [filtering, setFiltering] = useState(Object.keys({ ...state.equal, ...state.from, ...state.to }).length > 0);
    return (
        <div class="stack-tight">
            <div class="row">
                <div class="grow">
                    <TextInput type="search" label={t('common.search')} placeholder={t('common.search')} value={state.search} onChange={(search) => onChange({ ...state, search })} />
                </div>
                <Button icon="filter" aria-expanded={filtering} onClick={() => setFiltering(!filtering)}>
                    {t('records.filters')}
                </Button>
                {children}
            </div>
            {filtering && (
                <div class="record-filters card">
                    <Filters entity={entity} state={state} onChange={onChange} />
                </div>
            )}
        </div>
    );
}

/* Words follow what is typed a little after the last letter: a search of many rows for each letter would keep the one that is meant waiting. */
function useWordsAfterPause(words: readonly string[]): readonly string[] {
    const [wanted, setWanted] = useState(words);
    const key = JSON.stringify(words);
    useEffect(() => {
        const timer = setTimeout(() => setWanted(words), PAUSE_MS);
        return () => clearTimeout(timer);
    }, [key]);
    return wanted;
}

function List({ entity, query }: { entity: Entity; query: URLSearchParams }) {
    const roles = useRoles();
    const [state, setState] = useState(() => stateOfQuery(query));
    const [total, setTotal] = useState<number>();
    const [dialog, setDialog] = useState<'columns' | 'import' | null>(null);
    const columns = useColumns(entity);
    const words = useWordsAfterPause(wordsOfState(entity, state));
    useEffect(() => replaceQuery(queryOfState(state)), [state]);
    return (
        <div class="record-list">
            <div class="spread">
                <h1 class="row">
                    {labelOf(entity)}
                    {total !== undefined && <Badge>{formatCount(total)}</Badge>}
                </h1>
                <div class="row">
                    <CsvExport entity={entity} />
                    {mayCreate(entity, roles) && (
                        <>
                            <Button icon="upload" onClick={() => setDialog('import')}>
                                {t('records.import')}
                            </Button>
                            <LinkButton kind="primary" icon="plus" data-shortcut="new" href={href('recordNew', { entity: entity.name })}>
                                {t('common.new')}
                            </LinkButton>
                        </>
                    )}
                </div>
            </div>
            <ListTools entity={entity} state={state} onChange={setState}>
                <Button icon="list" onClick={() => setDialog('columns')}>
                    {t('records.columns')}
                </Button>
            </ListTools>
            <VirtualList<Row>
                label={labelOf(entity)}
                words={words}
                columns={columns.fields.map((field, i) => columnOf(field, i === 0, state, setState))}
                hrefOf={(row) => href('recordDetail', { entity: entity.name, id: row.id })}
                keyOf={(row) => row.id}
                onTotal={setTotal}
                empty={<EmptyState icon="search" title={t('common.nothing_found')} />}
            />
            {dialog === 'columns' && <ColumnsDialog entity={entity} names={columns.names} choose={columns.choose} onClose={() => setDialog(null)} />}
            {dialog === 'import' && <CsvImport entity={entity} onClose={() => setDialog(null)} />}
        </div>
    );
}

export function RecordList({ params, query }: PageProps<(typeof recordsRoutes)['recordList']>) {
    return <WithEntity name={params.entity}>{(entity) => <List key={entity.name} entity={entity} query={query} />}</WithEntity>;
}
