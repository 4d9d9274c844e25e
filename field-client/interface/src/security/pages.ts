/* Pages of this part: one for each route, in the order of the menu. */
import type { Pages } from '../app/router';
import type { securityRoutes } from './routes';

export const securityPages: Pages<typeof securityRoutes> = {};
