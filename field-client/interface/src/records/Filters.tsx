/* The filters of a list: one line for each field that is filtered by. */
import { Button, Select } from '../design';
import { t } from '../i18n';
import { FieldInput } from './FieldInput';
import { fieldOf, labelOf, type Entity, type EntityField } from './entities';
import type { ListState } from './list-state';

const RANGED = ['integer', 'cents', 'date', 'instant'];

interface FiltersProps {
    entity: Entity;
    state: ListState;
    onChange: (state: ListState) => void;
}

function without(values: Record<string, string>, name: string): Record<string, string> {
    return Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
}

function FilterLine({ field, state, onChange }: { field: EntityField; state: ListState; onChange: (state: ListState) => void }) {
    const ranged = RANGED.includes(field.type);
    const name = field.name;
    const label = labelOf(field);
    return (
        <div class="filter-line">
            <span class="field-label">{label}</span>
            {ranged ? (
                <>
                    <FieldInput
                        field={field}
                        label={t('records.from', { field: label })}
                        value={state.from[name] ?? ''}
                        onChange={(value) => onChange({ ...state, from: { ...state.from, [name]: value } })}
                    />
                    <span aria-hidden="true">–</span>
                    <FieldInput
                        field={field}
                        label={t('records.to', { field: label })}
                        value={state.to[name] ?? ''}
                        onChange={(value) => onChange({ ...state, to: { ...state.to, [name]: value } })}
                    />
                </>
            ) : (
                <FieldInput field={field} label={label} value={state.equal[name] ?? ''} onChange={(value) => onChange({ ...state, equal: { ...state.equal, [name]: value } })} />
            )}
            <Button
                kind="quiet"
                icon="close"
                label={t('records.remove_filter', { field: label })}
                onClick={() => onChange({ ...state, equal: without(state.equal, name), from: without(state.from, name), to: without(state.to, name) })}
            />
        </div>
    );
}

export function Filters({ entity, state, onChange }: FiltersProps) {
    const used = [...new Set([...Object.keys(state.equal), ...Object.keys(state.from), ...Object.keys(state.to)])];
    const free = entity.fields.filter((field) => field.type !== 'bytes' && !used.includes(field.name));
    const add = (name: string) => {
        const field = fieldOf(entity, name);
        if (field !== undefined) {
            onChange(RANGED.includes(field.type) ? { ...state, from: { ...state.from, [name]: '' } } : { ...state, equal: { ...state.equal, [name]: '' } });
        }
    };
    return (
        <>
            {used.map((name) => {
                const field = fieldOf(entity, name);
                return field === undefined ? null : <FilterLine key={name} field={field} state={state} onChange={onChange} />;
            })}
            <Select
                label={t('records.add_filter')}
                empty={t('records.add_filter')}
                value=""
                onChange={add}
                options={free.map((field) => ({ value: field.name, label: labelOf(field) }))}
            />
        </>
    );
}
