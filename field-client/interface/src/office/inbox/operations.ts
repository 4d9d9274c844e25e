/* What a device sent and the server holds: JSON in one field of held work. Pure: tests/office-operations.test.ts. */

export interface Operation {
    kind: string; // "insert", "update", "delete"
    entity: string;
    id: string;
    fields: Record<string, unknown>;
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/* null: it cannot be read, or is cut. */
export function operationsOf(text: string | null): Operation[] | null {
    let parsed: unknown;
    try {
        parsed = JSON.parse(text ?? '');
    } catch {
        return null;
    }
    if (!Array.isArray(parsed)) {
        return null;
    }
    return parsed.filter(isObject).map((each) => ({
        kind: String(each['kind'] ?? ''),
        entity: String(each['entity'] ?? ''),
        id: String(each['id'] ?? ''),
        fields: isObject(each['fields']) ? each['fields'] : {},
    }));
}
