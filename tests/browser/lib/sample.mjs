/* Something of everything that pages show: customers, an order in work, a visit that was signed, stock, a conflict, a vault. Made by commands. */
import { mkdirSync, writeFileSync } from 'node:fs';

const STROKES = [[[10, 10], [40, 32], [80, 20]], [[20, 50], [60, 48]]];
export const OWNER = '王芳';
export const TECHNICIAN = '李强';

export async function startCompany(company) {
    await company.startServer();
    await company.joinOwner('office', OWNER);
    await company.client('office', 'sync');
    await company.join('office', 'li', TECHNICIAN, 'technician');
    const [person] = (await company.json('office', 'list', 'person', `name=${TECHNICIAN}`)).rows;
    return person.id;
}

/* A project with its systems, and parts in the technician's van. */
export async function makeRecords(company, technician) {
    const make = (entity, values) => company.make('office', entity, values);
    const customer = await make('customer', { code: 'KH-1', name: '第一医院', address: '解放路1号', phone: '021-5550001' });
    const site = await make('site', { customer, name: '门诊楼机房', contact: '周主任', phone: '5550011' });
    const project = await make('project', { code: 'XM-1', name: '挂号系统', customer, accepted_on: '2026-03-01' });
    const system = await make('system', { project, name: '挂号服务器', kind: 'server', site });
    const warehouse = await make('stock_location', { code: 'CK', name: '总仓', kind: 'warehouse' });
    const van = await make('stock_location', { code: 'VAN', name: '李强的车', kind: 'van', owner: technician });
    const parts = [];
    for (const [code, name] of [['BJ-0001', '继电器 24V'], ['BJ-0002', '电源模块'], ['BJ-0003', '风扇']]) {
        const part = await make('part', { code, name, unit: '个', price_cents: 4500 });
        await make('stock_movement', { part, to: warehouse, quantity: 20, reason: 'purchase' });
        await make('stock_movement', { part, from: warehouse, to: van, quantity: 5, reason: 'transfer' });
        parts.push(part);
    }
    return { customer, site, project, system, warehouse, van, part: parts[0], parts };
}

export async function makeOrder(company, { customer, system }, technician, number, fault) {
    const request = await company.make('office', 'service_request', { customer, system, reported_fault: fault, priority: 'high', status: 'assigned' });
    return company.make('office', 'work_order', { number, request, technician, status: 'assigned' });
}

/* The id of the visit, and the number of its receipt. */
export async function makeVisit(company, home, order) {
    writeFileSync(company.path('strokes.json'), JSON.stringify(STROKES));
    const { id } = await company.json(home, 'visit', 'start', order);
    await company.client(home, 'visit', 'fault', id, '数据库磁盘已满');
    await company.client(home, 'visit', 'work', id, '清理日志并扩容');
    await company.client(home, 'visit', 'result', id, 'solved');
    await company.client(home, 'visit', 'part', id, 'BJ-0001', '2');
    await company.client(home, 'visit', 'sign', id, '--signer', '周主任', '--strokes', company.path('strokes.json'));
    await company.client(home, 'visit', 'finish', id);
    return { visit: id, receipt: (await company.json(home, 'visit', 'show', id)).receipt };
}

/* Both change one phone number without knowing of each other. */
export async function makeConflict(company, { customer }) {
    await company.client('li', 'set', 'customer', customer, 'phone=021-5559999');
    await company.client('office', 'set', 'customer', customer, 'phone=021-5558888');
    for (const home of ['li', 'office', 'li', 'office']) {
        await company.client(home, 'sync');
    }
}

export async function makeVault(company) {
    mkdirSync(company.path('recovery'), { mode: 0o700 });
    await company.client('office', 'vault', 'recovery', 'make', '--shares', '3', '--needed', '2', '--output', company.path('recovery'));
    await company.client('office', 'vault', 'create', 'XM-1');
    const { id } = JSON.parse(await company.client('office', 'vault', 'add', 'XM-1', '--name', '挂号数据库', '--user', 'sa', '--generate', '--json'));
    await company.client('office', 'sync');
    return id;
}
