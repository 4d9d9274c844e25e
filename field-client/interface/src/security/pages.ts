/* Pages of this part: one for each route, in the order of the menu. */
import type { Pages } from '../app/router';
import { Approvals } from './Approvals';
import { Credential } from './Credential';
import { Disclosures } from './Disclosures';
import { Exposed } from './Exposed';
import { Findings } from './Findings';
import { Leak } from './Leak';
import { Recovery } from './Recovery';
import { Rotation } from './Rotation';
import { Rotations } from './Rotations';
import type { securityRoutes } from './routes';
import { Vault } from './Vault';
import { Vaults } from './Vaults';

export const securityPages: Pages<typeof securityRoutes> = {
    vaults: { title: 'security.vaults', component: Vaults, menu: 'key' },
    vault: { title: 'security.vault', component: Vault },
    credential: { title: 'security.credential', component: Credential },
    credentialLeak: { title: 'security.leak', component: Leak },
    approvals: { title: 'security.approvals', component: Approvals, menu: 'check' },
    disclosures: { title: 'security.disclosures', component: Disclosures, menu: 'history' },
    rotations: { title: 'security.rotations', component: Rotations, menu: 'sync' },
    rotation: { title: 'security.campaign', component: Rotation },
    exposed: { title: 'security.exposed', component: Exposed, menu: 'user' },
    vaultFindings: { title: 'security.findings', component: Findings, menu: 'alert' },
    recovery: { title: 'security.recovery', component: Recovery, menu: 'shield' },
};
