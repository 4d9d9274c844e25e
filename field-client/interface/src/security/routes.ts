/* Paths of this part. */
export const securityRoutes = {
    vaults: '/security/vaults',
    vault: '/security/vaults/:project',
    credential: '/security/credentials/:item',
    credentialLeak: '/security/credentials/:item/leak',
    approvals: '/security/approvals',
    disclosures: '/security/disclosures',
    rotations: '/security/rotations',
    rotation: '/security/rotations/:project',
    exposed: '/security/exposed',
    vaultFindings: '/security/findings',
    recovery: '/security/recovery',
} as const;
