/* Chooses a row of an entity: typing searches, arrows and Enter choose. Value: the row's id. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { option, useCommand } from '../api';
import { Button } from '../design';
import { useTied } from '../design/Field';
import type { ListAnswer } from '../design/VirtualList';
import { t } from '../i18n';
import { rowLabel, useEntity, type Row } from './entities';

const FOUND_MAX = 30;
const TYPING_MS = 150;

interface ReferencePickerProps {
    entity: string;
    value: string; // id, or ''
    valueLabel?: string | null | undefined; // of the value, where it is known already
    onChange: (id: string, label: string) => void;
    filters?: readonly string[]; // words of list: "status=open"
    disabled?: boolean;
    autofocus?: boolean;
    label?: string;
}

function useDelayed(text: string): string {
    const [delayed, setDelayed] = useState(text);
    useEffect(() => {
        const timer = setTimeout(() => setDelayed(text), TYPING_MS);
        return () => clearTimeout(timer);
    }, [text]);
    return delayed;
}

function useFound(entity: string, typed: string, open: boolean, filters: readonly string[]) {
    const wanted = useDelayed(typed.trim());
    const words = ['list', entity, ...filters, ...(wanted === '' ? [] : [option('search', wanted)]), option('limit', FOUND_MAX)];
    return useCommand<ListAnswer<Row>>(open ? words : null);
}

export function ReferencePicker({ entity: name, value, valueLabel, onChange, filters = [], disabled = false, autofocus, label }: ReferencePickerProps) {
    const entity = useEntity(name);
    const tied = useTied();
    const listId = useId();
    const input = useRef<HTMLInputElement>(null);
    const [typed, setTyped] = useState<string | null>(null); // null: the value is shown
    const [at, setAt] = useState(0);
    const found = useFound(name, typed ?? '', typed !== null, filters);
    const known = useCommand<Row>(value !== '' && (valueLabel ?? '') === '' ? ['get', name, value] : null);
    const rows = found.data?.rows ?? [];
    const shown = value === '' ? '' : valueLabel || (known.data !== undefined && entity !== undefined ? rowLabel(entity, known.data) : value.slice(0, 13));

    useEffect(() => {
        if (autofocus === true) {
            input.current?.focus();
        }
    }, []);
    const choose = (row: Row | undefined) => {
        if (row !== undefined && entity !== undefined) {
            onChange(row.id, rowLabel(entity, row));
            setTyped(null);
        }
    };
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            setTyped(typed ?? '');
            setAt(Math.max(0, Math.min(rows.length - 1, at + (typed === null ? 0 : event.key === 'ArrowDown' ? 1 : -1))));
        } else if (event.key === 'Enter' && typed !== null) {
            event.preventDefault();
            choose(rows[at]);
        } else if (event.key === 'Escape' && typed !== null) {
            event.preventDefault();
            event.stopPropagation();
            setTyped(null);
        }
    };
    return (
        <div class="picker">
            <div class="row">
                <input
                    {...tied}
                    ref={input}
                    class="input grow"
                    role="combobox"
                    aria-label={label}
                    aria-autocomplete="list"
                    aria-expanded={typed !== null}
                    aria-controls={listId}
                    aria-activedescendant={typed !== null && rows[at] !== undefined ? `${listId}-${at}` : undefined}
                    autocomplete="off"
                    disabled={disabled}
                    placeholder={shown === '' ? t('records.type_to_search') : shown}
                    value={typed ?? shown}
                    onInput={(event) => (setTyped(event.currentTarget.value), setAt(0))}
                    onClick={() => setTyped(typed ?? '')}
                    onKeyDown={onKeyDown}
                    onBlur={() => setTyped(null)}
                />
                {value !== '' && !disabled && <Button kind="quiet" icon="close" label={t('common.clear')} onClick={() => onChange('', '')} />}
            </div>
            {typed !== null && (
                <ul id={listId} class="picker-list" role="listbox" aria-label={label}>
                    {rows.map((row, i) => (
                        <li
                            key={row.id}
                            id={`${listId}-${i}`}
                            class="picker-option"
                            role="option"
                            aria-selected={i === at}
                            onMouseDown={(event) => (event.preventDefault(), choose(row))}
                            onMouseMove={() => setAt(i)}
                        >
                            {entity === undefined ? row.id : <PickerText label={rowLabel(entity, row)} row={row} naturalKey={entity.natural_key} />}
                        </li>
                    ))}
                    {rows.length === 0 && <li class="picker-note">{found.loading ? t('common.loading') : t('common.nothing_found')}</li>}
                    {found.data?.more === true && <li class="picker-note">{t('records.more_found')}</li>}
                </ul>
            )}
        </div>
    );
}

function PickerText({ label, row, naturalKey }: { label: string; row: Row; naturalKey: string | null }) {
    const key = naturalKey === null ? null : row[naturalKey];
    return (
        <span class="clip">
            {label}
            {typeof key === 'string' && !label.includes(key) && <span class="muted small"> {key}</span>}
        </span>
    );
}
