/* A number, or a receipt, that does not stand: declared with a reason, for good. */
import { useState } from 'preact/hooks';
import { option, useAction } from '../../api';
import { Button, Dialog, ErrorNotice, Field, TextArea, TextInput, toast } from '../../design';
import { t } from '../../i18n';

/* `number`: empty where it is asked for too. */
export function VoidDialog({ number, onClose }: { number: string; onClose: () => void }) {
    const [typed, setTyped] = useState(number);
    const [reason, setReason] = useState('');
    const action = useAction();
    const submit = async () => {
        if ((await action.run(['receipt', 'void', option('reason', reason.trim()), '--', typed.trim()])) !== undefined) {
            toast(t('office.voided', { number: typed.trim() }), 'success');
            onClose();
        }
    };
    return (
        <Dialog title={t('office.void_number')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => (event.preventDefault(), void submit())}>
                <p>{t('office.void_text')}</p>
                <Field label={t('office.number')} required>
                    <TextInput value={typed} onChange={setTyped} disabled={number !== ''} autofocus={number === ''} />
                </Field>
                <Field label={t('office.reason')} required>
                    <TextArea rows={2} value={reason} onChange={setReason} autofocus={number !== ''} />
                </Field>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="dialog-foot">
                    <Button onClick={onClose}>{t('common.cancel')}</Button>
                    <Button type="submit" kind="danger" busy={action.busy} disabled={typed.trim() === '' || reason.trim() === ''}>
                        {t('office.void_number')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
