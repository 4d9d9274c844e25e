/* Which credentials are meant by what was typed: every word of it stands in one of their texts. */
import type { Item } from '../vault';

export function matching(items: readonly Item[], wanted: string): Item[] {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    return items.filter((item) => {
        const text = `${item.name} ${item.user} ${item.address} ${item.project_name}`.toLowerCase();
        return words.every((word) => text.includes(word));
    });
}
