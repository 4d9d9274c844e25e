/* Finds a part by code, name or scan, and puts a quantity of it on the visit. Combobox as the ARIA practices have it. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { option, useAction } from '../api';
import { Button, ErrorNotice, Field, Loading, NumberInput, TextInput, toast } from '../design';
import { useDraft, type Draft } from '../drafts';
import { formatAmount, t } from '../i18n';
import type { Part } from './rows';
import { ScanDialog } from './ScanDialog';
import { canScan } from './scan';
import { exactFirst, usePartSearch } from './use-part-search';

interface Parted {
    balance: number;
    warnings: string[];
}

function PartOption({ part, stock }: { part: Part; stock: number }) {
    return (
        <>
            <span class="grow">
                <strong>{part.name}</strong> <span class="muted small fixed">{part.code}</span>
                {part.spec && <span class="block muted small">{part.spec}</span>}
            </span>
            <span class="small part-figures">
                <span>{formatAmount(part.price_cents)}</span>
                <span class={stock > 0 ? 'good' : 'bad'}>{t('technician.in_van', { n: stock })}</span>
            </span>
        </>
    );
}

function PartSearch({ stock, onChosen, onScan }: { stock: Map<string, number>; onChosen: (part: Part) => void; onScan: () => void }) {
    const id = useId();
    const [text, setText] = useState('');
    const [at, setAt] = useState(0);
    const [wanted, setWanted] = useState(false); // Enter came before the answer
    const search = usePartSearch(text);
    const parts = exactFirst(search.parts, text);
    const open = text.trim() !== '' && (parts.length > 0 || !search.searching);
    const choose = (part: Part | undefined) => {
        if (part !== undefined) {
            onChosen(part);
        }
    };
    useEffect(() => setAt(0), [text]);
    useEffect(() => {
        if (wanted && !search.searching) {
            setWanted(false);
            choose(parts[at]);
        }
    }, [wanted, search.searching]);
    const onKey = (event: KeyboardEvent) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            const step = event.key === 'ArrowDown' ? 1 : -1;
            setAt(Math.max(0, Math.min(parts.length - 1, at + step)));
        } else if (event.key === 'Enter' && text.trim() !== '') {
            event.preventDefault();
            setWanted(true);
        } else if (event.key === 'Escape') {
            setText('');
        }
    };
    return (
        <div class="picker">
            <label class="field-label" for={id}>
                {t('technician.part_search')}
            </label>
            <div class="picker-line">
                <input
                    id={id}
                    class="input"
                    type="search"
                    role="combobox"
                    autocomplete="off"
                    aria-expanded={open}
                    aria-controls={`${id}-list`}
                    aria-activedescendant={open && parts.length > 0 ? `${id}-${at}` : undefined}
                    placeholder={t('technician.part_placeholder')}
                    value={text}
                    onInput={(event) => setText(event.currentTarget.value)}
                    onKeyDown={onKey}
                />
                {canScan() && (
                    <Button icon="camera" onClick={onScan}>
                        {t('technician.scan')}
                    </Button>
                )}
            </div>
            <ul id={`${id}-list`} class="picker-list" role="listbox" aria-label={t('technician.parts')} hidden={!open}>
                {parts.map((part, i) => (
                    <li key={part.id} id={`${id}-${i}`} class="picker-option" role="option" aria-selected={i === at} onClick={() => choose(part)}>
                        <PartOption part={part} stock={stock.get(part.id) ?? 0} />
                    </li>
                ))}
                {parts.length === 0 && <li class="picker-note">{t('technician.no_part')}</li>}
            </ul>
        </div>
    );
}

/* Not on the visit yet: a draft. */
interface Chosen {
    part: Part | null;
    quantity: string;
    serial: string;
}

const NOTHING_CHOSEN: Chosen = { part: null, quantity: '1', serial: '' };

interface ChosenPartProps {
    visit: string;
    part: Part;
    draft: Draft<Chosen>;
    stock: number;
    onDone: () => void;
}

function ChosenPart({ visit, part, draft, stock, onDone }: ChosenPartProps) {
    const action = useAction();
    const { quantity, serial } = draft.value;
    const form = useRef<HTMLFormElement>(null);
    useEffect(() => {
        // A page that is loaded again does not take the person here.
        if (!draft.restored) {
            form.current?.querySelector('input')?.select();
        }
    }, []);
    const add = async (event: Event) => {
        event.preventDefault();
        const serialWords = serial.trim() === '' ? [] : [option('serial', serial.trim())];
        const answer = await action.run<Parted>(['visit', 'part', ...serialWords, '--', visit, part.id, quantity.trim()]);
        if (answer !== undefined) {
            answer.json.warnings.forEach((warning) => toast(warning));
            onDone();
        }
    };
    return (
        <form ref={form} class="chosen-part" onSubmit={(event) => void add(event)}>
            <div class="picker-option">
                <PartOption part={part} stock={stock} />
            </div>
            <div class="part-entry">
                <Field label={part.unit === null ? t('technician.quantity') : `${t('technician.quantity')} (${part.unit})`}>
                    <NumberInput value={quantity} onChange={(typed) => draft.set((before) => ({ ...before, quantity: typed }))} autofocus={!draft.restored} />
                </Field>
                <Field label={t('technician.serial')}>
                    <TextInput value={serial} onChange={(typed) => draft.set((before) => ({ ...before, serial: typed }))} />
                </Field>
                <Button type="submit" kind="primary" icon="plus" busy={action.busy}>
                    {t('technician.add_part')}
                </Button>
                <Button onClick={onDone}>{t('common.cancel')}</Button>
            </div>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
        </form>
    );
}

export function PartPicker({ visit, stock }: { visit: string; stock: Map<string, number> }) {
    const draft = useDraft(`part ${visit}`, NOTHING_CHOSEN);
    const { part } = draft.value;
    const choose = (found: Part) => draft.set({ ...NOTHING_CHOSEN, part: found });
    const [scanning, setScanning] = useState(false);
    const [added, setAdded] = useState(0);
    const box = useRef<HTMLDivElement>(null);
    useEffect(() => {
        if (added > 0) {
            box.current?.querySelector('input')?.focus();
        }
    }, [added]);
    const done = () => {
        draft.drop();
        setAdded(added + 1);
    };
    if (!draft.ready) {
        return <Loading />;
    }
    return (
        <div ref={box}>
            {part === null ? (
                <PartSearch key={added} stock={stock} onChosen={choose} onScan={() => setScanning(true)} />
            ) : (
                <ChosenPart visit={visit} part={part} draft={draft} stock={stock.get(part.id) ?? 0} onDone={done} />
            )}
            {scanning && (
                <ScanDialog
                    onFound={(found) => {
                        setScanning(false);
                        choose(found);
                    }}
                    onClose={() => setScanning(false)}
                />
            )}
        </div>
    );
}
