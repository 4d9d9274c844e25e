/* Passwords that were asked for under four eyes: what waits, what was approved and can be opened, what this person may approve. */
import { option, useAction } from '../api';
import { Badge, Button, ErrorNotice } from '../design';
import { formatInstant, t } from '../i18n';
import { useWaiting, type RevealWish, type Waiting } from '../vault';

const STATE_TEXTS = {
    for_me: 'technician.waits_for_me',
    for_others: 'technician.waits_for_others',
    to_be_sent: 'technician.waits_to_be_sent',
    to_be_opened: 'technician.waits_to_be_opened',
    refused: 'technician.waits_refused',
} as const;

function WaitingLine({ waiting, onWish }: { waiting: Waiting; onWish: (wish: RevealWish) => void }) {
    const action = useAction();
    const { request, state, name } = waiting;
    const open = () => onWish({ item: '', name: name ?? '', field: waiting.field ?? 'password', request, code: waiting.field === 'totp' });
    return (
        <li>
            <span class="grow">
                <strong>{name ?? t('technician.several_passwords', { n: waiting.versions })}</strong> <span class="small muted">{waiting.project_name}</span>
                <span class="block small muted">
                    {waiting.person_name} · {formatInstant(waiting.asked_at)} · {waiting.reason}
                </span>
                {waiting.refusal_text !== undefined && <span class="block small bad">{waiting.refusal_text}</span>}
                {action.error !== undefined && <ErrorNotice error={action.error} />}
            </span>
            <Badge tone={state === 'refused' ? 'danger' : state === 'to_be_opened' ? 'success' : 'warning'}>{t(STATE_TEXTS[state])}</Badge>
            {state === 'to_be_opened' && waiting.kind === 'vault request' && (
                <Button kind="primary" icon="eye" onClick={open}>
                    {t('technician.open_approved')}
                </Button>
            )}
            {state === 'for_me' && (
                <Button kind="primary" icon="check" busy={action.busy} onClick={() => void action.run(['vault', 'approve', request])}>
                    {t('technician.approve')}
                </Button>
            )}
            {(state === 'refused' || state === 'for_others') && (
                <Button busy={action.busy} onClick={() => void action.run(['vault', 'waiting', option('give-up', request)])}>
                    {t('technician.give_up')}
                </Button>
            )}
        </li>
    );
}

export function PasswordsWaiting({ onWish }: { onWish: (wish: RevealWish) => void }) {
    const waiting = useWaiting();
    const rows = waiting.data?.waiting ?? [];
    if (waiting.error !== undefined) {
        return <ErrorNotice error={waiting.error} again={waiting.again} />;
    }
    if (rows.length === 0) {
        return null;
    }
    return (
        <section class="card stack-tight">
            <h2>{t('technician.waiting')}</h2>
            <ul class="facts">
                {rows.map((row) => (
                    <WaitingLine key={row.request} waiting={row} onWish={onWish} />
                ))}
            </ul>
        </section>
    );
}
