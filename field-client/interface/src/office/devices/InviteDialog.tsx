/*
 * Invites a person's device. The invite is a secret for one device: it is shown once, and is nowhere else than in this dialog; it goes into no
 * address and no storage.
 */
import { useState } from 'preact/hooks';
import { option, useAction, type Answer } from '../../api';
import { Button, CheckBox, Dialog, ErrorNotice, Field, Notice, NumberInput, TextInput, toast } from '../../design';
import { formatInstant, t } from '../../i18n';
import { roleText, ROLES } from './roles';
import { qrPath } from './qr';

interface Invite {
    person: string;
    person_is_new: boolean;
    expires: string;
    invite: string;
}

function QrCode({ text }: { text: string }) {
    const code = qrPath(text);
    return code === null ? null : (
        <svg class="qr" viewBox={`0 0 ${code.size} ${code.size}`} role="img" aria-label={t('office.qr')} shape-rendering="crispEdges">
            <rect width={code.size} height={code.size} fill="#fff" />
            <path d={code.path} fill="#000" />
        </svg>
    );
}

function Made({ name, answer, onClose }: { name: string; answer: Answer<Invite>; onClose: () => void }) {
    const { invite, expires } = answer.json;
    const copy = () =>
        void navigator.clipboard.writeText(invite).then(
            () => toast(t('common.copied'), 'success'),
            () => toast(t('office.copy_failed'), 'danger'),
        );
    return (
        <Dialog title={t('office.invite_for', { name })} wide onClose={onClose}>
            <div class="stack print-this">
                <Notice tone="warning">{t('office.invite_once', { until: formatInstant(expires) })}</Notice>
                {answer.remarks !== '' && <p class="small pre">{answer.remarks}</p>}
                <div class="invite">
                    <QrCode text={invite} />
                    <textarea class="input fixed" readOnly rows={10} aria-label={t('office.invite')} value={invite} onFocus={(event) => event.currentTarget.select()} />
                    <p class="print-only fixed pre">{invite}</p>
                </div>
                <div class="dialog-foot no-print">
                    <Button icon="copy" onClick={copy}>
                        {t('common.copy')}
                    </Button>
                    <Button icon="print" onClick={() => window.print()}>
                        {t('common.print')}
                    </Button>
                    <Button kind="primary" onClick={onClose}>
                        {t('office.invite_given')}
                    </Button>
                </div>
            </div>
        </Dialog>
    );
}

export function InviteDialog({ onClose }: { onClose: () => void }) {
    const [name, setName] = useState('');
    const [roles, setRoles] = useState<readonly string[]>(['technician']);
    const [days, setDays] = useState('14');
    const [answer, setAnswer] = useState<Answer<Invite>>();
    const action = useAction();
    const submit = async () => setAnswer(await action.run<Invite>(['invite', option('person', name.trim()), option('role', roles.join(',')), option('expires-days', days)]));
    if (answer !== undefined) {
        return <Made name={name} answer={answer} onClose={onClose} />;
    }
    return (
        <Dialog title={t('office.invite_new')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => (event.preventDefault(), void submit())}>
                <Field label={t('office.person')} hint={t('office.person_hint')} required>
                    <TextInput autofocus value={name} onChange={setName} />
                </Field>
                <fieldset class="roles">
                    <legend class="field-label">{t('office.roles')}</legend>
                    {ROLES.map((role) => (
                        <CheckBox
                            key={role}
                            checked={roles.includes(role)}
                            onChange={(wanted) => setRoles(wanted ? [...roles, role] : roles.filter((each) => each !== role))}
                        >
                            {roleText(role)}
                        </CheckBox>
                    ))}
                </fieldset>
                <Field label={t('office.valid_days')}>
                    <NumberInput value={days} onChange={setDays} />
                </Field>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="dialog-foot">
                    <Button onClick={onClose}>{t('common.cancel')}</Button>
                    <Button type="submit" kind="primary" busy={action.busy} disabled={name.trim() === '' || roles.length === 0}>
                        {t('office.invite_make')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
