/* What waits to be sent, when the last sync was, and the button for the next. */
import { useState } from 'preact/hooks';
import { appState, useAction } from '../api';
import { Badge, Button, DefinitionList, Dialog, ErrorNotice, Notice, Show, toast } from '../design';
import { formatBytes, formatCount, formatInstant, formatRelative, t } from '../i18n';
import { useStatus, type Status } from './status';

function SyncProgress({ status }: { status: Status }) {
    const progress = status.agent?.syncing;
    if (progress === null || progress === undefined) {
        return null;
    }
    return (
        <div class="stack-tight">
            <progress class="progress" max={Math.max(progress.rows_expected, 1)} {...(progress.rows_expected > 0 ? { value: progress.rows } : {})} />
            <span class="small muted">{t('app.sync_rows', { n: formatCount(progress.rows), bytes: formatBytes(progress.bytes) })}</span>
        </div>
    );
}

function SyncDetails({ status }: { status: Status }) {
    const last = status.last_sync;
    return (
        <div class="stack">
            <SyncProgress status={status} />
            {status.must_join_again !== null && <Notice tone="danger">{status.must_join_again}</Notice>}
            {status.revoked !== null && <Notice tone="danger">{t('app.revoked', { reason: status.revoked.reason })}</Notice>}
            {status.incomplete && <Notice tone="warning">{t('app.incomplete')}</Notice>}
            <DefinitionList
                items={[
                    [t('app.waiting'), formatCount(status.waiting)],
                    [t('app.files_waiting'), status.attachments.to_send > 0 && `${status.attachments.to_send} (${formatBytes(status.attachments.bytes_to_send)})`],
                    [t('app.refused'), status.refused > 0 && formatCount(status.refused)],
                    [t('app.held'), status.held > 0 && formatCount(status.held)],
                    [t('app.last_sync'), last === null ? t('app.never') : formatInstant(last.at)],
                    [t('app.sync_result'), last !== null && (last.status === 'OK' ? t('app.sync_good') : last.text)],
                    [t('app.next_sync'), formatInstant(status.agent?.next_sync_at)],
                    [t('app.server'), <span class="fixed">{status.server}</span>],
                    [t('app.device'), `${status.device} (${status.fingerprint})`],
                ]}
            />
        </div>
    );
}

export function SyncState() {
    const status = useStatus();
    const action = useAction();
    const [open, setOpen] = useState(false);
    const syncing = action.busy || appState.value?.syncing === true;
    const waiting = (status.data?.waiting ?? 0) + (status.data?.attachments.to_send ?? 0);
    const failed = status.data?.last_sync?.status !== undefined && status.data.last_sync.status !== 'OK';
    const sync = async () => {
        if ((await action.run(['sync'])) === undefined) {
            setOpen(true);
        } else {
            toast(t('app.sync_good'), 'success');
        }
    };
    return (
        <div class="sync-state">
            <Button kind="quiet" onClick={() => setOpen(true)} aria-haspopup="dialog">
                {waiting > 0 ? (
                    <Badge tone="warning">{t('app.waiting_count', { n: waiting })}</Badge>
                ) : (
                    <Badge tone="success">{t('app.all_sent')}</Badge>
                )}
                <span class={failed ? 'small wide-only' : 'small muted wide-only'}>
                    {syncing
                        ? t('app.syncing')
                        : failed
                          ? t('app.sync_failed')
                          : t('app.synced', { when: formatRelative(status.data?.last_sync?.at) || t('app.never') })}
                </span>
            </Button>
            <Button icon="sync" label={t('app.sync_now')} busy={syncing} onClick={() => void sync()} />
            {open && (
                <Dialog title={t('app.sync')} onClose={() => setOpen(false)}>
                    <div class="stack">
                        {action.error !== undefined && <ErrorNotice error={action.error} />}
                        <Show loaded={status}>{(data) => <SyncDetails status={data} />}</Show>
                    </div>
                    <div class="dialog-foot">
                        <Button kind="primary" icon="sync" busy={syncing} onClick={() => void sync()}>
                            {t('app.sync_now')}
                        </Button>
                    </div>
                </Dialog>
            )}
        </div>
    );
}
