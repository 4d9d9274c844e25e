/* What does not hold, what was refused, and alarms: loud, and gone only when a person has dealt with them. */
import { useState } from 'preact/hooks';
import { useAction, useCommand } from '../api';
import { useStatus } from '../app/status';
import { Badge, Button, ConfirmDialog, DefinitionList, EmptyState, Icon, Notice, Show } from '../design';
import { formatInstant, t } from '../i18n';
import { wordOf } from '../vault';
import { historyAlarm, SecurityPage } from './SecurityPage';

interface Alarm {
    kind: 'emergency' | 'place_taken';
    at: string;
    person_name: string | null;
    device_name: string | null;
    project_name: string | null;
    name: string | null;
    field: string | null;
    reason: string | null;
}

interface Finding {
    number: number;
    at: string;
    vault: string;
    status: string;
    text: string;
    alarm: Alarm | null;
}

interface Refused {
    number: number;
    kind: string;
    vault: string;
    status: string;
    text: string;
}

function AlarmCard({ alarm, text }: { alarm: Alarm; text: string }) {
    return (
        <li class="notice notice-danger alarm" role="alert">
            <h2 class="row">
                <Icon name="alert" />
                {t(alarm.kind === 'emergency' ? 'security.alarm_emergency' : 'security.alarm_place_taken')}
            </h2>
            {alarm.kind !== 'emergency' && <p class="pre">{text}</p>}
            <DefinitionList
                items={[
                    [t('vault.person'), [alarm.person_name, alarm.device_name].filter(Boolean).join(' · ')],
                    [t('vault.project'), alarm.project_name],
                    [t('vault.name'), alarm.name === null ? null : `${alarm.name} · ${wordOf('field', alarm.field ?? '')}`],
                    [t('vault.reason'), alarm.reason],
                    [t('security.when'), formatInstant(alarm.at)],
                ]}
            />
            <p>{t(alarm.kind === 'emergency' ? 'security.alarm_emergency_do' : 'security.alarm_place_taken_do')}</p>
        </li>
    );
}

function Dismiss({ words, text }: { words: readonly string[]; text: string }) {
    const action = useAction();
    const [asking, setAsking] = useState(false);
    const dismiss = async () => {
        if ((await action.run(words)) !== undefined) {
            setAsking(false);
        }
    };
    return (
        <div class="row">
            <Button onClick={() => setAsking(true)}>{t('security.dismiss')}</Button>
            {asking && (
                <ConfirmDialog
                    title={t('security.dismiss')}
                    text={text}
                    confirm={t('security.dismiss')}
                    error={action.error}
                    onConfirm={dismiss}
                    onClose={() => setAsking(false)}
                />
            )}
        </div>
    );
}

function FindingList({ findings }: { findings: readonly Finding[] }) {
    if (findings.length === 0) {
        return <EmptyState icon="check" title={t('security.no_findings')} />;
    }
    return (
        <>
            <ul class="plain-list stack">
                {findings.map((finding) =>
                    finding.alarm !== null ? (
                        <AlarmCard key={finding.number} alarm={finding.alarm} text={finding.text} />
                    ) : (
                        <li key={finding.number} class="notice notice-warning">
                            <div class="spread">
                                <span class="muted small">{formatInstant(finding.at)}</span>
                                <Badge tone="warning">{finding.status}</Badge>
                            </div>
                            <p class="pre">{finding.text}</p>
                        </li>
                    ),
                )}
            </ul>
            <Dismiss words={['vault', 'findings', '--dismiss']} text={t('security.dismiss_findings')} />
        </>
    );
}

function RefusedList({ refused }: { refused: readonly Refused[] }) {
    if (refused.length === 0) {
        return <EmptyState icon="check" title={t('security.none_refused')} />;
    }
    return (
        <>
            <ul class="plain-list stack">
                {refused.map((each) => (
                    <li key={each.number} class="notice notice-warning">
                        <div class="spread">
                            <strong>{wordOf('kind', each.kind)}</strong>
                            <Badge tone="warning">{each.status}</Badge>
                        </div>
                        <p class="pre">{each.text}</p>
                    </li>
                ))}
            </ul>
            <Dismiss words={['vault', 'refused', '--dismiss']} text={t('security.dismiss_refused')} />
        </>
    );
}

export function Findings() {
    const findings = useCommand<{ findings: Finding[] }>(['vault', 'findings']);
    const refused = useCommand<{ refused: Refused[] }>(['vault', 'refused']);
    const alarm = historyAlarm(useStatus().data);
    return (
        <SecurityPage title={t('security.findings')} here="vaultFindings">
            {alarm !== null && (
                <Notice tone="danger">
                    <strong>{t('security.alarm_history')}</strong>
                    <p class="pre">{alarm}</p>
                </Notice>
            )}
            <section class="stack">
                <h2>{t('security.findings_here')}</h2>
                <Show loaded={findings}>{(data) => <FindingList findings={data.findings} />}</Show>
            </section>
            <section class="stack">
                <h2>{t('security.refused_here')}</h2>
                <Show loaded={refused}>{(data) => <RefusedList refused={data.refused} />}</Show>
            </section>
        </SecurityPage>
    );
}
