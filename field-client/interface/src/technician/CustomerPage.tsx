/* A customer: where, whom to call, the systems there, and what was done for them. */
import { href, type PageProps } from '../app/router';
import { Badge, DefinitionList, EmptyState, LinkButton, Show } from '../design';
import { t } from '../i18n';
import { Phone } from './OrderCard';
import { isOpen } from './route-order';
import type { technicianRoutes } from './routes';
import { useChoice, useRow, useRows, type Customer, type Request, type Site, type System, type WorkOrder } from './rows';

interface Project {
    id: string;
    name: string;
}

function Sites({ customer }: { customer: string }) {
    const sites = useRows<Site>('site', [`customer=${customer}`]).data?.rows ?? [];
    return (
        <>
            {sites.map((site) => (
                <section key={site.id} class="card stack-tight">
                    <h3>{site.name}</h3>
                    <DefinitionList
                        items={[
                            [t('technician.address'), site.address],
                            [t('technician.contact'), site.contact],
                            [t('technician.phone'), site.phone && <Phone number={site.phone} />],
                        ]}
                    />
                </section>
            ))}
        </>
    );
}

function ProjectSystems({ project }: { project: Project }) {
    const systems = useRows<System>('system', [`project=${project.id}`]).data?.rows ?? [];
    const kind = useChoice('system', 'kind');
    return (
        <section class="card stack-tight">
            <h3>{project.name}</h3>
            {systems.length === 0 && <p class="small muted">{t('technician.no_systems')}</p>}
            <ul class="facts">
                {systems.map((system) => (
                    <li key={system.id}>
                        <span class="grow">
                            {system.name}
                            <span class="block small muted">{[system.address, system.labels['site'], system.note].filter(Boolean).join(' · ')}</span>
                        </span>
                        <Badge>{kind(system.kind)}</Badge>
                    </li>
                ))}
            </ul>
        </section>
    );
}

function Orders({ customer }: { customer: string }) {
    const requests = useRows<Request>('service_request', [`customer=${customer}`]).data?.rows ?? [];
    const orders = useRows<WorkOrder>('work_order', []).data?.rows ?? [];
    const status = useChoice('work_order', 'status');
    const own = orders.filter((order) => requests.some((request) => request.id === order.request)).reverse();
    if (own.length === 0) {
        return <EmptyState title={t('technician.no_orders_here')} />;
    }
    return (
        <ul class="facts card">
            {own.map((order) => (
                <li key={order.id}>
                    <span class="grow">
                        {order.labels['request']}
                        <span class="block small muted">{order.number}</span>
                    </span>
                    <Badge tone={isOpen(order) ? 'accent' : 'plain'}>{status(order.status)}</Badge>
                </li>
            ))}
        </ul>
    );
}

export function CustomerPage({ params }: PageProps<(typeof technicianRoutes)['customer']>) {
    const customer = useRow<Customer>('customer', params.id);
    const projects = useRows<Project>('project', [`customer=${params.id}`]).data?.rows ?? [];
    return (
        <Show loaded={customer}>
            {(data) => (
                <div class="stack">
                    <div class="spread">
                        <h1>{data.name}</h1>
                        <LinkButton icon="back" href={href('customers')}>
                            {t('technician.customers')}
                        </LinkButton>
                    </div>
                    <section class="card">
                        <DefinitionList
                            items={[
                                [t('technician.address'), data.address],
                                [t('technician.phone'), data.phone && <Phone number={data.phone} />],
                                [t('technician.note'), data.note],
                            ]}
                        />
                    </section>
                    <h2>{t('technician.sites')}</h2>
                    <div class="columns">
                        <Sites customer={data.id} />
                    </div>
                    <h2>{t('technician.systems')}</h2>
                    <div class="columns">
                        {projects.map((project) => (
                            <ProjectSystems key={project.id} project={project} />
                        ))}
                    </div>
                    <h2>{t('technician.orders_here')}</h2>
                    <Orders customer={data.id} />
                </div>
            )}
        </Show>
    );
}
