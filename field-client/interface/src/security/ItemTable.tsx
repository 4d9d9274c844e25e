/* Credentials as a table; their secrets are shown by the page of each. */
import { href } from '../app/router';
import { EmptyState, Table, type Column } from '../design';
import { t } from '../i18n';
import type { Item } from '../vault';

export function ItemTable({ items, withProject = false, empty }: { items: readonly Item[]; withProject?: boolean; empty: string }) {
    if (items.length === 0) {
        return <EmptyState icon="key" title={empty} />;
    }
    const columns: Column<Item>[] = [
        { key: 'name', title: t('vault.name'), show: (item) => <a href={href('credential', { item: item.id })}>{item.name}</a> },
        { key: 'user', title: t('vault.user'), show: (item) => item.user },
        { key: 'address', title: t('vault.address'), show: (item) => <span class="fixed">{item.address}</span> },
    ];
    if (withProject) {
        columns.push({
            key: 'project',
            title: t('vault.project'),
            show: (item) => <a href={href('vault', { project: item.project })}>{item.project_name}</a>,
        });
    }
    return <Table caption={t('security.credentials')} columns={columns} rows={items} keyOf={(item) => item.id} />;
}
