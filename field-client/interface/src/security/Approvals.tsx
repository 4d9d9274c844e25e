/* What waits for a second person: to be approved by this one, or asked for by this one. */
import { useState } from 'preact/hooks';
import { option, useAction } from '../api';
import { Badge, Button, ConfirmDialog, DefinitionList, EmptyState, Notice, Show, toast, type Tone } from '../design';
import { formatInstant, formatRelative, t, type PlainTextKey } from '../i18n';
import { RevealDialog, useWaiting, wordOf, type Waiting } from '../vault';
import { SecurityPage } from './SecurityPage';

const TONES: Record<Waiting['state'], Tone> = {
    for_me: 'warning',
    for_others: 'plain',
    to_be_sent: 'plain',
    to_be_opened: 'success',
    refused: 'danger',
};

interface CardProps {
    waiting: Waiting;
    onApprove: () => void;
    onOpen: () => void;
    onGiveUp: () => void;
}

function what(waiting: Waiting): string {
    const name = waiting.name ?? t('security.unnamed');
    return waiting.versions > 1 ? t('security.and_more', { name, n: waiting.versions - 1 }) : name;
}

function WaitingCard({ waiting, onApprove, onOpen, onGiveUp }: CardProps) {
    return (
        <li class="card stack">
            <div class="spread">
                <h2>{what(waiting)}</h2>
                <Badge tone={TONES[waiting.state]}>{t(`security.waiting_${waiting.state}` as PlainTextKey)}</Badge>
            </div>
            <DefinitionList
                items={[
                    [t('security.asked_by'), waiting.person_name],
                    [t('security.asks'), `${wordOf('kind', waiting.kind)}${waiting.field === null ? '' : ` · ${wordOf('field', waiting.field)}`}`],
                    [t('vault.project'), waiting.project_name],
                    [t('vault.reason'), waiting.reason],
                    [t('vault.work_order'), waiting.work_order],
                    [t('security.asked_at'), formatInstant(waiting.asked_at)],
                    [t('security.until'), waiting.until === null ? null : `${formatInstant(waiting.until)} (${formatRelative(waiting.until)})`],
                    [t('security.refused_why'), waiting.refusal_text],
                ]}
            />
            <div class="row">
                {waiting.state === 'for_me' && (
                    <Button kind="primary" icon="check" onClick={onApprove}>
                        {t('security.approve')}
                    </Button>
                )}
                {waiting.state === 'to_be_opened' && waiting.kind === 'vault request' && (
                    <Button kind="primary" icon="eye" onClick={onOpen}>
                        {t('security.open_request')}
                    </Button>
                )}
                {waiting.state !== 'for_me' && <Button onClick={onGiveUp}>{t('security.give_up')}</Button>}
            </div>
        </li>
    );
}

type Doing = { what: 'approve' | 'open' | 'give_up'; waiting: Waiting };

function Doings({ doing, onClose }: { doing: Doing; onClose: () => void }) {
    const action = useAction();
    const { waiting } = doing;
    const act = async (words: string[], told: PlainTextKey) => {
        if ((await action.run(words)) !== undefined) {
            toast(t(told), 'success');
            onClose();
        }
    };
    if (doing.what === 'open') {
        const wish = { item: '', name: what(waiting), field: waiting.field ?? 'password', request: waiting.request };
        return <RevealDialog wish={wish} onClose={onClose} />;
    }
    return doing.what === 'approve' ? (
        <ConfirmDialog
            title={t('security.approve_title')}
            text={t('security.approve_text', { who: waiting.person_name, what: what(waiting), reason: waiting.reason })}
            confirm={t('security.approve')}
            error={action.error}
            onConfirm={() => act(['vault', 'approve', waiting.request], 'security.approved')}
            onClose={onClose}
        />
    ) : (
        <ConfirmDialog
            title={t('security.give_up')}
            text={t('security.give_up_text')}
            confirm={t('security.give_up')}
            danger
            error={action.error}
            onConfirm={() => act(['vault', 'waiting', option('give-up', waiting.request)], 'security.given_up')}
            onClose={onClose}
        />
    );
}

export function Approvals() {
    const list = useWaiting();
    const [doing, setDoing] = useState<Doing>();
    const cardOf = (waiting: Waiting) => (
        <WaitingCard
            key={waiting.request}
            waiting={waiting}
            onApprove={() => setDoing({ what: 'approve', waiting })}
            onOpen={() => setDoing({ what: 'open', waiting })}
            onGiveUp={() => setDoing({ what: 'give_up', waiting })}
        />
    );
    return (
        <SecurityPage
            title={t('security.approvals')}
            here="approvals"
            actions={
                <Button icon="sync" onClick={list.again} busy={list.loading}>
                    {t('security.look_again')}
                </Button>
            }
        >
            <p class="muted">{t('security.approvals_text')}</p>
            <Show loaded={list}>
                {(data) =>
                    data.waiting.length === 0 ? (
                        <EmptyState icon="check" title={t('security.nothing_waits')} />
                    ) : (
                        <ul class="plain-list stack">
                            {data.waiting.filter((each) => each.state === 'for_me').map(cardOf)}
                            {data.waiting.filter((each) => each.state !== 'for_me').map(cardOf)}
                        </ul>
                    )
                }
            </Show>
            {list.data?.waiting.some((each) => each.state === 'to_be_opened' && each.kind !== 'vault request') === true && (
                <Notice>{t('security.export_hint')}</Notice>
            )}
            {doing !== undefined && (
                <Doings
                    doing={doing}
                    onClose={() => {
                        setDoing(undefined);
                        list.again();
                    }}
                />
            )}
        </SecurityPage>
    );
}
