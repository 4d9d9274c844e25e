/* Texts of src/office. Keys begin with "office.". */
import type { TextTable } from './table';

export const officeTexts = {
    'office.section': ['办公室', 'Office'],
} as const satisfies TextTable;
