/* Paths of this part. */
export const recordsRoutes = {
    records: '/records',
    recordList: '/records/:entity',
    recordNew: '/records/:entity/new',
    recordDetail: '/records/:entity/:id',
    recordEdit: '/records/:entity/:id/edit',
    recordMerge: '/records/:entity/:id/merge',
} as const;
