/* What happened in the vaults: who was shown what, when and why. */
import { useState } from 'preact/hooks';
import { option, useCommand } from '../api';
import { replaceQuery, type PageProps } from '../app/router';
import { Badge, Button, CheckBox, DateInput, EmptyState, Field, Notice, Select, Show, type Tone } from '../design';
import { formatDate, formatTime, t } from '../i18n';
import { wordOf, type VaultEvent } from '../vault';
import { CsvButton } from './CsvButton';
import { SecurityPage } from './SecurityPage';
import { peopleOptions, projectOptions, useDevices, useItems, useProjects } from './use-vaults';

const DISCLOSING = ['request', 'lease', 'reveal', 'export', 'emergency'];
const TONES: Record<string, Tone> = {
    emergency: 'danger',
    leak: 'danger',
    export: 'warning',
    withdrawn: 'warning',
    request: 'accent',
    lease: 'accent',
    reveal: 'accent',
};
const SHOWN_FIRST = 200;
const ABOUT = ['project', 'person', 'item'] as const;
type About = (typeof ABOUT)[number] | '';

function useChoices(about: About) {
    const projects = useProjects(about === 'project');
    const devices = useDevices(about === 'person');
    const items = useItems(undefined, about === 'item');
    switch (about) {
        case 'project':
            return projectOptions(projects.data?.rows ?? []);
        case 'person':
            return peopleOptions(devices.data?.devices ?? []);
        case 'item':
            return (items.data?.items ?? []).map((item) => ({ value: item.id, label: `${item.name} · ${item.project_name}` }));
        case '':
            return [];
    }
}

interface Wish {
    about: About;
    of: string;
    since: string;
}

function wordsOf({ about, of, since }: Wish): string[] {
    return ['vault', 'audit', ...(about !== '' && of !== '' ? [of] : []), ...(since === '' ? [] : [option('since', since)])];
}

function Filters({ wish, onChange }: { wish: Wish; onChange: (wish: Wish) => void }) {
    const choices = useChoices(wish.about);
    return (
        <div class="filters no-print">
            <Field label={t('security.about')}>
                <Select
                    value={wish.about}
                    onChange={(about) => onChange({ ...wish, about: about as About, of: '' })}
                    options={[
                        { value: 'project', label: t('security.about_project') },
                        { value: 'person', label: t('security.about_person') },
                        { value: 'item', label: t('security.about_item') },
                    ]}
                    empty={t('security.about_all')}
                />
            </Field>
            {wish.about !== '' && (
                <Field label={t('security.which')}>
                    <Select value={wish.of} onChange={(of) => onChange({ ...wish, of })} options={choices} />
                </Field>
            )}
            <Field label={t('security.since_day')}>
                <DateInput value={wish.since} onChange={(since) => onChange({ ...wish, since })} />
            </Field>
        </div>
    );
}

function Event({ event }: { event: VaultEvent }) {
    return (
        <li class="event">
            <time class="muted small" dateTime={event.at}>
                {formatTime(event.at)}
            </time>
            <div class="stack-tight">
                <div class="row">
                    <Badge tone={TONES[event.event] ?? 'plain'}>{wordOf('event', event.event)}</Badge>
                    <strong>{event.person_name}</strong>
                    {event.recipient_name !== null && <span>→ {event.recipient_name}</span>}
                    {event.name !== null && (
                        <span>
                            {event.name}
                            {event.field !== null && ` · ${wordOf('field', event.field)}`}
                        </span>
                    )}
                    {event.event === 'state' && event.state !== null && <Badge>{wordOf('state', event.state)}</Badge>}
                    {event.event === 'request' && (
                        <Badge tone={event.released === true ? 'accent' : 'plain'}>
                            {t(event.released === true ? 'security.was_shown' : 'security.was_not_shown')}
                        </Badge>
                    )}
                </div>
                <span class="muted small">
                    {[
                        event.project_name,
                        event.device_name,
                        event.work_order_label,
                        event.approver_name === null ? null : t('security.approved_by', { name: event.approver_name }),
                    ]
                        .filter(Boolean)
                        .join(' · ')}
                </span>
                {event.reason !== null && <span class="pre">{event.reason}</span>}
            </div>
        </li>
    );
}

function Timeline({ events }: { events: readonly VaultEvent[] }) {
    const [count, setCount] = useState(SHOWN_FIRST);
    const shown = events.slice(0, count);
    const days = [...new Set(shown.map((event) => formatDate(event.at)))];
    return (
        <div class="stack">
            {days.map((day) => (
                <section key={day} class="stack-tight">
                    <h2>{day}</h2>
                    <ol class="plain-list">
                        {shown
                            .filter((event) => formatDate(event.at) === day)
                            .map((event) => (
                                <Event key={`${event.record} ${event.version ?? ''}`} event={event} />
                            ))}
                    </ol>
                </section>
            ))}
            {events.length > count && <Button onClick={() => setCount(count + SHOWN_FIRST)}>{t('common.show_more')}</Button>}
        </div>
    );
}

export function Disclosures({ query }: PageProps<'/security/disclosures'>) {
    const given = query.get('about') ?? '';
    const about = ABOUT.find((each) => each === given) ?? '';
    const wish: Wish = { about, of: query.get('of') ?? '', since: query.get('since') ?? '' };
    const onlyDisclosures = query.get('all') === null;
    const audit = useCommand<{ events: VaultEvent[]; complete: boolean }>(wordsOf(wish));
    const change = (next: Wish, all = !onlyDisclosures) => replaceQuery({ ...next, all: all ? '1' : '' });
    return (
        <SecurityPage
            title={t('security.disclosures')}
            actions={
                <>
                    <CsvButton words={wordsOf(wish)} name="vault-audit.csv" />
                    <Button icon="print" onClick={() => print()}>
                        {t('common.print')}
                    </Button>
                </>
            }
        >
            <Filters wish={wish} onChange={change} />
            <div class="no-print">
                <CheckBox checked={onlyDisclosures} onChange={(checked) => change(wish, !checked)}>
                    {t('security.only_disclosures')}
                </CheckBox>
            </div>
            <Show loaded={audit}>
                {(data) => {
                    // The command answers one vault after another; here the newest comes first.
                    const events = data.events
                        .filter((event) => !onlyDisclosures || DISCLOSING.includes(event.event))
                        .sort((a, b) => b.at.localeCompare(a.at));
                    return (
                        <>
                            {!data.complete && <Notice tone="warning">{t('security.incomplete')}</Notice>}
                            {events.length === 0 ? <EmptyState icon="history" title={t('security.no_events')} /> : <Timeline events={events} />}
                        </>
                    );
                }}
            </Show>
        </SecurityPage>
    );
}
