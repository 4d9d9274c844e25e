/* What the server refused: why, what was typed, and the form to put it right and send it again. */
import { useState } from 'preact/hooks';
import { useAction, useCommand } from '../api';
import { Badge, Button, ConfirmDialog, EmptyState, ErrorNotice, Field, Show, toast } from '../design';
import { drafts, useDraft } from '../drafts';
import { t } from '../i18n';
import { FieldInput, labelOf, useEntity } from '../records';
import { changedWords, textOfValue } from '../records/values';

interface Operation {
    kind: 'new' | 'set' | 'delete';
    entity: string;
    id: string;
    values: Record<string, unknown>;
}

interface Refusal {
    number: number;
    status: string;
    text: string;
    operation: number;
    field: string;
    operations: Operation[];
}

const KIND_TEXTS = { new: 'technician.kind_new', set: 'technician.kind_set', delete: 'technician.kind_delete' } as const;

function draftKey(refusal: Refusal): string {
    return `correct ${refusal.number}`;
}

/* The values of the refused operation, the field that it was refused for first. */
function Correction({ refusal, operation }: { refusal: Refusal; operation: Operation }) {
    const action = useAction();
    const entity = useEntity(operation.entity);
    const draft = useDraft<Record<string, string>>(draftKey(refusal), {});
    const typed = draft.value;
    if (entity === undefined || !draft.ready) {
        return null;
    }
    const fields = entity.fields
        .filter((field) => !field.computed && field.type !== 'bytes' && (field.name in operation.values || field.name === refusal.field))
        .sort((a, b) => Number(b.name === refusal.field) - Number(a.name === refusal.field));
    const send = async (event: Event) => {
        event.preventDefault();
        const before = { ...operation.values, id: operation.id };
        if ((await action.run(['refusals', 'correct', String(refusal.number), ...changedWords(fields, typed, before)])) !== undefined) {
            draft.drop();
            toast(t('technician.corrected'), 'success');
        }
    };
    return (
        <form class="stack" onSubmit={(event) => void send(event)}>
            <div class="columns">
                {fields.map((field) => (
                    <Field key={field.name} label={labelOf(field)} error={field.name === refusal.field ? refusal.text : undefined}>
                        <FieldInput
                            field={field}
                            value={typed[field.name] ?? textOfValue(field, operation.values[field.name])}
                            onChange={(value) => draft.set((before) => ({ ...before, [field.name]: value }))}
                        />
                    </Field>
                ))}
            </div>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div>
                <Button type="submit" kind="primary" icon="sync" busy={action.busy}>
                    {t('technician.correct')}
                </Button>
            </div>
        </form>
    );
}

function RefusalCard({ refusal }: { refusal: Refusal }) {
    const dismiss = useAction();
    const [asking, setAsking] = useState(false);
    const operation = refusal.operations[refusal.operation] ?? refusal.operations[0];
    const entity = useEntity(operation?.entity ?? '');
    return (
        <li class="card stack">
            <div class="spread">
                <div>
                    <strong>{entity === undefined ? operation?.entity : labelOf(entity)}</strong>{' '}
                    {operation !== undefined && <Badge>{t(KIND_TEXTS[operation.kind])}</Badge>}
                    <p class="pre bad">{refusal.text || refusal.status}</p>
                </div>
                <Button icon="trash" onClick={() => setAsking(true)}>
                    {t('technician.dismiss')}
                </Button>
            </div>
            {operation !== undefined && operation.kind !== 'delete' && <Correction refusal={refusal} operation={operation} />}
            {asking && (
                <ConfirmDialog
                    title={t('technician.dismiss')}
                    text={t('technician.dismiss_text')}
                    confirm={t('technician.dismiss')}
                    danger
                    error={dismiss.error}
                    onClose={() => setAsking(false)}
                    onConfirm={async () => {
                        if ((await dismiss.run(['refusals', 'dismiss', String(refusal.number)])) !== undefined) {
                            drafts.drop(draftKey(refusal));
                            setAsking(false);
                        }
                    }}
                />
            )}
        </li>
    );
}

export function Corrections() {
    const refusals = useCommand<{ refusals: Refusal[] }>(['refusals']);
    return (
        <div class="stack">
            <h1>{t('technician.corrections')}</h1>
            <p class="muted">{t('technician.corrections_text')}</p>
            <Show loaded={refusals}>
                {(data) =>
                    data.refusals.length === 0 ? (
                        <EmptyState icon="check" title={t('technician.no_refusals')} />
                    ) : (
                        <ul class="orders">
                            {data.refusals.map((refusal) => (
                                <RefusalCard key={refusal.number} refusal={refusal} />
                            ))}
                        </ul>
                    )
                }
            </Show>
        </div>
    );
}
