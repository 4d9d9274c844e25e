/* One campaign: new passwords for all credentials of a project, each from prepared to confirmed, and what is to be done next. */
import { useState } from 'preact/hooks';
import { option, useAction, useCommand, type Action } from '../api';
import { href, type PageProps } from '../app/router';
import { Badge, Button, ConfirmDialog, ErrorNotice, Field, LinkButton, Notice, Show, Table, TextInput, toast, type Tone } from '../design';
import { formatInstant, t } from '../i18n';
import { RevealDialog, wordOf, type Campaign, type CampaignField, type RevealWish, type Step } from '../vault';
import { EndDialog } from './EndDialog';
import { Progress } from './Progress';
import { SecurityPage } from './SecurityPage';
import { useAccess } from './use-vaults';

const TONES: Record<Step, Tone> = {
    unprepared: 'plain',
    pending: 'warning',
    applied: 'warning',
    verified: 'accent',
    done: 'success',
    apart: 'plain',
};

type Word = 'prepare' | 'applied' | 'verified' | 'failed' | 'confirm';

function Begin({ project }: { project: string }) {
    const action = useAction();
    const [consent, setConsent] = useState('');
    const begin = async (event: Event) => {
        event.preventDefault();
        if (consent.trim() !== '' && !action.busy) {
            await action.run(['vault', 'rotate', 'begin', project, option('consent', consent.trim())]);
        }
    };
    return (
        <form class="card stack" onSubmit={(event) => void begin(event)}>
            <h2>{t('security.begin')}</h2>
            <p>{t('security.begin_text')}</p>
            <Field label={t('security.consent')} hint={t('security.consent_hint')} required>
                <TextInput value={consent} onChange={setConsent} />
            </Field>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button type="submit" kind="primary" busy={action.busy} disabled={consent.trim() === ''}>
                    {t('security.begin')}
                </Button>
            </div>
        </form>
    );
}

interface NextProps {
    field: CampaignField;
    busy: boolean;
    say: (word: Word, field: CampaignField) => void;
    onReveal: (wish: RevealWish) => void;
}

/* What comes next for this field, first the one that is meant to be done. */
function NextActions({ field, busy, say, onReveal }: NextProps) {
    const look = field.version !== null && (field.step === 'pending' || field.step === 'applied') && (
        <Button
            icon="eye"
            onClick={() => onReveal({ item: field.id, name: field.name, field: field.field, version: field.version ?? '' })}
        >
            {t('security.show_new')}
        </Button>
    );
    switch (field.step) {
        case 'unprepared':
            return (
                <Button kind="primary" disabled={busy} onClick={() => say('prepare', field)}>
                    {t('security.do_prepare')}
                </Button>
            );
        case 'pending':
            return (
                <div class="row">
                    <Button kind="primary" disabled={busy} onClick={() => say('applied', field)}>
                        {t('security.do_applied')}
                    </Button>
                    {look}
                </div>
            );
        case 'applied':
            return (
                <div class="row">
                    <Button kind="primary" disabled={busy} onClick={() => say('verified', field)}>
                        {t('security.do_verified')}
                    </Button>
                    <Button disabled={busy} onClick={() => say('failed', field)}>
                        {t('security.do_failed')}
                    </Button>
                    {look}
                </div>
            );
        case 'verified':
            return (
                <Button kind="primary" disabled={busy} onClick={() => say('confirm', field)}>
                    {t('security.do_confirm')}
                </Button>
            );
        case 'done':
        case 'apart':
            return null;
    }
}

function Fields({ campaign, busy, say, onReveal }: { campaign: Campaign } & Omit<NextProps, 'field'>) {
    return (
        <Table
            caption={t('security.campaign')}
            rows={campaign.fields}
            keyOf={(field) => `${field.id} ${field.field}`}
            columns={[
                {
                    key: 'name',
                    title: t('vault.name'),
                    show: (field) => (
                        <>
                            <a href={href('credential', { item: field.id })}>{field.name}</a> <span class="muted small">{wordOf('field', field.field)}</span>
                            <div class="muted small fixed">
                                {field.user}
                                {field.address !== '' && ` @ ${field.address}`}
                            </div>
                            {field.due.length > 0 && <div class="small due-why">{field.due.map((why) => wordOf('why', why)).join(t('vault.comma'))}</div>}
                        </>
                    ),
                },
                {
                    key: 'step',
                    title: t('security.state'),
                    show: (field) => (
                        <div class="stack-tight">
                            <span>
                                <Badge tone={TONES[field.step]}>{wordOf('step', field.step)}</Badge>
                            </span>
                            {field.waits_to_be_sent && <Badge tone="warning">{t('common.unsent')}</Badge>}
                            <span class="muted small">
                                {field.by} {formatInstant(field.since)}
                            </span>
                        </div>
                    ),
                },
                {
                    key: 'next',
                    title: t('security.next'),
                    show: (field) => <NextActions field={field} busy={busy} say={say} onReveal={onReveal} />,
                },
            ]}
        />
    );
}

