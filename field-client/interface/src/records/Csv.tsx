/* CSV out and in. */
import { useState } from 'preact/hooks';
import { runBytes, useAction, CommandError } from '../api';
import { Button, CheckBox, Dialog, ErrorNotice, Field, Notice, Table, errorText, toast } from '../design';
import { t } from '../i18n';
import { labelOf, type Entity } from './entities';

export function saveBlob(blob: Blob, name: string): void {
    const url = URL.createObjectURL(blob);
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
}

export function CsvExport({ entity }: { entity: Entity }) {
    const [busy, setBusy] = useState(false);
    const save = async () => {
        setBusy(true);
        try {
            saveBlob((await runBytes(['export', entity.name])).json, `${entity.name}.csv`);
        } catch (error) {
            toast(error instanceof CommandError ? errorText(error) : String(error), 'danger');
        } finally {
            setBusy(false);
        }
    };
    return (
        <Button icon="download" busy={busy} onClick={() => void save()}>
            {t('records.export')}
        </Button>
    );
}

interface ImportAnswer {
    rows: number;
    inserted: number;
    updated: number;
    unchanged: number;
    bad_count: number;
    bad: { line: number; text: string }[];
}

function badOf(error: CommandError | undefined): ImportAnswer['bad'] {
    const json = error?.json as Partial<ImportAnswer> | null | undefined;
    return json?.bad ?? [];
}

function BadLines({ bad }: { bad: ImportAnswer['bad'] }) {
    return (
        <Table
            caption={t('records.bad_lines')}
            rows={bad}
            keyOf={(line) => line.line}
            columns={[
                { key: 'line', title: t('records.line'), number: true, show: (line) => line.line },
                { key: 'text', title: t('records.problem'), show: (line) => line.text },
            ]}
        />
    );
}

export function CsvImport({ entity, onClose }: { entity: Entity; onClose: () => void }) {
    const [file, setFile] = useState<File>();
    const [skipBad, setSkipBad] = useState(false);
    const [answer, setAnswer] = useState<ImportAnswer>();
    const action = useAction();
    const read = async () => {
        if (file !== undefined) {
            setAnswer((await action.run<ImportAnswer>(['import', entity.name, '-', ...(skipBad ? ['--skip-bad'] : [])], { input: file }))?.json);
        }
    };
    const bad = answer?.bad ?? badOf(action.error);
    return (
        <Dialog title={t('records.import_title', { entity: labelOf(entity) })} onClose={onClose}>
            <div class="stack">
                <p class="muted">{t('records.import_text')}</p>
                <Field label={t('records.file')} required>
                    <input
                        class="input"
                        type="file"
                        accept=".csv,text/csv"
                        aria-label={t('records.file')}
                        onChange={(event) => {
                            setFile(event.currentTarget.files?.[0]);
                            setAnswer(undefined);
                            action.clear();
                        }}
                    />
                </Field>
                <CheckBox checked={skipBad} onChange={setSkipBad}>
                    {t('records.skip_bad')}
                </CheckBox>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                {answer !== undefined && (
                    <Notice tone="success">{t('records.imported', { inserted: answer.inserted, updated: answer.updated, unchanged: answer.unchanged })}</Notice>
                )}
                {bad.length > 0 && <BadLines bad={bad} />}
            </div>
            <div class="dialog-foot">
                <Button onClick={onClose}>{t('common.close')}</Button>
                <Button kind="primary" icon="upload" busy={action.busy} disabled={file === undefined} onClick={() => void read()}>
                    {t('records.import')}
                </Button>
            </div>
        </Dialog>
    );
}
