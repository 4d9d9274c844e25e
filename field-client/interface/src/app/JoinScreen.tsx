/* The first start on a laptop: the invite, who and what this is, and a passphrase of the person's own. */
import { useState } from 'preact/hooks';
import { CommandError, postJson } from '../api';
import { Button, ErrorNotice, Field, Notice, TextArea, TextInput } from '../design';
import { t } from '../i18n';
import { Entrance } from './Entrance';

interface JoinAnswer {
    warning: string | null;
}

const PASSPHRASE_MIN = 12;

function useJoin() {
    const [values, setValues] = useState({ invite: '', person: '', device: '', passphrase: '', repeated: '' });
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<CommandError>();
    const set = (name: keyof typeof values) => (value: string) => setValues((before) => ({ ...before, [name]: value }));
    const join = async () => {
        setBusy(true);
        setError(undefined);
        try {
            await postJson<JoinAnswer>('/api/join', {
                invite: values.invite.trim(),
                passphrase: values.passphrase,
                ...(values.person.trim() === '' ? {} : { person: values.person.trim() }),
                ...(values.device.trim() === '' ? {} : { device: values.device.trim() }),
            });
        } catch (failure) {
            setError(failure instanceof CommandError ? failure : new CommandError('FAILED', String(failure), -1));
        } finally {
            setBusy(false);
        }
    };
    return { values, set, busy, error, join };
}

export function JoinScreen() {
    const { values, set, busy, error, join } = useJoin();
    const tooShort = values.passphrase !== '' && values.passphrase.length < PASSPHRASE_MIN;
    const differs = values.repeated !== '' && values.repeated !== values.passphrase;
    const ready = values.invite.trim() !== '' && values.passphrase.length >= PASSPHRASE_MIN && values.repeated === values.passphrase;
    const readFile = async (file: File | undefined) => {
        if (file !== undefined) {
            set('invite')(await file.text());
        }
    };
    const submit = (event: Event) => {
        event.preventDefault();
        void join();
    };
    return (
        <Entrance title={t('app.join_title')}>
            <form class="stack" onSubmit={submit}>
                <p class="muted">{t('app.join_text')}</p>
                <Field label={t('app.invite')} hint={t('app.invite_hint')} required>
                    <TextArea value={values.invite} onChange={set('invite')} autofocus />
                </Field>
                <label class="button">
                    <input class="unseen" type="file" onChange={(event) => void readFile(event.currentTarget.files?.[0])} />
                    {t('app.invite_file')}
                </label>
                <Field label={t('app.person')} hint={t('app.person_hint')}>
                    <TextInput value={values.person} onChange={set('person')} />
                </Field>
                <Field label={t('app.device_name')} hint={t('app.device_hint')}>
                    <TextInput value={values.device} onChange={set('device')} />
                </Field>
                <Field
                    label={t('app.passphrase_new')}
                    hint={t('app.passphrase_hint')}
                    error={tooShort ? t('app.passphrase_short', { n: PASSPHRASE_MIN }) : undefined}
                    required
                >
                    <TextInput type="password" autocomplete="new-password" value={values.passphrase} onChange={set('passphrase')} />
                </Field>
                <Field label={t('app.passphrase_again')} error={differs ? t('app.passphrase_differs') : undefined} required>
                    <TextInput type="password" autocomplete="new-password" value={values.repeated} onChange={set('repeated')} />
                </Field>
                <Notice tone="warning">{t('app.passphrase_warning')}</Notice>
                {error !== undefined && <ErrorNotice error={error} />}
                <Button kind="primary" type="submit" busy={busy} disabled={!ready}>
                    {t('app.join')}
                </Button>
            </form>
        </Entrance>
    );
}
