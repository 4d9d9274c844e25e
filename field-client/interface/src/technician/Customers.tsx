/* The customers that are on this laptop, found by name, code or telephone. */
import { useEffect, useState } from 'preact/hooks';
import { option, useCommand } from '../api';
import { href } from '../app/router';
import { EmptyState, Show, TextInput } from '../design';
import { t } from '../i18n';
import { Phone } from './OrderCard';
import type { Customer, Listed } from './rows';

const PAUSE_MS = 150;
const SHOWN_MAX = '100';

export function Customers() {
    const [text, setText] = useState('');
    const [wanted, setWanted] = useState('');
    useEffect(() => {
        const timer = setTimeout(() => setWanted(text.trim()), PAUSE_MS);
        return () => clearTimeout(timer);
    }, [text]);
    const search = wanted === '' ? [] : [option('search', wanted)];
    const customers = useCommand<Listed<Customer>>(['list', 'customer', ...search, option('limit', SHOWN_MAX)]);
    return (
        <div class="stack">
            <h1>{t('technician.customers')}</h1>
            <TextInput type="search" label={t('common.search')} placeholder={t('technician.customer_placeholder')} value={text} onChange={setText} />
            <Show loaded={customers}>
                {(data) =>
                    data.rows.length === 0 ? (
                        <EmptyState icon="user" title={wanted === '' ? t('technician.no_customers') : t('common.nothing_found')} />
                    ) : (
                        <ul class="orders">
                            {data.rows.map((customer) => (
                                <li key={customer.id} class="card spread">
                                    <span class="grow">
                                        <a class="customer-link" href={href('customer', { id: customer.id })}>
                                            {customer.name}
                                        </a>
                                        <span class="block small muted">{[customer.code, customer.address].filter(Boolean).join(' · ')}</span>
                                    </span>
                                    {customer.phone && <Phone number={customer.phone} />}
                                </li>
                            ))}
                        </ul>
                    )
                }
            </Show>
        </div>
    );
}
