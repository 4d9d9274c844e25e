/* Paths of this part. */
export const technicianRoutes = {
    today: '/today',
    visit: '/visit/:id',
    stock: '/stock',
    customers: '/customers',
    customer: '/customers/:id',
    passwords: '/passwords',
    corrections: '/corrections',
    receiptShown: '/receipt/:id',
} as const;
