/* Who there is: for choices. */
import { option, useCommand } from '../api';
import type { Row } from '../records/entities';

export interface Device {
    id: string;
    fingerprint: string;
    person: string | null;
    person_name: string;
    device: string;
    roles: string;
    state: string;
    joined_at: string | null;
    own: boolean;
    revocation: null | { by: string | null; reason: string | null; at: string | null; sent: boolean };
}

export interface Person {
    id: string;
    name: string;
}

const PEOPLE_MAX = '1000';

export function usePeople(): Person[] {
    const people = useCommand<{ rows: Row[] }>(['list', 'person', option('sort', 'name'), option('limit', PEOPLE_MAX)]);
    return (people.data?.rows ?? []).map((row) => ({ id: row.id, name: String(row['name'] ?? '') }));
}

export function useDevices() {
    return useCommand<{ devices: Device[] }>(['devices']);
}

/* Devices that are in use and have the role tell who works as a technician. */
export function techniciansOf(devices: readonly Device[]): Person[] {
    const found = new Map<string, string>();
    for (const device of devices) {
        if (device.person !== null && device.state !== 'revoked' && device.roles.includes('technician')) {
            found.set(device.person, device.person_name);
        }
    }
    return [...found].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name, 'zh-CN'));
}
