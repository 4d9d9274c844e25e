/* Paths of this part. */
export const officeRoutes = {} as const;
