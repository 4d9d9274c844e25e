/* Asks for a secret or a one-time code: the reason first, then it is shown for 30 s. With four eyes it waits for approval instead. */
import { useState } from 'preact/hooks';
import { option, useAction, type Action } from '../api';
import { Button, CheckBox, Dialog, ErrorNotice, Field, Notice, Select, TextInput, type Option } from '../design';
import { t } from '../i18n';
import { SecretShown } from './SecretShown';
import type { Disclosed } from './types';

export interface RevealWish {
    item: string; // the credential's id
    name: string;
    field: string;
    version?: string; // else the one that is in force
    code?: boolean; // the one-time code of the seed
    request?: string; // an approved request: no reason is asked for
}

interface RevealProps {
    wish: RevealWish;
    workOrders?: readonly Option[]; // technicians name the one that it is for
    workOrder?: string; // chosen already
    mayInEmergency?: boolean; // who approves others' requests may do without approval, and alarms all who manage the vault
    onClose: () => void;
}

function wordsOf(wish: RevealWish, reason: string, workOrder: string, emergency: boolean): string[] {
    const subcommand = wish.code === true ? 'code' : 'reveal';
    if (wish.request !== undefined) {
        return ['vault', subcommand, option('request', wish.request)];
    }
    const words = ['vault', subcommand, wish.item, option('reason', reason)];
    if (wish.code !== true) {
        words.push(option('field', wish.field));
    }
    if (wish.version !== undefined) {
        words.push(option('version', wish.version));
    }
    if (workOrder !== '') {
        words.push(option('work-order', workOrder));
    }
    return emergency ? [...words, '--emergency'] : words;
}

function waits(action: Action): boolean {
    const json = action.error?.json as { waits?: boolean } | null | undefined;
    return json?.waits === true;
}

function Question({ wish, workOrders, workOrder, mayInEmergency, action, onShown }: {
    wish: RevealWish;
    workOrders: readonly Option[];
    workOrder: string;
    mayInEmergency: boolean;
    action: Action;
    onShown: (disclosed: Disclosed) => void;
}) {
    const [reason, setReason] = useState('');
    const [order, setOrder] = useState(workOrder);
    const [emergency, setEmergency] = useState(false);
    const [tried, setTried] = useState(false);
    const ready = wish.request !== undefined || reason.trim() !== '';
    const ask = async (event: Event) => {
        event.preventDefault();
        setTried(true);
        if (ready && !action.busy) {
            const answer = await action.run<Disclosed>(wordsOf(wish, reason.trim(), order, emergency));
            if (answer !== undefined) {
                onShown(answer.json);
            }
        }
    };
    return (
        <form class="stack" onSubmit={(event) => void ask(event)}>
            <p>{t('vault.reveal_text')}</p>
            {wish.request === undefined && (
                <>
                    <Field
                        label={t('vault.reason')}
                        hint={t('vault.reason_hint')}
                        required
                        error={tried && !ready ? t('vault.reason_missing') : undefined}
                    >
                        <TextInput value={reason} onChange={setReason} autofocus />
                    </Field>
                    {workOrders.length > 0 && (
                        <Field label={t('vault.work_order')}>
                            <Select value={order} onChange={setOrder} options={workOrders} empty={t('vault.no_work_order')} />
                        </Field>
                    )}
                    {mayInEmergency && (
                        <CheckBox checked={emergency} onChange={setEmergency}>
                            {t('vault.emergency')}
                        </CheckBox>
                    )}
                </>
            )}
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button type="submit" kind={emergency ? 'danger' : 'primary'} icon="eye" busy={action.busy}>
                    {t('vault.log_and_show')}
                </Button>
            </div>
        </form>
    );
}

export function RevealDialog({ wish, workOrders = [], workOrder = '', mayInEmergency = false, onClose }: RevealProps) {
    const action = useAction();
    const [disclosed, setDisclosed] = useState<Disclosed>();
    const [hidden, setHidden] = useState(false);
    const hide = () => {
        setDisclosed(undefined);
        setHidden(true);
    };
    return (
        <Dialog title={t('vault.reveal_title', { name: wish.name })} onClose={onClose}>
            {disclosed !== undefined ? (
                <SecretShown disclosed={disclosed} onHidden={hide} />
            ) : hidden ? (
                <Notice>{t('vault.hidden')}</Notice>
            ) : waits(action) ? (
                <Notice tone="warning">
                    <strong>{t('vault.waits')}</strong>
                    <p>{t('vault.waits_text')}</p>
                </Notice>
            ) : (
                <Question
                    wish={wish}
                    workOrders={workOrders}
                    workOrder={workOrder}
                    mayInEmergency={mayInEmergency}
                    action={action}
                    onShown={setDisclosed}
                />
            )}
        </Dialog>
    );
}
