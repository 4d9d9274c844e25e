/* A campaign ends: when all is done, or with something left, knowingly. */
import { useState } from 'preact/hooks';
import { option, useAction } from '../api';
import { Button, CheckBox, Dialog, ErrorNotice, Field, TextInput, toast } from '../design';
import { t } from '../i18n';
import type { Campaign } from '../vault';

export function EndDialog({ campaign, onClose }: { campaign: Campaign; onClose: () => void }) {
    const action = useAction();
    const [reason, setReason] = useState('');
    const [unfinished, setUnfinished] = useState(false);
    const { unprepared, pending, applied, verified } = campaign.counts;
    const left = unprepared + pending + applied + verified;
    const end = async (event: Event) => {
        event.preventDefault();
        if (reason.trim() !== '' && !action.busy) {
            const words = ['vault', 'rotate', 'end', campaign.project, option('reason', reason.trim()), ...(unfinished ? ['--unfinished'] : [])];
            if ((await action.run(words)) !== undefined) {
                toast(t('security.ended'), 'success');
                onClose();
            }
        }
    };
    return (
        <Dialog title={t('security.end')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => void end(event)}>
                <Field label={t('vault.reason')} required>
                    <TextInput value={reason} onChange={setReason} autofocus />
                </Field>
                {left > 0 && (
                    <CheckBox checked={unfinished} onChange={setUnfinished}>
                        {t('security.end_unfinished', { n: left })}
                    </CheckBox>
                )}
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    <Button type="submit" kind="primary" busy={action.busy} disabled={reason.trim() === '' || (left > 0 && !unfinished)}>
                        {t('security.end')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
