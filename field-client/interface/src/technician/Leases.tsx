/* Leases: passwords taken along for places without network; how long they last, and giving them back. */
import { useEffect, useState } from 'preact/hooks';
import { useAction, useCommand } from '../api';
import { Badge, Button, ErrorNotice, toast } from '../design';
import { formatInstant, t } from '../i18n';
import { countdown } from './countdown';
import { LeaseDialog } from './LeaseDialog';

interface Lease {
    lease: string;
    project_name: string | null;
    work_order: string | null;
    reason: string | null;
    until: string;
    state: string;
    usable: boolean;
    ended: string | null;
    versions: string[];
}

const TICK_MS = 1000;

function useNow(): number {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const clock = setInterval(() => setNow(Date.now()), TICK_MS);
        return () => clearInterval(clock);
    }, []);
    return now;
}

function LeaseLine({ lease, now }: { lease: Lease; now: number }) {
    const action = useAction();
    const giveBack = async () => {
        const answer = await action.run<{ sent: boolean }>(['vault', 'return', lease.lease]);
        if (answer !== undefined) {
            toast(answer.json.sent ? t('technician.lease_returned') : t('technician.lease_return_waits'), 'success');
        }
    };
    return (
        <li>
            <span class="grow">
                <strong>{lease.project_name}</strong> <span class="small muted">{t('technician.lease_count', { n: lease.versions.length })}</span>
                <span class="block small muted">{[t('technician.lease_until', { when: formatInstant(lease.until) }), lease.reason].filter(Boolean).join(' · ')}</span>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
            </span>
            <Badge tone={lease.usable ? 'success' : 'warning'}>{lease.usable ? countdown(Date.parse(lease.until) - now) : lease.state}</Badge>
            <Button busy={action.busy} onClick={() => void giveBack()}>
                {t('technician.give_back')}
            </Button>
        </li>
    );
}

export function Leases() {
    const leases = useCommand<{ leases: Lease[] }>(['vault', 'leases']);
    const [open, setOpen] = useState(false);
    const now = useNow();
    const rows = leases.data?.leases ?? [];
    return (
        <section class="card stack-tight">
            <div class="spread">
                <h2>{t('technician.leases')}</h2>
                <Button icon="download" onClick={() => setOpen(true)}>
                    {t('technician.take_lease')}
                </Button>
            </div>
            {leases.error !== undefined && <ErrorNotice error={leases.error} again={leases.again} />}
            {rows.length === 0 && <p class="small muted">{t('technician.no_leases')}</p>}
            <ul class="facts">
                {rows.map((lease) => (
                    <LeaseLine key={lease.lease} lease={lease} now={now} />
                ))}
            </ul>
            {open && <LeaseDialog onClose={() => setOpen(false)} />}
        </section>
    );
}
