/* Roles by the names that people use. */
import { t, type PlainTextKey } from '../../i18n';

export const ROLES = ['technician', 'office', 'manager', 'warehouse', 'finance', 'director', 'committee', 'security', 'auditor', 'owner'] as const;

export function roleText(role: string): string {
    return (ROLES as readonly string[]).includes(role) ? t(`office.role_${role}` as PlainTextKey) : role;
}
