/* Texts of src/technician. Keys begin with "technician.". */
import type { TextTable } from './table';

export const technicianTexts = {
    'technician.section': ['现场服务', 'Field service'],
} as const satisfies TextTable;
