/* What lies in a technician's van: the sum of the movements into it and out of it. */
import { useRows, usePerson, type Movement } from './rows';

export interface Location {
    id: string;
    name: string;
    kind: string | null;
}

export function balances(van: string, movements: readonly Pick<Movement, 'part' | 'from' | 'to' | 'quantity'>[]): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { part, from, to, quantity } of movements) {
        const change = (to === van ? quantity : 0) - (from === van ? quantity : 0);
        sums.set(part, (sums.get(part) ?? 0) + change);
    }
    return sums;
}

export interface VanStock {
    van: Location | undefined;
    stock: Map<string, number>;
    moved: Movement[];
    loading: boolean;
}

export function useVanStock(): VanStock {
    const person = usePerson();
    const vans = useRows<Location>('stock_location', person === undefined ? null : [`owner=${person}`, 'kind=van']);
    const van = vans.data?.rows[0];
    const into = useRows<Movement>('stock_movement', van === undefined ? null : [`to=${van.id}`]);
    const out = useRows<Movement>('stock_movement', van === undefined ? null : [`from=${van.id}`]);
    const moved = [...(into.data?.rows ?? []), ...(out.data?.rows ?? []).filter((movement) => movement.to !== van?.id)];
    return {
        van,
        moved,
        stock: van === undefined ? new Map() : balances(van.id, moved),
        loading: vans.loading || (van !== undefined && (into.data === undefined || out.data === undefined)),
    };
}
