/* A credential is added, described anew, or given a new secret. */
import { useState } from 'preact/hooks';
import { option, useAction } from '../api';
import { goTo } from '../app/router';
import { Button, CheckBox, Dialog, ErrorNotice, Field, TextInput, toast } from '../design';
import { t } from '../i18n';
import type { Item } from '../vault';
import { FIRST_WISH, isComplete, SecretEntry, secretInput, secretWords } from './SecretEntry';

interface Described {
    name: string;
    user: string;
    address: string;
}

function Description({ value, onChange }: { value: Described; onChange: (value: Described) => void }) {
    return (
        <>
            <Field label={t('vault.name')} hint={t('security.name_hint')} required>
                <TextInput value={value.name} onChange={(name) => onChange({ ...value, name })} autofocus />
            </Field>
            <Field label={t('vault.user')}>
                <TextInput value={value.user} onChange={(user) => onChange({ ...value, user })} />
            </Field>
            <Field label={t('vault.address')} hint={t('security.address_hint')}>
                <TextInput value={value.address} onChange={(address) => onChange({ ...value, address })} />
            </Field>
        </>
    );
}

function describingWords({ name, user, address }: Described): string[] {
    return [option('name', name), option('user', user), option('address', address)];
}

function told(sent: boolean): void {
    toast(t(sent ? 'security.stored' : 'security.stored_unsent'), 'success');
}

export function AddDialog({ project, onClose }: { project: string; onClose: () => void }) {
    const action = useAction();
    const [value, setValue] = useState<Described>({ name: '', user: '', address: '' });
    const [wish, setWish] = useState(FIRST_WISH);
    const ready = value.name.trim() !== '' && isComplete(wish);
    const add = async (event: Event) => {
        event.preventDefault();
        if (ready && !action.busy) {
            const words = ['vault', 'add', project, ...describingWords(value), ...secretWords(wish)];
            const answer = await action.run<{ id: string; sent: boolean }>(words, { input: secretInput(wish) });
            if (answer !== undefined) {
                told(answer.json.sent);
                goTo('credential', { item: answer.json.id });
            }
        }
    };
    return (
        <Dialog title={t('security.add_item')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => void add(event)}>
                <Description value={value} onChange={setValue} />
                <SecretEntry wish={wish} onChange={setWish} mayBeNone />
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    <Button type="submit" kind="primary" busy={action.busy} disabled={!ready}>
                        {t('security.store')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}

export function EditDialog({ item, onClose }: { item: Item; onClose: () => void }) {
    const action = useAction();
    const [value, setValue] = useState<Described>({ name: item.name, user: item.user, address: item.address });
    const edit = async (event: Event) => {
        event.preventDefault();
        if (value.name.trim() !== '' && !action.busy) {
            const answer = await action.run<{ sent: boolean }>(['vault', 'edit', item.id, ...describingWords(value)]);
            if (answer !== undefined) {
                told(answer.json.sent);
                onClose();
            }
        }
    };
    return (
        <Dialog title={t('security.edit_item')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => void edit(event)}>
                <Description value={value} onChange={setValue} />
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    <Button type="submit" kind="primary" busy={action.busy}>
                        {t('common.save')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}

export function SetDialog({ item, field, onClose }: { item: Item; field: string; onClose: () => void }) {
    const action = useAction();
    const [wish, setWish] = useState({ ...FIRST_WISH, field });
    const [pending, setPending] = useState(false);
    const set = async (event: Event) => {
        event.preventDefault();
        if (isComplete(wish) && !action.busy) {
            const words = ['vault', 'set', item.id, ...secretWords(wish), ...(pending ? ['--pending'] : [])];
            const answer = await action.run<{ sent: boolean }>(words, { input: secretInput(wish) });
            if (answer !== undefined) {
                told(answer.json.sent);
                onClose();
            }
        }
    };
    return (
        <Dialog title={t('security.set_secret')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => void set(event)}>
                <p>{t('security.set_text')}</p>
                <SecretEntry wish={wish} onChange={setWish} />
                <CheckBox checked={pending} onChange={setPending}>
                    {t('security.pending_choice')}
                </CheckBox>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    <Button type="submit" kind="primary" busy={action.busy} disabled={!isComplete(wish)}>
                        {t('security.store')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
