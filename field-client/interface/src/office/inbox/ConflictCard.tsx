/* One conflict: what is shown and what lost, side by side, and the decision between them. */
import { useId, useState } from 'preact/hooks';
import { useCommand } from '../../api';
import { href } from '../../app/router';
import { Button, CheckBox, ErrorNotice, Field, Select, TextInput } from '../../design';
import { formatInstant, t } from '../../i18n';
import { fieldOf, labelOf, useEntity, type Entity } from '../../records/entities';
import { fieldLabel, showValue } from '../values';
import { baseOf, type Change, type Choice, type Conflict } from './conflict';

interface Side {
    title: string;
    value: string;
    author: string | null;
    at: string | null;
    button: string;
    onChoose: () => void;
    busy: boolean;
}

function SideCard({ title, value, author, at, button, onChoose, busy }: Side) {
    return (
        <div class="conflict-side stack-tight">
            <span class="small muted">{title}</span>
            <strong class="conflict-value">{value}</strong>
            <span class="small">
                {author ?? '—'} · {formatInstant(at)}
            </span>
            <div>
                <Button icon="check" disabled={busy} onClick={onChoose}>
                    {button}
                </Button>
            </div>
        </div>
    );
}

function Base({ conflict, entity }: { conflict: Conflict; entity: Entity | undefined }) {
    const history = useCommand<{ changes: Change[] }>(conflict.row === null ? null : ['history', conflict.entity, conflict.row]);
    const field = entity === undefined ? undefined : fieldOf(entity, conflict.field);
    if (history.error !== undefined) {
        return <p class="small muted">{t('office.base_offline')}</p>;
    }
    if (history.data === undefined) {
        return <p class="small muted">{t('common.loading')}</p>;
    }
    const base = baseOf(conflict, history.data.changes);
    return <p class="small muted">{base === undefined ? t('office.base_unknown') : t('office.base', { value: showValue(field, base) })}</p>;
}

function OwnValue({ conflict, entity, busy, onChoose }: { conflict: Conflict; entity: Entity | undefined; busy: boolean; onChoose: (value: string) => void }) {
    const field = entity === undefined ? undefined : fieldOf(entity, conflict.field);
    const [value, setValue] = useState('');
    return (
        <form
            class="own-value"
            onSubmit={(event) => {
                event.preventDefault();
                onChoose(value);
            }}
        >
            <div class="grow">
                <Field label={t('office.own_value')}>
                    {field?.type === 'choice' ? (
                        <Select value={value} onChange={setValue} options={field.choices.map((each) => ({ value: each.name, label: labelOf(each) }))} />
                    ) : (
                        <TextInput value={value} onChange={setValue} />
                    )}
                </Field>
            </div>
            <Button type="submit" disabled={busy || value === ''}>
                {t('office.use_own')}
            </Button>
        </form>
    );
}

interface CardProps {
    conflict: Conflict;
    selected: boolean;
    busy: boolean;
    failure: import('../../api').CommandError | undefined;
    onSelect: (selected: boolean) => void;
    onChoose: (choice: Choice) => void;
}

export function ConflictCard({ conflict, selected, busy, failure, onSelect, onChoose }: CardProps) {
    const [own, setOwn] = useState(false);
    const titleId = useId();
    const entity = useEntity(conflict.entity);
    const field = entity === undefined ? undefined : fieldOf(entity, conflict.field);
    return (
        <article class="card stack-tight" aria-labelledby={titleId}>
            <div class="spread">
                <CheckBox checked={selected} onChange={onSelect}>
                    <h2 id={titleId} class="conflict-title">
                        {entity === undefined ? conflict.entity : labelOf(entity)} {conflict.row_label} · {fieldLabel(entity, conflict.field)}
                    </h2>
                </CheckBox>
                {conflict.row !== null && (
                    <a href={href('recordDetail', { entity: conflict.entity, id: conflict.row })}>{t('office.open_record')}</a>
                )}
            </div>
            <Base conflict={conflict} entity={entity} />
            <div class="conflict-sides">
                <SideCard
                    title={t('office.shown_value')}
                    value={showValue(field, conflict.shown_text)}
                    author={conflict.shown_author}
                    at={conflict.shown_at}
                    button={t('office.keep_current')}
                    busy={busy}
                    onChoose={() => onChoose({ kind: 'current' })}
                />
                <SideCard
                    title={t('office.losing_value')}
                    value={showValue(field, conflict.losing_text)}
                    author={conflict.losing_author}
                    at={conflict.losing_at}
                    button={t('office.take_other')}
                    busy={busy}
                    onChoose={() => onChoose({ kind: 'other' })}
                />
            </div>
            {conflict.field !== '_deleted' &&
                (own ? (
                    <OwnValue conflict={conflict} entity={entity} busy={busy} onChoose={(value) => onChoose({ kind: 'value', value })} />
                ) : (
                    <div>
                        <Button kind="quiet" icon="edit" onClick={() => setOwn(true)}>
                            {t('office.other_value')}
                        </Button>
                    </div>
                ))}
            {failure !== undefined && <ErrorNotice error={failure} />}
        </article>
    );
}
