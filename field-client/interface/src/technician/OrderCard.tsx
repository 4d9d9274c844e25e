/* A work order as the technician needs it on the road: where to, whom to call, what is wrong, and the one button that begins the visit. */
import type { ComponentChildren } from 'preact';
import { Badge, Icon, type Tone } from '../design';
import { formatInstant, t } from '../i18n';
import { useChoice, usePlace, type Place, type WorkOrder } from './rows';

const PRIORITY_TONES: Record<string, Tone> = { urgent: 'danger', high: 'warning', low: 'plain', normal: 'plain' };

export function Phone({ number }: { number: string }) {
    return (
        <a class="phone" href={`tel:${number.replace(/[^+\d]/g, '')}`}>
            {number}
        </a>
    );
}

/* Customer, address and telephones; those of the request come before the site's, the site's before the customer's. */
export function PlaceLines({ place }: { place: Place }) {
    const { request, customer, site, system } = place;
    const contact = request?.contact ?? site?.contact;
    const phones = [request?.contact_phone, site?.phone, customer?.phone].filter((phone): phone is string => !!phone);
    const where = [site?.name, site?.address ?? customer?.address].filter(Boolean).join(' · ');
    return (
        <ul class="place-lines">
            {where !== '' && (
                <li>
                    <Icon name="home" />
                    <span>{where}</span>
                </li>
            )}
            {system !== undefined && (
                <li>
                    <Icon name="box" />
                    <span>{[system.name, system.address].filter(Boolean).join(' · ')}</span>
                </li>
            )}
            {(contact || phones.length > 0) && (
                <li>
                    <Icon name="user" />
                    <span class="row">
                        {contact}
                        {[...new Set(phones)].map((phone) => (
                            <Phone key={phone} number={phone} />
                        ))}
                    </span>
                </li>
            )}
        </ul>
    );
}

export function OrderCard({ order, started = false, children }: { order: WorkOrder; started?: boolean; children: ComponentChildren }) {
    const place = usePlace(order.request);
    const priority = useChoice('service_request', 'priority');
    const status = useChoice('work_order', 'status');
    const urgent = place.request?.priority;
    return (
        <li class={started ? 'card order order-started' : 'card order'}>
            <div class="grow stack-tight">
                <div class="row">
                    <strong>{place.customer?.name ?? order.number}</strong>
                    <span class="muted small">{order.number}</span>
                    {urgent && urgent !== 'normal' && <Badge tone={PRIORITY_TONES[urgent] ?? 'plain'}>{priority(urgent)}</Badge>}
                    <Badge tone={started ? 'accent' : 'plain'}>{status(order.status)}</Badge>
                </div>
                <p class="order-fault">{place.request?.reported_fault ?? order.labels['request']}</p>
                <PlaceLines place={place} />
                {order.instruction && <p class="small muted pre">{order.instruction}</p>}
            </div>
            <div class="order-side">
                <span class="muted small">{order.planned_start === null ? t('technician.unplanned') : formatInstant(order.planned_start)}</span>
                {children}
            </div>
        </li>
    );
}
