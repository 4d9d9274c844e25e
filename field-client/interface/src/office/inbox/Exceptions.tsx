/* What the server found inconsistent: what clears it, notes of people, and acceptance where it is allowed. */
import { useState } from 'preact/hooks';
import { useAction, type Loaded } from '../../api';
import { Badge, Button, EmptyState, ErrorNotice, Field, Notice, Select, Show, TextArea, toast } from '../../design';
import { formatInstant, t } from '../../i18n';
import { usePeople } from '../people';
import { clearingText, placeOf } from './clearing';

export interface Exception {
    id: string;
    kind: string;
    entity: string;
    row: string | null;
    subject: string | null;
    detail: string | null;
    opened_at: string | null;
    note: string | null;
    assigned_to: string | null;
    decision: string | null;
    row_label: string;
    kind_label?: string;
    action?: string;
    acceptable?: boolean;
}

function Annotate({ exception, onDone }: { exception: Exception; onDone: () => void }) {
    const [note, setNote] = useState(exception.note ?? '');
    const [who, setWho] = useState(exception.assigned_to ?? '');
    const people = usePeople();
    const save = useAction();
    const submit = async (decision: string[]) => {
        if ((await save.run(['set', 'exception', exception.id, `note=${note}`, `assigned_to=${who}`, ...decision])) !== undefined) {
            toast(t('common.saved'), 'success');
            onDone();
        }
    };
    return (
        <form class="stack-tight" onSubmit={(event) => (event.preventDefault(), void submit([]))}>
            <div class="columns">
                <Field label={t('office.note')}>
                    <TextArea rows={2} value={note} onChange={setNote} />
                </Field>
                <Field label={t('office.assigned_to')}>
                    <Select value={who} onChange={setWho} empty={t('common.none')} options={people.map(({ id, name }) => ({ value: id, label: name }))} />
                </Field>
            </div>
            {exception.acceptable === true && <p class="small muted">{t('office.accept_hint')}</p>}
            {save.error !== undefined && <ErrorNotice error={save.error} />}
            <div class="row">
                <Button type="submit" kind="primary" busy={save.busy}>
                    {t('common.save')}
                </Button>
                {exception.acceptable === true && (
                    <Button disabled={note.trim() === '' || save.busy} onClick={() => void submit(['decision=accepted'])}>
                        {t('office.accept')}
                    </Button>
                )}
                <Button kind="quiet" onClick={onDone}>
                    {t('common.cancel')}
                </Button>
            </div>
        </form>
    );
}

function Clearing({ exception }: { exception: Exception }) {
    const text = clearingText(exception.kind);
    if (text === null && exception.action === undefined) {
        return null;
    }
    return (
        <Notice>
            <strong>{t('office.clears')}</strong>
            <span>{text ?? exception.action}</span>
            {text !== null && exception.action !== undefined && (
                <details class="small muted">
                    <summary>{t('office.on_command_line')}</summary>
                    {exception.action}
                </details>
            )}
        </Notice>
    );
}

function ExceptionCard({ exception }: { exception: Exception }) {
    const [editing, setEditing] = useState(false);
    const place = placeOf(exception);
    return (
        <article class="card stack-tight">
            <div class="spread">
                <h2>
                    {exception.kind_label ?? exception.kind} · {exception.row_label || exception.subject}
                </h2>
                <span class="row">
                    {exception.decision === 'accepted' && <Badge tone="success">{t('office.accepted')}</Badge>}
                    <span class="small muted">{formatInstant(exception.opened_at)}</span>
                </span>
            </div>
            {/* The server wrote it, in English. */}
            <p lang="en" class="small muted">
                {exception.detail}
            </p>
            <Clearing exception={exception} />
            {exception.note !== null && exception.note !== '' && !editing && <p class="pre">{exception.note}</p>}
            {editing ? (
                <Annotate exception={exception} onDone={() => setEditing(false)} />
            ) : (
                <div class="row">
                    {place !== null && (
                        <a class="button" href={place.href}>
                            {place.text}
                        </a>
                    )}
                    <Button kind="quiet" icon="edit" onClick={() => setEditing(true)}>
                        {exception.acceptable === true ? t('office.note_or_accept') : t('office.note_edit')}
                    </Button>
                </div>
            )}
        </article>
    );
}

export function Exceptions({ loaded }: { loaded: Loaded<{ exceptions: Exception[] }> & { again: () => void } }) {
    return (
        <Show loaded={loaded}>
            {({ exceptions }) =>
                exceptions.length === 0 ? (
                    <EmptyState icon="check" title={t('office.no_exceptions')} />
                ) : (
                    <div class="stack">
                        {exceptions.map((exception) => (
                            <ExceptionCard key={exception.id} exception={exception} />
                        ))}
                    </div>
                )
            }
        </Show>
    );
}
