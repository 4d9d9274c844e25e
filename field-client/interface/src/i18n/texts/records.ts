/* Texts of src/records. Keys begin with "records.". */
import type { TextTable } from './table';

export const recordsTexts = {
    'records.section': ['全部记录', 'All records'],
} as const satisfies TextTable;
