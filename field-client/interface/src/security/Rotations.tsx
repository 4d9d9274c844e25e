/* Passwords that are to be changed and why; campaigns that change all of a project. */
import { useState } from 'preact/hooks';
import { useCommand } from '../api';
import { href, replaceQuery, type PageProps } from '../app/router';
import { EmptyState, Field, LinkButton, Notice, Select, Show, Table, Tabs } from '../design';
import { formatInstant, t } from '../i18n';
import { wordOf, type Campaign, type Due } from '../vault';
import { CsvButton } from './CsvButton';
import { Progress } from './Progress';
import { SecurityPage } from './SecurityPage';
import { summarise, useAccess } from './use-vaults';

function DueOfProject({ due }: { due: readonly Due[] }) {
    const first = due[0];
    return first === undefined ? null : (
        <section class="stack-tight">
            <div class="spread">
                <h2>{first.project_name}</h2>
                <LinkButton kind="primary" icon="sync" href={href('rotation', { project: first.project })}>
                    {t('security.change_them')}
                </LinkButton>
            </div>
            <Table
                caption={first.project_name}
                rows={due}
                keyOf={(row) => `${row.item} ${row.field} ${row.why} ${row.since} ${row.device_name ?? ''}`}
                columns={[
                    {
                        key: 'name',
                        title: t('vault.name'),
                        show: (row) => (
                            <>
                                <a href={href('credential', { item: row.item })}>{row.name ?? t('security.unnamed')}</a>
                                <div class="muted small">{wordOf('field', row.field)}</div>
                            </>
                        ),
                    },
                    { key: 'why', title: t('security.why'), show: (row) => wordOf('why', row.why) },
                    {
                        key: 'person',
                        title: t('vault.person'),
                        show: (row) => (
                            <>
                                {row.person_name}
                                <div class="muted small">{row.device_name}</div>
                            </>
                        ),
                    },
                    { key: 'since', title: t('security.since'), show: (row) => formatInstant(row.since) },
                    { key: 'reason', title: t('vault.reason'), show: (row) => row.reason ?? '' },
                ]}
            />
        </section>
    );
}

function DueList() {
    const due = useCommand<{ due: Due[]; complete: boolean }>(['vault', 'due']);
    return (
        <Show loaded={due}>
            {(data) => {
                const projects = [...new Set(data.due.map((row) => row.project))];
                return (
                    <div class="stack">
                        {!data.complete && <Notice tone="warning">{t('security.incomplete')}</Notice>}
                        {projects.length === 0 && <EmptyState icon="check" title={t('security.nothing_due')} />}
                        {projects.map((project) => (
                            <DueOfProject key={project} due={data.due.filter((row) => row.project === project)} />
                        ))}
                    </div>
                );
            }}
        </Show>
    );
}

function Beginning({ campaigns }: { campaigns: readonly Campaign[] }) {
    const access = useAccess();
    const [project, setProject] = useState('');
    const open = campaigns.map((campaign) => campaign.project);
    const vaults = summarise(access.data?.access ?? [], []).filter((vault) => !open.includes(vault.project));
    return (
        <div class="card filters">
            <Field label={t('security.begin_for')} hint={t('security.begin_hint')}>
                <Select
                    value={project}
                    onChange={setProject}
                    options={vaults.map((vault) => ({ value: vault.project, label: vault.project_name }))}
                />
            </Field>
            {project !== '' && (
                <LinkButton kind="primary" icon="sync" href={href('rotation', { project })}>
                    {t('security.begin')}
                </LinkButton>
            )}
        </div>
    );
}

function CampaignList() {
    const status = useCommand<{ campaigns: Campaign[] }>(['vault', 'rotate', 'status']);
    return (
        <Show loaded={status}>
            {(data) => (
                <div class="stack">
                    <Beginning campaigns={data.campaigns} />
                    {data.campaigns.length === 0 && <EmptyState icon="sync" title={t('security.no_campaigns')} />}
                    {data.campaigns.map((campaign) => (
                        <a key={campaign.campaign} class="card vault-card" href={href('rotation', { project: campaign.project })}>
                            <strong>{campaign.project_name}</strong>
                            <span class="muted small">
                                {campaign.begun_by} · {formatInstant(campaign.begun_at)} · {campaign.consent}
                            </span>
                            <Progress counts={campaign.counts} />
                        </a>
                    ))}
                </div>
            )}
        </Show>
    );
}

export function Rotations({ query }: PageProps<'/security/rotations'>) {
    const tab = query.get('tab') === 'campaigns' ? 'campaigns' : 'due';
    return (
        <SecurityPage title={t('security.rotations')} actions={tab === 'due' && <CsvButton words={['vault', 'due']} name="vault-due.csv" />}>
            <Tabs
                label={t('security.rotations')}
                tabs={[
                    { key: 'due', title: t('security.due') },
                    { key: 'campaigns', title: t('security.campaigns') },
                ]}
                current={tab}
                onChange={(next) => replaceQuery({ tab: next })}
            >
                {tab === 'due' ? <DueList /> : <CampaignList />}
            </Tabs>
        </SecurityPage>
    );
}
