/* Pages of this part: one for each route, in the order of the menu. */
import type { Pages } from '../app/router';
import { Bundles } from './bundles/Bundles';
import { Dashboard } from './dashboard/Dashboard';
import { Devices } from './devices/Devices';
import { Dispatch } from './dispatch/Dispatch';
import { Inbox } from './inbox/Inbox';
import { ReceiptPage } from './receipts/ReceiptPage';
import { Receipts } from './receipts/Receipts';
import type { officeRoutes } from './routes';

export const officePages: Pages<typeof officeRoutes> = {
    dashboard: { title: 'office.dashboard', component: Dashboard, menu: 'home' },
    inbox: { title: 'office.inbox', component: Inbox, menu: 'alert' },
    dispatch: { title: 'office.dispatch', component: Dispatch, menu: 'calendar', wide: true },
    receipts: { title: 'office.receipts', component: Receipts, menu: 'pen' },
    receipt: { title: 'office.receipt', component: ReceiptPage },
    devices: { title: 'office.devices', component: Devices, menu: 'user' },
    bundles: { title: 'office.bundles', component: Bundles, menu: 'download' },
};
