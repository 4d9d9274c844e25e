/* The note of a visit, and that something takes longer than promised: reason, until when, and that the customer knows (a line of the note). */
import { useState } from 'preact/hooks';
import { useAction } from '../api';
import { Button, DateTimeInput, ErrorNotice, Field, TextInput } from '../design';
import { formatInstant, t } from '../i18n';
import { AutoText } from './AutoText';
import type { Visit } from './rows';

function DelayForm({ visit, onDone }: { visit: Visit; onDone: () => void }) {
    const action = useAction();
    const [reason, setReason] = useState('');
    const [until, setUntil] = useState('');
    const [tried, setTried] = useState(false);
    const submit = async (event: Event) => {
        event.preventDefault();
        setTried(true);
        if (reason.trim() === '') {
            return;
        }
        const promised = until === '' ? '' : t('technician.delay_until', { when: formatInstant(until) });
        const line = t('technician.delay_line', { reason: reason.trim(), promised });
        if ((await action.run(['visit', 'note', '--', visit.id, line])) !== undefined) {
            onDone();
        }
    };
    return (
        <form class="card stack" onSubmit={(event) => void submit(event)}>
            <Field label={t('technician.delay_reason')} required error={tried && reason.trim() === '' ? t('technician.reason_missing') : undefined}>
                <TextInput value={reason} onChange={setReason} autofocus />
            </Field>
            <Field label={t('technician.delay_promised')}>
                <DateTimeInput value={until} onChange={setUntil} />
            </Field>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button type="submit" kind="primary" busy={action.busy}>
                    {t('technician.delay_add')}
                </Button>
                <Button onClick={onDone}>{t('common.cancel')}</Button>
            </div>
        </form>
    );
}

export function VisitNotes({ visit }: { visit: Visit }) {
    const [delay, setDelay] = useState(false);
    return (
        <div class="stack">
            <AutoText label={t('technician.note')} hint={t('technician.note_hint')} entity="visit" id={visit.id} field="note" value={visit.note} rows={2} />
            {delay ? (
                <DelayForm visit={visit} onDone={() => setDelay(false)} />
            ) : (
                <div>
                    <Button icon="calendar" onClick={() => setDelay(true)}>
                        {t('technician.delay')}
                    </Button>
                </div>
            )}
        </div>
    );
}
