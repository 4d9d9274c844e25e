/* Shuts a device out, after saying what that does. */
import { useState } from 'preact/hooks';
import { option, useAction } from '../../api';
import { Button, Dialog, ErrorNotice, Field, TextArea, toast } from '../../design';
import { t } from '../../i18n';
import type { Device } from '../people';

export function RevokeDialog({ device, onClose }: { device: Device; onClose: () => void }) {
    const [reason, setReason] = useState('');
    const action = useAction();
    const submit = async () => {
        const answer = await action.run<{ let_in: string[] }>(['revoke', device.id, option('reason', reason.trim())]);
        if (answer !== undefined) {
            toast(t('office.revoked_done', { device: device.device }), 'success');
            onClose();
        }
    };
    return (
        <Dialog title={t('office.revoke_title', { device: device.device })} onClose={onClose}>
            <form class="stack" onSubmit={(event) => (event.preventDefault(), void submit())}>
                <p>
                    {device.person_name} · <span class="fixed">{device.fingerprint}</span>
                </p>
                <ul class="consequences">
                    <li>{t('office.revoke_when')}</li>
                    <li>{t('office.revoke_work')}</li>
                    <li>{t('office.revoke_secrets')}</li>
                    <li>{t('office.revoke_final')}</li>
                    <li>{t('office.revoke_let_in')}</li>
                </ul>
                <Field label={t('office.reason')} required hint={t('office.revoke_reason_hint')}>
                    <TextArea autofocus rows={2} value={reason} onChange={setReason} />
                </Field>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="dialog-foot">
                    <Button onClick={onClose}>{t('common.cancel')}</Button>
                    <Button type="submit" kind="danger" busy={action.busy} disabled={reason.trim() === ''}>
                        {t('office.revoke')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
