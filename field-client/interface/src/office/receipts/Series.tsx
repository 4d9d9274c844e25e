/* What became of every number of every series. */
import { useState } from 'preact/hooks';
import { useCommand } from '../../api';
import { href } from '../../app/router';
import { Badge, Button, Dialog, EmptyState, Show, Table, type Tone } from '../../design';
import { t } from '../../i18n';
import { usePeople } from '../people';

type State = 'used' | 'void' | 'gap' | 'duplicate';

interface Account {
    id: string;
    prefix: string;
    person: string | null;
    used: number;
    void: number;
    gap: number;
    duplicate: number;
    ranges: { state: State; first: string; last: string; count: number }[];
    numbers?: { number: string; receipt?: string; void: boolean; reason?: string }[];
}

const TONES: Record<State, Tone> = { used: 'success', void: 'plain', gap: 'warning', duplicate: 'danger' };

function stateText(state: State): string {
    return { used: t('office.used'), void: t('office.void'), gap: t('office.gap'), duplicate: t('office.duplicate') }[state];
}

function Numbers({ series, onClose }: { series: Account; onClose: () => void }) {
    const loaded = useCommand<{ series: Account[] }>(['receipt', 'series', series.id]);
    return (
        <Dialog wide title={t('office.numbers_of', { prefix: series.prefix })} onClose={onClose}>
            <Show loaded={loaded}>
                {(data) => (
                    <Table
                        caption={t('office.numbers_of', { prefix: series.prefix })}
                        rows={data.series[0]?.numbers ?? []}
                        keyOf={(row) => `${row.number} ${row.receipt ?? row.reason ?? ''}`}
                        columns={[
                            {
                                key: 'number',
                                title: t('office.number'),
                                show: (row) => (row.receipt === undefined ? row.number : <a href={href('receipt', { id: row.receipt })}>{row.number}</a>),
                            },
                            { key: 'void', title: t('office.state'), show: (row) => (row.void ? t('office.void') : t('office.used')) },
                            { key: 'reason', title: t('office.reason'), show: (row) => row.reason ?? '' },
                        ]}
                    />
                )}
            </Show>
        </Dialog>
    );
}

function Ranges({ series }: { series: Account }) {
    return (
        <ul class="plain-list">
            {series.ranges.map((range) => (
                <li key={range.first} class="row">
                    <Badge tone={TONES[range.state]}>{stateText(range.state)}</Badge>
                    <span class="fixed">{range.first === range.last ? range.first : `${range.first} – ${range.last}`}</span>
                </li>
            ))}
        </ul>
    );
}

export function Series() {
    const loaded = useCommand<{ series: Account[] }>(['receipt', 'series']);
    const people = usePeople();
    const [opened, setOpened] = useState<Account>();
    const count = (state: State) => ({ key: state, title: stateText(state), number: true, show: (series: Account) => series[state] });
    return (
        <Show loaded={loaded}>
            {({ series }) =>
                series.length === 0 ? (
                    <EmptyState title={t('office.no_series')} />
                ) : (
                    <div class="stack">
                        <p class="small muted">{t('office.series_text')}</p>
                        <Table
                            caption={t('office.series')}
                            rows={series}
                            keyOf={(each) => each.id}
                            columns={[
                                {
                                    key: 'prefix',
                                    title: t('office.prefix'),
                                    show: (each) => (
                                        <Button kind="quiet" onClick={() => setOpened(each)}>
                                            {each.prefix}
                                        </Button>
                                    ),
                                },
                                { key: 'person', title: t('office.person'), show: (each) => people.find(({ id }) => id === each.person)?.name ?? '—' },
                                count('used'),
                                count('void'),
                                count('gap'),
                                count('duplicate'),
                                { key: 'ranges', title: t('office.ranges'), show: (each) => <Ranges series={each} /> },
                            ]}
                        />
                        {opened !== undefined && <Numbers series={opened} onClose={() => setOpened(undefined)} />}
                    </div>
                )
            }
        </Show>
    );
}
