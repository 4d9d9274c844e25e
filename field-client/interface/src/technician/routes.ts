/* Paths of this part. */
export const technicianRoutes = {} as const;
