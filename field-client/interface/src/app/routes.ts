/* All paths. Each part names its own. */
import { officeRoutes } from '../office/routes';
import { recordsRoutes } from '../records/routes';
import { securityRoutes } from '../security/routes';
import { technicianRoutes } from '../technician/routes';

export const routes = { ...technicianRoutes, ...officeRoutes, ...securityRoutes, ...recordsRoutes } as const;
