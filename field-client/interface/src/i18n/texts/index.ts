/* All texts. A part of the pages has a file of its own; no key stands in two of them (tests/texts.test.ts). */
import { commonTexts } from './common';
import { officeTexts } from './office';
import { recordsTexts } from './records';
import { securityTexts } from './security';
import { securityRecoveryTexts } from './security-recovery';
import { shellTexts } from './shell';
import { technicianTexts } from './technician';
import { technicianMoreTexts } from './technician-more';
import { vaultTexts } from './vault';

export const tables = [commonTexts, shellTexts, recordsTexts, technicianTexts, technicianMoreTexts, officeTexts, securityTexts, securityRecoveryTexts, vaultTexts];

export const texts = {
    ...commonTexts,
    ...shellTexts,
    ...recordsTexts,
    ...technicianTexts,
    ...technicianMoreTexts,
    ...officeTexts,
    ...securityTexts,
    ...securityRecoveryTexts,
    ...vaultTexts,
};
