/* The form of a row: what this person may write, problems beside their fields, kept as a draft while it is typed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAction } from '../api';
import { useRoles } from '../app/status';
import { Button, EmptyState, ErrorNotice, Field, Loading, Notice, errorText, toast } from '../design';
import { useDraft } from '../drafts';
import { t } from '../i18n';
import { FieldInput } from './FieldInput';
import { labelOf, writableFields, type Entity, type EntityField, type Row } from './entities';
import { changedWords, fieldOfError, textOfValue } from './values';

interface RecordFormProps {
    entity: Entity;
    row?: Row;
    preset?: Record<string, string>; // of a new row
    onSaved: (id: string) => void;
    onCancel: () => void;
}

function beginning(fields: readonly EntityField[], row: Row | undefined, preset: Record<string, string>): Record<string, string> {
    return Object.fromEntries(fields.map((field) => [field.name, row === undefined ? (preset[field.name] ?? '') : textOfValue(field, row[field.name])]));
}

/* Required fields without a value: said before the command would. */
function missingFields(fields: readonly EntityField[], values: Record<string, string>): string[] {
    return fields.filter((field) => field.required && (values[field.name] ?? '').trim() === '').map((field) => field.name);
}

export function RecordForm({ entity, row, preset = {}, onSaved, onCancel }: RecordFormProps) {
    const roles = useRoles();
    const fields = writableFields(entity, roles, row).filter((field) => field.type !== 'bytes');
    const [initial] = useState(() => beginning(fields, row, preset));
    const draft = useDraft(`${row === undefined ? 'new' : row.id} ${entity.name}`, initial);
    const [missing, setMissing] = useState<string[]>([]);
    const action = useAction();
    const values = draft.value;
    const wrong = action.error === undefined ? null : fieldOfError(entity, action.error.status, action.error.text);

    const save = async (event: Event) => {
        event.preventDefault();
        const lacks = missingFields(fields, values);
        setMissing(lacks);
        if (lacks.length > 0) {
            return;
        }
        const words = changedWords(fields, values, row);
        if (row !== undefined && words.length === 0) {
            draft.drop();
            onSaved(row.id);
            return;
        }
        const answer = await action.run<{ id: string }>(row === undefined ? ['new', entity.name, ...words] : ['set', entity.name, row.id, ...words]);
        if (answer !== undefined) {
            draft.drop();
            toast(t('common.saved'), 'success');
            onSaved(answer.json.id);
        }
    };
    const errorOf = (field: EntityField): string | undefined =>
        missing.includes(field.name) && (values[field.name] ?? '').trim() === ''
            ? t('common.required')
            : wrong === field.name && action.error !== undefined
              ? errorText(action.error)
              : undefined;

    const form = useRef<HTMLFormElement>(null);
    useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [missing, wrong]);

    if (!draft.ready) {
        return <Loading />;
    }
    if (fields.length === 0) {
        return <EmptyState icon="lock" title={t('records.nothing_to_write')} />;
    }
    return (
        <form ref={form} class="stack" noValidate onSubmit={(event) => void save(event)}>
            {draft.restored && (
                <Notice>
                    <div class="spread">
                        <span>{t('records.draft_restored')}</span>
                        <Button onClick={draft.drop}>{t('records.draft_drop')}</Button>
                    </div>
                </Notice>
            )}
            <div class="card columns">
                {fields.map((field, i) => (
                    <Field key={field.name} label={labelOf(field)} required={field.required} error={errorOf(field)}>
                        <FieldInput
                            field={field}
                            value={values[field.name] ?? ''}
                            valueLabel={row !== undefined && row[field.name] === values[field.name] ? row.labels?.[field.name] : undefined}
                            autofocus={i === 0}
                            onChange={(value) => draft.set((before) => ({ ...before, [field.name]: value }))}
                        />
                    </Field>
                ))}
            </div>
            {action.error !== undefined && wrong === null && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button kind="primary" icon="check" type="submit" busy={action.busy}>
                    {t('common.save')}
                </Button>
                <Button onClick={onCancel}>{t('common.cancel')}</Button>
            </div>
        </form>
    );
}
