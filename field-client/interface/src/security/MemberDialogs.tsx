/* People are let into a vault, or taken out of it. */
import { useState } from 'preact/hooks';
import { option, useAction } from '../api';
import { Button, CheckBox, DateInput, Dialog, ErrorNotice, Field, Notice, Select, Show, TextInput, toast } from '../design';
import { t, type PlainTextKey } from '../i18n';
import { RIGHTS, wordOf, type Member } from '../vault';
import { peopleOptions, useDevices } from './use-vaults';

type Right = (typeof RIGHTS)[number];

const USUAL: readonly Right[] = ['list', 'reveal', 'lease'];

function Rights({ rights, onChange }: { rights: readonly string[]; onChange: (rights: string[]) => void }) {
    return (
        <fieldset class="group">
            <legend>{t('security.rights')}</legend>
            {RIGHTS.map((right) => (
                <CheckBox
                    key={right}
                    checked={rights.includes(right)}
                    onChange={(checked) => onChange(RIGHTS.filter((each) => (each === right ? checked : rights.includes(each))))}
                >
                    <strong>{wordOf('right', right)}</strong> <span class="muted">{t(`security.right_${right}` as PlainTextKey)}</span>
                </CheckBox>
            ))}
        </fieldset>
    );
}

/* The last day on which rights hold: the command answers the end of it, which is the beginning of the next day. */
function lastDay(until: string | null): string {
    return until === null ? '' : new Date(new Date(until).getTime() - 1).toLocaleDateString('sv-SE'); // "2026-12-20", here
}

export function GrantDialog({ project, member, onClose }: { project: string; member: Member | undefined; onClose: () => void }) {
    const devices = useDevices();
    const action = useAction();
    const [person, setPerson] = useState(member?.person ?? '');
    const [rights, setRights] = useState<string[]>(member?.rights ?? [...USUAL]);
    const [until, setUntil] = useState(lastDay(member?.until ?? null));
    const ready = person !== '' && rights.length > 0;
    const grant = async (event: Event) => {
        event.preventDefault();
        if (ready && !action.busy) {
            const words = ['vault', 'grant', project, person, option('rights', rights.join(',')), ...(until === '' ? [] : [option('until', until)])];
            if ((await action.run(words)) !== undefined) {
                toast(t('security.granted'), 'success');
                onClose();
            }
        }
    };
    return (
        <Dialog title={t('security.grant')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => void grant(event)}>
                {member !== undefined ? (
                    <p>
                        <strong>{member.person_name}</strong>
                    </p>
                ) : (
                    <Show loaded={devices}>
                        {(data) => (
                            <Field label={t('vault.person')} hint={t('security.person_hint')} required>
                                <Select
                                    value={person}
                                    onChange={setPerson}
                                    options={peopleOptions(data.devices.filter((device) => device.state === 'active'))}
                                    autofocus
                                />
                            </Field>
                        )}
                    </Show>
                )}
                <Rights rights={rights} onChange={setRights} />
                <Field label={t('security.until')} hint={t('security.until_hint')}>
                    <DateInput value={until} onChange={setUntil} />
                </Field>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    <Button type="submit" kind="primary" busy={action.busy} disabled={!ready}>
                        {t('security.grant')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}

export function RevokeDialog({ project, member, onClose }: { project: string; member: Member; onClose: () => void }) {
    const action = useAction();
    const [reason, setReason] = useState('');
    const revoke = async (event: Event) => {
        event.preventDefault();
        if (reason.trim() !== '' && !action.busy) {
            if ((await action.run(['vault', 'revoke', project, member.person, option('reason', reason.trim())])) !== undefined) {
                toast(t('security.revoked', { name: member.person_name }), 'success');
                onClose();
            }
        }
    };
    return (
        <Dialog title={t('security.revoke_title', { name: member.person_name })} onClose={onClose}>
            <form class="stack" onSubmit={(event) => void revoke(event)}>
                <Notice tone="warning">
                    <p class="pre">{t('security.revoke_text')}</p>
                </Notice>
                <Field label={t('vault.reason')} required>
                    <TextInput value={reason} onChange={setReason} autofocus />
                </Field>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    <Button type="submit" kind="danger" busy={action.busy} disabled={reason.trim() === ''}>
                        {t('security.revoke')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
