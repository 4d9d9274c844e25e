/* Where the person is: the fragment of the address, "#/records/part?status=open". Paths are in the routes.ts of each part. */
import { computed, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { decoded } from '../api/decoded';
import type { IconName } from '../design';
import type { PlainTextKey } from '../i18n';
import { routes } from './routes';

type ParameterNames<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
    ? Name | ParameterNames<`/${Rest}`>
    : Path extends `${string}:${infer Name}`
      ? Name
      : never;
export type Parameters<Path extends string> = Record<ParameterNames<Path>, string>;

export interface PageProps<Path extends string> {
    params: Parameters<Path>;
    query: URLSearchParams;
}

export interface Page<Path extends string> {
    title: PlainTextKey;
    component: ComponentType<PageProps<Path>>;
    menu?: IconName; // stands in the menu with this drawing; only for paths without parameters
    wide?: boolean; // uses the whole width of the window
}

/* The pages of a part: one for each of its routes. */
export type Pages<Routes extends Record<string, string>> = { [Name in keyof Routes]: Page<Routes[Name]> };

export type RouteName = keyof typeof routes;
type Query = Record<string, string | undefined>;
type HrefArguments<Path extends string> = [ParameterNames<Path>] extends [never]
    ? [params?: Record<string, never>, query?: Query]
    : [params: Parameters<Path>, query?: Query];

export function buildPath(pattern: string, params: Record<string, string>, query: Query = {}): string {
    const path = pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const kept = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
    return kept.length === 0 ? path : `${path}?${new URLSearchParams(kept).toString()}`;
}

/* The address of a page: href('recordDetail', { entity: 'part', id }). */
export function href<Name extends RouteName>(name: Name, ...rest: HrefArguments<(typeof routes)[Name]>): string {
    return `#${buildPath(routes[name], rest[0] ?? {}, rest[1])}`;
}

export function goTo<Name extends RouteName>(name: Name, ...rest: HrefArguments<(typeof routes)[Name]>): void {
    location.hash = href(name, ...rest);
}

/* Changes the query of the present page without a new step in the history. */
export function replaceQuery(query: Query): void {
    const path = location.hash.slice(1).split('?')[0] ?? '/';
    history.replaceState(null, '', `#${buildPath(path, {}, query)}`);
    fragment.value = location.hash;
}

export interface Matched {
    name: RouteName;
    params: Record<string, string>;
    query: URLSearchParams;
}

/* The parameters of `path` where it is one of `pattern`, else null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
    const wanted = pattern.split('/');
    const given = path.split('/');
    if (wanted.length !== given.length) {
        return null;
    }
    const params: Record<string, string> = {};
    for (const [i, part] of wanted.entries()) {
        const value = given[i] ?? '';
        if (part.startsWith(':')) {
            params[part.slice(1)] = decoded(value);
        } else if (part !== value) {
            return null;
        }
    }
    return params;
}

function matchAll(hash: string): Matched | null {
    const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
    // Literal paths come before those with parameters: "/records/new" is no id.
    const names = (Object.keys(routes) as RouteName[]).sort((a, b) => routes[a].split(':').length - routes[b].split(':').length);
    for (const name of names) {
        const params = matchPath(routes[name], path);
        if (params !== null) {
            return { name, params, query: new URLSearchParams(query) };
        }
    }
    return null;
}

const fragment = signal(typeof location === 'undefined' ? '' : location.hash);
export const current = computed(() => matchAll(fragment.value));

if (typeof window !== 'undefined') {
    window.addEventListener('hashchange', () => (fragment.value = location.hash));
}
