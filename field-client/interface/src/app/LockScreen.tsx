/* The passphrase opens the records. It goes straight to the program, and this page keeps nothing of it. */
import { useState } from 'preact/hooks';
import { useAction } from '../api';
import { Button, Field, TextInput, errorText } from '../design';
import { t } from '../i18n';
import { Entrance } from './Entrance';

export function LockScreen() {
    const [passphrase, setPassphrase] = useState('');
    const action = useAction();
    const unlock = async (event: Event) => {
        event.preventDefault();
        const input = passphrase;
        setPassphrase('');
        await action.run(['unlock'], { input });
    };
    return (
        <Entrance title={t('app.unlock_title')}>
            <form class="stack" onSubmit={(event) => void unlock(event)}>
                <Field label={t('app.passphrase')} error={action.error === undefined ? undefined : action.error.locked ? t('app.passphrase_wrong') : errorText(action.error)}>
                    <TextInput type="password" autocomplete="current-password" autofocus value={passphrase} onChange={setPassphrase} />
                </Field>
                <Button kind="primary" icon="key" type="submit" busy={action.busy} disabled={passphrase === ''}>
                    {t('app.unlock')}
                </Button>
                <p class="small muted">{t('app.unlock_hint')}</p>
            </form>
        </Entrance>
    );
}
