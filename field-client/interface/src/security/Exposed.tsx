/* What somebody knows: the report for when a person leaves. It prints. */
import { useCommand } from '../api';
import { href, replaceQuery, type PageProps } from '../app/router';
import { Badge, Button, EmptyState, Field, Notice, Select, Show, Table } from '../design';
import { formatInstant, t } from '../i18n';
import { wordOf, type Known } from '../vault';
import { CsvButton } from './CsvButton';
import { SecurityPage } from './SecurityPage';
import { peopleOptions, useDevices } from './use-vaults';

interface ExposedAnswer {
    person: string;
    person_name: string;
    knows: Known[];
    complete: boolean;
}

function Standing({ row }: { row: Known }) {
    if (row.in_force) {
        return <Badge tone={row.due ? 'danger' : 'warning'}>{t(row.due ? 'security.still_due' : 'security.still_in_force')}</Badge>;
    }
    return <Badge tone="success">{t('security.not_in_force')}</Badge>;
}

function Report({ answer }: { answer: ExposedAnswer }) {
    const secrets = new Set(answer.knows.map((row) => `${row.item} ${row.field}`)).size;
    const stillUsed = new Set(answer.knows.filter((row) => row.in_force).map((row) => `${row.item} ${row.field}`)).size;
    // Those that still open something come first.
    const rows = [...answer.knows].sort((a, b) => Number(b.in_force) - Number(a.in_force) || a.project_name.localeCompare(b.project_name));
    return (
        <article class="stack">
            <h2>{t('security.report_title', { name: answer.person_name })}</h2>
            <p class="muted small">{t('security.report_at', { when: formatInstant(new Date().toISOString()) })}</p>
            {!answer.complete && <Notice tone="warning">{t('security.incomplete')}</Notice>}
            {rows.length === 0 ? (
                <EmptyState icon="check" title={t('security.knows_nothing')} />
            ) : (
                <>
                    <Notice tone={stillUsed > 0 ? 'warning' : 'success'}>
                        <strong>{t('security.report_sum', { n: secrets, force: stillUsed })}</strong>
                        <p>{t(stillUsed > 0 ? 'security.report_change' : 'security.report_done')}</p>
                    </Notice>
                    <Table
                        caption={t('security.report_title', { name: answer.person_name })}
                        rows={rows}
                        keyOf={(row) => `${row.version} ${row.how} ${row.since} ${row.device_name}`}
                        columns={[
                            { key: 'project', title: t('vault.project'), show: (row) => row.project_name },
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
                            {
                                key: 'how',
                                title: t('security.how'),
                                show: (row) => (
                                    <>
                                        {wordOf('how', row.how)}
                                        <div class="muted small">{row.device_name}</div>
                                    </>
                                ),
                            },
                            { key: 'since', title: t('security.since'), show: (row) => formatInstant(row.since) },
                            {
                                key: 'reason',
                                title: t('vault.reason'),
                                show: (row) => [row.reason, row.work_order_label].filter((text, i, all) => text && all.indexOf(text) === i).join(' · '),
                            },
                            { key: 'standing', title: t('security.today'), show: (row) => <Standing row={row} /> },
                        ]}
                    />
                </>
            )}
            <p class="print-only signatures">{t('security.signatures')}</p>
        </article>
    );
}

export function Exposed({ query }: PageProps<'/security/exposed'>) {
    const devices = useDevices();
    const person = query.get('person') ?? '';
    const answer = useCommand<ExposedAnswer>(person === '' ? null : ['vault', 'exposed', person]);
    return (
        <SecurityPage
            title={t('security.exposed')}
            actions={
                person !== '' && (
                    <>
                        <CsvButton words={['vault', 'exposed', person]} name="vault-exposed.csv" />
                        <Button icon="print" onClick={() => print()}>
                            {t('common.print')}
                        </Button>
                    </>
                )
            }
        >
            <div class="no-print">
                <Show loaded={devices}>
                    {(data) => (
                        <Field label={t('vault.person')} hint={t('security.exposed_hint')}>
                            <Select
                                value={person}
                                onChange={(next) => replaceQuery({ person: next })}
                                options={peopleOptions(data.devices)}
                                autofocus
                            />
                        </Field>
                    )}
                </Show>
            </div>
            {person === '' ? (
                <EmptyState icon="user" title={t('security.choose_person')} />
            ) : (
                <Show loaded={answer}>{(data) => <Report answer={data} />}</Show>
            )}
        </SecurityPage>
    );
}
