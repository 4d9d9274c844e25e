/* The note of a visit, and that something takes longer than promised: reason, until when, and that the customer knows (a line of the note). */
import { useState } from 'preact/hooks';
import { useAction } from '../api';
import { Button, DateTimeInput, ErrorNotice, Field, TextInput } from '../design';
import { useDraft, type Draft } from '../drafts';
import { formatInstant, t } from '../i18n';
import { AutoText } from './AutoText';
import type { Visit } from './rows';

interface Delay {
    open: boolean;
    reason: string;
    until: string;
}

const NO_DELAY: Delay = { open: false, reason: '', until: '' };

function DelayForm({ visit, draft }: { visit: Visit; draft: Draft<Delay> }) {
    const action = useAction();
    const { reason, until } = draft.value;
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
            draft.drop();
        }
    };
    return (
        <form class="card stack" onSubmit={(event) => void submit(event)}>
            <Field label={t('technician.delay_reason')} required error={tried && reason.trim() === '' ? t('technician.reason_missing') : undefined}>
                <TextInput value={reason} onChange={(typed) => draft.set((before) => ({ ...before, reason: typed }))} autofocus={!draft.restored} />
            </Field>
            <Field label={t('technician.delay_promised')}>
                <DateTimeInput value={until} onChange={(typed) => draft.set((before) => ({ ...before, until: typed }))} />
            </Field>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button type="submit" kind="primary" busy={action.busy}>
                    {t('technician.delay_add')}
                </Button>
                <Button onClick={draft.drop}>{t('common.cancel')}</Button>
            </div>
        </form>
    );
}

export function VisitNotes({ visit }: { visit: Visit }) {
    const draft = useDraft(`delay ${visit.id}`, NO_DELAY);
    return (
        <div class="stack">
            <AutoText label={t('technician.note')} hint={t('technician.note_hint')} entity="visit" id={visit.id} field="note" value={visit.note} rows={2} />
            {draft.value.open ? (
                <DelayForm visit={visit} draft={draft} />
            ) : (
                <div>
                    <Button icon="calendar" disabled={!draft.ready} onClick={() => draft.set({ ...NO_DELAY, open: true })}>
                        {t('technician.delay')}
                    </Button>
                </div>
            )}
        </div>
    );
}
