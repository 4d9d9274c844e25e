/* Texts of src/security. Keys begin with "security.". */
import type { TextTable } from './table';

export const securityTexts = {
    'security.section': ['密码与安全', 'Passwords and security'],
} as const satisfies TextTable;
