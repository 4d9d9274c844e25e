/* Ctrl+K: whatever a person wants to go to or do, by typing a part of its name. */
import { useEffect, useId, useState } from 'preact/hooks';
import { Dialog, Icon } from '../design';
import { t } from '../i18n';
import { useEntities } from '../records/entities';
import { fixedItems, foundRows, matching, type PaletteItem } from './palette-items';
import { useRoles } from './status';

const TYPING_MS = 150;
const SHOWN_MAX = 60;

function useFoundRows(typed: string): PaletteItem[] {
    const entities = useEntities().data?.entities ?? [];
    const [rows, setRows] = useState<PaletteItem[]>([]);
    useEffect(() => {
        const abort = new AbortController();
        const wanted = typed.trim();
        setRows([]);
        const timer = setTimeout(() => {
            if (wanted !== '') {
                foundRows(entities, wanted, abort.signal).then(setRows, () => undefined);
            }
        }, TYPING_MS);
        return () => {
            clearTimeout(timer);
            abort.abort();
        };
    }, [typed, entities.length]);
    return rows;
}

export function Palette({ onClose }: { onClose: () => void }) {
    const [typed, setTyped] = useState('');
    const [at, setAt] = useState(0);
    const listId = useId();
    const entities = useEntities().data?.entities ?? [];
    const roles = useRoles();
    const rows = useFoundRows(typed);
    const items = [...matching(fixedItems(entities, roles), typed), ...rows].slice(0, SHOWN_MAX);
    const act = (item: PaletteItem | undefined) => {
        if (item !== undefined) {
            onClose();
            item.act();
        }
    };
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            setAt(Math.max(0, Math.min(items.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1))));
        } else if (event.key === 'Enter' && !event.isComposing) {
            event.preventDefault();
            act(items[at]);
        }
    };
    useEffect(() => document.getElementById(`${listId}-${at}`)?.scrollIntoView({ block: 'nearest' }), [at]);
    return (
        <Dialog title={t('app.palette')} onClose={onClose}>
            <div class="stack-tight">
                <input
                    class="input"
                    role="combobox"
                    aria-label={t('app.palette_hint')}
                    aria-expanded="true"
                    aria-controls={listId}
                    aria-activedescendant={`${listId}-${at}`}
                    placeholder={t('app.palette_hint')}
                    value={typed}
                    onInput={(event) => (setTyped(event.currentTarget.value), setAt(0))}
                    onKeyDown={onKeyDown}
                />
                <ul id={listId} class="palette-list" role="listbox" aria-label={t('app.palette')}>
                    {items.map((item, i) => (
                        <li
                            key={item.key}
                            id={`${listId}-${i}`}
                            class="picker-option row"
                            role="option"
                            aria-selected={i === at}
                            onMouseMove={() => setAt(i)}
                            onClick={() => act(item)}
                        >
                            <Icon name={item.icon} />
                            <span class="grow clip">{item.text}</span>
                            <span class="muted small">{item.note}</span>
                        </li>
                    ))}
                    {items.length === 0 && <li class="picker-note">{t('common.nothing_found')}</li>}
                </ul>
            </div>
        </Dialog>
    );
}
