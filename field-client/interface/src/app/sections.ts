/* The parts of the pages, and for whom each stands in the menu. What a person may do is decided by the commands, not here. */
import { officePages } from '../office/pages';
import { recordsPages } from '../records/pages';
import { securityPages } from '../security/pages';
import { technicianPages } from '../technician/pages';
import type { PlainTextKey } from '../i18n';
import type { Page, RouteName } from './router';

export interface Section {
    title: PlainTextKey;
    roles: readonly string[] | null; // null: for everybody
    pages: Partial<Record<RouteName, Page<string>>>;
}

const OFFICE_ROLES = ['owner', 'office', 'manager', 'director', 'committee', 'finance', 'warehouse', 'auditor'];

function section(title: PlainTextKey, roles: readonly string[] | null, pages: object): Section {
    return { title, roles, pages: pages as Section['pages'] };
}

export const sections: readonly Section[] = [
    section('technician.section', ['technician'], technicianPages),
    section('office.section', OFFICE_ROLES, officePages),
    section('security.section', ['owner', 'security', 'auditor'], securityPages),
    section('records.section', null, recordsPages),
];

export function pageOf(name: RouteName): Page<string> | undefined {
    return sections.map((each) => each.pages[name]).find((page) => page !== undefined);
}

export interface MenuEntry {
    name: RouteName;
    page: Page<string>;
}

export function menuOf(each: Section): MenuEntry[] {
    return (Object.entries(each.pages) as [RouteName, Page<string>][])
        .filter(([, page]) => page.menu !== undefined)
        .map(([name, page]) => ({ name, page }));
}

export function sectionsFor(roles: readonly string[]): Section[] {
    return sections.filter((each) => (each.roles === null || each.roles.some((role) => roles.includes(role))) && menuOf(each).length > 0);
}
