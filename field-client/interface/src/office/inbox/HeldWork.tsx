/* What devices sent after they were revoked: accepted as if it came now, or refused. */
import { useState } from 'preact/hooks';
import { option, useAction, type Loaded } from '../../api';
import { Button, CheckBox, Dialog, EmptyState, ErrorNotice, Field, Show, TextArea, toast } from '../../design';
import { formatInstant, t } from '../../i18n';
import { HeldOperations } from './HeldOperations';

export interface Work {
    id: string;
    device: string | null;
    author: string | null;
    summary: string | null;
    operations: string | null;
    claimed_at: string | null;
    received_at: string | null;
    labels: Record<string, string | null>;
}

type Verdict = 'accept' | 'reject';

function Decide({ ids, verdict, onDone, onClose }: { ids: readonly string[]; verdict: Verdict; onDone: () => void; onClose: () => void }) {
    const [reason, setReason] = useState('');
    const action = useAction();
    const submit = async () => {
        const answer = await action.run(['review', verdict, ...ids, option('reason', reason)]);
        if (answer !== undefined) {
            toast(t('office.reviewed', { n: ids.length }), 'success');
            onDone();
        }
    };
    return (
        <Dialog title={verdict === 'accept' ? t('office.review_accept') : t('office.review_reject')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => (event.preventDefault(), void submit())}>
                <p>{verdict === 'accept' ? t('office.review_accept_text', { n: ids.length }) : t('office.review_reject_text', { n: ids.length })}</p>
                <Field label={t('office.reason')} required>
                    <TextArea rows={2} autofocus value={reason} onChange={setReason} />
                </Field>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="dialog-foot">
                    <Button onClick={onClose}>{t('common.cancel')}</Button>
                    <Button type="submit" kind={verdict === 'accept' ? 'primary' : 'danger'} busy={action.busy} disabled={reason.trim() === ''}>
                        {verdict === 'accept' ? t('office.review_accept') : t('office.review_reject')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}

function WorkList({ work }: { work: readonly Work[] }) {
    const [chosen, setChosen] = useState<readonly string[]>([]);
    const [verdict, setVerdict] = useState<Verdict>();
    const ids = work.map(({ id }) => id).filter((id) => chosen.includes(id));
    return (
        <div class="stack">
            <p class="muted">{t('office.review_text')}</p>
            <div class="spread bulk" role="group" aria-label={t('office.bulk')}>
                <CheckBox checked={ids.length === work.length} onChange={(all) => setChosen(all ? work.map(({ id }) => id) : [])}>
                    {t('office.select_all')}
                </CheckBox>
                <div class="row">
                    <span role="status">{t('office.selected', { n: ids.length })}</span>
                    <Button disabled={ids.length === 0} onClick={() => setVerdict('accept')}>
                        {t('office.review_accept')}
                    </Button>
                    <Button disabled={ids.length === 0} onClick={() => setVerdict('reject')}>
                        {t('office.review_reject')}
                    </Button>
                </div>
            </div>
            <ul class="plain-list stack-tight">
                {work.map((item) => (
                    <li key={item.id} class="card">
                        <CheckBox
                            checked={chosen.includes(item.id)}
                            onChange={(wanted) => setChosen(wanted ? [...chosen, item.id] : chosen.filter((id) => id !== item.id))}
                        >
                            <HeldOperations text={item.operations} summary={item.summary} />
                        </CheckBox>
                        <p class="small muted">
                            {t('office.held_from', {
                                device: item.labels['device'] ?? '—',
                                person: item.labels['author'] ?? '—',
                                at: formatInstant(item.claimed_at),
                                received: formatInstant(item.received_at),
                            })}
                        </p>
                    </li>
                ))}
            </ul>
            {verdict !== undefined && (
                <Decide
                    ids={ids}
                    verdict={verdict}
                    onClose={() => setVerdict(undefined)}
                    onDone={() => {
                        setVerdict(undefined);
                        setChosen([]);
                    }}
                />
            )}
        </div>
    );
}

export function HeldWork({ loaded }: { loaded: Loaded<{ held_work: Work[] }> & { again: () => void } }) {
    return (
        <Show loaded={loaded}>
            {({ held_work }) => (held_work.length === 0 ? <EmptyState icon="check" title={t('office.no_held_work')} /> : <WorkList work={held_work} />)}
        </Show>
    );
}
