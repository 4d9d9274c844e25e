/* Beside the orders: what waits to be sent, what the server refused, and how the last syncs went. */
import { useAction, appState } from '../api';
import { href } from '../app/router';
import { useStatus, type Status } from '../app/status';
import { Badge, Button, ErrorNotice, LinkButton, Notice, Show, toast } from '../design';
import { formatBytes, formatInstant, formatRelative, t } from '../i18n';
import { SyncHistory } from './SyncHistory';

function Waiting({ status }: { status: Status }) {
    const files = status.attachments;
    return (
        <ul class="facts">
            <li>
                <span>{t('technician.changes_wait')}</span>
                <Badge tone={status.waiting > 0 ? 'warning' : 'success'}>{status.waiting}</Badge>
            </li>
            {files.to_send > 0 && (
                <li>
                    <span>{t('technician.files_wait', { bytes: formatBytes(files.bytes_to_send) })}</span>
                    <Badge tone="warning">{files.to_send}</Badge>
                </li>
            )}
            {status.vault_notes.to_open > 0 && (
                <li>
                    <a href={href('passwords')}>{t('technician.approved_passwords')}</a>
                    <Badge tone="accent">{status.vault_notes.to_open}</Badge>
                </li>
            )}
            {status.vault_notes.leases > 0 && (
                <li>
                    <a href={href('passwords')}>{t('technician.leases_end', { when: formatInstant(status.vault_notes.lease_ends) })}</a>
                    <Badge tone="accent">{status.vault_notes.leases}</Badge>
                </li>
            )}
        </ul>
    );
}

export function Outbox() {
    const status = useStatus();
    const sync = useAction();
    const busy = sync.busy || appState.value?.syncing === true;
    const send = async () => {
        if ((await sync.run(['sync'])) !== undefined) {
            toast(t('app.sync_good'), 'success');
        }
    };
    return (
        <aside class="stack outbox" aria-label={t('technician.outbox')}>
            <Show loaded={status}>
                {(data) => (
                    <>
                        {data.refused > 0 && (
                            <Notice tone="danger">
                                <strong>{t('technician.refused', { n: data.refused })}</strong>
                                <div>
                                    <LinkButton icon="edit" href={href('corrections')}>
                                        {t('technician.correct_now')}
                                    </LinkButton>
                                </div>
                            </Notice>
                        )}
                        <section class="card stack-tight">
                            <div class="spread">
                                <h2>{t('technician.outbox')}</h2>
                                <Button icon="sync" busy={busy} onClick={() => void send()}>
                                    {t('app.sync_now')}
                                </Button>
                            </div>
                            <Waiting status={data} />
                            <p class="small muted">{t('app.synced', { when: formatRelative(data.last_sync?.at) || t('app.never') })}</p>
                            {sync.error !== undefined && (
                                <>
                                    <ErrorNotice error={sync.error} />
                                    <p class="small">{t('technician.sync_later')}</p>
                                </>
                            )}
                        </section>
                        <SyncHistory last={data.last_sync} />
                    </>
                )}
            </Show>
        </aside>
    );
}
