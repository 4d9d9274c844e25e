/* Pages of this part: one for each route, in the order of the menu. */
import type { Pages } from '../app/router';
import type { technicianRoutes } from './routes';

export const technicianPages: Pages<typeof technicianRoutes> = {};
