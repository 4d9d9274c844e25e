/* Paths of this part. */
export const officeRoutes = {
    dashboard: '/dashboard',
    inbox: '/inbox',
    dispatch: '/dispatch',
    receipts: '/receipts',
    receipt: '/receipts/:id',
    devices: '/devices',
    bundles: '/bundles',
} as const;
