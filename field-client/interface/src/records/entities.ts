/* What can be recorded: `entities --json`. Lists, forms and search are driven by it. */
import { useCommand } from '../api';
import { language } from '../i18n';

export type FieldType = 'text' | 'integer' | 'cents' | 'boolean' | 'date' | 'instant' | 'choice' | 'reference' | 'bytes';

export interface EntityField {
    name: string;
    label_zh: string;
    label_en: string;
    type: FieldType;
    required: boolean;
    computed: boolean;
    once: boolean;
    writers: string[];
    references: string | null;
    choices: { name: string; label_zh: string; label_en?: string | null }[];
    hidden?: boolean;
    label?: boolean;
    search?: boolean;
    listed?: boolean;
    size_max?: number | null;
    minimum?: number | null;
    maximum?: number | null;
}

export interface Entity {
    name: string;
    label_zh: string;
    label_en: string;
    kind: 'ordinary' | 'evidence' | 'computed';
    natural_key: string | null;
    creators: string[];
    deleters: string[];
    fields: EntityField[];
}

export type Value = string | number | boolean | null;
/* A row as commands answer it: its fields by their names. */
export type Row = { id: string; labels?: Record<string, string | null>; _unsent?: boolean } & Record<string, unknown>;

export function useEntities() {
    return useCommand<{ entities: Entity[] }>(['entities']);
}

export function useEntity(name: string): Entity | undefined {
    return useEntities().data?.entities.find((entity) => entity.name === name);
}

export function labelOf(thing: { label_zh: string; label_en?: string | null; name?: string }): string {
    const english = thing.label_en ?? thing.name?.replace(/_/g, ' ') ?? thing.label_zh;
    const label = language.value === 'zh' ? thing.label_zh : english.charAt(0).toUpperCase() + english.slice(1);
    // Amounts are kept in cents and shown as money.
    return label.replace(/( in cents|[(（]分[)）])$/, '');
}

export function fieldOf(entity: Entity, name: string): EntityField | undefined {
    return entity.fields.find((field) => field.name === name);
}

/* What people call a row: its label fields, else its natural key, else its first text. */
export function rowLabel(entity: Entity, row: Row): string {
    const labelled = entity.fields.filter((field) => field.label === true);
    const key = entity.fields.filter((field) => field.name === entity.natural_key);
    const texts = entity.fields.filter((field) => field.type === 'text');
    const chosen = [labelled, key, texts.slice(0, 1)].find((fields) => fields.some((field) => (row[field.name] ?? '') !== '')) ?? [];
    const parts = chosen.map((field) => row.labels?.[field.name] ?? row[field.name]).filter((part) => part !== null && part !== undefined && part !== '');
    return parts.length > 0 ? parts.join(' ') : row.id.slice(0, 13);
}

export function mayCreate(entity: Entity, roles: readonly string[]): boolean {
    return entity.kind === 'ordinary' && entity.creators.some((role) => roles.includes(role));
}

export function mayDelete(entity: Entity, roles: readonly string[]): boolean {
    return entity.kind === 'ordinary' && entity.deleters.some((role) => roles.includes(role));
}

/* Fields that this person may write; of a row that is there, not those that are written once and are. */
export function writableFields(entity: Entity, roles: readonly string[], row?: Row): EntityField[] {
    return entity.fields.filter(
        (field) =>
            !field.computed &&
            field.writers.some((role) => roles.includes(role)) &&
            !(row !== undefined && field.once && row[field.name] !== null && row[field.name] !== undefined),
    );
}

/* Where the program does not say which columns a list has: the first ones that people read. */
export function listedFields(entity: Entity): EntityField[] {
    const shown = entity.fields.filter((field) => field.hidden !== true && field.type !== 'bytes');
    const listed = shown.filter((field) => field.listed === true);
    return listed.length > 0 ? listed : shown.slice(0, 6);
}
