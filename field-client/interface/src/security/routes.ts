/* Paths of this part. */
export const securityRoutes = {} as const;
