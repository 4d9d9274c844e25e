/* Syncing by a stick where there is no network, and how the last syncs went. */
import { useState } from 'preact/hooks';
import { CommandError, rowsChanged, run, runBytes, useAction } from '../../api';
import { useStatus, type Status } from '../../app/status';
import { Button, DefinitionList, ErrorNotice, Notice, Show } from '../../design';
import { formatBytes, formatCount, formatInstant, t } from '../../i18n';
import { saveBlob } from '../../records';

const FILE_NAME = 'countersign.bundle';

interface Imported {
    already: boolean;
    pushed: number;
    refused: number;
    pulled: number;
    conflicts: number;
    digest: string;
}

function asError(failure: unknown): CommandError {
    return failure instanceof CommandError ? failure : new CommandError('FAILED', String(failure), -1);
}

/* One thing at a time, its failure beside its button. */
function useTask<Result>() {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<CommandError>();
    const [result, setResult] = useState<Result>();
    const start = async (act: () => Promise<Result>) => {
        setBusy(true);
        setError(undefined);
        setResult(undefined);
        await act().then(setResult, (failure: unknown) => setError(asError(failure)));
        setBusy(false);
    };
    return { busy, error, result, start };
}

function Export({ status }: { status: Status | undefined }) {
    const task = useTask<{ bytes: number; remarks: string }>();
    const make = async () => {
        const answer = await runBytes(['bundle', 'export', '-']);
        saveBlob(answer.json, FILE_NAME);
        return { bytes: answer.json.size, remarks: answer.remarks };
    };
    return (
        <section class="card stack-tight">
            <h2>{t('office.bundle_export')}</h2>
            <p>{t('office.bundle_export_text')}</p>
            {status !== undefined && <p class="small muted">{t('office.bundle_waiting', { n: status.waiting + status.packed })}</p>}
            <div>
                <Button kind="primary" icon="download" busy={task.busy} onClick={() => void task.start(make)}>
                    {t('office.bundle_export')}
                </Button>
            </div>
            {task.error !== undefined && <ErrorNotice error={task.error} />}
            {task.result !== undefined && (
                <Notice tone="success">
                    <span>{t('office.bundle_made', { bytes: formatBytes(task.result.bytes) })}</span>
                    {task.result.remarks !== '' && <span class="pre">{task.result.remarks}</span>}
                </Notice>
            )}
        </section>
    );
}

function Import() {
    const task = useTask<Imported>();
    const take = (file: File) => async () => {
        const answer = await run<Imported>(['bundle', 'import', '-'], { input: file });
        rowsChanged();
        return answer.json;
    };
    return (
        <section class="card stack-tight">
            <h2>{t('office.bundle_import')}</h2>
            <p>{t('office.bundle_import_text')}</p>
            <label class="stack-tight">
                <span class="field-label">{t('office.bundle_file')}</span>
                <input
                    class="input"
                    type="file"
                    disabled={task.busy}
                    onChange={(event) => {
                        const file = event.currentTarget.files?.[0];
                        event.currentTarget.value = '';
                        if (file !== undefined) {
                            void task.start(take(file));
                        }
                    }}
                />
            </label>
            {task.busy && <p role="status">{t('office.bundle_reading')}</p>}
            {task.error !== undefined && <ErrorNotice error={task.error} />}
            {task.result !== undefined && <ImportResult result={task.result} />}
        </section>
    );
}

function ImportResult({ result }: { result: Imported }) {
    if (result.already) {
        return <Notice>{t('office.bundle_already')}</Notice>;
    }
    return (
        <Notice tone={result.digest === 'unequal' ? 'warning' : 'success'}>
            <span>
                {t('office.bundle_taken', { pushed: result.pushed, refused: result.refused, pulled: result.pulled })}
            </span>
            {result.digest === 'unequal' && <span>{t('office.bundle_unequal')}</span>}
        </Notice>
    );
}

function SyncAccount() {
    const status = useStatus();
    const sync = useAction();
    return (
        <section class="card stack-tight">
            <div class="spread">
                <h2>{t('office.sync_account')}</h2>
                <Button icon="sync" busy={sync.busy} onClick={() => void sync.run(['sync'])}>
                    {t('app.sync_now')}
                </Button>
            </div>
            {sync.error !== undefined && <ErrorNotice error={sync.error} />}
            <Show loaded={status}>
                {(data) => (
                    <DefinitionList
                        items={[
                            [t('app.last_sync'), data.last_sync === null ? t('app.never') : formatInstant(data.last_sync.at)],
                            [t('app.sync_result'), data.last_sync?.text],
                            [t('office.sent_received'), data.last_sync && `${formatCount(data.last_sync.pushed)} / ${formatCount(data.last_sync.pulled)}`],
                            [t('app.next_sync'), formatInstant(data.agent?.next_sync_at)],
                            [t('office.failures'), data.agent !== null && data.agent.failures > 0 && formatCount(data.agent.failures)],
                            [t('app.waiting'), formatCount(data.waiting + data.packed)],
                            [t('app.files_waiting'), formatCount(data.attachments.to_send)],
                            [t('app.refused'), data.refused > 0 && formatCount(data.refused)],
                            [t('app.held'), data.held > 0 && formatCount(data.held)],
                            [
                                t('office.went_back'),
                                data.server_went_back &&
                                    t('office.went_back_text', {
                                        at: formatInstant(data.server_went_back.noticed_at),
                                        n: formatCount(data.server_went_back.change_sets_resent),
                                        rows: formatCount(data.server_went_back.rows_kept),
                                    }),
                            ],
                        ]}
                    />
                )}
            </Show>
        </section>
    );
}

export function Bundles() {
    const status = useStatus();
    return (
        <div class="stack">
            <h1>{t('office.bundles')}</h1>
            <p class="muted">{t('office.bundles_text')}</p>
            <ol class="bundle-steps">
                <li>{t('office.bundle_step1')}</li>
                <li>{t('office.bundle_step2')}</li>
                <li>{t('office.bundle_step3')}</li>
            </ol>
            <div class="columns">
                <Export status={status.data} />
                <Import />
            </div>
            <SyncAccount />
        </div>
    );
}
