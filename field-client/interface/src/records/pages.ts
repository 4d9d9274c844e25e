/* Pages of this part: one for each route, in the order of the menu. */
import type { Pages } from '../app/router';
import { RecordsIndex } from './Index';
import { RecordDetail } from './RecordDetail';
import { RecordEdit } from './RecordEdit';
import { RecordList } from './RecordList';
import { RecordMerge } from './RecordMerge';
import { RecordNew } from './RecordNew';
import type { recordsRoutes } from './routes';

export const recordsPages: Pages<typeof recordsRoutes> = {
    records: { title: 'records.section', component: RecordsIndex, menu: 'box' },
    recordList: { title: 'records.section', component: RecordList, wide: true },
    recordNew: { title: 'records.section', component: RecordNew },
    recordDetail: { title: 'records.section', component: RecordDetail },
    recordEdit: { title: 'records.section', component: RecordEdit },
    recordMerge: { title: 'records.section', component: RecordMerge },
};
