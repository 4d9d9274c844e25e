/* What stands above every page of this part: its name, and loudly whatever must not be missed. */
import type { ComponentChildren } from 'preact';
import { href, type RouteName } from '../app/router';
import { useStatus, type Status } from '../app/status';
import { LinkButton, Notice } from '../design';
import { t } from '../i18n';

interface SecurityPageProps {
    title: string;
    here?: RouteName; // notices that lead here are left out
    actions?: ComponentChildren;
    children: ComponentChildren;
}

/* The log's own alarm: the server showed two histories. */
export function historyAlarm(status: Status | undefined): string | null {
    return (status as { history?: { alarm?: string | null } } | undefined)?.history?.alarm ?? null;
}

function Alarms({ here }: { here: RouteName | undefined }) {
    const status = useStatus().data;
    if (status === undefined) {
        return null;
    }
    const alarms = status.vault_notes.findings.filter((finding) => finding.alarm !== null).length + (historyAlarm(status) === null ? 0 : 1);
    return (
        <div class="stack-tight no-print strips">
            {alarms > 0 && here !== 'vaultFindings' && (
                <Notice tone="danger">
                    <div class="spread">
                        <strong>{t('security.alarms', { n: alarms })}</strong>
                        <LinkButton kind="danger" icon="alert" href={href('vaultFindings')}>
                            {t('security.look')}
                        </LinkButton>
                    </div>
                </Notice>
            )}
            {!status.recovery_is_set_up && here !== 'recovery' && (
                <Notice tone="danger">
                    <div class="spread">
                        <strong>{t('security.no_recovery')}</strong>
                        <LinkButton kind="danger" icon="shield" href={href('recovery')}>
                            {t('security.set_up')}
                        </LinkButton>
                    </div>
                </Notice>
            )}
            {status.vault_notes.to_approve > 0 && here !== 'approvals' && (
                <Notice tone="warning">
                    <div class="spread">
                        <span>{t('security.to_approve', { n: status.vault_notes.to_approve })}</span>
                        <LinkButton icon="check" href={href('approvals')}>
                            {t('security.look')}
                        </LinkButton>
                    </div>
                </Notice>
            )}
        </div>
    );
}

export function SecurityPage({ title, here, actions, children }: SecurityPageProps) {
    return (
        <div class="stack">
            <Alarms here={here} />
            <div class="spread">
                <h1>{title}</h1>
                <div class="row no-print">{actions}</div>
            </div>
            {children}
        </div>
    );
}
