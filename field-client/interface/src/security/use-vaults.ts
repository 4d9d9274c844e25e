/* Vaults, as the rights in them and the credentials of them tell; people and projects to choose from. */
import { option, useCommand, type Loaded } from '../api';
import type { Option } from '../design';
import type { Access, Item } from '../vault';

export interface VaultSummary {
    vault: string;
    project: string;
    project_name: string;
    people: number; // with rights that hold
    items: number; // that can be listed here
}

export function summarise(access: readonly Access[], items: readonly Item[]): VaultSummary[] {
    const vaults = new Map<string, { first: Access; people: Set<string> }>();
    for (const each of access) {
        const known = vaults.get(each.vault) ?? { first: each, people: new Set<string>() };
        vaults.set(each.vault, known);
        if (each.state === 'active') {
            known.people.add(each.person);
        }
    }
    return [...vaults.values()].map(({ first, people }) => ({
        vault: first.vault,
        project: first.project,
        project_name: first.project_name,
        people: people.size,
        items: items.filter((item) => item.vault === first.vault).length,
    }));
}

export function useAccess() {
    return useCommand<{ access: Access[]; complete: boolean }>(['vault', 'access']);
}

export function useItems(project?: string, wanted = true) {
    return useCommand<{ items: Item[] }>(!wanted ? null : project === undefined ? ['vault', 'list'] : ['vault', 'list', project]);
}

interface ProjectRow {
    id: string;
    code: string | null;
    name: string;
}

export function useProjects(wanted = true): Loaded<{ rows: ProjectRow[] }> & { again: () => void } {
    return useCommand<{ rows: ProjectRow[] }>(wanted ? ['list', 'project', option('limit', '1000')] : null);
}

export function projectOptions(rows: readonly ProjectRow[]): Option[] {
    return rows.map((row) => ({ value: row.id, label: row.code === null ? row.name : `${row.name} (${row.code})` }));
}

export interface DeviceRow {
    id: string;
    person: string;
    person_name: string;
    device: string;
    roles: string;
    state: string;
}

export function useDevices(wanted = true) {
    return useCommand<{ devices: DeviceRow[] }>(wanted ? ['devices'] : null);
}

/* People who have, or had, a device: the others can know nothing. */
export function peopleOptions(devices: readonly DeviceRow[]): Option[] {
    const people = new Map(devices.map((device) => [device.person, device.person_name]));
    return [...people].map(([value, label]) => ({ value, label }));
}
