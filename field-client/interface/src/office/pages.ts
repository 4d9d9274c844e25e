/* Pages of this part: one for each route, in the order of the menu. */
import type { Pages } from '../app/router';
import type { officeRoutes } from './routes';

export const officePages: Pages<typeof officeRoutes> = {};
