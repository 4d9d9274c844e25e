/* How the syncs went that were seen since this page was opened: the program keeps the last one, the page those before it, in memory only. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Status } from '../app/status';
import { Icon } from '../design';
import { formatInstant, t } from '../i18n';

type Sync = NonNullable<Status['last_sync']>;

const SHOWN_MAX = 8;
const seen = signal<Sync[]>([]);

function remember(sync: Sync | null): void {
    if (sync !== null && !seen.peek().some((each) => each.at === sync.at)) {
        seen.value = [sync, ...seen.peek()].slice(0, SHOWN_MAX);
    }
}

export function SyncHistory({ last }: { last: Sync | null }) {
    useEffect(() => remember(last), [last?.at]);
    if (seen.value.length === 0) {
        return null;
    }
    return (
        <section class="card stack-tight">
            <h2>{t('technician.sync_history')}</h2>
            <ul class="facts">
                {seen.value.map((sync) => (
                    <li key={sync.at}>
                        <span class="grow">
                            {formatInstant(sync.at)}
                            <span class="block small muted">
                                {sync.status === 'OK' ? t('technician.sync_figures', { sent: sync.pushed, received: sync.pulled }) : sync.text}
                            </span>
                        </span>
                        <span class={sync.status === 'OK' ? 'good' : 'bad'} title={sync.status === 'OK' ? t('app.sync_good') : t('app.sync_failed')}>
                            <Icon name={sync.status === 'OK' ? 'check' : 'alert'} />
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    );
}
