/* What the palette offers: pages, records, actions, and rows found by their words. */
import { option, run } from '../api';
import type { IconName } from '../design';
import { setTheme, isDark } from '../design/theme';
import { language, setLanguage, t } from '../i18n';
import { labelOf, mayCreate, rowLabel, type Entity, type Row } from '../records/entities';
import { href, type RouteName } from './router';
import { menuOf, sectionsFor } from './sections';
import { openDialog } from './shortcuts';

export interface PaletteItem {
    key: string;
    icon: IconName;
    text: string;
    note: string;
    act: () => void;
}

/* Searched for rows, in this order. */
const SEARCHED = ['work_order', 'customer', 'project', 'system', 'site', 'service_request', 'part', 'person', 'receipt'];
const ROWS_EACH = 4;

function goToPath(path: string): () => void {
    return () => {
        location.hash = path;
    };
}

function pageItems(roles: readonly string[]): PaletteItem[] {
    return sectionsFor(roles).flatMap((section) =>
        menuOf(section).map(({ name, page }) => ({
            key: `page ${name}`,
            icon: page.menu ?? 'list',
            text: t(page.title),
            note: t(section.title),
            act: goToPath((href as (name: RouteName) => string)(name)),
        })),
    );
}

function entityItems(entities: readonly Entity[], roles: readonly string[]): PaletteItem[] {
    return entities.flatMap((entity) => {
        const list: PaletteItem = {
            key: `list ${entity.name}`,
            icon: 'list',
            text: labelOf(entity),
            note: t('records.section'),
            act: goToPath(href('recordList', { entity: entity.name })),
        };
        const create: PaletteItem = {
            key: `new ${entity.name}`,
            icon: 'plus',
            text: t('records.new_title', { entity: labelOf(entity) }),
            note: '',
            act: goToPath(href('recordNew', { entity: entity.name })),
        };
        return mayCreate(entity, roles) ? [list, create] : [list];
    });
}

function actionItems(): PaletteItem[] {
    const action = (key: string, icon: IconName, text: string, act: () => void): PaletteItem => ({ key, icon, text, note: t('common.actions'), act });
    const quietly = (word: string) => () => void run([word]).catch(() => undefined); // its outcome stands in the top bar
    return [
        action('sync', 'sync', t('app.sync_now'), quietly('sync')),
        action('lock', 'lock', t('app.lock'), quietly('lock')),
        action('theme', isDark.value ? 'sun' : 'moon', isDark.value ? t('app.theme_light') : t('app.theme_dark'), () => setTheme(isDark.peek() ? 'light' : 'dark')),
        action('language', 'edit', language.value === 'zh' ? 'English' : '中文', () => setLanguage(language.peek() === 'zh' ? 'en' : 'zh')),
        action('keys', 'help', t('app.keys'), () => {
            openDialog.value = 'help';
        }),
    ];
}

export function fixedItems(entities: readonly Entity[], roles: readonly string[]): PaletteItem[] {
    return [...pageItems(roles), ...actionItems(), ...entityItems(entities, roles)];
}

/* Those in whose text every word stands. */
export function matching(items: readonly PaletteItem[], typed: string): PaletteItem[] {
    const words = typed.toLowerCase().split(/\s+/).filter((word) => word !== '');
    return items.filter((item) => words.every((word) => `${item.text} ${item.key}`.toLowerCase().includes(word)));
}

export async function foundRows(entities: readonly Entity[], typed: string, signal: AbortSignal): Promise<PaletteItem[]> {
    const searched = SEARCHED.flatMap((name) => entities.filter((entity) => entity.name === name));
    const lists = await Promise.all(
        searched.map(async (entity) => {
            const { json } = await run<{ rows: Row[] }>(['list', entity.name, option('search', typed), option('limit', ROWS_EACH)], { signal });
            return json.rows.map((row) => ({
                key: `row ${row.id}`,
                icon: 'box' as const,
                text: rowLabel(entity, row),
                note: labelOf(entity),
                act: goToPath(href('recordDetail', { entity: entity.name, id: row.id })),
            }));
        }),
    );
    return lists.flat();
}
