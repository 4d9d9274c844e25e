/* All texts. A part of the pages has a file of its own; no key stands in two of them (tests/texts.test.ts). */
import { commonTexts } from './common';
import { officeTexts } from './office';
import { recordsTexts } from './records';
import { securityTexts } from './security';
import { shellTexts } from './shell';
import { technicianTexts } from './technician';

export const tables = [commonTexts, shellTexts, recordsTexts, technicianTexts, officeTexts, securityTexts];

export const texts = {
    ...commonTexts,
    ...shellTexts,
    ...recordsTexts,
    ...technicianTexts,
    ...officeTexts,
    ...securityTexts,
};
