/* Takes the passwords of one's work orders along: first what there is, then, confirmed, the lease. Needs the network. */
import { useEffect, useState } from 'preact/hooks';
import { option, useAction } from '../api';
import { Button, CheckBox, Dialog, EmptyState, ErrorNotice, Field, Loading, Select, toast } from '../design';
import { formatInstant, t } from '../i18n';

interface Offer {
    work_order: string;
    number: string;
    project_name: string | null;
    lacks: string | null;
    already_leased: number;
    credentials: { credential: string; name: string; field: string; four_eyes: boolean }[];
}

interface Answer {
    taken: boolean;
    until: string;
    work_orders: Offer[];
}

const DAYS = ['1', '2', '3', '7'];

const LACKS = {
    project: 'technician.lacks_project',
    vault: 'technician.lacks_vault',
    right: 'technician.lacks_right',
    passwords: 'technician.lacks_passwords',
    news: 'technician.lacks_news',
} as const;

function lackText(offer: Offer): string {
    const key = offer.lacks as keyof typeof LACKS | null;
    return key === null ? (offer.already_leased > 0 ? t('technician.already_leased') : '') : t(LACKS[key] ?? 'technician.lacks_news');
}

function OfferLine({ offer, chosen, onChange }: { offer: Offer; chosen: boolean; onChange: (chosen: boolean) => void }) {
    const names = offer.credentials.map((each) => each.name);
    return (
        <li>
            <CheckBox checked={chosen && names.length > 0} disabled={names.length === 0} onChange={onChange}>
                <strong>{offer.number}</strong> {offer.project_name}
                <span class="block small muted">{names.length > 0 ? [...new Set(names)].join('、') : lackText(offer)}</span>
            </CheckBox>
        </li>
    );
}

function Offers({ offers, onTake, busy }: { offers: readonly Offer[]; onTake: (orders: string[], days: string) => void; busy: boolean }) {
    const [refused, setRefused] = useState<ReadonlySet<string>>(new Set());
    const [days, setDays] = useState('1');
    const chosen = offers.filter((offer) => offer.credentials.length > 0 && !refused.has(offer.work_order));
    const change = (id: string, wanted: boolean) => {
        const next = new Set(refused);
        if (wanted) {
            next.delete(id);
        } else {
            next.add(id);
        }
        setRefused(next);
    };
    if (offers.length === 0) {
        return <EmptyState icon="key" title={t('technician.nothing_to_lease')} />;
    }
    return (
        <div class="stack">
            <p>{t('technician.lease_text')}</p>
            <ul class="facts">
                {offers.map((offer) => (
                    <OfferLine
                        key={offer.work_order}
                        offer={offer}
                        chosen={!refused.has(offer.work_order)}
                        onChange={(wanted) => change(offer.work_order, wanted)}
                    />
                ))}
            </ul>
            <Field label={t('technician.lease_days')}>
                <Select value={days} onChange={setDays} empty={false} options={DAYS.map((n) => ({ value: n, label: t('technician.days', { n: Number(n) }) }))} />
            </Field>
            <div>
                <Button
                    kind="primary"
                    icon="download"
                    busy={busy}
                    disabled={chosen.length === 0}
                    onClick={() => onTake(chosen.map((offer) => offer.work_order), days)}
                >
                    {t('technician.take_lease')}
                </Button>
            </div>
        </div>
    );
}

export function LeaseDialog({ onClose }: { onClose: () => void }) {
    const action = useAction();
    const [offers, setOffers] = useState<Offer[]>();
    useEffect(() => {
        void action.run<Answer>(['vault', 'lease']).then((answer) => setOffers(answer?.json.work_orders));
    }, []);
    const take = async (orders: string[], days: string) => {
        const answer = await action.run<Answer>(['vault', 'lease', '--yes', option('days', days), ...orders]);
        if (answer !== undefined) {
            toast(t('technician.lease_taken', { when: formatInstant(answer.json.until) }), 'success');
            onClose();
        }
    };
    return (
        <Dialog title={t('technician.take_lease')} onClose={onClose}>
            <div class="stack">
                {action.error !== undefined && (
                    <>
                        <ErrorNotice error={action.error} />
                        <p class="small">{t('technician.lease_needs_network')}</p>
                    </>
                )}
                {offers !== undefined ? (
                    <Offers offers={offers} busy={action.busy} onTake={(orders, days) => void take(orders, days)} />
                ) : (
                    action.error === undefined && <Loading />
                )}
            </div>
        </Dialog>
    );
}