function NextStep({ counts }: { counts: Campaign['counts'] }) {
    const next = (['unprepared', 'pending', 'applied', 'verified'] as const).find((step) => counts[step] > 0);
    return (
        <Notice tone={next === undefined ? 'success' : 'plain'}>
            <strong>{t('security.next')}</strong>
            <p>{t(next === undefined ? 'security.next_end' : `security.next_${next}`)}</p>
        </Notice>
    );
}

/* What helpers did, and what is left for people. */
function toldOf(answer: { verified?: number; by_hand?: number }): string {
    return answer.verified === undefined
        ? t('common.saved')
        : t('security.applied', { verified: answer.verified, hand: answer.by_hand ?? 0 });
}

function AllAtOnce({ project, counts, action }: { project: string; counts: Campaign['counts']; action: Action }) {
    const [asking, setAsking] = useState(false);
    const run = async (word: 'prepare' | 'apply' | 'confirm') => {
        const answer = await action.run<{ verified?: number; by_hand?: number }>(['vault', 'rotate', word, project]);
        if (answer !== undefined) {
            toast(toldOf(answer.json));
        }
        setAsking(false);
    };
    return (
        <div class="row">
            {counts.unprepared > 0 && (
                <Button icon="key" busy={action.busy} onClick={() => void run('prepare')}>
                    {t('security.prepare_all', { n: counts.unprepared })}
                </Button>
            )}
            {counts.pending + counts.applied > 0 && (
                <Button icon="wrench" busy={action.busy} onClick={() => setAsking(true)}>
                    {t('security.apply')}
                </Button>
            )}
            {counts.verified > 0 && (
                <Button icon="check" busy={action.busy} onClick={() => void run('confirm')}>
                    {t('security.confirm_all', { n: counts.verified })}
                </Button>
            )}
            {asking && (
                <ConfirmDialog
                    title={t('security.apply')}
                    text={t('security.apply_text')}
                    confirm={t('security.apply')}
                    onConfirm={() => run('apply')}
                    onClose={() => setAsking(false)}
                />
            )}
        </div>
    );
}

function Running({ campaign }: { campaign: Campaign }) {
    const action = useAction();
    const [wish, setWish] = useState<RevealWish>();
    const say = async (word: Word, field: CampaignField) => {
        const words = ['vault', 'rotate', word, campaign.project, field.id, option('field', field.field)];
        if ((await action.run(words)) !== undefined) {
            toast(t('common.saved'), 'success');
        }
    };
    return (
        <>
            <p class="muted">
                {t('security.begun', { who: campaign.begun_by, when: formatInstant(campaign.begun_at), consent: campaign.consent })}
            </p>
            <Progress counts={campaign.counts} />
            <NextStep counts={campaign.counts} />
            <AllAtOnce project={campaign.project} counts={campaign.counts} action={action} />
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <Fields campaign={campaign} busy={action.busy} say={(word, field) => void say(word, field)} onReveal={setWish} />
            {wish !== undefined && <RevealDialog wish={wish} onClose={() => setWish(undefined)} />}
        </>
    );
}

export function Rotation({ params }: PageProps<'/security/rotations/:project'>) {
    const { project } = params;
    const status = useCommand<{ campaigns: Campaign[] }>(['vault', 'rotate', 'status', project]);
    const access = useAccess();
    const [ending, setEnding] = useState(false);
    const campaign = status.data?.campaigns[0];
    const name = campaign?.project_name ?? access.data?.access.find((each) => each.project === project)?.project_name ?? '';
    return (
        <SecurityPage
            title={t('security.campaign_of', { name })}
            actions={
                <>
                    <LinkButton icon="key" href={href('vault', { project })}>
                        {t('security.vault')}
                    </LinkButton>
                    {campaign !== undefined && <Button onClick={() => setEnding(true)}>{t('security.end')}</Button>}
                </>
            }
        >
            <Show loaded={status}>
                {(data) => {
                    const first = data.campaigns[0];
                    return first === undefined ? <Begin project={project} /> : <Running campaign={first} />;
                }}
            </Show>
            {ending && campaign !== undefined && <EndDialog campaign={campaign} onClose={() => setEnding(false)} />}
        </SecurityPage>
    );
}
