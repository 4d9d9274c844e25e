/* All vaults, and all credentials by search. */
import { useState } from 'preact/hooks';
import { useAction } from '../api';
import { goTo, href, replaceQuery, type PageProps } from '../app/router';
import { Button, CheckBox, Dialog, EmptyState, ErrorNotice, Field, Select, Show, TextInput, toast } from '../design';
import { t } from '../i18n';
import { ItemTable } from './ItemTable';
import { SecurityPage } from './SecurityPage';
import { matching } from './search';
import { projectOptions, summarise, useAccess, useItems, useProjects, type VaultSummary } from './use-vaults';

function CreateDialog({ taken, onClose }: { taken: readonly string[]; onClose: () => void }) {
    const projects = useProjects();
    const action = useAction();
    const [project, setProject] = useState('');
    const [fourEyes, setFourEyes] = useState(false);
    const create = async (event: Event) => {
        event.preventDefault();
        if (project === '') {
            return;
        }
        const answer = await action.run(['vault', 'create', project, ...(fourEyes ? ['--four-eyes'] : [])]);
        if (answer !== undefined) {
            toast(t('security.vault_made'), 'success');
            goTo('vault', { project });
        }
    };
    return (
        <Dialog title={t('security.create_vault')} onClose={onClose}>
            <form class="stack" onSubmit={(event) => void create(event)}>
                <p>{t('security.create_vault_text')}</p>
                <Show loaded={projects}>
                    {(data) => (
                        <Field label={t('vault.project')} required>
                            <Select
                                value={project}
                                onChange={setProject}
                                options={projectOptions(data.rows.filter((row) => !taken.includes(row.id)))}
                                autofocus
                            />
                        </Field>
                    )}
                </Show>
                <CheckBox checked={fourEyes} onChange={setFourEyes}>
                    {t('security.four_eyes_choice')}
                </CheckBox>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    <Button type="submit" kind="primary" busy={action.busy} disabled={project === ''}>
                        {t('security.create_vault')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}

function VaultCards({ vaults }: { vaults: readonly VaultSummary[] }) {
    return (
        <ul class="columns plain-list">
            {vaults.map((vault) => (
                <li key={vault.vault}>
                    <a class="card vault-card" href={href('vault', { project: vault.project })}>
                        <strong>{vault.project_name}</strong>
                        <span class="muted small">{t('security.vault_counts', { items: vault.items, people: vault.people })}</span>
                    </a>
                </li>
            ))}
        </ul>
    );
}

export function Vaults({ query }: PageProps<'/security/vaults'>) {
    const access = useAccess();
    const items = useItems();
    const wanted = query.get('q') ?? '';
    const [creating, setCreating] = useState(false);
    return (
        <SecurityPage
            title={t('security.vaults')}
            actions={
                <Button kind="primary" icon="plus" data-shortcut="new" onClick={() => setCreating(true)}>
                    {t('security.create_vault')}
                </Button>
            }
        >
            <TextInput type="search" value={wanted} onChange={(q) => replaceQuery({ q })} label={t('security.search_items')} placeholder={t('security.search_items')} />
            {wanted.trim() === '' ? (
                <Show loaded={access}>
                    {(data) => {
                        const vaults = summarise(data.access, items.data?.items ?? []);
                        return vaults.length === 0 ? (
                            <EmptyState icon="key" title={t('security.no_vaults')} />
                        ) : (
                            <VaultCards vaults={vaults} />
                        );
                    }}
                </Show>
            ) : (
                <Show loaded={items}>
                    {(data) => <ItemTable items={matching(data.items, wanted)} withProject empty={t('common.nothing_found')} />}
                </Show>
            )}
            {creating && <CreateDialog taken={access.data?.access.map((each) => each.project) ?? []} onClose={() => setCreating(false)} />}
        </SecurityPage>
    );
}
