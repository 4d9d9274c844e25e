/* Pages of this part: one for each route, in the order of the menu. */
import type { Pages } from '../app/router';
import { Corrections } from './Corrections';
import { CustomerPage } from './CustomerPage';
import { Customers } from './Customers';
import { Passwords } from './Passwords';
import { ReceiptPage } from './ReceiptPage';
import { Stock } from './Stock';
import { Today } from './Today';
import { VisitPage } from './VisitPage';
import type { technicianRoutes } from './routes';

export const technicianPages: Pages<typeof technicianRoutes> = {
    today: { title: 'technician.today', component: Today, menu: 'home' },
    visit: { title: 'technician.visit', component: VisitPage },
    stock: { title: 'technician.stock', component: Stock, menu: 'box' },
    customers: { title: 'technician.customers', component: Customers, menu: 'user' },
    customer: { title: 'technician.customers', component: CustomerPage },
    passwords: { title: 'technician.passwords', component: Passwords, menu: 'key' },
    corrections: { title: 'technician.corrections', component: Corrections, menu: 'alert' },
    receiptShown: { title: 'technician.receipt', component: ReceiptPage },
};
